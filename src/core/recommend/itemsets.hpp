// Frequent itemsets: sets of items that occur together in at least a given number of baskets.
//
// Depth-first over prefixes, rarest items first, each prefix with its projected baskets as pointers into the one matrix
// (occurrence deliver: Uno, Asai, Uchida and Arimura, 2004, "LCM ver. 2"; the projected database of FP-growth: Han, Pei and
// Yin, 2000). Nothing is copied and no candidate is made that does not occur. First items are independent tasks.
//
// Time: linear in the sizes of the projections that are visited. Memory: 16 bytes for each occurrence on the current path,
// at most one path a thread, and the itemsets found. Result: by ascending length, then by ascending items.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

struct ItemsetParams {
    double min_support = 0.01;     // share of baskets, > 0; at least ceil(min_support * baskets) of them
    std::int32_t min_length = 1;
    std::int32_t max_length = 10;

    void check() const;
};

// The least number of baskets that makes a set frequent.
std::uint32_t min_baskets(const ItemsetParams& params, std::uint32_t baskets);

struct Itemsets {
    // Set i: items[begin[i] .. begin[i + 1]), ascending; in count[i] baskets.
    std::vector<std::uint32_t> items;
    std::vector<std::size_t> begin{0};
    std::vector<std::uint32_t> count;
    std::uint32_t baskets = 0;

    std::size_t size() const { return count.size(); }
    std::size_t length(std::size_t i) const { return begin[i + 1] - begin[i]; }
    const std::uint32_t* set(std::size_t i) const { return items.data() + begin[i]; }
};

// All frequent itemsets of up to max_length items; min_length is not applied here, since rules need the shorter ones.
Itemsets frequent_itemsets(const InteractionMatrix& baskets, const ItemsetParams& params, Host& host);

// The least support, params.min_support or more, at which frequent_itemsets finds at most max_itemsets sets: 1 when even
// that is too low. Sets are counted, not kept, and a count ends when the limit is passed, so that each of the O(log baskets)
// counts costs what finding max_itemsets sets costs.
double affordable_support(const InteractionMatrix& baskets, const ItemsetParams& params, std::size_t max_itemsets, Host& host);

}  // namespace ecom::core
