// Rates and means of one group and of two: intervals and tests for their difference.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/state.hpp"

namespace ecom::core {

struct Interval {
    double low;
    double high;
};

// The score interval of a proportion (Wilson, 1927), without continuity correction. It stays within 0 and
// 1 and has the right coverage at small n and at rates near 0 or 1. None for n = 0. Throws
// kInvalidArgument unless 0 <= successes <= n and 0 < level < 1.
std::optional<Interval> wilson_interval(std::int64_t successes, std::int64_t n, double level);

struct ProportionDifference {
    double difference;              // first rate minus second
    std::optional<double> z;        // none when all or none of both groups are successes
    std::optional<double> p_value;
    Interval interval;
};

// z test with the pooled rate, and the interval that combines the two Wilson intervals (Newcombe, 1998,
// method 10). None when a group is empty. Throws kInvalidArgument as wilson_interval does.
std::optional<ProportionDifference> two_proportion_test(std::int64_t successes1, std::int64_t n1,
                                                        std::int64_t successes2, std::int64_t n2,
                                                        double level);

struct Sample {
    double mean;
    double stddev;  // of the sample: divided by n - 1
    std::int64_t n;
};

struct MeanDifference {
    double difference;              // first mean minus second
    std::optional<double> t;        // none when a sample has fewer than two values or both have no spread
    std::optional<double> df;
    std::optional<double> p_value;
    std::optional<Interval> interval;
};

// t test for means of samples with different variances (Welch, 1947). None when a sample is empty. Throws
// kInvalidArgument for a negative n or standard deviation or a level outside 0 .. 1, kNonFiniteInput for
// NaN and infinities.
std::optional<MeanDifference> welch_test(const Sample& first, const Sample& second, double level);

// The values of two groups, as far as welch_test needs them: updated row by row (Welford, 1962), merged by
// the formulas of Chan, Golub and LeVeque (1979).
class MeanTestState final : public State {
public:
    static constexpr std::string_view kKind = "mean_test";

    explicit MeanTestState(double level);

    // Throws kNonFiniteInput for NaN and infinities.
    void add(double value, bool is_first);
    void merge(const MeanTestState& other, const Host& host);

    // The standard deviation of fewer than two values is 0. Throws kNonFiniteInput when the sum of squares
    // has overflown.
    Sample sample(bool of_first) const;
    double level() const { return level_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static MeanTestState decode(Reader& in);

private:
    struct Moments {
        std::int64_t n = 0;
        double mean = 0.0;
        double squares = 0.0;  // of deviations
    };

    const Moments& group(bool is_first) const { return is_first ? first_ : second_; }

    double level_;
    Moments first_;
    Moments second_;
};

}  // namespace ecom::core
