#include "core/cluster/kmeans_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "core/stats/feature_rows.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Fields are absent where a number of clusters has no such value.
constexpr std::pair<const char*, std::optional<double> ClusterTrial::*> kTrialFields[] = {
    {"silhouette", &ClusterTrial::silhouette},
    {"calinski_harabasz", &ClusterTrial::calinski_harabasz},
    {"gap", &ClusterTrial::gap},
    {"gap_error", &ClusterTrial::gap_error},
};

// From the squared distances to the nearest two centres.
double silhouette_of(double nearest, double second) { return second > 0.0 ? 1.0 - std::sqrt(nearest / second) : 0.0; }

Document trials_document(const std::vector<ClusterTrial>& trials) {
    Document::List list;
    for (const ClusterTrial& trial : trials) {
        Document document = Document::object();
        document.set("clusters", Document(static_cast<std::int64_t>(trial.clusters)))
            .set("inertia", Document(trial.inertia))
            .set("elbow", Document(trial.is_elbow));
        for (const auto& [name, field] : kTrialFields)
            if (trial.*field) document.set(name, Document(*(trial.*field)));
        list.push_back(std::move(document));
    }
    return Document(std::move(list));
}

std::vector<ClusterTrial> read_trials(const Document& documents) {
    std::vector<ClusterTrial> trials;
    for (const Document& document : documents.as_list()) {
        const std::int64_t clusters = document.at("clusters").as_int();
        if (clusters < 1 || clusters > kMaxClusters) Reader::corrupt();
        ClusterTrial trial;
        trial.clusters = static_cast<int>(clusters);
        trial.inertia = document.at("inertia").as_double();
        trial.is_elbow = document.at("elbow").as_bool();
        for (const auto& [name, field] : kTrialFields)
            if (const Document* value = document.find(name)) trial.*field = value->as_double();
        trials.push_back(trial);
    }
    return trials;
}

}  // namespace

KmeansModel::KmeansModel(KmeansFit fit) : fit_(std::move(fit)) { fit_.result.labels.clear(); }

std::vector<double> KmeansModel::preprocessed(const double* row) const {
    require_finite(row, features());
    std::vector<double> result(row, row + features());
    if (fit_.preprocessor) fit_.preprocessor->apply(row, result.data());
    for (std::size_t j = 0; j < result.size(); ++j) check_feature(j, result[j]);
    return result;
}

ClusterAssignment KmeansModel::assign(const double* row, std::vector<double>& scratch) const {
    require_finite(row, features());
    scratch.assign(row, row + features());
    if (fit_.preprocessor) fit_.preprocessor->apply(row, scratch.data());
    for (std::size_t j = 0; j < scratch.size(); ++j) check_feature(j, scratch[j]);
    ClusterAssignment result;
    double nearest = std::numeric_limits<double>::infinity();
    double second = nearest;
    for (std::size_t c = 0; c < clusters(); ++c) {
        const double* const center = fit_.result.center(c);
        double squared = 0.0;
        for (std::size_t j = 0; j < scratch.size(); ++j) squared += (scratch[j] - center[j]) * (scratch[j] - center[j]);
        if (squared < nearest) {
            second = nearest;
            nearest = squared;
            result.cluster = c;
        } else {
            second = std::min(second, squared);
        }
    }
    result.distance = std::sqrt(nearest);
    if (clusters() > 1) result.silhouette = silhouette_of(nearest, second);
    return result;
}

std::vector<double> KmeansModel::original_center(std::size_t cluster) const {
    std::vector<double> center(fit_.result.center(cluster), fit_.result.center(cluster) + features());
    if (fit_.preprocessor) fit_.preprocessor->invert(center.data(), center.data());
    return center;
}

std::vector<double> KmeansModel::squared_distances(const std::vector<double>& row) const {
    std::vector<double> result(clusters());
    for (std::size_t c = 0; c < clusters(); ++c) {
        const double* const center = fit_.result.center(c);
        for (std::size_t j = 0; j < row.size(); ++j) result[c] += (row[j] - center[j]) * (row[j] - center[j]);
    }
    return result;
}

Document KmeansModel::body() const {
    Document body = Document::object();
    body.set("features", Document(static_cast<std::int64_t>(features())))
        .set("centers", Document(fit_.result.centers))
        .set("sizes", Document(fit_.result.sizes))
        .set("weights", Document(fit_.result.masses))
        .set("inertia", Document(fit_.result.inertia))
        .set("iterations", Document(static_cast<std::int64_t>(fit_.result.iterations)))
        .set("converged", Document(fit_.result.converged))
        .set("rows", Document(fit_.rows))
        .set("n_init", Document(static_cast<std::int64_t>(fit_.params.n_init)))
        .set("seed", Document(static_cast<std::int64_t>(fit_.params.seed)))
        .set("tolerance", Document(fit_.params.tolerance))
        .set("silhouette_rows", Document(fit_.silhouette_rows))
        .set("trials", trials_document(fit_.trials));
    if (fit_.mini_batch_rows) body.set("mini_batch_rows", Document(*fit_.mini_batch_rows));
    if (fit_.preprocessor) body.set("preprocessor", fit_.preprocessor->body());
    return body;
}

