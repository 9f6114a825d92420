#include "core/recommend/evaluation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/recommend/scratch.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMicrosecondsPerDay = 86'400e6;

// By user in the order of ids: what they are compared by, as numbers of the interactions' table of items.
struct Task {
    std::vector<std::uint32_t> history;
    std::vector<std::uint32_t> relevant;
};

struct SplitData {
    Interactions train;
    std::vector<Task> tasks;
};

void add_row(Interactions& to, const Interactions& from, const Interactions::Row& row, const Host& host) {
    const auto with_item = [&](auto user) {
        if (from.items().type() == IdType::kInteger)
            to.add(user, from.items().integer(row.item), row.weight, row.at, host);
        else
            to.add(user, from.items().text(row.item), row.weight, row.at, host);
    };
    if (from.users().type() == IdType::kInteger)
        with_item(from.users().integer(row.user));
    else
        with_item(from.users().text(row.user));
}

// Items of a user's rows with a positive sum of weights, ascending.
std::vector<std::uint32_t> net_items(const std::vector<const Interactions::Row*>& rows) {
    std::map<std::uint32_t, double> weights;
    for (const Interactions::Row* row : rows) weights[row->item] += row->weight;
    std::vector<std::uint32_t> items;
    for (const auto& [item, weight] : weights)
        if (weight > 0.0) items.push_back(item);
    return items;
}

[[noreturn]] void nobody_to_compare() {
    throw Error(ErrorCode::kNotEnoughData, "no user has both a history and later items to compare with", "Pass rows with times, over a longer time, or another split.");
}

SplitData split_data(const Interactions& all, const EvaluationParams& params, Host& host) {
    SplitData data{Interactions(all.users().type(), all.items().type()), {}};
    PollEvery poll(host);
    std::vector<std::vector<const Interactions::Row*>> by_user(all.users().size());
    all.rows().for_each([&](const Interactions::Row& row) {
        poll();
        by_user[row.user].push_back(&row);
    });
    const std::vector<std::uint32_t> item_order = all.items().order(host);
    std::vector<std::uint32_t> item_rank(item_order.size());
    for (std::uint32_t i = 0; i < item_order.size(); ++i) item_rank[item_order[i]] = i;
    const std::int64_t end = params.cut + static_cast<std::int64_t>(params.horizon_days * kMicrosecondsPerDay);

    std::uint64_t position = 0;
    for (const std::uint32_t user : all.users().order(host)) {
        poll(by_user[user].size());
        std::vector<const Interactions::Row*> before, after;
        bool trains = true;
        if (params.split == Split::kUsers) {
            Rng rng(static_cast<std::uint64_t>(params.seed), position++);
            trains = !rng.bernoulli(params.share);
            if (trains) {
                before = by_user[user];
            } else {
                std::vector<std::uint32_t> items = net_items(by_user[user]);
                std::sort(items.begin(), items.end(), [&](std::uint32_t a, std::uint32_t b) { return item_rank[a] < item_rank[b]; });
                for (std::size_t i = 0; i < items.size(); ++i) std::swap(items[i], items[i + rng.below(items.size() - i)]);
                const auto held_out = static_cast<std::size_t>(params.share * static_cast<double>(items.size()));
                Task task;
                task.relevant.assign(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(held_out));
                task.history.assign(items.begin() + static_cast<std::ptrdiff_t>(held_out), items.end());
                if (items.size() >= 5 && !task.relevant.empty()) data.tasks.push_back(std::move(task));
            }
        } else {
            std::int64_t cut = params.cut;
            std::int64_t last = end;
            if (params.split == Split::kLastOrder) {
                for (const auto* row : by_user[user])
                    if (row->weight > 0.0) cut = std::max(cut, row->at);
                last = std::numeric_limits<std::int64_t>::max();
            }
            for (const auto* row : by_user[user]) {
                if (row->at < cut)
                    before.push_back(row);
                else if (row->at < last)
                    after.push_back(row);
            }
            if (params.split == Split::kLastOrder && before.empty()) before.swap(after);
            Task task;
            task.history = net_items(before);
            for (const std::uint32_t item : net_items(after))
                if (!std::binary_search(task.history.begin(), task.history.end(), item)) task.relevant.push_back(item);
            if (!task.history.empty() && !task.relevant.empty()) data.tasks.push_back(std::move(task));
        }
        if (trains)
            for (const auto* row : before) add_row(data.train, all, *row, host);
    }
    return data;
}

}  // namespace

Split parse_split(std::string_view name) {
    if (name == "time") return Split::kTime;
    if (name == "last_order") return Split::kLastOrder;
    if (name == "users") return Split::kUsers;
    throw Error(ErrorCode::kInvalidArgument, "split \"" + std::string(name) + "\" is not known", "Use time, last_order or users.");
}

