// From rows of features to a segmentation: preprocessing, the number of clusters, k-means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/document.hpp"
#include "core/base/state.hpp"
#include "core/cluster/kmeans_model.hpp"
#include "core/cluster/row_sample.hpp"
#include "core/stats/feature_rows.hpp"

namespace ecom::core {

// What chooses the number of clusters: the largest silhouette or index of Calinski and Harabasz, the elbow of the
// inertia, or the first gap.
enum class ClusterCriterion { kSilhouette, kElbow, kGap, kCalinskiHarabasz };

// Lloyd's algorithm over all rows, mini-batches over as many as the memory limit allows, or the latter where the
// former does not fit.
enum class KmeansMethod { kAuto, kLloyd, kMiniBatch };

struct KmeansFitParams {
    // The number of clusters is given, or chosen from k_min .. k_max.
    std::optional<int> clusters = 3;
    std::optional<int> n_init;  // default_starts() of the rows if not given
    int k_min = 2;
    int k_max = 8;
    ClusterCriterion choose = ClusterCriterion::kSilhouette;
    // Sets of random rows that the gap statistic compares with; it is computed when it chooses.
    int gap_references = 10;
    // The silhouette is exact on a random sample of this many rows: it costs the square of their number. The gap
    // statistic takes the same sample.
    std::int64_t silhouette_rows = 5000;
    KmeansMethod method = KmeansMethod::kAuto;
    std::int64_t batch_rows = 1024;
    PreprocessorParams preprocessing{PowerTransform::kNone, ScalingMethod::kNone};
    KmeansParams kmeans;

    // Throws kInvalidArgument.
    void check() const;
};

// Options transform, scaling, n_init, seed, tolerance, max_iterations, initial_centers, k_min, k_max,
// choose, gap_references, silhouette_rows, method and batch_rows. Throws kInvalidArgument for others and for values without a meaning.
KmeansFitParams read_kmeans_params(std::optional<int> clusters, const Document& options);

// By Lloyd's algorithm, whatever params.method. data: at least one row; weights: empty, or one a row.
// `fit.result.labels` holds the rows' clusters. Starts run on as many threads as their memory allows.
KmeansFit fit_kmeans(const FeatureRows& data, const std::vector<double>& weights, const KmeansFitParams& params,
                     Host& host);

// What fit_kmeans() allocates where it runs on one thread; it needs no less. Whether rows fit does not hang on threads.
std::size_t kmeans_fit_bytes(std::size_t rows, std::size_t features, const KmeansFitParams& params, int threads = 1);

// By mini-batches over a sample of `seen` rows: the centres to begin with, and the number of clusters where it is not
// given, come from Lloyd's algorithm over the first few of them. `fit.result.sizes` counts the rows that the sample
// stands for; labels are of its rows.
KmeansFit fit_mini_batches(const SampledRows& rows, std::uint64_t seen, const KmeansFitParams& params, Host& host);

// Throws kInvalidArgument unless the weight is a positive finite number.
void check_weight(std::optional<double> weight);

// Rows and parameters while an aggregate collects them. Merging is exact: a fit depends on the set of rows, of which no
// more are held than the memory limit allows a fit.
class KmeansState final : public State {
public:
    static constexpr std::string_view kKind = "kmeans";

    // options: JSON text.
    KmeansState(std::size_t features, std::optional<int> clusters, std::string options, bool is_weighted);

    // `row` has `features` elements.
    void add(const double* row, std::size_t features, std::optional<double> weight, Host& host);
    void merge(const KmeansState& other, Host& host);
    // The labels are those of the rows in the order that they came in, unless fit.mini_batch_rows says that it was by
    // mini-batches.
    KmeansFit fit(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static KmeansState decode(Reader& in);

private:
    bool fits(std::size_t rows, const Host& host) const;
    std::size_t sample_rows(const Host& host) const;
    void make_room(Host& host);

    RowSample rows_;
    std::optional<int> clusters_;
    std::string options_;
    KmeansFitParams params_;
    std::size_t next_look_;  // number of rows at which to look whether there is room for more
};

}  // namespace ecom::core
