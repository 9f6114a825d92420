#include "core/recommend/ranking.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {

RankingMetrics ranking_metrics(const std::vector<bool>& hit, std::size_t relevant, std::size_t k) {
    RankingMetrics metrics;
    double hits = 0.0;
    double gain = 0.0;
    for (std::size_t r = 0; r < std::min(k, hit.size()); ++r) {
        if (!hit[r]) continue;
        const auto rank = static_cast<double>(r + 1);
        hits += 1.0;
        gain += 1.0 / std::log2(rank + 1.0);
        metrics.map += hits / rank;
        if (metrics.mrr == 0.0) metrics.mrr = 1.0 / rank;
    }
    double ideal = 0.0;
    for (std::size_t r = 0; r < std::min(k, relevant); ++r) ideal += 1.0 / std::log2(static_cast<double>(r) + 2.0);
    const auto n = static_cast<double>(relevant);
    metrics.recall = hits / std::min(n, static_cast<double>(k));
    metrics.precision = hits / static_cast<double>(k);
    metrics.ndcg = gain / ideal;
    metrics.map /= n;
    metrics.hit_rate = hits > 0.0 ? 1.0 : 0.0;
    return metrics;
}

}  // namespace ecom::core
