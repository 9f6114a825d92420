// Rows of features with a label each, as an aggregate collects them for the measures of a clustering.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "core/stats/cluster_metrics.hpp"
#include "core/stats/feature_rows.hpp"
#include "core/stats/label_dictionary.hpp"

namespace ecom::core {

// A sample has two rows at least, and this many at most.
constexpr std::int32_t kMinSample = 2;
constexpr std::int32_t kMaxSample = 1000000;

// Rows whose silhouettes are computed one by one: all pairs of them take minutes.
constexpr std::size_t kMaxSilhouettes = 100000;

class LabelledRowsState final : public State {
public:
    static constexpr std::string_view kKind = "labelled_rows";

    // `sample`: rows that silhouettes are computed on, all when empty. Throws kInvalidArgument for a number outside
    // kMinSample .. kMaxSample.
    LabelledRowsState(std::size_t features, std::optional<std::int32_t> sample);

    std::size_t features() const { return data_.features(); }
    void add(const double* row, std::string_view label, const Host& host);
    void merge(const LabelledRowsState& other, Host& host);

    ClusteredRows clustered(Host& host) const;
    double silhouette(Host& host) const;
    // Of every row, in the order that they were added in. Throws kLimitExceeded for more than kMaxSilhouettes rows.
    std::vector<double> silhouettes_of_rows(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static LabelledRowsState decode(Reader& in);

private:
    LabelledRowsState(FeatureRows data, std::optional<std::int32_t> sample) : sample_(sample), data_(std::move(data)) {}

    std::optional<std::int32_t> sample_;
    FeatureRows data_;
    LabelDictionary dictionary_;
    ChunkedVector<std::uint32_t> labels_;
};

}  // namespace ecom::core