Document KmeansModel::summary() const {
    Document summary = Document::object();
    summary.set("clusters", Document(static_cast<std::int64_t>(clusters())))
        .set("features", Document(static_cast<std::int64_t>(features())))
        .set("rows", Document(fit_.rows))
        .set("sizes", Document(fit_.result.sizes))
        .set("inertia", Document(fit_.result.inertia))
        .set("iterations", Document(static_cast<std::int64_t>(fit_.result.iterations)))
        .set("converged", Document(fit_.result.converged))
        .set("n_init", Document(static_cast<std::int64_t>(fit_.params.n_init)))
        .set("method", Document(std::string(fit_.mini_batch_rows ? "minibatch" : "lloyd")));
    if (fit_.mini_batch_rows) summary.set("sampled_rows", Document(*fit_.mini_batch_rows));
    for (const ClusterTrial& trial : fit_.trials)
        if (static_cast<std::size_t>(trial.clusters) == clusters() && trial.silhouette)
            summary.set("silhouette", Document(*trial.silhouette));
    if (fit_.preprocessor)
        summary.set("transform", Document(std::string(name_of(fit_.preprocessor->params().transform))))
            .set("scaling", Document(std::string(name_of(fit_.preprocessor->params().scaling))));
    return summary;
}

std::unique_ptr<Model> KmeansModel::decode(const Document& body, int) {
    KmeansFit fit;
    const std::int64_t features = body.at("features").as_int();
    fit.result.centers = body.at("centers").as_doubles();
    fit.result.sizes = body.at("sizes").as_ints();
    fit.result.masses = body.at("weights").as_doubles();
    const std::size_t k = fit.result.masses.size();
    if (features < 1 || features > static_cast<std::int64_t>(kMaxFeatures) || k < 1 ||
        k > static_cast<std::size_t>(kMaxClusters) || fit.result.sizes.size() != k ||
        fit.result.centers.size() != k * static_cast<std::size_t>(features))
        Reader::corrupt();
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (!std::all_of(fit.result.centers.begin(), fit.result.centers.end(), is_finite)) Reader::corrupt();
    fit.result.features = static_cast<std::size_t>(features);
    fit.result.inertia = body.at("inertia").as_double();
    fit.result.iterations = static_cast<int>(body.at("iterations").as_int());
    fit.result.converged = body.at("converged").as_bool();
    fit.rows = body.at("rows").as_int();
    fit.params.clusters = static_cast<int>(k);
    fit.params.n_init = static_cast<int>(body.at("n_init").as_int());
    fit.params.seed = static_cast<std::uint64_t>(body.at("seed").as_int());
    fit.params.tolerance = body.at("tolerance").as_double();
    fit.silhouette_rows = body.at("silhouette_rows").as_int();
    fit.trials = read_trials(body.at("trials"));
    if (const Document* kept = body.find("mini_batch_rows")) fit.mini_batch_rows = kept->as_int();
    if (const Document* preprocessor = body.find("preprocessor")) {
        fit.preprocessor = Preprocessor::from_document(*preprocessor);
        if (fit.preprocessor->features() != fit.result.features) Reader::corrupt();
    }
    return std::make_unique<KmeansModel>(std::move(fit));
}

void check_feature(std::size_t j, double value) {
    if (std::fabs(value) <= kLargestFeature) return;
    throw Error(ErrorCode::kNonFiniteInput, "feature " + std::to_string(j + 1) + " is too large",
                "Scale features, or filter outliers out: squared distances must stay finite.");
}

std::size_t nearest_cluster(const std::vector<double>& squared) {
    return static_cast<std::size_t>(std::min_element(squared.begin(), squared.end()) - squared.begin());
}

std::optional<double> simplified_silhouette(const std::vector<double>& squared) {
    if (squared.size() < 2) return std::nullopt;
    double nearest = std::numeric_limits<double>::infinity();
    double second = nearest;
    for (const double distance : squared) {
        if (distance < nearest) {
            second = nearest;
            nearest = distance;
        } else {
            second = std::min(second, distance);
        }
    }
    return silhouette_of(nearest, second);
}

}  // namespace ecom::core
