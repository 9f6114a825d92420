#include "core/recommend/item_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/recommend/ease.hpp"
#include "core/recommend/local_ridge.hpp"
#include "core/recommend/sequence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kRidgeLambda = 300.0;
constexpr double kEaseLambda = 200.0;
constexpr double kFactorLambda = 0.01;
constexpr double kLinearDamping = 0.5;
constexpr double kWalkDamping = 0.7;
constexpr double kOtherPower = 0.6;

double mean_user_weight(const InteractionMatrix& matrix, double damping) {
    const std::vector<double> weights = damped_user_weights(matrix, damping);
    if (weights.empty()) return 1.0;
    double sum = 0.0;
    double users = 0.0;
    for (std::uint32_t u = 0; u < matrix.users(); ++u) {
        sum += weights[u];
        users += matrix.items_of(u) > 0 ? 1.0 : 0.0;
    }
    return users > 0.0 ? sum / users : 1.0;
}

ItemWeights from_neighbors(const Neighbors& neighbors) {
    ItemWeights weights;
    weights.begin = neighbors.begin;
    weights.all.reserve(neighbors.all.size());
    for (const Neighbor& n : neighbors.all) weights.all.push_back({n.item, n.users, n.score});
    for (std::size_t i = 0; i + 1 < weights.begin.size(); ++i)
        std::sort(weights.all.begin() + static_cast<std::ptrdiff_t>(weights.begin[i]), weights.all.begin() + static_cast<std::ptrdiff_t>(weights.begin[i + 1]),
                  [](const ItemWeight& a, const ItemWeight& b) { return a.target < b.target; });
    return weights;
}

double damping_of(const RecommenderParams& params) {
    return params.damping.value_or(params.method == "linear" ? kLinearDamping : params.method == "rp3beta" ? kWalkDamping : 0.0);
}

ItemWeights fit_weights(const InteractionMatrix& matrix, const RecommenderParams& params, Host& host) {
    const double damping = damping_of(params);
    if (params.method == "local_ridge") {
        LocalRidgeParams ridge;
        ridge.k = params.k;
        ridge.damping = damping;
        ridge.min_users = params.min_users;
        ridge.lambda = params.lambda.value_or(kRidgeLambda * mean_user_weight(matrix, damping));
        return fit_local_ridge(matrix, ridge, host);
    }
    if (params.method == "ease") {
        EaseParams ease;
        ease.k = params.k;
        ease.damping = damping;
        ease.max_items = params.max_items;
        ease.lambda = params.lambda.value_or(kEaseLambda * mean_user_weight(matrix, damping));
        return fit_ease(matrix, ease, host);
    }
    if (params.method == "sequence") {
        SequenceParams sequence;
        sequence.k = params.k;
        sequence.min_users = params.min_users;
        return fit_sequence(matrix, sequence, host);
    }
    SimilarityParams similarity;
    similarity.similarity = parse_similarity(params.method);
    similarity.k = params.k;
    similarity.min_users = params.min_users;
    similarity.shrink = params.shrink.value_or(similarity.similarity == Similarity::kLift ? kLiftShrink : 0.0);
    similarity.damping = damping;
    similarity.other_power = params.other_power.value_or(kOtherPower);
    similarity.own_power = 1.0 - similarity.other_power;
    return from_neighbors(item_neighbors(matrix, similarity, host));
}

template <typename T>
Document::Ints ints(const std::vector<T>& values) { return Document::Ints(values.begin(), values.end()); }

std::vector<std::uint32_t> counts(const Document::Ints& values, std::size_t size) {
    if (values.size() != size) Reader::corrupt();
    std::vector<std::uint32_t> result;
    result.reserve(size);
    for (const std::int64_t v : values) {
        if (v < 0 || v > std::int64_t{0xffffffff}) Reader::corrupt();
        result.push_back(static_cast<std::uint32_t>(v));
    }
    return result;
}

