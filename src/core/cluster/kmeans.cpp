#include "core/cluster/kmeans.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require_range(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value < low || value > high)
        throw Error(ErrorCode::kInvalidArgument,
                    std::string(what) + " " + std::to_string(value) + " is out of range",
                    "Use " + std::to_string(low) + " to " + std::to_string(high) + ".");
}

// scikit-learn's tolerance is relative to the mean variance of the features.
double mean_variance(const LloydEngine& engine, const FeatureColumns& columns, Host& host) {
    PollEvery poll(host);
    double total = 0.0;
    for (const auto& column : columns) {
        double mean = 0.0, squares = 0.0;
        for (const std::uint32_t row : engine.order()) poll(), mean += column[row];
        mean /= static_cast<double>(column.size());
        for (const std::uint32_t row : engine.order()) poll(), squares += (column[row] - mean) * (column[row] - mean);
        total += squares / static_cast<double>(column.size());
    }
    return total / static_cast<double>(columns.size());
}

// How far a start is followed before it is compared with the others: scikit-learn's default. What is left of the way
// changes the inertia little and takes most of the iterations.
constexpr double kSettled = 1e-4;

// How many of the starts go on from there.
std::size_t finished_starts(std::size_t rows, std::size_t starts) {
    constexpr std::size_t kLeast = 3;
    return std::min(starts, std::max(kLeast, 10 * kRowsOfTenStarts / rows));
}

// The rest of the way of a run that was stopped before no label changed.
LloydRun finished(const LloydEngine& engine, LloydRun run, LloydParams params, Host& host) {
    if (run.is_stable) return run;
    params.max_iterations -= run.iterations;
    if (params.max_iterations < 1) {
        run.converged = false;  // where starts are compared is not the end
        return run;
    }
    const int before = run.iterations;
    LloydRun rest = engine.run(std::move(run.centers), params, host);
    rest.iterations += before;
    return rest;
}

std::size_t starts_of(const KmeansParams& params) {
    return params.initial_centers.empty() ? static_cast<std::size_t>(params.n_init) : 1;
}

}  // namespace

KmeansResult in_order(LloydRun run, std::size_t features, const std::vector<std::uint32_t>* order, Host& host) {
    const std::size_t k = run.masses.size();
    std::vector<std::size_t> ranked(k);
    std::iota(ranked.begin(), ranked.end(), std::size_t{0});
    const auto center = [&](std::size_t c) { return run.centers.begin() + static_cast<std::ptrdiff_t>(c * features); };
    const auto d = static_cast<std::ptrdiff_t>(features);
    std::sort(ranked.begin(), ranked.end(), [&](std::size_t a, std::size_t b) {
        return std::lexicographical_compare(center(a), center(a) + d, center(b), center(b) + d);
    });
    KmeansResult result;
    result.features = features;
    std::vector<ClusterLabel> number(k);
    for (std::size_t place = 0; place < k; ++place) {
        const std::size_t c = ranked[place];
        number[c] = static_cast<ClusterLabel>(place);
        result.centers.insert(result.centers.end(), center(c), center(c) + d);
        result.masses.push_back(run.masses[c]);
    }
    result.sizes.assign(k, 0);
    result.labels.resize(run.labels.size());
    PollEvery poll(host);
    for (std::size_t i = 0; i < run.labels.size(); ++i) {
        poll();
        const ClusterLabel label = number[run.labels[i]];
        result.labels[order == nullptr ? i : (*order)[i]] = label;
        ++result.sizes[label];
    }
    result.inertia = run.inertia;
    result.iterations = run.iterations;
    result.converged = run.converged;
    return result;
}

void require_centers(const std::vector<double>& centers, std::size_t k, std::size_t d) {
    if (centers.size() != k * d)
        throw Error(ErrorCode::kInvalidArgument, "initial centres do not fit the number of clusters and features",
                    "Give one centre a cluster, each with a value for every feature.");
}

int default_starts(std::size_t rows) {
    return static_cast<int>(std::clamp(10 * kRowsOfTenStarts / std::max(rows, std::size_t{1}), std::size_t{10}, std::size_t{100}));
}

void KmeansParams::check() const {
    require_range("number of clusters", clusters, 1, kMaxClusters);
    require_range("number of starts", n_init, 1, kMaxStarts);
    require_range("number of iterations", max_iterations, 1, kMaxIterations);
    if (!(tolerance >= 0.0 && tolerance < 1.0))
        throw Error(ErrorCode::kInvalidArgument, "tolerance is out of range",
                    "Use 0 for full convergence, or a small positive number such as 0.0001.");
}

