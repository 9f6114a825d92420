// A deterministic, realistic shop with known truths in it, so that every analysis can be checked
// against what was planted. The planted values stand in core/demo/plants.hpp and docs/demo_data.md.
//
// A DemoShop is a plan: customers and the headers of all sales orders, sorted by time, 12 bytes an
// order. Rows are made on demand from per-row random streams, so that ten million lines never sit
// in memory, and any order can be produced alone, in any sequence, with the same bytes.
// Cost of the plan: O(orders + customers); of a line: O(1).
//
//     DemoShop shop(host, params);
//     std::vector<DemoLine> lines;
//     for (std::int64_t first = 1; first <= params.orders; first += 4096)
//         shop.lines(host, first, 4096, lines);        // the tail is cut to what exists
//
// Conventions: dates are days since 2000-01-01 (PostgreSQL's date), times are microseconds since
// then (its timestamp), money is integer hundredths, keys and order numbers count from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

constexpr std::int32_t kNoDay = std::numeric_limits<std::int32_t>::min();

struct DemoParams {
    std::int32_t customers = 2000;  // 1 to 10,000,000
    std::int64_t orders = 15000;    // sales orders, 1 to 100,000,000; return orders come on top
    std::int32_t months = 24;       // whole calendar months, 1 to 240
    std::uint64_t seed = 42;
    std::int32_t end_day = 9496;    // 2025-12-31; the last day of a month, 1995 to 2099

    // Throws kInvalidArgument that names the parameter and its range.
    void check() const;
};

struct DemoGeography {
    std::string country, region, state, city, postal_code;
};

struct DemoCustomer {
    std::string customer_id, name, segment, age_group, gender;
    std::int32_t acquisition_day;  // all orders lie on later days
    std::int32_t geography_key;
};

struct DemoProduct {
    std::string product_id, name, category, sub_category, brand;
    std::int64_t unit_cost;
    std::int64_t list_price;  // on the last day; the price of the time stands in each line
    std::int32_t stock_quantity;
    std::int32_t lead_time_days;
};

struct DemoChannel {
    std::string name;
    bool is_paid;
};

struct DemoPaymentMethod {
    std::string name;
};

struct DemoShippingMethod {
    std::string name, carrier;
};

struct DemoHoliday {
    std::int32_t day;
    std::string name;
};

// One row per day and paid channel.
struct DemoSpend {
    std::int32_t day;
    std::int32_t channel_key;
    std::int64_t spend;  // hundredths
    std::int64_t impressions;
    std::int64_t clicks;
};

struct DemoPromotion {
    std::string name, category;
    std::int32_t first_day, last_day;
    double discount;     // share of the list price, lands in DemoLine::discount
    double unit_uplift;  // factor on the category's units while it runs
};

struct DemoAffinity {
    std::int32_t product_key, companion_key;
    double probability;  // that a basket with the product gets the companion on top, at base prices
};

// The true response of a paid channel on day t with adstock a(t) = spend(t) + carryover * a(t-1):
// its orders are proportional to base + lift * a^shape / (a^shape + half_saturation^shape), where
// the factor of proportion (season, weekday, active customers) is common to all channels.
struct DemoResponse {
    std::int32_t channel_key;
    double carryover;
    double half_saturation;  // hundredths of money, as DemoSpend::spend
    double shape;
    double lift;
    double base;
};

// From decline.first_day to the end, lines of this region and category are kept with this factor.
struct DemoDecline {
    std::string region, category;
    std::int32_t first_day;  // kNoDay in a shop of one month
    double factor;
};

struct DemoLine {
    std::int64_t ordered_at;
    std::int64_t unit_price;  // list price of the month, before discount; never negative
    std::int64_t discount;    // negative on returns: what was granted is taken back
    std::int64_t revenue;     // quantity * unit_price - discount
    std::int64_t cost;        // quantity * unit cost
    std::int32_t order_number;
    std::int32_t line_number;  // from 1 within the sales order, and again within the return order
    std::int32_t order_day;
    std::int32_t ship_day;  // kNoDay: not shipped by the last day, or a return
    std::int32_t customer_key;
    std::int32_t product_key;
    std::int32_t geography_key;
    std::int32_t channel_key;
    std::int32_t payment_method_key;
    std::int32_t shipping_method_key;
    std::int32_t quantity;       // negative on returns
    std::int32_t delivery_days;  // -1: not delivered by the last day, or a return
    std::int32_t satisfaction;   // 1 to 5; 0: not rated
    bool is_return;
};

// 'S' and the order number in nine digits for sales, 'R' and the same number for what came back.
std::string demo_order_id(const DemoLine& line);

class DemoShop {
public:
    // Memory that the plan holds. Saturates instead of overflowing.
    static std::size_t bytes_needed(const DemoParams& params);

    // Checks the parameters and the memory limit, then plans. Polls the host.
    DemoShop(Host& host, const DemoParams& params);
    ~DemoShop();
    DemoShop(DemoShop&&) noexcept;
    DemoShop& operator=(DemoShop&&) noexcept;

    const DemoParams& params() const;
    std::int32_t first_day() const;
    std::int32_t last_day() const;

    // Dimension rows: the element at index i has key i + 1.
    const std::vector<DemoGeography>& geographies() const;
    const std::vector<DemoProduct>& products() const;
    const std::vector<DemoChannel>& channels() const;
    const std::vector<DemoPaymentMethod>& payment_methods() const;
    const std::vector<DemoShippingMethod>& shipping_methods() const;

    // Customer keys are 1 to params().customers, in the order of acquisition.
    DemoCustomer customer(std::int32_t customer_key) const;

    const std::vector<DemoHoliday>& holidays() const;
    const std::vector<DemoSpend>& marketing_spend() const;

    // Replaces `out` by all lines of the orders first_order, ..., first_order + count - 1, as far
    // as they exist: each order's sales lines, then the lines of its return order if it has one
    // (which is dated later). Orders are numbered from 1 to params().orders by time. Polls.
    void lines(Host& host, std::int64_t first_order, std::int64_t count,
               std::vector<DemoLine>& out) const;

    // What was planted, for checks.
    const std::vector<DemoPromotion>& promotions() const;
    const std::vector<DemoAffinity>& affinities() const;
    const std::vector<DemoResponse>& responses() const;
    const DemoDecline& decline() const;

private:
    struct Plan;
    std::unique_ptr<const Plan> plan_;
};

}  // namespace ecom::core
