// Correlations between all pairs of several variables, in one pass over the rows.
//
// Missing values are left out pair by pair: every pair has its own n.
//
// Pearson: means and sums of products are kept up to date row by row (Welford, 1962) and merged by the
// formulas of Chan, Golub and LeVeque (1979), so that neither a large mean nor the split among workers
// costs digits. Rows without missing values share one block of k means and k (k + 1) / 2 products; only
// rows with missing values go to the blocks of their pairs.
// Spearman: Pearson's correlation of the ranks, ties with their mean rank. The values are kept: 8 bytes a
// row and variable. Ranks are multiples of one half, so their sums are taken in integers: the result
// does not depend on the order of the rows at all.
//
// p-values: Student's t with n - 2 degrees of freedom for both methods. Intervals: Fisher's z (1915, 1921),
// for Spearman with the variance (1 + r^2 / 2) / (n - 3) of Bonett and Wright (2000).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

enum class CorrelationMethod : std::uint8_t { kPearson = 0, kSpearman = 1 };

// "pearson" or "spearman"; throws kInvalidArgument for anything else.
CorrelationMethod parse_correlation_method(std::string_view name);

constexpr std::size_t kMinCorrelated = 2;
constexpr std::size_t kMaxCorrelated = 200;

struct Correlation {
    std::size_t x;
    std::size_t y;
    std::int64_t n;                // rows in which both have a value
    std::optional<double> r;       // none for n < 2 or when one of the two is constant
    std::optional<double> p_value; // none for n < 3
    std::optional<double> low;     // none for n < 4
    std::optional<double> high;
};

class CorrelationState final : public State {
public:
    static constexpr std::string_view kKind = "correlation";

    // Throws kInvalidArgument for a number of variables outside kMinCorrelated .. kMaxCorrelated.
    CorrelationState(std::size_t variables, CorrelationMethod method);

    std::size_t variables() const { return variables_; }

    // One row: `values` has variables() elements, NaN where the value is missing. Throws kNonFiniteInput
    // for infinities.
    void add(const double* values, const Host& host);
    void merge(const CorrelationState& other, const Host& host);

    // Pairs (0, 1), (0, 2), ..., (1, 2), ... The level must lie between 0 and 1. Throws kNonFiniteInput
    // when sums of squares have overflown.
    std::vector<Correlation> correlations(double level, Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static CorrelationState decode(Reader& in);

private:
    // Of the rows in which both variables have a value.
    struct PairMoments {
        std::int64_t n = 0;
        double mean_x = 0.0;
        double mean_y = 0.0;
        double xx = 0.0;  // sums of products of deviations
        double yy = 0.0;
        double xy = 0.0;

        void add(double x, double y);
        void merge(const PairMoments& other);
    };

    std::size_t pairs() const { return variables_ * (variables_ - 1) / 2; }
    void add_complete(const double* values);
    void add_incomplete(const double* values, const Host& host);
    void keep(const double* values, const Host& host);
    PairMoments complete_moments(std::size_t x, std::size_t y) const;
    std::vector<Correlation> pearson(double level, Host& host) const;
    std::vector<Correlation> spearman(double level, Host& host) const;

    std::size_t variables_;
    CorrelationMethod method_;

    // Pearson: complete rows, and the pairs of incomplete ones once there is one.
    std::int64_t n_ = 0;
    std::vector<double> means_;
    std::vector<double> products_;  // lower triangle by rows
    std::vector<PairMoments> incomplete_;

    // Spearman: one column a variable, NaN where the value is missing.
    std::vector<std::vector<double>> columns_;
};

}  // namespace ecom::core
