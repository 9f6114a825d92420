#include "core/cluster/kmeans_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/named_options.hpp"
#include "core/base/parallel.hpp"
#include "core/cluster/gap_statistic.hpp"
#include "core/cluster/mini_batch.hpp"
#include "core/stats/silhouette.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

int small_integer(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
        throw Error(ErrorCode::kInvalidArgument,
                    std::string("option \"") + name + "\" is out of range: " + std::to_string(value),
                    "Use " + std::to_string(low) + " to " + std::to_string(high) + ".");
    return static_cast<int>(value);
}

FeatureColumns preprocessed_columns(const FeatureRows& data, const std::optional<Preprocessor>& preprocessor, Host& host) {
    constexpr std::size_t kRowsPerTask = 4096;
    FeatureColumns columns(data.features());
    for (auto& column : columns) column.resize(data.rows());
    parallel_for(host, (data.rows() + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, Host& worker) {
        PollEvery poll(worker);
        for (std::size_t i = task * kRowsPerTask; i < std::min(data.rows(), (task + 1) * kRowsPerTask); ++i) {
            for (std::size_t j = 0; j < data.features(); ++j) {
                poll();
                double value = data.at(i, j);
                if (preprocessor) value = preprocessor->columns()[j].apply(value);
                check_feature(j, value);
                columns[j][i] = value + 0.0;  // -0 and 0 are one value
            }
        }
    });
    return columns;
}

// Sum of weighted squared distances to the mean: the inertia of one cluster.
double total_inertia(const FeatureColumns& columns, const std::vector<double>& weights,
                     const std::vector<std::uint32_t>& order, Host& host) {
    PollEvery poll(host);
    double total = 0.0;
    for (const auto& column : columns) {
        double mass = 0.0, sum = 0.0, squares = 0.0;
        const auto weight = [&](std::uint32_t row) { return weights.empty() ? 1.0 : weights[row]; };
        for (const std::uint32_t row : order) poll(), mass += weight(row), sum += weight(row) * column[row];
        const double mean = sum / mass;
        for (const std::uint32_t row : order) poll(), squares += weight(row) * (column[row] - mean) * (column[row] - mean);
        total += squares;
    }
    return total;
}

// The trial that lies farthest below the line from the first to the last one, both axes scaled to 0 .. 1
// (Satopaa et al., 2011).
void mark_elbow(std::vector<ClusterTrial>& trials) {
    if (trials.size() < 3) return;
    const double height = trials.front().inertia - trials.back().inertia;
    const double width = trials.back().clusters - trials.front().clusters;
    if (!(height > 0.0)) return;
    ClusterTrial* elbow = nullptr;
    double deepest = 0.0;
    for (ClusterTrial& trial : trials) {
        const double along = (trial.clusters - trials.front().clusters) / width;
        const double left = (trial.inertia - trials.back().inertia) / height;
        const double depth = 1.0 - along - left;
        if (depth > deepest) deepest = depth, elbow = &trial;
    }
    if (elbow != nullptr) elbow->is_elbow = true;
}

// The place of the largest value, of the first of equal ones.
std::size_t largest(const std::vector<ClusterTrial>& trials, std::optional<double> ClusterTrial::*field) {
    std::size_t best = 0;
    for (std::size_t s = 1; s < trials.size(); ++s)
        if (trials[s].*field && !(trials[best].*field >= trials[s].*field)) best = s;
    return best;
}

std::size_t chosen(const std::vector<ClusterTrial>& trials, ClusterCriterion criterion, const std::vector<std::optional<Gap>>& gaps) {
    switch (criterion) {
        case ClusterCriterion::kElbow:
            for (std::size_t s = 0; s < trials.size(); ++s)
                if (trials[s].is_elbow) return s;
            return 0;
        case ClusterCriterion::kGap: return first_gap(gaps);
        case ClusterCriterion::kCalinskiHarabasz: return largest(trials, &ClusterTrial::calinski_harabasz);
        case ClusterCriterion::kSilhouette: break;
    }
    return largest(trials, &ClusterTrial::silhouette);
}

// A host that grants fewer threads than another one.
class FewerThreads final : public Host {
public:
    FewerThreads(Host& host, int threads) : host_(host), threads_(threads) {}
    void poll() override { host_.poll(); }
    std::size_t memory_limit() const override { return host_.memory_limit(); }
    int max_threads() const override { return threads_; }
    void progress(std::int64_t done, std::int64_t total) override { host_.progress(done, total); }

private:
    Host& host_;
    int threads_;
};

