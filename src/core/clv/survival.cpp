#include "core/clv/survival.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// A half as near as products of shares come to it.
bool is_half(double s) { return std::abs(s - 0.5) < 1e-9; }

// The time at which a falling curve passes one half.
template <typename Curve>
std::optional<double> median_of(const std::vector<SurvivalStep>& steps, Curve curve) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const double s = curve(steps[i]);
        if (std::isnan(s)) return std::nullopt;
        if (s > 0.5 && !is_half(s)) continue;
        if (!is_half(s)) return steps[i].time;
        for (std::size_t j = i + 1; j < steps.size(); ++j)
            if (!is_half(curve(steps[j]))) return 0.5 * (steps[i].time + steps[j].time);
        return steps[i].time;
    }
    return std::nullopt;
}

}  // namespace

void check_duration(double duration) {
    if (!std::isfinite(duration))
        throw Error(ErrorCode::kNonFiniteInput, "duration must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (duration < 0)
        throw Error(ErrorCode::kInvalidArgument, "duration must not be negative",
                    "Give the time from the start of the relation until the customer left or was last seen.");
}

std::vector<SurvivalStep> kaplan_meier(const std::vector<Pattern>& durations, double level, Host& host) {
    if (!(level > 0 && level < 1))
        throw Error(ErrorCode::kInvalidArgument, "level must be between 0 and 1", "0.95 is usual.");
    require_memory(host, mul_size(durations.size(), sizeof(SurvivalStep)),
                   "a curve of " + std::to_string(durations.size()) + " durations");
    const double z = normal_quantile(0.5 + 0.5 * level);
    std::int64_t at_risk = 0;
    for (const Pattern& p : durations) at_risk += p.count;
    std::vector<SurvivalStep> steps;
    steps.reserve(durations.size());
    double survival = 1, variance = 0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < durations.size();) {
        poll();
        SurvivalStep step{};
        step.time = durations[i].value[0];
        step.at_risk = at_risk;
        for (; i < durations.size() && durations[i].value[0] == step.time; ++i)
            (durations[i].value[1] > 0 ? step.left : step.censored) += durations[i].count;
        const auto n = static_cast<double>(at_risk), d = static_cast<double>(step.left);
        at_risk -= step.left + step.censored;
        survival *= 1 - d / n;
        variance += step.left == 0 ? 0 : d / (n * (n - d));  // infinite once nobody is left
        const double error = std::sqrt(variance);
        step.survival = survival;
        step.standard_error = survival > 0 ? survival * error : std::numeric_limits<double>::quiet_NaN();
        step.low = survival > 0 ? survival * std::exp(-z * error) : std::numeric_limits<double>::quiet_NaN();
        step.high = survival > 0 ? std::min(1.0, survival * std::exp(z * error)) : std::numeric_limits<double>::quiet_NaN();
        steps.push_back(step);
    }
    return steps;
}

SurvivalSummary summarize_survival(const std::vector<SurvivalStep>& steps) {
    SurvivalSummary summary{};
    double since = 0, survival = 1;
    for (const SurvivalStep& step : steps) {
        summary.customers += step.left + step.censored;
        summary.left += step.left;
        summary.mean += survival * (step.time - since);
        since = step.time;
        survival = step.survival;
    }
    summary.median = median_of(steps, [](const SurvivalStep& s) { return s.survival; });
    summary.median_low = median_of(steps, [](const SurvivalStep& s) { return s.low; });
    summary.median_high = median_of(steps, [](const SurvivalStep& s) { return s.high; });
    return summary;
}

void SurvivalState::add(double duration, bool has_left, const Host& host) {
    check_duration(duration);
    durations_.add({duration, has_left ? 1.0 : 0.0, 0}, 1, host);
}

std::vector<SurvivalStep> SurvivalState::steps(double level, Host& host) const {
    return kaplan_meier(durations_.sorted(host), level, host);
}

SurvivalState SurvivalState::decode(Reader& in) {
    SurvivalState state;
    state.durations_ = PatternTable::decode(in);
    bool valid = true;
    state.durations_.for_each([&](const Pattern& p) {
        valid = valid && p.value[0] >= 0 && (p.value[1] == 0 || p.value[1] == 1) && p.value[2] == 0;
    });
    if (!valid) Reader::corrupt();
    return state;
}

}  // namespace ecom::core
