// Which method recommends well on a shop's own data: fit on one part, compare with the other.
//
// Splits
//     time          rows before `cut` train; relevant are the items that users with a training history first took in the next
//                   horizon_days
//     last_order    the rows of each user's last time are relevant, where the user has an earlier one; all others train
//     users         strong generalisation (Liang et al., 2018): a share of the users, chosen by a hash of seed and order of ids, is left
//                   out of the fit; of their items a share is relevant and the rest their history
// Items of the history are neither recommended nor relevant, nor are items that nobody had in the training part. Metrics are means
// over the users with relevant items; beside them: coverage, the share of all items that anybody was shown, and novelty, the mean
// of -log2 of the share of users that had a shown item.
#pragma once

#include <string>
#include <string_view>

#include "core/recommend/ranking.hpp"
#include "core/recommend/scorer.hpp"

namespace ecom::core {

enum class Split { kTime, kLastOrder, kUsers };

Split parse_split(std::string_view name);

struct EvaluationParams {
    Split split = Split::kLastOrder;
    std::int64_t cut = Interactions::kNoTime;  // of the split by time
    double horizon_days = 70.0;
    std::int32_t k = 20;
    double share = 0.2;      // of users left out, and of their items that are relevant
    std::int64_t seed = 42;
    bool trend = true;
    std::int32_t max_history = 0;

    void check() const;
};

struct Evaluation {
    std::int64_t users = 0;
    RankingMetrics metrics;
    double coverage = 0.0;
    double novelty = 0.0;
};

// Throws kNotEnoughData when no user is left to compare with.
Evaluation evaluate_recommender(const Interactions& interactions, const RecommenderParams& recommender, const EvaluationParams& params, Host& host);

}  // namespace ecom::core
