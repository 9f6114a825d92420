// Clusters without points.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "core/cluster/engine.hpp"

namespace ecom::core {

// Gives every empty cluster one of the points that lie farthest from their centres, as scikit-learn does:
// the point leaves the sums of its old cluster. Points at equal distances go by canonical order.
template <typename Coordinate, typename Weight, typename Labels>
void fill_empty_clusters(std::vector<double>& sums, std::vector<double>& masses, std::size_t rows, std::size_t d,
                         Coordinate coordinate, Weight weight, Labels labels_of,
                         const std::vector<double>& centers, Host& host) {
    std::vector<std::size_t> empty;
    for (std::size_t c = 0; c < masses.size(); ++c)
        if (!(masses[c] > 0.0)) empty.push_back(c);
    if (empty.empty()) return;

    const std::vector<ClusterLabel>& labels = labels_of();
    using Far = std::pair<double, std::size_t>;  // minus the distance, point: the least is the farthest
    std::vector<Far> farthest;                   // a heap of the farthest so far, the nearest of them on top
    PollEvery poll(host);
    for (std::size_t i = 0; i < rows; ++i) {
        poll(1 + d / 8);
        double squared = 0.0;
        for (std::size_t j = 0; j < d; ++j) {
            const double step = coordinate(j, i) - centers[labels[i] * d + j];
            squared += step * step;
        }
        const Far far{-squared, i};
        if (farthest.size() == empty.size()) {
            if (!(far < farthest.front())) continue;
            std::pop_heap(farthest.begin(), farthest.end());
            farthest.pop_back();
        }
        farthest.push_back(far);
        std::push_heap(farthest.begin(), farthest.end());
    }
    std::sort(farthest.begin(), farthest.end());
    for (std::size_t e = 0; e < std::min(empty.size(), farthest.size()); ++e) {
        const std::size_t i = farthest[e].second;
        const std::size_t from = labels[i];
        const double w = weight(i);
        masses[from] -= w;
        masses[empty[e]] = w;
        for (std::size_t j = 0; j < d; ++j) {
            sums[from * d + j] -= w * coordinate(j, i);
            sums[empty[e] * d + j] = w * coordinate(j, i);
        }
    }
}

}  // namespace ecom::core