std::vector<double> finite(Document::Doubles values, std::size_t size) {
    if (values.size() != size) Reader::corrupt();
    for (const double v : values)
        if (!std::isfinite(v)) Reader::corrupt();
    return values;
}

struct NoHost final : Host {
    void poll() override {}
    std::size_t memory_limit() const override { return ~std::size_t{0}; }
    int max_threads() const override { return 1; }
    void progress(std::int64_t, std::int64_t) override {}
};

ItemFactors decode_factors(const Document& body, std::size_t items, Host& host) {
    ItemFactors factors;
    const std::int64_t width = body.at("width").as_int();
    if (width < 8 || width > 1024 || width % 8 != 0) Reader::corrupt();
    factors.items = static_cast<std::uint32_t>(items);
    factors.width = static_cast<std::uint32_t>(width);
    factors.lambda = body.at("lambda").as_double();
    factors.unobserved_weight = body.at("unobserved_weight").as_double();
    if (!(factors.lambda > 0.0 && std::isfinite(factors.lambda) && factors.unobserved_weight > 0.0 && std::isfinite(factors.unobserved_weight))) Reader::corrupt();
    factors.all = finite(body.at("all").as_doubles(), items * factors.width);
    factors.derive(host);
    return factors;
}

Histories decode_histories(const Document& body, std::size_t items, Host& host) {
    Histories histories;
    const Document::Ints begin = body.at("begin").as_ints();
    const Document::Ints all = body.at("items").as_ints();
    if (begin.empty() || begin.front() != 0 || begin.back() != static_cast<std::int64_t>(all.size())) Reader::corrupt();
    for (std::size_t u = 1; u < begin.size(); ++u) {
        if (begin[u - 1] > begin[u]) Reader::corrupt();
        for (std::int64_t e = begin[u - 1]; e < begin[u]; ++e) {
            const std::int64_t item = all[static_cast<std::size_t>(e)];
            if (item < 0 || item >= static_cast<std::int64_t>(items) || (e > begin[u - 1] && all[static_cast<std::size_t>(e) - 1] >= item)) Reader::corrupt();
        }
    }
    histories.items = static_cast<std::uint32_t>(items);
    histories.user_begin.assign(begin.begin(), begin.end());
    histories.user_items.assign(all.begin(), all.end());
    histories.derive(host);
    return histories;
}

template <typename Id, typename At>
std::optional<std::uint32_t> search(std::uint32_t n, Id id, At at) {
    std::uint32_t low = 0;
    std::uint32_t high = n;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        if (at(middle) < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == n || at(low) != id) return std::nullopt;
    return low;
}

}  // namespace

void RecommenderParams::check() const {
    static const std::string_view kOthers[] = {"local_ridge", "ease", "als", "user_neighbors", "sequence", "popular"};
    if (std::find(std::begin(kOthers), std::end(kOthers), method) == std::end(kOthers)) {
        try {
            parse_similarity(method);
        } catch (const Error& e) {
            throw Error(ErrorCode::kInvalidArgument, "recommendation method \"" + method + "\" is not known",
                        "Use local_ridge, ease, als, user_neighbors, sequence, popular or a similarity: cosine, jaccard, confidence, lift, tfidf, bm25, linear, rp3beta.");
        }
    }
    if (method == "lift" && shrink && *shrink == 0.0)
        throw Error(ErrorCode::kInvalidArgument, "raw lift does not rank: pairs that one user had come first", "Pass a shrink above 0, or leave it out.");
    popularity.check();
}

void ItemModel::learn(const InteractionMatrix& matrix, const RecommenderParams& params, Host& host) {
    if (params.method == "als") {
        FactorParams factors;
        factors.factors = params.factors;
        factors.iterations = params.iterations;
        factors.lambda = params.lambda.value_or(kFactorLambda);
        factors.unobserved_weight = params.unobserved_weight;
        factors.seed = params.seed;
        factors_ = fit_factors(matrix, factors, host);
    } else if (params.method == "user_neighbors") {
        SimilarityParams similarity;
        similarity.k = params.k;
        similarity.shrink = params.shrink.value_or(0.0);
        similarity.check();
        neighbors_ = static_cast<std::size_t>(similarity.k);
        shrink_ = similarity.shrink;
        histories_ = histories_of(matrix, host);
    } else if (params.method != "popular") {
        weights_ = fit_weights(matrix, params, host);
    }
    if (weights_.begin.size() == 1) weights_.begin.assign(matrix.items() + std::size_t{1}, 0);
}

