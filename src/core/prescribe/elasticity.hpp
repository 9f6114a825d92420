// How demand answers to price: the elasticity of one product, shrinkage of many, and the price to ask.
//
// Problem: ln q = a + e ln p + g'z + error; e is the elasticity, z are controls such as season and promotion.
// Method: least squares on centred columns by a rank-revealing QR, with standard errors that hold when the
// spread of the error differs from row to row (HC1: MacKinnon and White, 1985). Rows with equal errors, as of
// one shop, make them too small.
// Many products: each has few prices and a wide interval, so estimates are drawn to their mean by as much as
// chance explains (random effects of DerSimonian and Laird, 1986; empirical Bayes, Morris, 1983).
// Price: maximises expected profit (p - c) E[(p / p0)^e] with e normal; the expectation is
// exp(e L + s^2 L^2 / 2), L = ln(p / p0). Without uncertainty or bounds that is c e / (1 + e) (Lerner, 1934).
//
// Complexity: O(n k^2). Memory: 8 (k + 2) bytes a row, twice while it is fitted. Deterministic: rows are sorted
// before they are added up.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// Below these no elasticity is given: what little the price moved says nothing.
constexpr std::int64_t kMinPrices = 3;
constexpr double kMinLogPriceSd = 0.03;

struct Elasticity {
    std::int64_t n = 0;                    // rows with a positive price and quantity
    std::int64_t prices = 0;               // different prices among them
    double log_price_sd = 0.0;
    std::optional<double> elasticity;      // none when the prices do not support one
    std::optional<double> standard_error;  // none without spare rows
    std::optional<double> low, high;       // interval at the level
    std::optional<double> r2;
};

class ElasticityState final : public State {
public:
    static constexpr std::string_view kKind = "elasticity";

    static constexpr std::size_t kMaxControls = 50;

    // Throws kInvalidArgument for too many controls, or a level outside 0 .. 1.
    ElasticityState(std::size_t controls, double level);

    std::size_t controls() const { return controls_; }

    // A row without a positive price and quantity is counted as none. Throws kNonFiniteInput.
    void add(double price, double quantity, const double* controls, const Host& host);
    void merge(const ElasticityState& other, Host& host);
    Elasticity fit(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static ElasticityState decode(Reader& in);

private:
    std::size_t row_width() const { return controls_ + 2; }

    std::size_t controls_;
    double level_;
    ChunkedVector<double> values_;  // row by row: ln quantity, ln price, controls
};

struct Estimate {
    double value;           // NaN: none
    double standard_error;  // NaN or not positive: none
};

struct Shrinkage {
    double mean = 0.0;                // of the random effects
    double tau2 = 0.0;                // variance between estimates beyond chance
    std::vector<Estimate> estimates;  // NaN where there was none
};

// Throws kNonFiniteInput for infinities.
Shrinkage shrink_estimates(const std::vector<Estimate>& estimates, Host& host);

struct PriceParams {
    double current_price = 0.0;
    double unit_cost = 0.0;
    double elasticity = 0.0;
    double standard_error = 0.0;
    double max_change = 0.1;  // share of the current price, 0 < x < 1

    void check() const;
};

struct PriceAdvice {
    double price;
    double quantity_change;       // expected share, -0.1 for a tenth less
    double profit_change;         // expected profit, as a share of the current revenue
    double probability_of_gain;   // that profit is higher than at the current price
};

PriceAdvice optimal_price(const PriceParams& params, Host& host);

}  // namespace ecom::core
