// A fitted recommender as a value: what it has learned of items (weights between them, their factors, or who had them), and how
// popular they are. scorer.hpp recommends with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/recommend/factors.hpp"
#include "core/recommend/histories.hpp"
#include "core/recommend/item_weights.hpp"
#include "core/recommend/popularity.hpp"
#include "core/recommend/similarity.hpp"

namespace ecom::core {

struct RecommenderParams {
    std::string method = "local_ridge";  // local_ridge, ease, als, user_neighbors, sequence, popular, or the name of a similarity
    std::int32_t k = 100;
    std::optional<double> lambda;       // times the mean weight of a user: local_ridge 300, ease 200; als: 0.01
    std::optional<double> damping;      // exponent of u_c: ridge 0, linear 0.5, rp3beta 0.7
    std::optional<double> shrink;       // 0; lift: 20
    std::int32_t min_users = 1;
    std::optional<double> other_power;  // linear, rp3beta: 0.6
    std::int32_t max_items = 10000;
    std::int32_t factors = 64;          // this and what follows: als
    std::int32_t iterations = 15;
    double unobserved_weight = 0.3;
    std::int64_t seed = 42;
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
    // Of the three one is there, or none: methods differ in what they learn. Without weights every item has an empty list.
    const ItemWeights& weights() const { return weights_; }
    const ItemFactors& factors() const { return factors_; }
    const Histories& histories() const { return histories_; }
    std::size_t neighbors() const { return neighbors_; }  // of a history among the histories
    double shrink() const { return shrink_; }
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
    void learn(const InteractionMatrix& matrix, const RecommenderParams& params, Host& host);
    void rank_by_popularity();

    std::string method_;
    IdTable ids_;
    ItemWeights weights_;
    ItemFactors factors_;
    Histories histories_;
    std::size_t neighbors_ = 0;
    double shrink_ = 0.0;
    Popularity popularity_;
    std::vector<std::uint32_t> by_popularity_;
    std::int64_t users_ = 0;
    std::int64_t entries_ = 0;
    std::int64_t last_at_ = Interactions::kNoTime;
};

}  // namespace ecom::core
