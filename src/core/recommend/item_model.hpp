// A fitted recommender as a value: the weights between items, and how popular the items are.
//
// Score of item j for a user: the sum over the items i of the history of weight i -> j, negative sums cut off at 0, times the
// trend factor of j. Reasons are the items of the history that contributed most.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/recommend/item_weights.hpp"
#include "core/recommend/popularity.hpp"
#include "core/recommend/similarity.hpp"

namespace ecom::core {

struct RecommenderParams {
    std::string method = "local_ridge";  // local_ridge, ease, sequence, popular, or the name of a similarity
    std::int32_t k = 100;
    std::optional<double> lambda;  // default: 200 times the mean weight of a user
    double damping = 0.0;          // u_c^-damping, for local_ridge, ease, linear and rp3beta
    double shrink = 0.0;
    std::int32_t min_users = 1;
    double other_power = 0.5;      // linear and rp3beta
    std::int32_t max_items = 10000;
    PopularityParams popularity;

    void check() const;
};

class ItemModel final : public Model {
public:
    static constexpr std::string_view kKind = "recommender";

    static ItemModel fit(const Interactions& interactions, const InteractionMatrix& matrix, const RecommenderParams& params, Host& host);

    std::uint32_t items() const { return static_cast<std::uint32_t>(popularity_.users.size()); }
    // Ids ascend; item i has the number i.
    const IdTable& ids() const { return ids_; }
    const ItemWeights& weights() const { return weights_; }
    const Popularity& popularity() const { return popularity_; }
    // Items by descending decayed users, ties by id.
    const std::vector<std::uint32_t>& by_popularity() const { return by_popularity_; }

    std::optional<std::uint32_t> find(std::int64_t id) const;
    std::optional<std::uint32_t> find(std::string_view id) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    ItemModel() : ids_(IdType::kInteger) {}
    void rank_by_popularity();

    std::string method_;
    IdTable ids_;
    ItemWeights weights_;
    Popularity popularity_;
    std::vector<std::uint32_t> by_popularity_;
    std::int64_t users_ = 0;
    std::int64_t entries_ = 0;
    std::int64_t last_at_ = Interactions::kNoTime;
};

struct Recommendation {
    std::uint32_t item;
    double score;
    bool is_popular;  // from popularity, as the history says nothing (more)
    std::uint32_t because;  // the item of the history that contributed most; not set when popular
    std::uint32_t because_users;
};

struct RecommendParams {
    std::int32_t n = 10;
    bool new_items = true;    // leave out what the history has
    bool trend = true;
    bool fill = true;         // with popular items, where the history gives fewer than n

    void check() const;
};

// Scores histories with buffers that are used again. history: numbers of items, ascending, each once.
class Scorer {
public:
    explicit Scorer(const ItemModel& model);
    std::vector<Recommendation> recommend(const std::vector<std::uint32_t>& history, const RecommendParams& params);

private:
    const ItemModel& model_;
    std::vector<double> score_;
    std::vector<double> largest_;
    std::vector<std::uint32_t> because_;
    std::vector<std::uint32_t> users_;
    std::vector<std::uint8_t> state_;  // 1: touched, 2: owned
    std::vector<std::uint32_t> touched_;
};

}  // namespace ecom::core
