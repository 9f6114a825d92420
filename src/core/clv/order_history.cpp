#include "core/clv/order_history.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

double days_in_unit(std::string_view unit) {
    if (unit == "day") return 1;
    if (unit == "week") return 7;
    if (unit == "month") return 30.4375;
    if (unit == "year") return 365.25;
    throw Error(ErrorCode::kInvalidArgument, "unknown unit of time \"" + std::string(unit) + "\"",
                "Use day, week, month or year.");
}

void OrderHistoryState::reserve(std::size_t more, const Host& host) {
    const std::size_t needed = orders_.size() + more;
    if (needed <= orders_.capacity()) return;
    const std::size_t wanted = std::max(needed, 2 * orders_.capacity());
    require_memory(host, mul_size(wanted, 2 * sizeof(Order)), "collecting " + std::to_string(needed) + " orders");
    orders_.reserve(wanted);
}

void OrderHistoryState::add(std::int32_t day, double amount, const Host& host) {
    if (!std::isfinite(amount))
        throw Error(ErrorCode::kNonFiniteInput, "amount must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (day > params_.end_day) return;
    reserve(1, host);
    orders_.push_back({day, amount});
}

void OrderHistoryState::merge(const OrderHistoryState& other, const Host& host) {
    if (!(other.params_ == params_))
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    reserve(other.orders_.size(), host);
    orders_.insert(orders_.end(), other.orders_.begin(), other.orders_.end());
}

std::optional<OrderHistory> OrderHistoryState::history(Host& host) const {
    require_memory(host, mul_size(orders_.size(), 2 * sizeof(Order)), "sorting " + std::to_string(orders_.size()) + " orders");
    std::vector<Order> sorted = orders_;
    PollEvery poll(host);
    // By amount within a day as well, so that sums do not depend on the order of rows.
    std::sort(sorted.begin(), sorted.end(), [&](const Order& a, const Order& b) {
        poll();
        return a.day != b.day ? a.day < b.day : a.amount < b.amount;
    });
    OrderHistory history{};
    std::int64_t days = 0;
    double repeat_spend = 0;
    for (std::size_t i = 0; i < sorted.size();) {
        const std::int32_t day = sorted[i].day;
        double amount = 0;
        for (; i < sorted.size() && sorted[i].day == day; ++i) amount += sorted[i].amount;
        if (amount < 0) continue;
        if (days == 0)
            history.first_day = day;
        else
            repeat_spend += amount;
        history.last_day = day;
        ++days;
    }
    if (days == 0) return std::nullopt;
    const auto length = [&](std::int32_t until) {
        return (static_cast<double>(until) - static_cast<double>(history.first_day)) / params_.unit_days;
    };
    history.frequency = static_cast<std::int32_t>(days - 1);
    history.recency = length(history.last_day);
    history.age = length(params_.end_day);
    if (params_.amounts && history.frequency > 0) history.mean_spend = repeat_spend / history.frequency;
    return history;
}

void OrderHistoryState::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(params_.end_day));
    out.f64(params_.unit_days);
    out.u8(params_.amounts ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(orders_.size()));
    for (const Order& order : orders_) {
        out.poll();
        out.u32(static_cast<std::uint32_t>(order.day));
        out.f64(order.amount);
    }
}

OrderHistoryState OrderHistoryState::decode(Reader& in) {
    OrderHistoryParams params;
    params.end_day = static_cast<std::int32_t>(in.u32());
    params.unit_days = in.f64();
    const std::uint8_t amounts = in.u8();
    if (!(params.unit_days > 0 && params.unit_days < 1e6) || amounts > 1) Reader::corrupt();
    params.amounts = amounts == 1;
    OrderHistoryState state(params);
    const std::size_t n = in.count(12);
    state.orders_.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
        in.poll();
        const auto day = static_cast<std::int32_t>(in.u32());
        const double amount = in.f64();
        if (!std::isfinite(amount) || day > params.end_day) Reader::corrupt();
        state.orders_.push_back({day, amount});
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
