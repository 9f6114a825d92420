// Collecting rows for k-means.
#include <algorithm>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/json.hpp"
#include "core/cluster/kmeans_fit.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

namespace {

constexpr std::size_t kFirstLook = 64;

// Flags of a stored state.
constexpr std::uint8_t kWeighted = 1;
constexpr std::uint8_t kThinned = 2;

}  // namespace

KmeansState::KmeansState(std::size_t features, std::optional<int> clusters, std::string options, bool is_weighted)
    : rows_(features, is_weighted),
      clusters_(clusters),
      options_(std::move(options)),
      params_(read_kmeans_params(clusters, from_json(options_, "options"))),
      next_look_(kFirstLook) {}

// Half of the rows that the memory limit allows while mini-batches are collected: the other half is room for more.
// Of a row and feature: the value, and for half of them a copy in order and one after preprocessing. Of a row: weight and count,
// their copies, its place while rows are put in order, labels, and what fitting the transform of one feature takes.
std::size_t KmeansState::sample_rows(const Host& host) const {
    constexpr std::size_t kBytesPerFeature = 16;
    constexpr std::size_t kBytesPerRow = 80;
    const std::size_t bytes = kBytesPerFeature * rows_.features() + kBytesPerRow;
    // Centres need rows to learn from.
    constexpr std::size_t kLeastPerCluster = 10;
    const std::size_t least = kLeastPerCluster * static_cast<std::size_t>(params_.clusters.value_or(params_.k_max)) + kFirstLook;
    require_memory(host, mul_size(2 * least, bytes), "mini-batches of rows of " + std::to_string(rows_.features()) + " features");
    return std::min(host.memory_limit() / bytes, std::size_t{std::numeric_limits<std::uint32_t>::max()}) / 2;
}

bool KmeansState::fits(std::size_t rows, const Host& host) const {
    return params_.method != KmeansMethod::kMiniBatch && kmeans_fit_bytes(rows, rows_.features(), params_) <= host.memory_limit();
}

void KmeansState::make_room(Host& host) {
    const std::size_t n = rows_.rows();
    next_look_ = n + std::max(kFirstLook, n / 8);
    // Lloyd's algorithm wants all rows, or the error that they do not fit.
    if (params_.method == KmeansMethod::kLloyd || fits(n + 1, host)) return;
    const std::size_t most = sample_rows(host);
    if (n >= 2 * most) rows_.thin(most, host);
    next_look_ = std::min(rows_.rows() + std::max(kFirstLook, rows_.rows() / 8), 2 * most);
}

void KmeansState::add(const double* row, std::size_t features, std::optional<double> weight, Host& host) {
    require_same_dimension(rows_.features(), features);
    if (rows_.is_weighted()) check_weight(weight);
    if (rows_.rows() >= next_look_) make_room(host);
    rows_.add(row, weight.value_or(1.0), host);
}

void KmeansState::merge(const KmeansState& other, Host& host) {
    if (other.clusters_ != clusters_ || other.options_ != options_ || other.rows_.is_weighted() != rows_.is_weighted())
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    rows_.merge(other.rows_, host);
    make_room(host);
}

KmeansFit KmeansState::fit(Host& host) const {
    if (params_.method == KmeansMethod::kLloyd || (!rows_.is_thinned() && fits(rows_.rows(), host)))
        return fit_kmeans(rows_.data(), rows_.weights(host), params_, host);
    return fit_mini_batches(rows_.first_rows(sample_rows(host), host), rows_.seen(), params_, host);
}

void KmeansState::encode(Writer& out) const {
    out.u8(clusters_ ? 1 : 0);
    out.i64(clusters_.value_or(0));
    out.string(options_);
    out.u8(static_cast<std::uint8_t>((rows_.is_weighted() ? kWeighted : 0) | (rows_.is_thinned() ? kThinned : 0)));
    rows_.encode(out);
}

KmeansState KmeansState::decode(Reader& in) {
    const bool has_clusters = in.u8() != 0;
    const std::int64_t clusters = in.i64();
    if (clusters < 0 || clusters > kMaxClusters) Reader::corrupt();
    std::string options(in.string());
    const std::uint8_t flags = in.u8();
    if (flags > (kWeighted | kThinned)) Reader::corrupt();
    RowSample rows = RowSample::decode(in, (flags & kWeighted) != 0, (flags & kThinned) != 0);
    in.expect_end();
    try {
        KmeansState state(rows.features(), has_clusters ? std::optional<int>(static_cast<int>(clusters)) : std::nullopt,
                          std::move(options), rows.is_weighted());
        state.rows_ = std::move(rows);
        return state;
    } catch (const Error& e) {
        if (e.code() != ErrorCode::kInvalidArgument && e.code() != ErrorCode::kNonFiniteInput) throw;
        Reader::corrupt();
    }
}

}  // namespace ecom::core
