// A fitted segmentation: what a new row goes through before it is measured, and the centres.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/model.hpp"
#include "core/cluster/kmeans.hpp"
#include "core/stats/preprocessor.hpp"

namespace ecom::core {

// One number of clusters that was tried.
struct ClusterTrial {
    int clusters = 1;
    double inertia = 0.0;
    std::optional<double> silhouette;         // mean over the sample; none for one cluster
    std::optional<double> calinski_harabasz;  // ratio of the variances between and within (1974); none for one cluster
    bool is_elbow = false;                    // where the inertia bends most
    std::optional<double> gap;                // gap statistic of the sample, and its error
    std::optional<double> gap_error;
};

struct KmeansFit {
    std::optional<Preprocessor> preprocessor;
    KmeansResult result;                // in preprocessed units; labels are not part of a model
    std::vector<ClusterTrial> trials;   // ascending; empty when the number was given
    std::int64_t rows = 0;
    std::int64_t silhouette_rows = 0;   // size of the sample behind the trials
    // By mini-batches, then steps over the different rows that were kept: their number.
    std::optional<std::int64_t> mini_batch_rows;
    KmeansParams params;
};

struct ClusterAssignment {
    std::size_t cluster = 0;
    double distance = 0.0;
    std::optional<double> silhouette;  // the simplified one; none for one cluster
};

class KmeansModel final : public Model {
public:
    static constexpr std::string_view kKind = "kmeans";

    explicit KmeansModel(KmeansFit fit);
    static std::unique_ptr<Model> decode(const Document& body, int version);

    std::size_t clusters() const { return fit_.result.clusters(); }
    std::size_t features() const { return fit_.result.features; }
    const KmeansFit& fit() const { return fit_; }

    // A row of features() elements in the units of the centres. Throws kNonFiniteInput for what is not finite
    // or beyond kLargestFeature.
    std::vector<double> preprocessed(const double* row) const;
    // A centre in the units of the rows.
    std::vector<double> original_center(std::size_t cluster) const;

    // Where a row of features() elements belongs: as nearest_cluster() and simplified_silhouette() of its distances have
    // it. scratch: reused from row to row. Throws as preprocessed().
    ClusterAssignment assign(const double* row, std::vector<double>& scratch) const;

    // Of a preprocessed row: squared Euclidean distances to all centres.
    std::vector<double> squared_distances(const std::vector<double>& row) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;

private:
    KmeansFit fit_;
};

// Throws kNonFiniteInput for a value beyond kLargestFeature of feature j, from 0.
void check_feature(std::size_t j, double value);

// The nearest centre, the first one of equally near ones, as the fit has it.
std::size_t nearest_cluster(const std::vector<double>& squared);

// The silhouette with centres in place of the rows of clusters (Hruschka, de Castro and Campello, 2004):
// (b - a) / b, with the distances a to the nearest and b to the second nearest centre. Nothing for one
// cluster; 0 where both are 0.
std::optional<double> simplified_silhouette(const std::vector<double>& squared);

}  // namespace ecom::core
