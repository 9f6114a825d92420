// The least squares of one response curve: what a carryover, a half saturation and a shape leave, base and beta being solved for.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// Bounds of the parameters; half saturation in multiples of the adstock that the mean spend sustains.
constexpr double kMaxCarryover = 0.98;
constexpr double kMinShape = 0.3;
constexpr double kMaxShape = 5.0;
constexpr double kMinHalf = 0.02;
constexpr double kMaxHalf = 50.0;

// What the penalty takes the logarithms of half spend over mean spend and of the shape for: 0, give or take.
constexpr double kHalfDeviation = 1.5;
constexpr double kShapeDeviation = 0.7;

// The straight line in H.
struct ResponseLine {
    double base = 0.0;
    double beta = 0.0;
    double sse = 0.0;
};

// All periods from the first to the last, and those of them with a response.
struct SpendSeries {
    std::vector<double> spend;            // by period
    std::vector<std::size_t> place;       // of an observation among the periods
    std::vector<double> response, demand;  // by observation

    std::size_t periods() const { return spend.size(); }
    std::size_t observations() const { return place.size(); }
};

// Holds the adstock and H of the parameters asked for last. O(n) for each call, polled.
class ResponseProblem {
public:
    // The series must outlive it; mean_spend: of a period.
    ResponseProblem(const SpendSeries& series, double mean_spend, Host& host);

    // Weighted squares that the mean leaves.
    double spread() const;

    void set_carryover(double carryover);
    double half(double log_ratio) const { return std::exp(log_ratio) * mean_spend_ / (1.0 - carryover_); }
    // The best base and beta for a half saturation and shape at the carryover that is set.
    ResponseLine solve(double half, double shape);

    const std::vector<double>& adstock() const { return adstock_; }
    const std::vector<double>& hill() const { return hill_; }

private:
    const SpendSeries& series_;
    PollEvery poll_;
    std::vector<double> adstock_;  // by period
    std::vector<double> hill_;     // by observation
    double carryover_ = 0.0;
    double mean_spend_;
    double demand_ = 0.0, response_ = 0.0, square_ = 0.0;
};

}  // namespace ecom::core
