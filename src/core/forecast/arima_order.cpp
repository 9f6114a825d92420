#include "core/forecast/arima_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::VectorXd;

struct Block {
    Index begin;
    Index size;
    double sign;  // of the coefficients in the polynomial
};

// The four polynomials in the vector of coefficients: ar, ma, sar, sma.
struct Blocks {
    explicit Blocks(const ArimaOrder& order) {
        const auto p = static_cast<Index>(order.p);
        const auto q = static_cast<Index>(order.q);
        const auto sp = static_cast<Index>(order.seasonal_p);
        const auto sq = static_cast<Index>(order.seasonal_q);
        block[0] = {0, p, -1.0};
        block[1] = {p, q, 1.0};
        block[2] = {p + q, sp, -1.0};
        block[3] = {p + q + sp, sq, 1.0};
    }
    Block block[4];
};

// Coefficients of lags 1 ... of a(B) b(B^s), where both are 1 + sign (c_1 B + ...), without the sign of the result.
VectorXd product(const VectorXd& c, const Block& a, const Block& b, Index period) {
    VectorXd result = VectorXd::Zero(a.size + period * b.size);
    for (Index j = 0; j <= b.size; ++j) {
        const double seasonal = j == 0 ? 1.0 : b.sign * c[b.begin + j - 1];
        for (Index i = 0; i <= a.size; ++i) {
            if (i + j == 0) continue;
            result[i + j * period - 1] += a.sign * seasonal * (i == 0 ? 1.0 : a.sign * c[a.begin + i - 1]);
        }
    }
    return result;
}

std::vector<std::size_t> product_lags(const Block& a, const Block& b, Index period) {
    std::vector<std::size_t> lags;
    for (Index j = 0; j <= b.size; ++j)
        for (Index i = j == 0 ? 1 : 0; i <= a.size; ++i) lags.push_back(static_cast<std::size_t>(i + j * period));
    std::sort(lags.begin(), lags.end());
    lags.erase(std::unique(lags.begin(), lags.end()), lags.end());
    return lags;
}

void contract_product(const VectorXd& c, const Block& a, const Block& b, Index period, const VectorXd& by_product,
                      VectorXd& gradient) {
    for (Index j = 0; j <= b.size; ++j) {
        for (Index i = 0; i <= a.size; ++i) {
            if (i + j == 0) continue;
            const double outer = by_product[i + j * period - 1];
            const double seasonal = j == 0 ? 1.0 : b.sign * c[b.begin + j - 1];
            const double regular = i == 0 ? 1.0 : a.sign * c[a.begin + i - 1];
            if (i > 0) gradient[a.begin + i - 1] += outer * seasonal;
            if (j > 0) gradient[b.begin + j - 1] += outer * a.sign * b.sign * regular;
        }
    }
}

// The least modulus of the roots of 1 + sign (c_1 z + ... + c_n z^n).
double least_root(const VectorXd& c, const Block& block) {
    Index size = block.size;
    while (size > 0 && c[block.begin + size - 1] == 0.0) --size;
    if (size == 0) return std::numeric_limits<double>::infinity();
    // Eigenvalues of the companion matrix are the inverse roots.
    Eigen::MatrixXd companion = Eigen::MatrixXd::Zero(size, size);
    for (Index i = 0; i < size; ++i) {
        companion(0, i) = -block.sign * c[block.begin + i];
        if (i > 0) companion(i, i - 1) = 1.0;
    }
    if (!companion.allFinite()) return 0.0;
    const double largest = companion.eigenvalues().cwiseAbs().maxCoeff();
    return largest > 0.0 ? 1.0 / largest : std::numeric_limits<double>::infinity();
}

// Durbin (1960) and Levinson (1947): from partial autocorrelations to autoregressive coefficients, with derivatives.
void autoregression(const VectorXd& partial, VectorXd& phi, Eigen::MatrixXd* jacobian) {
    const Index n = partial.size();
    phi = VectorXd::Zero(n);
    if (jacobian) *jacobian = Eigen::MatrixXd::Zero(n, n);
    VectorXd previous(n);
    Eigen::MatrixXd previous_jacobian;
    for (Index k = 0; k < n; ++k) {
        previous = phi;
        if (jacobian) previous_jacobian = *jacobian;
        for (Index i = 0; i < k; ++i) {
            phi[i] = previous[i] - partial[k] * previous[k - 1 - i];
            if (jacobian) {
                jacobian->row(i) = previous_jacobian.row(i) - partial[k] * previous_jacobian.row(k - 1 - i);
                (*jacobian)(i, k) -= previous[k - 1 - i];
            }
        }
        phi[k] = partial[k];
        if (jacobian) (*jacobian)(k, k) = 1.0;
    }
}

}  // namespace

void ArimaOrder::check() const {
    if (period == 0) throw Error(ErrorCode::kInvalidArgument, "season of 0 steps", "Use 1 for a series without season.");
    if (p > kMaxArimaLag || q > kMaxArimaLag || seasonal_p > kMaxArimaLag || seasonal_q > kMaxArimaLag ||
        period > 100'000'000 || ar_lag() > kMaxArimaLag || ma_lag() > kMaxArimaLag)
        throw Error(ErrorCode::kInvalidArgument,
                    "ARIMA orders reach back further than " + std::to_string(kMaxArimaLag) + " steps",
                    "Use lower orders, or ecom.fourier as regressors for a long season.");
    if (d > kMaxArimaDifferences || seasonal_d > kMaxArimaDifferences)
        throw Error(ErrorCode::kInvalidArgument, "ARIMA with more than 2 differences", "Use d and seasonal d of 0, 1 or 2.");
    if (period == 1 && seasonal_p + seasonal_d + seasonal_q > 0)
        throw Error(ErrorCode::kInvalidArgument, "seasonal ARIMA orders for a series without season",
                    "Give the number of steps after which the season repeats, e.g. 7 for days of the week.");
}

