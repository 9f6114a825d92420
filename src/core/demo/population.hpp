// The customers of the demo shop and their lives: who they are, when they order, when they leave.
//
// In business time (demand.hpp) a living customer orders by a Poisson process whose rate is gamma
// distributed within a segment; after each order the customer may leave, more likely when the
// delivery disappointed. That is the buy-till-you-die family: Schmittlein, Morrison and Colombo
// (1987), "Counting your customers", Management Science 33:1; drop-out after a purchase as in
// Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24:2.
//
// The exact number of orders is reached by one factor on all rates, searched until the lives hold
// the orders asked for or slightly more, and by removing the few too many at random, which leaves
// Poisson processes Poisson. A factor above 1 lowers the drop-out after an order by as much, so
// that lives keep their length in a shop with more orders a customer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/rng.hpp"
#include "core/demo/catalogue.hpp"
#include "core/demo/demand.hpp"
#include "core/demo/demo_shop.hpp"
#include "core/demo/plants.hpp"
#include "core/demo/streams.hpp"

namespace ecom::core {

struct CustomerState {
    float rate;                // orders per unit of business time at factor 1; 0 = prospect
    std::int32_t acquisition;  // day, counted from the first day of the shop; may be negative
    std::int32_t staple;       // product, -1 without one
    std::uint16_t geography;
    std::uint8_t segment;
    std::uint8_t taste;        // favourite category
};

// What a customer gets to feel of an order.
struct Experience {
    std::uint8_t shipping_method;
    std::uint8_t processing_days;
    std::uint8_t delivery_days;  // from the order
    std::uint8_t satisfaction;   // felt, whether told or not
};

struct OrderHeader {
    std::uint32_t second;    // counted from the start of the first day
    std::uint32_t customer;  // from 0
    Experience experience;
};

class Population {
public:
    static std::size_t bytes_needed(const DemoParams& params);

    Population(Host& host, const DemoParams& params, const Demand& demand,
               const Catalogue& catalogue);

    const CustomerState& customer(std::size_t index) const { return customers_[index]; }
    const std::vector<DemoGeography>& geographies() const { return geographies_; }
    std::size_t region(std::size_t geography) const { return region_[geography]; }

    // All orders, sorted by time and customer.
    std::vector<OrderHeader> orders(Host& host) const;

private:
    static constexpr std::size_t kLongestTransit = 24;
    static constexpr std::size_t kLongestDelivery =
        kLongestTransit + plants::kProcessingDays.size();
    using TransitTable = std::array<float, kLongestTransit>;  // cumulative, from one day on
    using SatisfactionTable = std::array<float, 5>;           // cumulative

    // How customers come: a share before the first day, the rest by steps of business time.
    struct Acquisition {
        double expected_orders = 0.0;
        double earlier = 0.0;
        std::vector<double> cumulative;  // of the share that comes within the shop's time
    };

    void make_geographies();
    void make_experience();
    double mean_drop_out_factor() const;
    double drop_out_factor(const Experience& experience) const;
    Acquisition plan_acquisition(double factor) const;
    void make_customers(Host& host, const Catalogue& catalogue);
    std::int64_t count_orders(Host& host, double factor) const;
    void find_factor(Host& host);
    Experience draw_experience(Rng& rng, const CustomerState& customer) const;

    // Calls order(second, experience) for each order of the customer's life, in time.
    template <class Order>
    void live(std::size_t index, double factor, Order order) const;

    const DemoParams params_;
    const Demand& demand_;
    double prospects_;
    double mean_drop_out_factor_ = 1.0;
    double factor_ = 1.0;
    std::int64_t simulated_ = 0;  // orders that the lives hold at factor_
    Acquisition acquisition_;
    std::vector<CustomerState> customers_;
    std::vector<DemoGeography> geographies_;
    std::vector<std::uint8_t> region_;
    std::vector<double> geography_mix_;  // cumulative
    std::array<std::array<TransitTable, plants::kRegionCount>, plants::kShippingMethods.size()>
        transit_;
    std::array<SatisfactionTable, kLongestDelivery + 1> satisfaction_;
};

}  // namespace ecom::core
