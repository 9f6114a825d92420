#include "core/stats/pca.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/stats/feature_rows.hpp"
#include "core/stats/symmetric_eigen.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Turns the vector so that its largest element is positive.
void fix_sign(double* vector, std::size_t n) {
    constexpr double kTie = 1e-6;
    double largest = 0.0;
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(vector[i]));
    const double* decides = std::find_if(vector, vector + n, [&](double x) { return std::fabs(x) >= largest * (1.0 - kTie); });
    if (*decides < 0.0)
        for (std::size_t i = 0; i < n; ++i) vector[i] = -vector[i];
}

bool all_finite(const std::vector<double>& values) {
    return std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); });
}

[[noreturn]] void too_large() {
    throw Error(ErrorCode::kNonFiniteInput, "values are too large for their covariances",
                "Scale the features first, for example with ecom.scaler_fit.");
}

}  // namespace

void check_components(std::optional<int> components) {
    if (components && *components < 1)
        throw Error(ErrorCode::kInvalidArgument,
                    "number of components " + std::to_string(*components) + " is out of range",
                    "Use 1 to the number of features, or leave it out to keep all components.");
}

Pca::Pca(std::vector<double> means, std::vector<double> loadings, std::vector<double> explained_variance,
         double total_variance, std::int64_t rows)
    : means_(std::move(means)),
      loadings_(std::move(loadings)),
      explained_variance_(std::move(explained_variance)),
      total_variance_(total_variance),
      rows_(rows) {
    check_features(means_.size());
    const bool fits = !explained_variance_.empty() && explained_variance_.size() <= means_.size() &&
                      loadings_.size() == means_.size() * explained_variance_.size();
    const bool is_valid = all_finite(means_) && all_finite(loadings_) && all_finite(explained_variance_) &&
                          std::isfinite(total_variance_) && total_variance_ > 0.0 && rows_ > 1 &&
                          std::all_of(explained_variance_.begin(), explained_variance_.end(), [](double v) { return v >= 0.0; });
    if (!fits || !is_valid)
        throw Error(ErrorCode::kInvalidArgument, "the parts of principal components contradict each other");
}

Pca Pca::fit(CovarianceAccumulator data, std::optional<int> components, Host& host) {
    check_components(components);
    const std::size_t n = data.features();
    data.flush();
    if (data.rows() < 2)
        throw Error(ErrorCode::kNotEnoughData, "principal components need at least two rows");
    if (!all_finite(data.means()) || !all_finite(data.products())) too_large();
    const std::size_t most = std::min(n, static_cast<std::size_t>(data.rows()));
    const std::size_t kept = components ? static_cast<std::size_t>(*components) : most;
    if (kept > most)
        throw Error(ErrorCode::kInvalidArgument,
                    std::to_string(kept) + " components of " + std::to_string(data.rows()) + " rows of " +
                        std::to_string(n) + " features cannot be kept",
                    "Ask for " + std::to_string(most) + " components at most.");
    // The decomposition's matrix, rotations and result beside the sums.
    constexpr std::size_t kMatrices = 5;
    require_memory(host, mul_size(kMatrices, mul_size(mul_size(n, n), sizeof(double))),
                   "principal components of " + std::to_string(n) + " features");
    std::vector<double> covariance = data.products();
    const double divisor = static_cast<double>(data.rows() - 1);
    double total = 0.0;
    for (double& value : covariance) value /= divisor;
    for (std::size_t i = 0; i < n; ++i) total += covariance[i * n + i];
    if (!std::isfinite(total)) too_large();
    if (!(total > 0.0))
        throw Error(ErrorCode::kNotEnoughData, "all features are constant",
                    "Principal components need a feature that differs between rows.");
    SymmetricEigen eigen = symmetric_eigen(covariance, n, host);
    eigen.values.resize(kept);
    // Rounding makes a variance of zero slightly negative.
    for (double& value : eigen.values) value = std::max(value, 0.0);
    eigen.vectors.resize(kept * n);
    for (std::size_t i = 0; i < kept; ++i) fix_sign(eigen.vectors.data() + i * n, n);
    return Pca(data.means(), std::move(eigen.vectors), std::move(eigen.values), total, data.rows());
}

void Pca::apply(const double* from, double* to) const {
    const std::size_t n = features();
    for (std::size_t component = 0; component < components(); ++component) {
        const double* loading = loadings(component);
        double score = 0.0;
        for (std::size_t i = 0; i < n; ++i) score += loading[i] * (from[i] - means_[i]);
        to[component] = score;
    }
}

void Pca::invert(const double* from, double* to) const {
    const std::size_t n = features();
    std::copy(means_.begin(), means_.end(), to);
    for (std::size_t component = 0; component < components(); ++component) {
        const double* loading = loadings(component);
        for (std::size_t i = 0; i < n; ++i) to[i] += loading[i] * from[component];
    }
}

Document Pca::body() const {
    return Document::object()
        .set("rows", Document(rows_))
        .set("means", Document(means_))
        .set("loadings", Document(loadings_))
        .set("explained_variance", Document(explained_variance_))
        .set("total_variance", Document(total_variance_));
}

Document Pca::summary() const {
    double explained = 0.0;
    for (const double variance : explained_variance_) explained += variance;
    return Document::object()
        .set("rows", Document(rows_))
        .set("features", Document(static_cast<std::int64_t>(features())))
        .set("components", Document(static_cast<std::int64_t>(components())))
        .set("explained_variance_ratio", Document(std::min(1.0, explained / total_variance_)));
}

Pca Pca::from_document(const Document& body) {
    try {
        return Pca(body.at("means").as_doubles(), body.at("loadings").as_doubles(),
                   body.at("explained_variance").as_doubles(), body.at("total_variance").as_double(),
                   body.at("rows").as_int());
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(), "Restore the model from a backup, or fit it again.");
    }
}

std::unique_ptr<Model> Pca::decode(const Document& body, int) { return std::make_unique<Pca>(from_document(body)); }

PcaState::PcaState(std::size_t features, std::optional<int> components, const Host& host)
    : components_(components), data_(features, host) {
    check_components(components);
}

void PcaState::merge(const PcaState& other, Host&) {
    if (other.components_ != components_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    data_.merge(other.data_);
}

void PcaState::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(components_.value_or(0)));
    data_.encode(out);
}

PcaState PcaState::decode(Reader& in) {
    const std::uint32_t components = in.u32();
    if (components > kMaxFeatures) Reader::corrupt();
    PcaState state(components == 0 ? std::nullopt : std::optional<int>(static_cast<int>(components)),
                   CovarianceAccumulator::decode(in));
    in.expect_end();
    return state;
}

}  // namespace ecom::core
