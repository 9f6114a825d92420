#include "core/prescribe/elasticity.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/optim/brent.hpp"
#include "core/stats/confidence.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require(bool holds, const char* message, const char* hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

void require_finite(bool holds) {
    if (!holds)
        throw Error(ErrorCode::kNonFiniteInput, "prices, quantities, controls and estimates must be finite",
                    "Turn NaN and infinite values into NULL.");
}

}  // namespace

ElasticityState::ElasticityState(std::size_t controls, double level) : controls_(controls), level_(level) {
    require(controls <= kMaxControls, "too many controls for an elasticity", "Use 50 at most.");
    check_level(level);
}

void ElasticityState::add(double price, double quantity, const double* controls, const Host& host) {
    require_finite(std::isfinite(price) && std::isfinite(quantity));
    for (std::size_t i = 0; i < controls_; ++i) require_finite(std::isfinite(controls[i]));
    if (price <= 0 || quantity <= 0) return;
    const auto push = [&](double value) {
        if (values_.will_grow())
            require_memory(host, add_size(values_.bytes(), values_.growth_bytes()), "collecting prices and quantities");
        values_.push_back(value);
    };
    push(std::log(quantity));
    push(std::log(price));
    for (std::size_t i = 0; i < controls_; ++i) push(controls[i]);
}

void ElasticityState::merge(const ElasticityState& other, Host& host) {
    require(other.controls_ == controls_ && other.level_ == level_,
            "aggregate states with different parameters cannot be combined", "Pass the same number of controls.");
    require_memory(host, mul_size(values_.size() + other.values_.size(), sizeof(double)),
                   "combining prices and quantities");
    PollEvery poll(host);
    other.values_.for_each([&](double value) {
        poll();
        values_.push_back(value);
    });
}

Elasticity ElasticityState::fit(Host& host) const {
    const std::size_t width = row_width();
    const std::size_t n = values_.size() / width;
    Elasticity result;
    result.n = static_cast<std::int64_t>(n);
    if (n == 0) return result;
    require_memory(host, mul_size(mul_size(n, width + 2), 2 * sizeof(double)),
                   "fitting the elasticity of " + std::to_string(n) + " rows");

    // Sorted, so that sums do not depend on the order of the rows.
    PollEvery poll(host);
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        poll();
        for (std::size_t i = 0; i < width; ++i) {
            const double left = values_[a * width + i];
            const double right = values_[b * width + i];
            if (left != right) return left < right;
        }
        return false;
    });
    const auto rows = static_cast<Eigen::Index>(n);
    const auto columns = static_cast<Eigen::Index>(width - 1);
    Eigen::MatrixXd x(rows, columns);
    Eigen::VectorXd y(rows);
    for (Eigen::Index i = 0; i < rows; ++i) {
        poll();
        const std::size_t from = order[static_cast<std::size_t>(i)] * width;
        y[i] = values_[from];
        for (Eigen::Index j = 0; j < columns; ++j) x(i, j) = values_[from + 1 + static_cast<std::size_t>(j)];
    }

    std::vector<double> prices(x.data(), x.data() + rows);
    std::sort(prices.begin(), prices.end());
    result.prices = std::unique(prices.begin(), prices.end()) - prices.begin();
    const Eigen::RowVectorXd squares = x.colwise().squaredNorm();
    x.rowwise() -= x.colwise().mean().eval();
    // A control that does not vary explains nothing; what rounding leaves of it is not to be divided by.
    for (Eigen::Index j = 1; j < columns; ++j)
        if (x.col(j).squaredNorm() <= 1e-24 * squares[j]) x.col(j).setZero();
    y.array() -= y.mean();
    result.log_price_sd = n > 1 ? std::sqrt(x.col(0).squaredNorm() / static_cast<double>(n - 1)) : 0.0;
    if (result.prices < kMinPrices || result.log_price_sd < kMinLogPriceSd) return result;

    // The part of the price that the controls do not explain has the coefficient of the whole regression
    // (Frisch and Waugh, 1933). Where nothing is left of it, price has no effect of its own.
    Eigen::VectorXd own = x.col(0);
    if (const Eigen::MatrixXd others = x.rightCols(columns - 1); others.squaredNorm() > 0) {
        own -= others * others.colPivHouseholderQr().solve(x.col(0));
    }
    host.poll();
    if (own.squaredNorm() < 1e-14 * x.col(0).squaredNorm()) return result;
    const double elasticity = own.dot(y) / own.squaredNorm();
    const Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(x);
    host.poll();
    const Eigen::VectorXd residuals = y - x * qr.solve(y);
    result.elasticity = elasticity;
    const double total = y.squaredNorm();
    if (total > 0) result.r2 = 1.0 - residuals.squaredNorm() / total;

    const double spare = static_cast<double>(n) - static_cast<double>(qr.rank()) - 1.0;
    if (spare < 1) return result;
    const double meat = (own.array() * residuals.array()).square().sum();
    const double variance = static_cast<double>(n) / spare * meat / (own.squaredNorm() * own.squaredNorm());
    result.standard_error = std::sqrt(variance);
    const double margin = student_t_critical(level_, spare) * *result.standard_error;
    result.low = elasticity - margin;
    result.high = elasticity + margin;
    return result;
}

