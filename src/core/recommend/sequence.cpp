#include "core/recommend/sequence.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/recommend/scratch.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Step {
    std::uint32_t item;
    std::uint32_t step;
};

struct Buffers {
    std::vector<double> sum;
    std::vector<std::uint32_t> users;
    std::vector<std::uint32_t> touched;
};

}  // namespace

void SequenceParams::check() const {
    if (k < 1 || k > 10000) throw Error(ErrorCode::kInvalidArgument, "number of neighbours must be 1 to 10000, but is " + std::to_string(k), "Pass for example 100.");
    if (max_distance < 1 || max_distance > 1000)
        throw Error(ErrorCode::kInvalidArgument, "max_distance must be 1 to 1000, but is " + std::to_string(max_distance), "Pass for example 5.");
    if (min_users < 1) throw Error(ErrorCode::kInvalidArgument, "min_users must be at least 1, but is " + std::to_string(min_users), "Pass for example 3.");
}

ItemWeights fit_sequence(const InteractionMatrix& matrix, const SequenceParams& params, Host& host) {
    params.check();
    const std::size_t items = matrix.items();
    require_memory(host, add_size(mul_size(matrix.entries(), 3 * sizeof(Step)),
                                  add_size(mul_size(items, 16 * static_cast<std::size_t>(host.max_threads())), mul_size(mul_size(items, static_cast<std::size_t>(params.k)), 2 * sizeof(ItemWeight)))),
                   "the sequences of " + std::to_string(matrix.users()) + " users");
    // Histories by time; of every entry of an item where it lies in its user's history.
    std::vector<std::size_t> begin{0};
    LargeVector<Step> steps;
    steps.reserve(matrix.entries());
    PollEvery poll(host);
    std::vector<InteractionMatrix::Entry> history;
    for (std::uint32_t u = 0; u < matrix.users(); ++u) {
        history.assign(matrix.begin(u), matrix.end(u));
        std::stable_sort(history.begin(), history.end(), [](const auto& a, const auto& b) { return a.last_at < b.last_at; });
        std::uint32_t step = 0;
        for (std::size_t i = 0; i < history.size(); ++i) {
            poll();
            if (i > 0 && history[i].last_at != history[i - 1].last_at) ++step;
            steps.push_back({history[i].item, step});
        }
        begin.push_back(steps.size());
    }
    std::vector<std::size_t> item_begin(items + 1, 0);
    for (const Step& s : steps) ++item_begin[s.item + 1];
    for (std::size_t i = 0; i < items; ++i) item_begin[i + 1] += item_begin[i];
    struct Place {
        std::size_t at;
        std::size_t end;
    };
    std::vector<Place> places(steps.size());
    std::vector<std::size_t> next(item_begin.begin(), item_begin.end() - 1);
    for (std::size_t u = 0; u + 1 < begin.size(); ++u)
        for (std::size_t at = begin[u]; at < begin[u + 1]; ++at) places[next[steps[at].item]++] = {at, begin[u + 1]};

    std::vector<std::vector<ItemWeight>> rows(items);
    ScratchPool<Buffers> pool;
    parallel_for(host, items, [&](std::size_t i, Host& worker) {
        PollEvery poll_worker(worker);
        auto buffers = pool.take();
        Buffers& b = *buffers;
        b.sum.resize(items, 0.0);
        b.users.resize(items, 0);
        b.touched.clear();
        for (std::size_t p = item_begin[i]; p < item_begin[i + 1]; ++p) {
            const std::uint32_t from = steps[places[p].at].step;
            for (std::size_t at = places[p].at + 1; at < places[p].end; ++at) {
                poll_worker();
                const std::uint32_t distance = steps[at].step - from;
                if (distance == 0) continue;
                if (distance > static_cast<std::uint32_t>(params.max_distance)) break;
                const std::uint32_t j = steps[at].item;
                if (b.users[j]++ == 0) b.touched.push_back(j);
                b.sum[j] += 1.0 / distance;
            }
        }
        std::vector<ItemWeight> found;
        const double own = matrix.users_of(static_cast<std::uint32_t>(i));
        for (const std::uint32_t j : b.touched) {
            if (b.users[j] >= static_cast<std::uint32_t>(params.min_users)) found.push_back({j, b.users[j], b.sum[j] / std::sqrt(own * matrix.users_of(j))});
            b.users[j] = 0;
            b.sum[j] = 0.0;
        }
        const auto k = static_cast<std::size_t>(params.k);
        const auto better = [](const ItemWeight& a, const ItemWeight& c) { return a.weight != c.weight ? a.weight > c.weight : a.target < c.target; };
        if (found.size() > k) {
            std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(k), found.end(), better);
            found.resize(k);
        }
        std::sort(found.begin(), found.end(), [](const ItemWeight& a, const ItemWeight& c) { return a.target < c.target; });
        rows[i].assign(found.begin(), found.end());
        pool.give_back(std::move(buffers));
    });
    ItemWeights weights;
    for (const auto& row : rows) {
        weights.all.insert(weights.all.end(), row.begin(), row.end());
        weights.begin.push_back(weights.all.size());
    }
    return weights;
}

}  // namespace ecom::core