ItemModel ItemModel::fit(const Interactions& interactions, const InteractionMatrix& matrix, const RecommenderParams& params, Host& host) {
    params.check();
    ItemModel model;
    model.method_ = params.method;
    model.ids_ = IdTable(interactions.items().type());
    for (std::uint32_t i = 0; i < matrix.items(); ++i) {
        const std::uint32_t number = matrix.item_number(i);
        if (model.ids_.type() == IdType::kInteger)
            model.ids_.intern(interactions.items().integer(number), host);
        else
            model.ids_.intern(interactions.items().text(number), host);
    }
    model.learn(matrix, params, host);
    model.popularity_ = item_popularity(matrix, params.popularity, host);
    model.users_ = matrix.users();
    model.entries_ = static_cast<std::int64_t>(matrix.entries());
    model.last_at_ = matrix.last_at();
    model.rank_by_popularity();
    return model;
}

void ItemModel::rank_by_popularity() {
    by_popularity_.resize(items());
    std::iota(by_popularity_.begin(), by_popularity_.end(), 0U);
    const auto& decayed = popularity_.decayed_users;
    std::stable_sort(by_popularity_.begin(), by_popularity_.end(), [&](std::uint32_t a, std::uint32_t b) { return decayed[a] > decayed[b]; });
}

std::optional<std::uint32_t> ItemModel::find(std::int64_t id) const {
    if (ids_.type() != IdType::kInteger) return std::nullopt;
    return search(items(), id, [&](std::uint32_t i) { return ids_.integer(i); });
}

std::optional<std::uint32_t> ItemModel::find(std::string_view id) const {
    if (ids_.type() != IdType::kText) return std::nullopt;
    return search(items(), id, [&](std::uint32_t i) { return ids_.text(i); });
}

Document ItemModel::body() const {
    Document body = Document::object();
    body.set("method", Document::Value(method_)).set("users", Document::Value(users_)).set("entries", Document::Value(entries_));
    body.set("last_at", Document::Value(last_at_));
    if (ids_.type() == IdType::kInteger) {
        Document::Ints ids;
        for (std::uint32_t i = 0; i < items(); ++i) ids.push_back(ids_.integer(i));
        body.set("ids", Document::Value(std::move(ids)));
    } else {
        Document::Strings names;
        for (std::uint32_t i = 0; i < items(); ++i) names.emplace_back(ids_.text(i));
        body.set("names", Document::Value(std::move(names)));
    }
    body.set("item_users", Document::Value(ints(popularity_.users)));
    body.set("recent_users", Document::Value(ints(popularity_.recent_users)));
    body.set("decayed_users", Document::Value(popularity_.decayed_users));
    body.set("trend", Document::Value(popularity_.trend));
    Document::Ints targets, users;
    Document::Doubles values;
    for (const ItemWeight& w : weights_.all) {
        targets.push_back(w.target);
        users.push_back(w.users);
        values.push_back(w.weight);
    }
    body.set("begin", Document::Value(ints(weights_.begin)));
    body.set("target", Document::Value(std::move(targets)));
    body.set("both_users", Document::Value(std::move(users)));
    body.set("weight", Document::Value(std::move(values)));
    if (!factors_.empty()) {
        Document factors = Document::object();
        factors.set("width", Document::Value(std::int64_t{factors_.width})).set("lambda", Document::Value(factors_.lambda));
        factors.set("unobserved_weight", Document::Value(factors_.unobserved_weight)).set("all", Document::Value(factors_.all));
        body.set("factors", std::move(factors));
    }
    if (!histories_.empty()) {
        Document histories = Document::object();
        histories.set("neighbors", Document::Value(static_cast<std::int64_t>(neighbors_))).set("shrink", Document::Value(shrink_));
        histories.set("begin", Document::Value(ints(histories_.user_begin))).set("items", Document::Value(ints(histories_.user_items)));
        body.set("histories", std::move(histories));
    }
    return body;
}