std::string to_string(const ArimaOrder& order) {
    const auto triple = [](std::size_t a, std::size_t b, std::size_t c) {
        return "(" + std::to_string(a) + "," + std::to_string(b) + "," + std::to_string(c) + ")";
    };
    std::string text = triple(order.p, order.d, order.q);
    if (order.seasonal_p + order.seasonal_d + order.seasonal_q > 0)
        text += triple(order.seasonal_p, order.seasonal_d, order.seasonal_q) + "[" + std::to_string(order.period) + "]";
    return text;
}

std::vector<std::string> arima_coefficient_names(const ArimaOrder& order) {
    std::vector<std::string> names;
    const auto add = [&](const char* stem, std::size_t count) {
        for (std::size_t i = 1; i <= count; ++i) names.push_back(stem + std::to_string(i));
    };
    add("ar", order.p);
    add("ma", order.q);
    add("sar", order.seasonal_p);
    add("sma", order.seasonal_q);
    return names;
}

std::vector<double> difference_polynomial(const ArimaOrder& order) {
    std::vector<double> result{1.0};
    const auto multiply = [&](std::size_t lag) {
        result.resize(result.size() + lag, 0.0);
        for (std::size_t i = result.size(); i-- > lag;) result[i] -= result[i - lag];
    };
    for (std::size_t i = 0; i < order.d; ++i) multiply(1);
    for (std::size_t i = 0; i < order.seasonal_d; ++i) multiply(order.period);
    return result;
}

ArmaPolynomials expand(const ArimaOrder& order, const VectorXd& coefficients) {
    const Blocks blocks(order);
    const auto period = static_cast<Index>(order.period);
    return {product(coefficients, blocks.block[0], blocks.block[2], period),
            product(coefficients, blocks.block[1], blocks.block[3], period),
            product_lags(blocks.block[0], blocks.block[2], period), product_lags(blocks.block[1], blocks.block[3], period)};
}

VectorXd contract_gradient(const ArimaOrder& order, const VectorXd& coefficients, const ArmaPolynomials& by_product) {
    const Blocks blocks(order);
    const auto period = static_cast<Index>(order.period);
    VectorXd gradient = VectorXd::Zero(coefficients.size());
    contract_product(coefficients, blocks.block[0], blocks.block[2], period, by_product.phi, gradient);
    contract_product(coefficients, blocks.block[1], blocks.block[3], period, by_product.theta, gradient);
    return gradient;
}

VectorXd coefficients_of(const ArimaOrder& order, const VectorXd& unbounded) {
    VectorXd result(unbounded.size());
    VectorXd phi;
    for (const Block& block : Blocks(order).block) {
        autoregression(unbounded.segment(block.begin, block.size).array().tanh(), phi, nullptr);
        result.segment(block.begin, block.size) = -block.sign * phi;
    }
    return result;
}

Eigen::MatrixXd coefficient_jacobian(const ArimaOrder& order, const VectorXd& unbounded) {
    Eigen::MatrixXd result = Eigen::MatrixXd::Zero(unbounded.size(), unbounded.size());
    VectorXd phi;
    Eigen::MatrixXd jacobian;
    for (const Block& block : Blocks(order).block) {
        const VectorXd partial = unbounded.segment(block.begin, block.size).array().tanh();
        autoregression(partial, phi, &jacobian);
        const VectorXd slope = -block.sign * (1.0 - partial.array().square());
        result.block(block.begin, block.begin, block.size, block.size) = jacobian * slope.asDiagonal();
    }
    return result;
}

VectorXd unbounded_of(const ArimaOrder& order, const VectorXd& coefficients) {
    constexpr double kMost = 0.999;
    VectorXd result(coefficients.size());
    for (const Block& block : Blocks(order).block) {
        VectorXd phi = -block.sign * coefficients.segment(block.begin, block.size);
        VectorXd partial = VectorXd::Zero(block.size);
        // The recursion of Durbin and Levinson, backwards.
        for (Index k = block.size; k-- > 0;) {
            const double last = phi[k];
            if (!(std::fabs(last) < 1.0)) {
                partial.setZero();
                break;
            }
            partial[k] = std::clamp(last, -kMost, kMost);
            const VectorXd current = phi;
            for (Index i = 0; i < k; ++i) phi[i] = (current[i] + last * current[k - 1 - i]) / (1.0 - last * last);
        }
        result.segment(block.begin, block.size) = partial.array().atanh();
    }
    return result;
}

RootModuli least_roots(const ArimaOrder& order, const VectorXd& coefficients) {
    const Blocks blocks(order);
    const double power = 1.0 / static_cast<double>(order.period);
    const auto least = [&](const Block& regular, const Block& seasonal) {
        return std::min(least_root(coefficients, regular), std::pow(least_root(coefficients, seasonal), power));
    };
    return {least(blocks.block[0], blocks.block[2]), least(blocks.block[1], blocks.block[3])};
}

}  // namespace ecom::core