void ElasticityState::encode(Writer& out) const {
    out.reserve(64 + sizeof(double) * values_.size());
    out.u8(static_cast<std::uint8_t>(controls_));
    out.f64(level_);
    out.u32(static_cast<std::uint32_t>(values_.size() / row_width()));
    values_.for_each([&](double value) {
        out.poll();
        out.f64(value);
    });
}

ElasticityState ElasticityState::decode(Reader& in) {
    const std::size_t controls = in.u8();
    const double level = in.f64();
    if (controls > kMaxControls || !(level > 0.0 && level < 1.0)) Reader::corrupt();
    ElasticityState state(controls, level);
    const std::size_t count = in.count(state.row_width() * sizeof(double)) * state.row_width();
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        const double value = in.f64();
        if (!std::isfinite(value)) Reader::corrupt();
        state.values_.push_back(value);
    }
    in.expect_end();
    return state;
}

Shrinkage shrink_estimates(const std::vector<Estimate>& estimates, Host& host) {
    PollEvery poll(host);
    double weights = 0, weights2 = 0, weighted = 0;
    std::int64_t k = 0;
    const auto known = [](const Estimate& e) { return !std::isnan(e.value) && e.standard_error > 0; };
    for (const Estimate& e : estimates) {
        poll();
        require_finite(!std::isinf(e.value) && !std::isinf(e.standard_error));
        if (!known(e)) continue;
        const double w = 1.0 / (e.standard_error * e.standard_error);
        ++k;
        weights += w;
        weights2 += w * w;
        weighted += w * e.value;
    }
    Shrinkage result;
    result.estimates.assign(estimates.size(), {std::nan(""), std::nan("")});
    if (k == 0) {
        result.mean = result.tau2 = std::nan("");
        return result;
    }
    const double fixed_mean = weighted / weights;
    double q = 0;
    for (const Estimate& e : estimates) {
        poll();
        if (known(e)) q += (e.value - fixed_mean) * (e.value - fixed_mean) / (e.standard_error * e.standard_error);
    }
    if (k > 1) result.tau2 = std::max(0.0, (q - static_cast<double>(k - 1)) / (weights - weights2 / weights));
    weights = weighted = 0;
    for (const Estimate& e : estimates) {
        poll();
        if (!known(e)) continue;
        const double w = 1.0 / (e.standard_error * e.standard_error + result.tau2);
        weights += w;
        weighted += w * e.value;
    }
    result.mean = weighted / weights;
    for (std::size_t i = 0; i < estimates.size(); ++i) {
        poll();
        const Estimate& e = estimates[i];
        if (!known(e)) continue;
        const double s2 = e.standard_error * e.standard_error;
        const double pull = s2 / (s2 + result.tau2);
        // What is left is the estimate's own error and that of the mean that it is drawn to.
        result.estimates[i] = {(1.0 - pull) * e.value + pull * result.mean,
                               std::sqrt((1.0 - pull) * s2 + pull * pull / weights)};
    }
    return result;
}

void PriceParams::check() const {
    require(std::isfinite(current_price) && current_price > 0, "current price must be a positive number",
            "Leave out products that are given away.");
    require(std::isfinite(unit_cost) && unit_cost >= 0, "unit cost must be a number from 0", "Pass the cost of one unit.");
    require_finite(std::isfinite(elasticity));
    require(std::isfinite(standard_error) && standard_error >= 0, "standard error must be a number from 0",
            "ecom.price_elasticity and ecom.shrink_estimates give one.");
    require(max_change > 0 && max_change < 1, "largest change of a price must lie between 0 and 1",
            "Write 10 percent up and down as 0.1.");
}

PriceAdvice optimal_price(const PriceParams& params, Host& host) {
    params.check();
    const double p0 = params.current_price;
    const double c = params.unit_cost;
    const double s2 = params.standard_error * params.standard_error;
    const auto quantity = [&](double price) {
        const double l = std::log(price / p0);
        return std::exp(params.elasticity * l + s2 * l * l / 2);
    };
    const auto profit = [&](double price) { return (price - c) * quantity(price); };
    const double low = p0 * (1.0 - params.max_change);
    const double high = p0 * (1.0 + params.max_change);
    double best = brent_minimize([&](double price) { return -profit(price); }, low, high, {}, host).x;
    for (const double corner : {p0, low, high})
        if (profit(corner) >= profit(best)) best = corner;

    PriceAdvice advice{};
    advice.price = best;
    advice.quantity_change = quantity(best) - 1.0;
    advice.profit_change = (profit(best) - profit(p0)) / p0;
    if (best == p0) {
        advice.probability_of_gain = 0.0;
    } else if (best <= c || p0 <= c) {
        // A loss on each unit before: selling fewer or at a profit is a gain whatever the elasticity.
        advice.probability_of_gain = best > p0 && best > c ? 1.0 : std::nan("");
    } else {
        // Profit is higher where (best / p0)^e exceeds the ratio of the margins.
        const double threshold = std::log((p0 - c) / (best - c)) / std::log(best / p0);
        const double distance = (best > p0 ? 1.0 : -1.0) * (params.elasticity - threshold);
        advice.probability_of_gain = params.standard_error > 0 ? normal_cdf(distance / params.standard_error)
                                                               : (distance > 0 ? 1.0 : 0.0);
    }
    return advice;
}

}  // namespace ecom::core