// As many of the host's threads as its memory allows, beside what is held already; at least one.
int threads_that_fit(std::size_t rows, std::size_t features, const KmeansFitParams& params, std::size_t held, const Host& host) {
    int threads = host.max_threads();
    while (threads > 1 && add_size(held, kmeans_fit_bytes(rows, features, params, threads)) > host.memory_limit()) --threads;
    return threads;
}

KmeansMethod parse_method(const std::string& name) {
    if (name == "auto") return KmeansMethod::kAuto;
    if (name == "lloyd") return KmeansMethod::kLloyd;
    if (name == "minibatch") return KmeansMethod::kMiniBatch;
    throw Error(ErrorCode::kInvalidArgument, "unknown method of k-means \"" + name + "\"", "Use auto, lloyd or minibatch.");
}

ClusterCriterion parse_criterion(const std::string& name) {
    if (name == "silhouette") return ClusterCriterion::kSilhouette;
    if (name == "elbow") return ClusterCriterion::kElbow;
    if (name == "gap") return ClusterCriterion::kGap;
    if (name == "calinski_harabasz") return ClusterCriterion::kCalinskiHarabasz;
    throw Error(ErrorCode::kInvalidArgument, "a number of clusters cannot be chosen by \"" + name + "\"",
                "Use silhouette, elbow, gap or calinski_harabasz.");
}

void choose_clusters(const LloydEngine& engine, const FeatureColumns& columns, const std::vector<double>& weights,
                     const KmeansFitParams& params, KmeansFit& fit, Host& host) {
    const std::size_t rows = columns[0].size();
    const auto distinct = static_cast<int>(engine.distinct_points(static_cast<std::size_t>(params.k_max), host));
    if (distinct < params.k_min)
        throw Error(ErrorCode::kNotEnoughData,
                    "choosing a number of clusters from " + std::to_string(params.k_min) + " on needs as many different rows, there are " +
                        std::to_string(distinct),
                    "Pass more rows, or a fixed number of clusters.");
    const int k_max = std::min(params.k_max, distinct);
    const auto count = static_cast<std::size_t>(k_max - params.k_min + 1);
    const auto places = sample_places(rows, static_cast<std::size_t>(params.silhouette_rows), params.kmeans.seed, host);
    KmeansParams largest = params.kmeans;
    largest.clusters = k_max;
    require_memory(host, add_size(kmeans_bytes(rows, columns.size(), largest, host.max_threads()),
                                  add_size(silhouette_bytes(places.size(), count), mul_size(places.size(), columns.size() * sizeof(double)))),
                   "choosing the number of clusters of " + std::to_string(rows) + " rows");
    FeatureColumns sample(columns.size());
    for (std::size_t j = 0; j < columns.size(); ++j)
        for (const std::uint32_t place : places) sample[j].push_back(columns[j][engine.order()[place]]);

    std::vector<KmeansResult> results;
    std::vector<std::vector<std::uint32_t>> labels;
    const double total = total_inertia(columns, weights, engine.order(), host);
    double mass = 0.0;
    for (int k = params.k_min; k <= k_max; ++k) {
        KmeansParams one = params.kmeans;
        one.clusters = k;
        KmeansResult result = kmeans(engine, columns, one, host);
        auto& of = labels.emplace_back();
        for (const std::uint32_t place : places) of.push_back(result.labels[engine.order()[place]]);
        result.labels = std::vector<ClusterLabel>();
        mass = 0.0;
        for (const double m : result.masses) mass += m;
        const double within = result.inertia / (mass - k);
        ClusterTrial& trial = fit.trials.emplace_back();
        trial.clusters = k;
        trial.inertia = result.inertia;
        if (k > 1 && mass > k && within > 0.0) trial.calinski_harabasz = (total - result.inertia) / (k - 1) / within;
        results.push_back(std::move(result));
    }
    mark_elbow(fit.trials);
    std::vector<const double*> x;
    for (const auto& column : sample) x.push_back(column.data());
    const auto fits = silhouettes(x, places.size(), labels, host);
    for (std::size_t s = 0; s < count; ++s) fit.trials[s].silhouette = fits[s].mean;
    std::vector<std::optional<Gap>> gaps;
    if (params.choose == ClusterCriterion::kGap) {
        gaps = gap_statistic(sample, params.k_min, k_max, params.gap_references, params.kmeans, host);
        for (std::size_t s = 0; s < count; ++s) {
            if (!gaps[s]) continue;
            fit.trials[s].gap = gaps[s]->gap;
            fit.trials[s].gap_error = gaps[s]->error;
        }
    }
    const std::size_t best = chosen(fit.trials, params.choose, gaps);
    fit.silhouette_rows = static_cast<std::int64_t>(places.size());
    // Labels of the losers were not kept: those of the winner cost one pass.
    const LloydRun run = engine.assign(results[best].centers, host);
    fit.result = std::move(results[best]);
    fit.result.labels.resize(rows);
    for (std::size_t i = 0; i < rows; ++i) fit.result.labels[engine.order()[i]] = run.labels[i];
    fit.params.clusters = static_cast<int>(fit.result.clusters());
}

}  // namespace

