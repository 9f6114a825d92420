#include "core/prescribe/response_covariance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/base/eigen.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;

constexpr int k = kResponseParameters;
constexpr std::size_t kMaxLags = 100;  // of errors that are taken to go together
constexpr double kLeastPivot = 1e-10;  // of a matrix with a unit diagonal, for what rounding leaves

constexpr double kNormalQuantile = 1.959963984540054;

using Vector = Eigen::Matrix<double, k, 1>;
using Square = Eigen::Matrix<double, k, k, Eigen::RowMajor>;

// Rows and columns that are not free are left out and come back as 0. None where it is not positive definite.
std::optional<Square> inverse_of(const Square& matrix, const std::array<bool, k>& is_free) {
    std::vector<Index> kept;
    for (Index i = 0; i < k; ++i)
        if (is_free[static_cast<std::size_t>(i)]) {
            if (!(matrix(i, i) > 0.0)) return std::nullopt;
            kept.push_back(i);
        }
    const Eigen::MatrixXd free = matrix(kept, kept);
    const Eigen::VectorXd scale = free.diagonal().cwiseSqrt().cwiseInverse();
    const Eigen::LLT<Eigen::MatrixXd> factor(scale.asDiagonal() * free * scale.asDiagonal());
    if (factor.info() != Eigen::Success || !(factor.matrixLLT().diagonal().array().square() > kLeastPivot).all()) return std::nullopt;
    Square result = Square::Zero();
    result(kept, kept) = scale.asDiagonal() * factor.solve(Eigen::MatrixXd::Identity(free.rows(), free.cols())) * scale.asDiagonal();
    return result;
}

// The quantile of 97.5 percent for a t statistic whose long-run variance has Bartlett's weights over the share b of the periods
// (Kiefer and Vogelsang, 2005, table 1).
double fixed_b_quantile(double b) { return kNormalQuantile + b * (2.9694 + b * (0.4160 - 0.5324 * b)); }

}  // namespace

ResponseErrors response_errors(const SpendSeries& series, const ResponseProblem& problem, const ChannelResponse& fit, double variance, Host& host) {
    const double ratio = fit.half_spend() / fit.mean_spend;
    // A base of 0 leaves as much in doubt as another: the response takes what it does not have.
    const std::array<bool, k> is_free = {true, true, true, ratio > kMinHalf * (1 + 1e-6) && ratio < kMaxHalf * (1 - 1e-6),
                                         fit.shape > kMinShape * (1 + 1e-6) && fit.shape < kMaxShape * (1 - 1e-6)};
    Square bread = Square::Zero(), meat = Square::Zero();
    // By period; 0 where the response is not known.
    Eigen::Matrix<double, k, Eigen::Dynamic> scores = Eigen::Matrix<double, k, Eigen::Dynamic>::Zero(k, static_cast<Index>(series.periods()));
    PollEvery poll(host);
    for (std::size_t i = 0; i < series.observations(); ++i) {
        poll();
        const std::size_t place = series.place[i];
        const double a = problem.adstock()[place];
        const double h = problem.hill()[i];
        const double bend = fit.beta * h * (1.0 - h);
        Vector gradient;
        gradient << 1.0, h, a > 0.0 ? bend * fit.shape / a * problem.slope()[place] : 0.0, -bend * fit.shape,
            a > 0.0 ? bend * fit.shape * std::log(a / fit.half_saturation) : 0.0;
        const double error = series.response[i] - series.demand[i] * (fit.base + fit.beta * h);
        const Vector score = error * gradient;
        scores.col(static_cast<Index>(place)) = score;
        bread += series.demand[i] * gradient * gradient.transpose();
        meat += score * score.transpose();
    }
    const auto n = static_cast<double>(series.observations());
    const auto lags = std::min(kMaxLags, static_cast<std::size_t>(1.3 * std::sqrt(n)));
    for (std::size_t lag = 1; lag <= lags; ++lag) {
        Square together = Square::Zero();
        for (std::size_t t = lag; t < series.periods(); ++t) {
            poll();
            together += scores.col(static_cast<Index>(t)) * scores.col(static_cast<Index>(t - lag)).transpose();
        }
        meat += (1.0 - static_cast<double>(lag) / static_cast<double>(lags + 1)) * (together + together.transpose());
    }
    // The penalty is on ln half_saturation + ln(1 - carryover), and on ln shape.
    Vector half = Vector::Zero(), shape = Vector::Zero();
    half(2) = -1.0 / (1.0 - fit.carryover) / kHalfDeviation;
    half(3) = 1.0 / kHalfDeviation;
    shape(4) = 1.0 / kShapeDeviation;
    for (const Vector& row : {half, shape}) {
        bread += variance * row * row.transpose();
        meat += variance * variance * row * row.transpose();
    }
    ResponseErrors result;
    const std::optional<Square> inverse = inverse_of(bread, is_free);
    if (!inverse) return result;
    const double inflation = fixed_b_quantile(static_cast<double>(lags + 1) / n) / kNormalQuantile;
    const Square covariance = n / (n - k) * inflation * inflation * *inverse * meat * *inverse;
    Eigen::Map<Square>(result.covariance.emplace().data()) = covariance;
    result.carryover_allowance = kNormalQuantile * kNormalQuantile * covariance(2, 2) / (*inverse)(2, 2);
    return result;
}

}  // namespace ecom::core
