#include "core/recommend/popularity.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {
constexpr double kMicrosecondsPerDay = 86'400e6;
}

void PopularityParams::check() const {
    for (const double days : {half_life_days, recent_days})
        if (!(days > 0.0 && std::isfinite(days))) throw Error(ErrorCode::kInvalidArgument, "half_life_days and recent_days must be finite and above 0", "Pass for example 30.");
    if (!(trend_power >= 0.0 && trend_power <= 5.0)) throw Error(ErrorCode::kInvalidArgument, "trend_power must lie between 0 and 5", "Pass 0 for no trend, or for example 0.7.");
}

Popularity item_popularity(const InteractionMatrix& matrix, const PopularityParams& params, Host& host) {
    params.check();
    const std::size_t items = matrix.items();
    Popularity result{std::vector<std::uint32_t>(items), std::vector<std::uint32_t>(items), std::vector<double>(items), std::vector<double>(items, 1.0)};
    const std::int64_t as_of = params.as_of == Interactions::kNoTime ? matrix.last_at() : params.as_of;
    const bool timed = matrix.last_at() != Interactions::kNoTime;
    PollEvery poll(host);
    for (std::uint32_t u = 0; u < matrix.users(); ++u)
        for (const auto* e = matrix.begin(u); e != matrix.end(u); ++e) {
            poll();
            ++result.users[e->item];
            if (!timed) {
                result.decayed_users[e->item] += 1.0;
                continue;
            }
            if (e->last_at == Interactions::kNoTime) continue;
            const double age = std::max(0.0, static_cast<double>(as_of - e->last_at) / kMicrosecondsPerDay);
            result.decayed_users[e->item] += std::exp2(-age / params.half_life_days);
            if (age <= params.recent_days) ++result.recent_users[e->item];
        }
    if (!timed) return result;
    const double span = std::max(params.recent_days, static_cast<double>(as_of - matrix.first_at()) / kMicrosecondsPerDay);
    for (std::size_t i = 0; i < items; ++i)
        result.trend[i] = std::pow((result.recent_users[i] + 1.0) / (result.users[i] * params.recent_days / span + 1.0), params.trend_power);
    return result;
}

}  // namespace ecom::core