void KmeansFitParams::check() const {
    KmeansParams one = kmeans;
    if (clusters) one.clusters = *clusters;
    if (n_init) one.n_init = *n_init;
    one.check();
    if (k_min < 1 || k_min > k_max || k_max > kMaxClusters)
        throw Error(ErrorCode::kInvalidArgument,
                    "numbers of clusters from " + std::to_string(k_min) + " to " + std::to_string(k_max) + " are not a range",
                    "Use k_min from 1 on, at most k_max, which is at most " + std::to_string(kMaxClusters) + ".");
    if (!clusters && !kmeans.initial_centers.empty())
        throw Error(ErrorCode::kInvalidArgument, "initial centres need a given number of clusters",
                    "Pass k, or leave initial_centers out.");
}

KmeansFitParams read_kmeans_params(std::optional<int> clusters, const Document& document) {
    NamedOptions options(document, "{\"n_init\": 10}");
    KmeansFitParams params;
    params.clusters = clusters;
    if (const auto name = options.text("transform")) params.preprocessing.transform = parse_power_transform(*name);
    if (const auto name = options.text("scaling")) params.preprocessing.scaling = parse_scaling(*name);
    if (const auto n = options.integer("n_init")) params.n_init = small_integer("n_init", *n, 1, kMaxStarts);
    if (const auto seed = options.integer("seed")) params.kmeans.seed = static_cast<std::uint64_t>(*seed);
    if (const auto tolerance = options.number("tolerance")) params.kmeans.tolerance = *tolerance;
    if (const auto n = options.integer("max_iterations"))
        params.kmeans.max_iterations = small_integer("max_iterations", *n, 1, kMaxIterations);
    if (auto centers = options.numbers("initial_centers")) params.kmeans.initial_centers = *std::move(centers);
    if (const auto k = options.integer("k_min")) params.k_min = small_integer("k_min", *k, 1, kMaxClusters);
    if (const auto k = options.integer("k_max")) params.k_max = small_integer("k_max", *k, 1, kMaxClusters);
    if (const auto choose = options.text("choose")) params.choose = parse_criterion(*choose);
    if (const auto sets = options.integer("gap_references")) params.gap_references = small_integer("gap_references", *sets, 2, 1000);
    if (const auto rows = options.integer("silhouette_rows"))
        params.silhouette_rows = small_integer("silhouette_rows", *rows, 2, 100000);
    if (const auto method = options.text("method")) params.method = parse_method(*method);
    if (const auto rows = options.integer("batch_rows")) params.batch_rows = small_integer("batch_rows", *rows, 100, 1000000);
    options.finish();
    params.check();
    return params;
}

void check_weight(std::optional<double> weight) {
    if (weight && *weight > 0.0 && *weight <= kLargestWeight) return;
    throw Error(ErrorCode::kInvalidArgument, "weights must be positive numbers of at most 1e20",
                "Leave rows without a weight out, for example with FILTER (WHERE weight > 0).");
}

std::size_t kmeans_fit_bytes(std::size_t rows, std::size_t features, const KmeansFitParams& params, int threads) {
    KmeansParams largest = params.kmeans;
    largest.clusters = params.clusters.value_or(params.k_max);
    largest.n_init = params.n_init.value_or(default_starts(rows));
    std::size_t bytes = kmeans_bytes(rows, features, largest, threads);
    if (!params.clusters) {
        const std::size_t sample = std::min(rows, static_cast<std::size_t>(params.silhouette_rows));
        bytes = add_size(bytes, add_size(silhouette_bytes(sample, static_cast<std::size_t>(params.k_max - params.k_min) + 1),
                                         mul_size(sample, features * sizeof(double))));
    }
    return add_size(mul_size(mul_size(rows, features), sizeof(double)), bytes);
}

