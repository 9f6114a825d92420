// Where a series changes its level, or its level and noise: the segmentation with the least cost, found exactly by PELT
// (Killick, Fearnhead and Eckley, 2012, "Optimal detection of changepoints with a linear computational cost", JASA 107).
//
// The cost of a segment is minus twice the log-likelihood of normal values: with the noise of the whole series for a change of
// level, with its own for a change of level and noise. Every segment costs the penalty on top. The noise of the whole series is
// 1.4826 MAD of the differences of neighbours over sqrt(2) (their standard deviation, where the MAD is 0), which the changes
// that are looked for hardly touch.
//
// O(n) time where changes come again and again, O(n^2) where there is none; 56 bytes a value.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

enum class ChangeOf { kMean, kMeanAndVariance };

ChangeOf parse_change(std::string_view name);  // mean or mean_variance; throws kInvalidArgument

struct ChangepointParams {
    ChangeOf change = ChangeOf::kMean;
    std::optional<double> penalty;  // none: 3 log n, or 4 log n where the noise changes too
    std::size_t min_length = 2;     // values of a segment

    // Throws kInvalidArgument for a penalty that is not above 0, a length below 1, or below 2 where the noise changes.
    void check() const;
};

struct Segment {
    std::size_t begin;
    std::size_t end;
    double mean;
    double deviation;  // divisor: number of values
};

std::size_t changepoint_bytes(std::size_t n);

// Segments of values without missing ones, in their order; none for no values. The caller has counted changepoint_bytes.
std::vector<Segment> changepoints(const std::vector<double>& values, const ChangepointParams& params, Host& host);

}  // namespace ecom::core
