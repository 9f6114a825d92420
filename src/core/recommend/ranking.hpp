// How good a ranked list is against what a user really took.
//
// With hits among the first k, R the relevant items (those that there are):
//     recall     hits / min(k, R), so that 1 can be reached (Liang et al., 2018)
//     precision  hits / k
//     ndcg       sum over hits of 1 / log2(rank + 1), over the same sum for min(k, R) hits at the top (Jarvelin and Kekalainen, 2002)
//     map        sum over hits of the precision at their rank, over R
//     mrr        1 / rank of the first hit, 0 without one
//     hit_rate   1 when there is a hit
#pragma once

#include <cstdint>
#include <vector>

namespace ecom::core {

struct RankingMetrics {
    double recall = 0.0, precision = 0.0, ndcg = 0.0, map = 0.0, mrr = 0.0, hit_rate = 0.0;
};

// hit[r]: whether the item at rank r + 1 is relevant. relevant > 0.
RankingMetrics ranking_metrics(const std::vector<bool>& hit, std::size_t relevant, std::size_t k);

}  // namespace ecom::core
