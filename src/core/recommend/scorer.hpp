// Recommends with a fitted model: the best items for a history, and why.
//
// Score of item j by weights: the sum over the items i of the history of weight i -> j; by factors the product with those of the folded-in
// history; by histories the sum of the similarities of those who have j. Sums of 0 or less are cut off; the rest is
// multiplied by the trend factor of j. The reason is the item of the history that contributed most.
#pragma once

#include <cstdint>
#include <vector>

#include "core/recommend/item_model.hpp"

namespace ecom::core {

struct Recommendation {
    std::uint32_t item;
    double score;
    bool is_popular;              // from popularity, as the history says nothing (more)
    std::uint32_t because;        // the item of the history that contributed most; not set when popular
    std::uint32_t because_users;  // users of both; of histories: neighbours with both; 0 where factors do not tell
};

struct RecommendParams {
    std::int32_t n = 10;
    bool new_items = true;    // leave out what the history has
    bool trend = true;
    bool fill = true;         // with popular items, where the history gives fewer than n
    bool reasons = true;

    void check() const;
};

// Scores histories with buffers that are used again. history: numbers of items, ascending, each once.
class Scorer {
public:
    explicit Scorer(const ItemModel& model);
    std::vector<Recommendation> recommend(const std::vector<std::uint32_t>& history, const RecommendParams& params, Host& host);

    // What one holds for histories of at most so many items.
    static std::size_t bytes(const ItemModel& model, std::size_t longest_history);

private:
    void add(std::uint32_t item, double score);
    void score(const std::vector<std::uint32_t>& history, Host& host);
    void explain(Recommendation& recommendation, const std::vector<std::uint32_t>& history, Host& host);

    const ItemModel& model_;
    FoldedHistory folded_;
    SimilarUsers similar_;
    std::vector<double> score_;
    std::vector<std::uint8_t> state_;  // 1: touched, 2: owned, 4: chosen
    std::vector<std::uint32_t> touched_;
};

// What each of the users first .. last - 1 of a matrix should be shown, on all threads. The model was fitted on that matrix.
std::vector<std::vector<Recommendation>> recommend_users(const ItemModel& model, const InteractionMatrix& matrix, std::uint32_t first, std::uint32_t last,
                                                         const RecommendParams& params, Host& host);

}  // namespace ecom::core
