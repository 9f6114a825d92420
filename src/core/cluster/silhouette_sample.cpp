#include "core/cluster/silhouette_sample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kRowsPerTask = 16;

struct Clustering {
    const std::vector<ClusterLabel>* labels;
    std::vector<std::size_t> sizes;
};

double silhouette_of(std::size_t own, const std::vector<double>& sums, const std::vector<std::size_t>& sizes) {
    if (sizes[own] < 2) return 0.0;
    const double within = sums[own] / static_cast<double>(sizes[own] - 1);
    double nearest = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < sizes.size(); ++c)
        if (c != own && sizes[c] > 0) nearest = std::min(nearest, sums[c] / static_cast<double>(sizes[c]));
    const double larger = std::max(within, nearest);
    return larger > 0.0 ? (nearest - within) / larger : 0.0;
}

}  // namespace

std::vector<std::uint32_t> sample_places(std::size_t rows, std::size_t count, std::uint64_t seed, Host& host) {
    // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S).
    constexpr std::uint64_t kStream = 0x5a3b1e;  // apart from those of the starts
    Rng rng(seed, kStream);
    PollEvery poll(host);
    std::vector<std::uint32_t> places;
    std::size_t wanted = std::min(rows, count);
    places.reserve(wanted);
    for (std::size_t i = 0; wanted > 0; ++i) {
        poll();
        if (rng.below(rows - i) >= wanted) continue;
        places.push_back(static_cast<std::uint32_t>(i));
        --wanted;
    }
    return places;
}

std::size_t silhouette_bytes(std::size_t rows, std::size_t features, std::size_t clusterings) {
    const std::size_t per_row = add_size(mul_size(features, sizeof(double)),
                                         mul_size(clusterings, sizeof(ClusterLabel) + sizeof(double)));
    return mul_size(rows, add_size(per_row, kRowsPerTask * sizeof(double)));
}

std::vector<double> mean_silhouettes(const FeatureColumns& columns,
                                     const std::vector<std::vector<ClusterLabel>>& labels, Host& host) {
    const std::size_t rows = columns[0].size();
    std::vector<Clustering> clusterings;
    for (const auto& of : labels) {
        Clustering clustering{&of, {}};
        for (const ClusterLabel label : of) {
            if (label >= clustering.sizes.size()) clustering.sizes.resize(label + std::size_t{1});
            ++clustering.sizes[label];
        }
        clusterings.push_back(std::move(clustering));
    }
    // Each row owns its place, so that the sum does not depend on the threads.
    std::vector<std::vector<double>> silhouettes(labels.size(), std::vector<double>(rows));
    parallel_for(host, (rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, Host& worker) {
        std::vector<double> distances(rows);
        std::vector<double> sums;
        PollEvery poll(worker);
        for (std::size_t i = task * kRowsPerTask; i < std::min(rows, (task + 1) * kRowsPerTask); ++i) {
            poll(1 + rows * (columns.size() + labels.size()) / 8);
            std::fill(distances.begin(), distances.end(), 0.0);
            for (const auto& column : columns) {
                const double x = column[i];
                for (std::size_t j = 0; j < rows; ++j) distances[j] += (column[j] - x) * (column[j] - x);
            }
            for (double& distance : distances) distance = std::sqrt(distance);
            for (std::size_t s = 0; s < clusterings.size(); ++s) {
                const auto& of = *clusterings[s].labels;
                sums.assign(clusterings[s].sizes.size(), 0.0);
                for (std::size_t j = 0; j < rows; ++j) sums[of[j]] += distances[j];
                silhouettes[s][i] = silhouette_of(of[i], sums, clusterings[s].sizes);
            }
        }
    });
    std::vector<double> means;
    for (std::size_t s = 0; s < labels.size(); ++s) {
        const auto& sizes = clusterings[s].sizes;
        const auto present = std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; });
        means.push_back(present < 2 ? std::numeric_limits<double>::quiet_NaN()
                                    : std::accumulate(silhouettes[s].begin(), silhouettes[s].end(), 0.0) /
                                          static_cast<double>(rows));
    }
    return means;
}

}  // namespace ecom::core
