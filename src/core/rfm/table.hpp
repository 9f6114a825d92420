// From accumulated orders to the three measures and their scores.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/rfm/accumulator.hpp"
#include "core/rfm/scoring.hpp"

namespace ecom::core {

enum class Returns {
    kNet,     // monetary is what customers paid less what they got back
    kIgnore,  // monetary is what customers paid
};

Returns parse_returns(std::string_view name);

// Customers who ordered at least once, with their measures: recency in whole days before as_of,
// number of orders, amount.
struct RfmTable {
    std::int64_t as_of_day = 0;
    std::vector<std::uint32_t> customers;  // indexes into the accumulator
    RfmColumns columns;
};

// as_of: a day on the accumulator's calendar; by default the day after the last order, so that
// every recency is at least 1. Throws kInvalidArgument when it lies before the last order.
// `ordered`: customers by ascending id instead of as they came; rank methods need it to be
// independent of the rows' order.
RfmTable rfm_table(RfmAccumulator& accumulator, std::optional<std::int64_t> as_of_day,
                   Returns returns, bool ordered, Host& host);

}  // namespace ecom::core
