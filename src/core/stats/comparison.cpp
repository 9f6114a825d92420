#include "core/stats/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Rows that a decoded state may claim: far beyond any table, and sums of many such states still fit.
constexpr std::int64_t kMostRows = std::int64_t{1} << 40;

double square(double x) { return x * x; }

void check_counts(std::int64_t successes, std::int64_t n) {
    if (n < 0 || successes < 0 || successes > n)
        throw Error(ErrorCode::kInvalidArgument,
                    std::to_string(successes) + " successes in " + std::to_string(n) +
                        " trials are not possible",
                    "Pass the number of successes before the number of all trials.");
}

double rate(std::int64_t successes, std::int64_t n) {
    return static_cast<double>(successes) / static_cast<double>(n);
}

Interval wilson(std::int64_t successes, std::int64_t n, double z) {
    const auto trials = static_cast<double>(n);
    const double p = rate(successes, n);
    const double z2 = square(z);
    const double scale = 1.0 + z2 / trials;
    const double center = (p + z2 / (2.0 * trials)) / scale;
    const double half = z / scale * std::sqrt(p * (1.0 - p) / trials + z2 / square(2.0 * trials));
    // The ends are exact where the rate is, in spite of rounding.
    return {successes == 0 ? 0.0 : std::max(0.0, center - half),
            successes == n ? 1.0 : std::min(1.0, center + half)};
}

}  // namespace

std::optional<Interval> wilson_interval(std::int64_t successes, std::int64_t n, double level) {
    check_counts(successes, n);
    check_level(level);
    if (n == 0) return std::nullopt;
    return wilson(successes, n, normal_critical(level));
}

std::optional<ProportionDifference> two_proportion_test(std::int64_t successes1, std::int64_t n1,
                                                        std::int64_t successes2, std::int64_t n2,
                                                        double level) {
    check_counts(successes1, n1);
    check_counts(successes2, n2);
    check_level(level);
    if (n1 == 0 || n2 == 0) return std::nullopt;
    const double p1 = rate(successes1, n1);
    const double p2 = rate(successes2, n2);
    const double z = normal_critical(level);
    const Interval first = wilson(successes1, n1, z);
    const Interval second = wilson(successes2, n2, z);

    ProportionDifference result{};
    result.difference = p1 - p2;
    result.interval = {result.difference - std::hypot(p1 - first.low, second.high - p2),
                       result.difference + std::hypot(first.high - p1, p2 - second.low)};
    const auto trials1 = static_cast<double>(n1);
    const auto trials2 = static_cast<double>(n2);
    const double pooled = (static_cast<double>(successes1) + static_cast<double>(successes2)) /
                          (trials1 + trials2);
    const double variance = pooled * (1.0 - pooled) * (1.0 / trials1 + 1.0 / trials2);
    if (variance > 0.0) {
        result.z = result.difference / std::sqrt(variance);
        result.p_value = normal_p_value(*result.z);
    }
    return result;
}

std::optional<MeanDifference> welch_test(const Sample& first, const Sample& second, double level) {
    check_level(level);
    for (const Sample& sample : {first, second}) {
        if (sample.n < 0)
            throw Error(ErrorCode::kInvalidArgument, "number of values must not be negative");
        if (!std::isfinite(sample.mean) || !std::isfinite(sample.stddev))
            throw Error(ErrorCode::kNonFiniteInput, "means and standard deviations must be finite");
        if (sample.stddev < 0.0)
            throw Error(ErrorCode::kInvalidArgument, "standard deviation must not be negative");
    }
    if (first.n == 0 || second.n == 0) return std::nullopt;

    MeanDifference result{};
    result.difference = first.mean - second.mean;
    const double error1 = first.stddev / std::sqrt(static_cast<double>(first.n));
    const double error2 = second.stddev / std::sqrt(static_cast<double>(second.n));
    const double error = std::hypot(error1, error2);
    if (first.n < 2 || second.n < 2 || error == 0.0) return result;
    const double share1 = square(error1 / error);
    const double share2 = square(error2 / error);
    result.df = 1.0 / (square(share1) / static_cast<double>(first.n - 1) +
                       square(share2) / static_cast<double>(second.n - 1));
    result.t = result.difference / error;
    result.p_value = student_t_p_value(*result.t, *result.df);
    const double half = student_t_critical(level, *result.df) * error;
    result.interval = Interval{result.difference - half, result.difference + half};
    return result;
}

MeanTestState::MeanTestState(double level) : level_(level) { check_level(level); }

void MeanTestState::add(double value, bool is_first) {
    if (!std::isfinite(value))
        throw Error(ErrorCode::kNonFiniteInput, "values whose means are compared must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    Moments& moments = is_first ? first_ : second_;
    ++moments.n;
    const auto count = static_cast<double>(moments.n);
    const double deviation = value - moments.mean;
    moments.mean += deviation / count;
    moments.squares += (count - 1.0) / count * deviation * deviation;
}

void MeanTestState::merge(const MeanTestState& other, const Host&) {
    if (other.level_ != level_)
        throw Error(ErrorCode::kInvalidArgument,
                    "aggregate states with different parameters cannot be combined");
    for (const bool is_first : {true, false}) {
        const Moments& theirs = other.group(is_first);
        if (theirs.n == 0) continue;
        Moments& mine = is_first ? first_ : second_;
        const auto a = static_cast<double>(mine.n);
        const auto b = static_cast<double>(theirs.n);
        const double delta = theirs.mean - mine.mean;
        mine.n += theirs.n;
        mine.mean += delta * (b / (a + b));
        mine.squares += theirs.squares + a * b / (a + b) * delta * delta;
    }
}

Sample MeanTestState::sample(bool of_first) const {
    const Moments& moments = group(of_first);
    if (!std::isfinite(moments.mean) || !std::isfinite(moments.squares))
        throw Error(ErrorCode::kNonFiniteInput, "values are too large for their means to be compared",
                    "Divide the values by a constant first.");
    const double variance =
        moments.n < 2 ? 0.0 : moments.squares / static_cast<double>(moments.n - 1);
    return {moments.mean, std::sqrt(variance), moments.n};
}

void MeanTestState::encode(Writer& out) const {
    out.f64(level_);
    for (const Moments& moments : {first_, second_}) {
        out.i64(moments.n);
        out.f64(moments.mean);
        out.f64(moments.squares);
    }
}

MeanTestState MeanTestState::decode(Reader& in) {
    const double level = in.f64();
    if (!(level > 0.0 && level < 1.0)) Reader::corrupt();
    MeanTestState state(level);
    for (Moments* moments : {&state.first_, &state.second_}) {
        moments->n = in.i64();
        moments->mean = in.f64();
        moments->squares = in.f64();
        if (moments->n < 0 || moments->n > kMostRows || moments->squares < 0.0) Reader::corrupt();
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
