// What buy-till-you-die models read of a customer, from the dates of the customer's orders.
//
// The orders of one day are one: the models know no two orders at one time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// Days in a unit of time: day, week, month (30.4375) or year (365.25).
double days_in_unit(std::string_view unit);

struct OrderHistory {
    std::int32_t frequency;  // days with an order after the first
    double recency;          // first to last order, in units of time
    double age;              // first order to the end of observation
    std::optional<double> mean_spend;  // of a day with an order after the first
    std::int32_t first_day, last_day;
};

struct OrderHistoryParams {
    std::int32_t end_day = 0;  // orders after it are not seen
    double unit_days = 1;
    bool amounts = false;      // known; days that give back more than they bring are no orders

    bool operator==(const OrderHistoryParams& o) const {
        return end_day == o.end_day && unit_days == o.unit_days && amounts == o.amounts;
    }
};

class OrderHistoryState final : public State {
public:
    static constexpr std::string_view kKind = "order_history";

    explicit OrderHistoryState(OrderHistoryParams params) : params_(params) {}
    // Throws kNonFiniteInput for an amount that is not finite.
    void add(std::int32_t day, double amount, const Host& host);
    void merge(const OrderHistoryState& other, const Host& host);
    // None without an order until the end of observation.
    std::optional<OrderHistory> history(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static OrderHistoryState decode(Reader& in);

private:
    struct Order {
        std::int32_t day;
        double amount;
    };
    void reserve(std::size_t more, const Host& host);

    OrderHistoryParams params_;
    std::vector<Order> orders_;
};

}  // namespace ecom::core