std::size_t kmeans_bytes(std::size_t rows, std::size_t features, const KmeansParams& params, int threads) {
    const std::size_t starts = std::min(starts_of(params), static_cast<std::size_t>(std::max(threads, 1)));
    const auto k = static_cast<std::size_t>(params.clusters);
    // A start: distances or bounds, labels twice, and its result while others go on.
    const std::size_t per_row = sizeof(double) * 2 + 3 * sizeof(ClusterLabel) +
                                (features > kMaxGridFeatures ? (k + 7) / 8 * sizeof(float) : 2 * sizeof(double));
    const std::size_t labels = mul_size(rows, 2 * sizeof(ClusterLabel));
    const std::size_t sums = mul_size(mul_size(k, features + 8), 16 * sizeof(double));
    // Centres and masses of every start, until the best is known.
    const std::size_t settled = mul_size(starts_of(params), add_size(mul_size(mul_size(k, features + 1), sizeof(double)), sizeof(LloydRun)));
    return add_size(add_size(engine_bytes(rows, features), settled),
                    add_size(labels, mul_size(starts, add_size(mul_size(rows, per_row), sums))));
}

KmeansResult kmeans(const LloydEngine& engine, const FeatureColumns& columns, const KmeansParams& params, Host& host) {
    params.check();
    const auto k = static_cast<std::size_t>(params.clusters);
    const std::size_t features = columns.size();
    const std::size_t distinct = engine.distinct_points(k, host);
    if (distinct < k)
        throw Error(ErrorCode::kNotEnoughData,
                    std::to_string(k) + " clusters need as many different rows, there are " + std::to_string(distinct),
                    "Ask for at most " + std::to_string(distinct) + (distinct == 1 ? " cluster." : " clusters."));
    if (!params.initial_centers.empty()) require_centers(params.initial_centers, k, features);
    LloydParams lloyd;
    lloyd.max_iterations = params.max_iterations;
    const std::size_t starts = starts_of(params);
    const bool is_staged = params.tolerance < kSettled && starts > 1;
    const double variance = params.tolerance > 0.0 || is_staged ? mean_variance(engine, columns, host) : 0.0;
    lloyd.tolerance = (is_staged ? kSettled : params.tolerance) * variance;
    std::vector<LloydRun> settled(starts);
    parallel_for(host, starts, [&](std::size_t start, Host& worker) {
        std::vector<double> centers = params.initial_centers.empty()
                                          ? engine.seed(k, Rng(params.seed, start), worker)
                                          : params.initial_centers;
        settled[start] = engine.run(std::move(centers), lloyd, worker);
        // Labels follow from the centres, and would fill the memory of all starts.
        if (starts > 1) settled[start].labels = std::vector<ClusterLabel>();
    });
    std::vector<std::size_t> ranked(starts);
    std::iota(ranked.begin(), ranked.end(), std::size_t{0});
    std::stable_sort(ranked.begin(), ranked.end(), [&](std::size_t a, std::size_t b) { return settled[a].inertia < settled[b].inertia; });
    if (is_staged) {
        lloyd.tolerance = params.tolerance * variance;
        ranked.resize(finished_starts(columns[0].size(), starts));
        parallel_for(host, ranked.size(), [&](std::size_t place, Host& worker) {
            LloydRun& run = settled[ranked[place]];
            run = finished(engine, std::move(run), lloyd, worker);
            run.labels = std::vector<ClusterLabel>();
        });
    }
    std::vector<double> inertia;
    for (const LloydRun& run : settled) inertia.push_back(run.inertia);
    // Of equally good ones the first in rank.
    const std::size_t best = *std::min_element(ranked.begin(), ranked.end(), [&](std::size_t a, std::size_t b) { return inertia[a] < inertia[b]; });
    if (starts > 1) settled[best].labels = engine.assign(settled[best].centers, host).labels;
    KmeansResult result = in_order(std::move(settled[best]), features, &engine.order(), host);
    result.inertia_of_starts = std::move(inertia);
    return result;
}

KmeansResult kmeans(const FeatureColumns& columns, const std::vector<double>& weights, const KmeansParams& params,
                    Host& host) {
    params.check();
    require_memory(host, kmeans_bytes(columns[0].size(), columns.size(), params, host.max_threads()),
                   "clustering " + std::to_string(columns[0].size()) + " rows");
    const auto engine = make_engine(columns, weights, host);
    return kmeans(*engine, columns, params, host);
}

}  // namespace ecom::core