KmeansFit fit_kmeans(const FeatureRows& data, const std::vector<double>& weights, const KmeansFitParams& given,
                     Host& granting) {
    given.check();
    FewerThreads host(granting, threads_that_fit(data.rows(), data.features(), given, 0, granting));
    KmeansFitParams params = given;
    params.kmeans.n_init = given.n_init.value_or(default_starts(data.rows()));
    KmeansFit fit;
    fit.params = params.kmeans;
    fit.rows = static_cast<std::int64_t>(data.rows());
    KmeansParams largest = params.kmeans;
    largest.clusters = params.clusters.value_or(params.k_max);
    fit.params.clusters = largest.clusters;
    require_memory(host, kmeans_fit_bytes(data.rows(), data.features(), given, host.max_threads()),
                   "clustering " + std::to_string(data.rows()) + " rows of " + std::to_string(data.features()) + " features");
    if (params.preprocessing.transform != PowerTransform::kNone || params.preprocessing.scaling != ScalingMethod::kNone)
        fit.preprocessor = Preprocessor::fit(data, params.preprocessing, host);
    const FeatureColumns columns = preprocessed_columns(data, fit.preprocessor, host);
    const auto engine = make_engine(columns, weights, host);
    if (params.clusters)
        fit.result = kmeans(*engine, columns, largest, host);
    else
        choose_clusters(*engine, columns, weights, params, fit, host);
    return fit;
}

KmeansFit fit_mini_batches(const SampledRows& rows, std::uint64_t seen, const KmeansFitParams& given, Host& granting) {
    given.check();
    constexpr std::size_t kFirstBatches = 3;       // scikit-learn's init_size
    constexpr std::size_t kFirstRowsPerCluster = 50;
    const std::size_t n = rows.data.rows();
    const std::size_t d = rows.data.features();
    const auto batch_rows = static_cast<std::size_t>(given.batch_rows);
    const int k_max = given.clusters.value_or(given.k_max);
    const std::size_t first = std::min(n, std::max({kFirstBatches * batch_rows, kFirstRowsPerCluster * static_cast<std::size_t>(k_max),
                                                    given.clusters ? std::size_t{0} : static_cast<std::size_t>(given.silhouette_rows)}));
    KmeansFitParams params = given;
    params.kmeans.n_init = given.n_init.value_or(default_starts(first));
    params.kmeans.clusters = k_max;
    KmeansFit fit;
    fit.rows = static_cast<std::int64_t>(seen);
    fit.mini_batch_rows = static_cast<std::int64_t>(n);
    const std::size_t held = mul_size(n, (d + 1) * sizeof(double));
    FewerThreads host(granting, threads_that_fit(first, d, params, held, granting));
    require_memory(host, add_size(held, kmeans_fit_bytes(first, d, params, host.max_threads())),
                   "mini-batches of " + std::to_string(n) + " rows");
    if (params.preprocessing.transform != PowerTransform::kNone || params.preprocessing.scaling != ScalingMethod::kNone)
        fit.preprocessor = Preprocessor::fit(rows.data, rows.counts, params.preprocessing, host);
    const FeatureColumns columns = preprocessed_columns(rows.data, fit.preprocessor, host);
    std::vector<double> weights = rows.counts;
    PollEvery poll(host);
    for (std::size_t i = 0; i < rows.weights.size(); ++i) poll(), weights[i] *= rows.weights[i];

    fit.params = params.kmeans;
    std::vector<double> centers = params.kmeans.initial_centers;
    if (centers.empty()) {
        FeatureColumns head(d);
        for (std::size_t j = 0; j < d; ++j) head[j].assign(columns[j].begin(), columns[j].begin() + static_cast<std::ptrdiff_t>(first));
        const std::vector<double> head_weights(weights.begin(), weights.begin() + static_cast<std::ptrdiff_t>(first));
        const auto engine = make_engine(head, head_weights, host);
        if (params.clusters)
            fit.result = kmeans(*engine, head, params.kmeans, host);
        else
            choose_clusters(*engine, head, head_weights, params, fit, host);
        centers = fit.result.centers;
    } else {
        require_centers(centers, static_cast<std::size_t>(k_max), d);
    }
    fit.result = mini_batch_kmeans(columns, weights, std::move(centers), fit.params, batch_rows, host);
    fit.result.sizes.assign(fit.result.clusters(), 0);
    for (std::size_t i = 0; i < n; ++i) poll(), fit.result.sizes[fit.result.labels[i]] += static_cast<std::int64_t>(rows.counts[i]);
    return fit;
}

}  // namespace ecom::core
