#include "core/recommend/scorer.hpp"

#include <algorithm>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/recommend/scratch.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kRounding = 1e-9;  // a sum this small is cancellation, not evidence

constexpr std::uint8_t kTouched = 1;
constexpr std::uint8_t kOwned = 2;
constexpr std::uint8_t kChosen = 4;

}  // namespace

void RecommendParams::check() const {
    constexpr std::int32_t kMost = 10000;
    if (n < 0 || n > kMost)
        throw Error(ErrorCode::kInvalidArgument, "number of recommendations must be 0 to 10000, but is " + std::to_string(n), "Pass for example 10.");
}

Scorer::Scorer(const ItemModel& model)
    : model_(model), folded_(model.factors()), similar_(model.histories(), model.neighbors(), model.shrink()), score_(model.items(), 0.0), state_(model.items(), 0) {}

std::size_t Scorer::bytes(const ItemModel& model, std::size_t longest_history) {
    // Items that are touched and found are collected in vectors that double.
    const std::size_t by_item = mul_size(model.items(), sizeof(double) + sizeof(std::uint8_t) + 2 * (sizeof(std::uint32_t) + sizeof(Recommendation)));
    const std::size_t width = model.factors().width;
    const std::size_t folded = mul_size(mul_size(width, sizeof(double)), add_size(width + 1, mul_size(longest_history, 2)));
    return add_size(by_item, add_size(folded, model.histories().empty() ? 0 : SimilarUsers::bytes(model.histories().users())));
}

void Scorer::add(std::uint32_t item, double score) {
    if ((state_[item] & kTouched) == 0) {
        state_[item] |= kTouched;
        touched_.push_back(item);
        score_[item] = 0.0;
    }
    score_[item] += score;
}

void Scorer::score(const std::vector<std::uint32_t>& history, Host& host) {
    if (history.empty()) return;
    PollEvery poll(host);
    if (!model_.factors().empty()) {
        folded_.fold(history, host);
        for (std::uint32_t item = 0; item < model_.items(); ++item) {
            poll(model_.factors().width);
            add(item, folded_.score(item));
        }
    } else if (!model_.histories().empty()) {
        similar_.find(history, host);
        similar_.for_each([&](std::uint32_t item, double similarity) { add(item, similarity); }, host);
    } else {
        const ItemWeights& weights = model_.weights();
        for (const std::uint32_t i : history) {
            poll(weights.begin[i + 1] - weights.begin[i]);
            for (std::size_t w = weights.begin[i]; w < weights.begin[i + 1]; ++w) add(weights.all[w].target, weights.all[w].weight);
        }
    }
}

void Scorer::explain(Recommendation& recommendation, const std::vector<std::uint32_t>& history, Host& host) {
    if (!model_.factors().empty()) {
        recommendation.because = history[folded_.because(recommendation.item, host)];
        return;
    }
    if (!model_.histories().empty()) {
        const SimilarUsers::Reason reason = similar_.because(recommendation.item, host);
        recommendation.because = reason.item;
        recommendation.because_users = reason.users;
        return;
    }
    const ItemWeights& weights = model_.weights();
    double largest = 0.0;
    for (const std::uint32_t i : history) {
        const auto begin = weights.all.begin() + static_cast<std::ptrdiff_t>(weights.begin[i]);
        const auto end = weights.all.begin() + static_cast<std::ptrdiff_t>(weights.begin[i + 1]);
        const auto found = std::lower_bound(begin, end, recommendation.item, [](const ItemWeight& w, std::uint32_t item) { return w.target < item; });
        if (found == end || found->target != recommendation.item || found->weight <= largest) continue;
        largest = found->weight;
        recommendation.because = i;
        recommendation.because_users = found->users;
    }
}

std::vector<Recommendation> Scorer::recommend(const std::vector<std::uint32_t>& history, const RecommendParams& params, Host& host) {
    params.check();
    for (const std::uint32_t i : history) state_[i] = kOwned;
    touched_.clear();
    score(history, host);
    const auto wanted = static_cast<std::size_t>(params.n);
    std::vector<Recommendation> found;
    for (const std::uint32_t j : touched_) {
        const bool owned = (state_[j] & kOwned) != 0;
        if (score_[j] <= kRounding || (owned && params.new_items)) continue;
        found.push_back({j, params.trend ? score_[j] * model_.popularity().trend[j] : score_[j], false, 0, 0});
    }
    const auto better = [](const Recommendation& a, const Recommendation& b) { return a.score != b.score ? a.score > b.score : a.item < b.item; };
    if (found.size() > wanted) {
        std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(wanted), found.end(), better);
        found.resize(wanted);
    }
    std::sort(found.begin(), found.end(), better);
    if (params.reasons)
        for (Recommendation& r : found) explain(r, history, host);
    if (params.fill && found.size() < wanted) {
        for (const Recommendation& r : found) state_[r.item] |= kChosen;
        const std::size_t scored = found.size();
        for (const std::uint32_t j : model_.by_popularity()) {
            if (found.size() == wanted) break;
            if ((state_[j] & kChosen) != 0 || ((state_[j] & kOwned) != 0 && params.new_items) || model_.popularity().users[j] == 0) continue;
            found.push_back({j, 0.0, true, 0, 0});
        }
        for (std::size_t i = 0; i < scored; ++i) state_[found[i].item] = 0;
    }
    for (const std::uint32_t j : touched_) state_[j] = 0;
    for (const std::uint32_t i : history) state_[i] = 0;
    return found;
}

std::vector<std::vector<Recommendation>> recommend_users(const ItemModel& model, const InteractionMatrix& matrix, std::uint32_t first, std::uint32_t last,
                                                         const RecommendParams& params, Host& host) {
    params.check();
    const std::size_t n = last - first;
    std::size_t longest = 0;
    for (std::uint32_t user = first; user < last; ++user) longest = std::max<std::size_t>(longest, matrix.items_of(user));
    const auto threads = static_cast<std::size_t>(std::max(1, host.max_threads()));
    require_memory(host,
                   add_size(mul_size(n, add_size(sizeof(std::vector<Recommendation>), mul_size(static_cast<std::size_t>(params.n), sizeof(Recommendation)))),
                            mul_size(std::min(n, threads), Scorer::bytes(model, longest))),
                   "recommendations of " + std::to_string(n) + " users");
    std::vector<std::vector<Recommendation>> lists(n);
    ScratchPool<Scorer> pool;
    parallel_for(host, n, [&](std::size_t i, Host& worker) {
        auto scorer = pool.take_or([&] { return std::make_unique<Scorer>(model); });
        const auto user = first + static_cast<std::uint32_t>(i);
        lists[i] = scorer->recommend(std::vector<std::uint32_t>(matrix.items_begin(user), matrix.items_end(user)), params, worker);
        lists[i].shrink_to_fit();  // all that was found was there before the n best
        pool.give_back(std::move(scorer));
    });
    return lists;
}

}  // namespace ecom::core
