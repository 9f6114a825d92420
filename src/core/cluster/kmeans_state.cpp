// Collecting rows for k-means.
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/json.hpp"
#include "core/cluster/kmeans_fit.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

KmeansState::KmeansState(std::size_t features, std::optional<int> clusters, std::string options, bool is_weighted)
    : data_(features),
      clusters_(clusters),
      options_(std::move(options)),
      is_weighted_(is_weighted),
      params_(read_kmeans_params(clusters, from_json(options_, "options"))) {}

void KmeansState::add(const double* row, std::size_t features, std::optional<double> weight, const Host& host) {
    require_same_dimension(data_.features(), features);
    if (is_weighted_) {
        check_weight(weight);
        if (weights_.will_grow())
            require_memory(host, add_size(weights_.bytes(), weights_.growth_bytes()), "collecting weights");
        weights_.push_back(*weight);
    }
    data_.add(row, host);
}

void KmeansState::merge(const KmeansState& other, Host& host) {
    if (other.clusters_ != clusters_ || other.options_ != options_ || other.is_weighted_ != is_weighted_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    data_.merge(other.data_, host);
    PollEvery poll(host);
    other.weights_.for_each([&](double weight) {
        poll();
        weights_.push_back(weight);
    });
}

KmeansFit KmeansState::fit(Host& host) const {
    std::vector<double> weights;
    weights.reserve(weights_.size());
    PollEvery poll(host);
    weights_.for_each([&](double weight) {
        poll();
        weights.push_back(weight);
    });
    return fit_kmeans(data_, weights, params_, host);
}

void KmeansState::encode(Writer& out) const {
    out.u8(clusters_ ? 1 : 0);
    out.i64(clusters_.value_or(0));
    out.string(options_);
    out.u8(is_weighted_ ? 1 : 0);
    data_.encode(out);
    weights_.for_each([&](double weight) {
        out.poll();
        out.f64(weight);
    });
}

KmeansState KmeansState::decode(Reader& in) {
    const bool has_clusters = in.u8() != 0;
    const std::int64_t clusters = in.i64();
    if (clusters < 0 || clusters > kMaxClusters) Reader::corrupt();
    std::string options(in.string());
    const bool is_weighted = in.u8() != 0;
    FeatureRows data = FeatureRows::decode(in);
    try {
        KmeansState state(data.features(), has_clusters ? std::optional<int>(static_cast<int>(clusters)) : std::nullopt,
                          std::move(options), is_weighted);
        state.data_ = std::move(data);
        for (std::size_t i = 0; is_weighted && i < state.data_.rows(); ++i) {
            in.poll();
            const double weight = in.f64();
            check_weight(weight);
            state.weights_.push_back(weight);
        }
        in.expect_end();
        return state;
    } catch (const Error& e) {
        if (e.code() != ErrorCode::kInvalidArgument && e.code() != ErrorCode::kNonFiniteInput) throw;
        Reader::corrupt();
    }
}

}  // namespace ecom::core