Document ItemModel::summary() const {
    Document summary = Document::object();
    summary.set("method", Document::Value(method_)).set("items", Document::Value(std::int64_t{items()}));
    summary.set("users", Document::Value(users_)).set("pairs", Document::Value(entries_));
    summary.set("weights", Document::Value(static_cast<std::int64_t>(weights_.all.size())));
    return summary;
}

std::unique_ptr<Model> ItemModel::decode(const Document& body, int version) {
    if (version != 1) Reader::corrupt();
    NoHost host;
    std::unique_ptr<ItemModel> model(new ItemModel);
    model->method_ = body.at("method").as_string();
    model->users_ = body.at("users").as_int();
    model->entries_ = body.at("entries").as_int();
    model->last_at_ = body.at("last_at").as_int();
    if (const Document* ids = body.find("ids")) {
        const Document::Ints values = ids->as_ints();
        for (std::size_t i = 1; i < values.size(); ++i)
            if (values[i - 1] >= values[i]) Reader::corrupt();
        for (const std::int64_t id : values) model->ids_.intern(id, host);
    } else {
        model->ids_ = IdTable(IdType::kText);
        const Document::Strings names = body.at("names").as_strings();
        for (std::size_t i = 1; i < names.size(); ++i)
            if (names[i - 1] >= names[i]) Reader::corrupt();
        for (const std::string& name : names) model->ids_.intern(std::string_view(name), host);
    }
    const std::size_t n = model->ids_.size();
    model->popularity_.users = counts(body.at("item_users").as_ints(), n);
    model->popularity_.recent_users = counts(body.at("recent_users").as_ints(), n);
    model->popularity_.decayed_users = finite(body.at("decayed_users").as_doubles(), n);
    model->popularity_.trend = finite(body.at("trend").as_doubles(), n);
    const Document::Ints begin = body.at("begin").as_ints();
    const Document::Ints targets = body.at("target").as_ints();
    const std::vector<std::uint32_t> users = counts(body.at("both_users").as_ints(), targets.size());
    const std::vector<double> weights = finite(body.at("weight").as_doubles(), targets.size());
    if (begin.size() != n + 1 || begin.front() != 0 || begin.back() != static_cast<std::int64_t>(targets.size())) Reader::corrupt();
    for (std::size_t i = 1; i < begin.size(); ++i) {
        if (begin[i - 1] > begin[i] || begin[i] > begin.back()) Reader::corrupt();
        for (std::int64_t w = begin[i - 1] + 1; w < begin[i]; ++w)
            if (targets[static_cast<std::size_t>(w) - 1] >= targets[static_cast<std::size_t>(w)]) Reader::corrupt();
    }
    model->weights_.begin.assign(begin.begin(), begin.end());
    for (std::size_t w = 0; w < targets.size(); ++w) {
        if (targets[w] < 0 || targets[w] >= static_cast<std::int64_t>(n)) Reader::corrupt();
        model->weights_.all.push_back({static_cast<std::uint32_t>(targets[w]), users[w], weights[w]});
    }
    if (const Document* factors = body.find("factors")) model->factors_ = decode_factors(*factors, n, host);
    if (const Document* histories = body.find("histories")) {
        const std::int64_t neighbors = histories->at("neighbors").as_int();
        model->shrink_ = histories->at("shrink").as_double();
        if (neighbors < 1 || !(model->shrink_ >= 0.0)) Reader::corrupt();
        model->neighbors_ = static_cast<std::size_t>(neighbors);
        model->histories_ = decode_histories(*histories, n, host);
    }
    model->rank_by_popularity();
    return model;
}

}  // namespace ecom::core
