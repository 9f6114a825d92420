// The random streams of the demo shop: one family of streams for each purpose, so that a new draw
// in one place never shifts the numbers of another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/rng.hpp"

namespace ecom::core {

enum class DemoStream : std::uint64_t {
    kProduct,
    kPrice,
    kSpend,
    kSpendDay,
    kDay,
    kCustomer,
    kProfile,
    kLife,
    kTrim,
    kOrder
};

inline Rng demo_stream(std::uint64_t seed, DemoStream purpose, std::uint64_t index) {
    return Rng(mix64(seed) + static_cast<std::uint64_t>(purpose), index);
}

// Index of the first cumulative probability above u; the last one takes what rounding leaves.
template <class Float>
std::size_t pick(const Float* cumulative, std::size_t count, double u) {
    std::size_t i = 0;
    while (i + 1 < count && u >= cumulative[i]) ++i;
    return i;
}

// Index drawn with the probabilities `shares`, which sum to 1.
template <std::size_t N>
std::size_t pick_share(Rng& rng, const std::array<double, N>& shares) {
    double u = rng.uniform();
    std::size_t i = 0;
    while (i + 1 < N && u >= shares[i]) u -= shares[i++];
    return i;
}

// Turns weights into cumulative probabilities in place; returns the sum of the weights.
template <class Float>
double accumulate_weights(Float* weights, std::size_t count) {
    double total = 0.0;
    for (std::size_t i = 0; i < count; ++i) total += weights[i];
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
        sum += weights[i];
        weights[i] = static_cast<Float>(sum / total);
    }
    return total;
}

}  // namespace ecom::core
