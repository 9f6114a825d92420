#include "core/stats/covariance.hpp"

#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/stats/feature_rows.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Rows of a block: enough for products of matrices to be worth it.
constexpr std::size_t kBlockRows = 64;

// Rows that a decoded state may claim: far beyond any table, and sums of many such states still fit.
constexpr std::int64_t kMostRows = std::int64_t{1} << 40;

Eigen::Index index(std::size_t i) { return static_cast<Eigen::Index>(i); }

Eigen::Map<Eigen::MatrixXd> square(std::vector<double>& values, std::size_t n) {
    return {values.data(), index(n), index(n)};
}

}  // namespace

CovarianceAccumulator::CovarianceAccumulator(std::size_t features)
    : features_(features), means_(features), products_(features * features) {}

CovarianceAccumulator::CovarianceAccumulator(std::size_t features, const Host& host)
    : CovarianceAccumulator((check_features(features),
                             require_memory(host, mul_size(mul_size(features, features), sizeof(double)),
                                            "the covariances of " + std::to_string(features) + " features"),
                             features)) {}

std::int64_t CovarianceAccumulator::rows() const {
    return n_ + static_cast<std::int64_t>(block_.size() / features_);
}

void CovarianceAccumulator::add(const double* row) {
    require_finite(row, features_);
    block_.insert(block_.end(), row, row + features_);
    if (block_.size() == kBlockRows * features_) flush();
}

void CovarianceAccumulator::flush() {
    const std::size_t rows = block_.size() / features_;
    if (rows == 0) return;
    const Eigen::Map<const Eigen::MatrixXd> block(block_.data(), index(features_), index(rows));
    Eigen::Map<Eigen::VectorXd> means(means_.data(), index(features_));
    // Deviations from the first row: a constant feature then has a mean without rounding.
    const Eigen::VectorXd first = block.col(0);
    const Eigen::VectorXd block_means =
        first + ((block.colwise() - first).rowwise().sum() / static_cast<double>(rows)).eval();
    Eigen::MatrixXd deviations(index(features_), index(rows + 1));
    deviations.leftCols(index(rows)) = block.colwise() - block_means;
    const auto a = static_cast<double>(n_);
    const auto b = static_cast<double>(rows);
    const Eigen::VectorXd delta = block_means - means;
    deviations.col(index(rows)) = std::sqrt(a * b / (a + b)) * delta;
    square(products_, features_).selfadjointView<Eigen::Lower>().rankUpdate(deviations);
    if (n_ == 0)
        means = block_means;
    else
        means += delta * (b / (a + b));
    n_ += static_cast<std::int64_t>(rows);
    block_.clear();
}

void CovarianceAccumulator::merge(const CovarianceAccumulator& other) {
    require_same_dimension(features_, other.features_);
    if (other.n_ > 0) {
        flush();
        Eigen::Map<Eigen::VectorXd> means(means_.data(), index(features_));
        const Eigen::Map<const Eigen::VectorXd> other_means(other.means_.data(), index(features_));
        const auto a = static_cast<double>(n_);
        const auto b = static_cast<double>(other.n_);
        const Eigen::VectorXd delta = other_means - means;
        const Eigen::Map<const Eigen::MatrixXd> other_products(other.products_.data(), index(features_),
                                                               index(features_));
        square(products_, features_) += other_products;
        square(products_, features_).selfadjointView<Eigen::Lower>().rankUpdate(delta, a * b / (a + b));
        if (n_ == 0)
            means = other_means;
        else
            means += delta * (b / (a + b));
        n_ += other.n_;
    }
    for (std::size_t i = 0; i < other.block_.size(); i += features_) add(other.block_.data() + i);
}

void CovarianceAccumulator::encode(Writer& out) const {
    out.reserve(64 + 8 * (block_.size() + features_ * (features_ + 3) / 2));
    out.u32(static_cast<std::uint32_t>(features_));
    out.i64(n_);
    for (const double mean : means_) out.f64(mean);
    for (std::size_t column = 0; column < features_; ++column)
        for (std::size_t row = column; row < features_; ++row) {
            out.poll();
            out.f64(products_[column * features_ + row]);
        }
    out.u32(static_cast<std::uint32_t>(block_.size() / features_));
    for (const double value : block_) out.f64(value);
}

CovarianceAccumulator CovarianceAccumulator::decode(Reader& in) {
    const std::size_t features = in.u32();
    const std::int64_t n = in.i64();
    if (features < 1 || features > kMaxFeatures || n < 0 || n > kMostRows ||
        in.remaining() / sizeof(double) < features * (features + 3) / 2)
        Reader::corrupt();
    CovarianceAccumulator result(features);
    result.n_ = n;
    // Sums may have overflown; that is told when they are read.
    for (double& mean : result.means_) mean = in.f64();
    for (std::size_t column = 0; column < features; ++column)
        for (std::size_t row = column; row < features; ++row) {
            in.poll();
            result.products_[column * features + row] = in.f64();
        }
    const std::size_t rows = in.count(features * sizeof(double));
    if (rows >= kBlockRows) Reader::corrupt();
    for (std::size_t i = 0; i < rows * features; ++i) {
        const double value = in.f64();
        if (!std::isfinite(value)) Reader::corrupt();
        result.block_.push_back(value);
    }
    return result;
}

}  // namespace ecom::core