void EvaluationParams::check() const {
    if (split == Split::kTime && cut == Interactions::kNoTime)
        throw Error(ErrorCode::kInvalidArgument, "the split by time needs a time to cut at", "Pass cut => a timestamp within the data.");
    if (!(horizon_days > 0.0 && horizon_days <= 36525.0)) throw Error(ErrorCode::kInvalidArgument, "horizon_days must be above 0 and at most 36525", "Pass for example 70.");
    if (k < 1 || k > 10000) throw Error(ErrorCode::kInvalidArgument, "k must be 1 to 10000, but is " + std::to_string(k), "Pass for example 20.");
    if (!(share > 0.0 && share < 1.0)) throw Error(ErrorCode::kInvalidArgument, "share must lie between 0 and 1", "Pass for example 0.2.");
}

Evaluation evaluate_recommender(const Interactions& interactions, const RecommenderParams& recommender, const EvaluationParams& params, Host& host) {
    params.check();
    recommender.check();
    const SplitData data = split_data(interactions, params, host);
    if (data.tasks.empty()) nobody_to_compare();
    MatrixParams matrix_params;
    matrix_params.max_history = params.max_history;
    const InteractionMatrix matrix(data.train, matrix_params, host);
    RecommenderParams fitted = recommender;
    if (params.split == Split::kTime) fitted.popularity.as_of = params.cut;
    const ItemModel model = ItemModel::fit(data.train, matrix, fitted, host);

    std::vector<std::int64_t> place(interactions.items().size(), -1);  // in the model, of an item of the interactions
    for (std::uint32_t i = 0; i < place.size(); ++i) {
        const auto found = interactions.items().type() == IdType::kInteger ? model.find(interactions.items().integer(i)) : model.find(interactions.items().text(i));
        if (found) place[i] = *found;
    }
    RecommendParams wanted;
    wanted.n = params.k;
    wanted.trend = params.trend;
    wanted.reasons = false;
    std::vector<RankingMetrics> metrics(data.tasks.size());
    std::vector<std::vector<std::uint32_t>> lists(data.tasks.size());
    std::vector<std::uint8_t> compared(data.tasks.size(), 0);
    ScratchPool<Scorer> pool;
    parallel_for(host, data.tasks.size(), [&](std::size_t t, Host& worker) {
        auto scorer = pool.take_or([&] { return std::make_unique<Scorer>(model); });
        std::vector<std::uint32_t> history;
        for (const std::uint32_t item : data.tasks[t].history)
            if (place[item] >= 0) history.push_back(static_cast<std::uint32_t>(place[item]));
        std::sort(history.begin(), history.end());
        std::vector<std::int64_t> relevant;
        for (const std::uint32_t item : data.tasks[t].relevant)
            if (place[item] >= 0) relevant.push_back(place[item]);
        std::sort(relevant.begin(), relevant.end());
        if (relevant.empty()) return pool.give_back(std::move(scorer));
        compared[t] = 1;
        std::vector<bool> hit;
        for (const Recommendation& r : scorer->recommend(history, wanted, worker)) {
            hit.push_back(std::binary_search(relevant.begin(), relevant.end(), std::int64_t{r.item}));
            lists[t].push_back(r.item);
        }
        metrics[t] = ranking_metrics(hit, relevant.size(), static_cast<std::size_t>(params.k));
        pool.give_back(std::move(scorer));
    });

    Evaluation result;
    result.users = std::count(compared.begin(), compared.end(), 1);
    if (result.users == 0) nobody_to_compare();
    const auto n = static_cast<double>(result.users);
    std::vector<bool> shown(model.items(), false);
    double recommended = 0.0;
    double users = 0.0;
    for (std::uint32_t u = 0; u < matrix.users(); ++u) users += matrix.items_of(u) > 0 ? 1.0 : 0.0;
    for (std::size_t t = 0; t < data.tasks.size(); ++t) {
        result.metrics.recall += metrics[t].recall / n;
        result.metrics.precision += metrics[t].precision / n;
        result.metrics.ndcg += metrics[t].ndcg / n;
        result.metrics.map += metrics[t].map / n;
        result.metrics.mrr += metrics[t].mrr / n;
        result.metrics.hit_rate += metrics[t].hit_rate / n;
        for (const std::uint32_t item : lists[t]) {
            shown[item] = true;
            recommended += 1.0;
            result.novelty -= std::log2(model.popularity().users[item] / users);
        }
    }
    if (recommended > 0.0) result.novelty /= recommended;
    result.coverage = static_cast<double>(std::count(shown.begin(), shown.end(), true)) / std::max<double>(1.0, interactions.items().size());
    return result;
}

}  // namespace ecom::core
