// The least squares of one response curve: what a carryover, a half saturation and a shape leave, base and beta being solved for.
#pragma once

#include <array>
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

// Carryover, ln(half spend / mean spend) and ln shape.
constexpr std::size_t kBends = 3;
using Bend = std::array<double, kBends>;

// The straight line in H.
struct ResponseLine {
    double base = 0.0;
    double beta = 0.0;
    double sse = 0.0;
};

// Half the gradient of the squares by the bend, and the Gauss-Newton approximation of half their Hessian, base and beta being
// solved for (variable projection: Kaufman, 1975).
struct ResponseSlope {
    ResponseLine line;
    Bend gradient{};
    std::array<Bend, kBends> hessian{};
};

// All periods from the first to the last, and those of them with a response.
struct SpendSeries {
    std::vector<double> spend;            // by period
    std::vector<std::size_t> place;       // of an observation among the periods
    std::vector<double> response, demand;  // by observation

    std::size_t periods() const { return spend.size(); }
    std::size_t observations() const { return place.size(); }
};

// Holds the adstock and H of the bend asked for last. O(n) for each call, polled. Memory: 32 bytes a period and 24 an observation.
class ResponseProblem {
public:
    // The series must outlive it; mean_spend: of a period, above 0.
    ResponseProblem(const SpendSeries& series, double mean_spend, Host& host);

    // Weighted squares that the mean leaves.
    double spread() const;

    void set_carryover(double carryover);
    double half(double log_ratio) const { return std::exp(log_ratio) * mean_spend_ / (1.0 - carryover_); }

    // The lines for several half saturations of one shape at the carryover that is set, by their logarithms of half spend over
    // mean spend. Their squares are differences of sums: good enough to choose a start by.
    void scan(double shape, const std::vector<double>& log_ratios, std::vector<ResponseLine>& lines);

    // The best line for a bend, and how its squares change with the bend. Leaves adstock, slope and H of it.
    ResponseSlope solve(const Bend& bend);

    const std::vector<double>& adstock() const { return adstock_; }
    const std::vector<double>& slope() const { return slope_; }
    const std::vector<double>& hill() const { return hill_; }

private:
    // Base and beta for the sums of m H, m H^2 and y H; never negative.
    ResponseLine line(double h1, double h2, double hy) const;

    const SpendSeries& series_;
    PollEvery poll_;
    std::vector<double> adstock_;  // by period
    std::vector<double> slope_;    // of the adstock by the carryover, by period
    std::vector<double> log_adstock_;  // by observation
    std::vector<double> growth_;       // slope over adstock, by observation; 0 without adstock
    std::vector<double> hill_;         // by observation
    double carryover_ = -1.0;
    double mean_spend_;
    double demand_ = 0.0, response_ = 0.0, square_ = 0.0;
};

}  // namespace ecom::core
