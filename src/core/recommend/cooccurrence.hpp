// The rows of X'X one by one: for every item, how many users had it and each other item, and the sum of those users' weights.
//
// Rows are computed on all threads; each is handed over where it was computed and then forgotten. Sums run over the users in
// ascending order, so they are the same on any thread. Time O(sum of u_c^2); memory 12 bytes an item and thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/host.hpp"
#include "core/base/parallel.hpp"
#include "core/recommend/matrix.hpp"
#include "core/recommend/scratch.hpp"

namespace ecom::core {

struct CooccurrenceRow {
    std::vector<std::uint32_t> items;  // that occur with the item, itself among them; in no particular order
    std::vector<std::uint32_t> users;  // by item: users of both
    std::vector<double> sum;           // by item: sum of their weights; empty without weights
};

// row(item, cooccurrence, worker_host) for every item, from several threads. user_weight: empty for none.
template <typename Take>
void for_each_cooccurrence_row(const InteractionMatrix& matrix, const std::vector<double>& user_weight, Host& host, const Take& take) {
    constexpr std::size_t kRowsPerTask = 16;
    const std::size_t items = matrix.items();
    const bool weighted = !user_weight.empty();
    require_memory(host, mul_size(static_cast<std::size_t>(host.max_threads()), mul_size(items, 24)), "counting pairs of " + std::to_string(items) + " items");
    ScratchPool<CooccurrenceRow> pool;
    parallel_for(host, (items + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, Host& worker) {
        auto scratch = pool.take();
        CooccurrenceRow& row = *scratch;
        row.users.resize(items, 0);
        row.sum.resize(weighted ? items : 0, 0.0);
        PollEvery poll(worker);
        const auto end = static_cast<std::uint32_t>(std::min(items, (task + 1) * kRowsPerTask));
        for (auto i = static_cast<std::uint32_t>(task * kRowsPerTask); i < end; ++i) {
            row.items.clear();
            for (const std::uint32_t* u = matrix.users_begin(i); u != matrix.users_end(i); ++u) {
                poll(matrix.items_of(*u));
                for (const std::uint32_t* j = matrix.items_begin(*u); j != matrix.items_end(*u); ++j)
                    if (row.users[*j]++ == 0) row.items.push_back(*j);
                if (!weighted) continue;
                const double weight = user_weight[*u];
                for (const std::uint32_t* j = matrix.items_begin(*u); j != matrix.items_end(*u); ++j) row.sum[*j] += weight;
            }
            take(i, row, worker);
            for (const std::uint32_t j : row.items) row.users[j] = 0;
            if (weighted)
                for (const std::uint32_t j : row.items) row.sum[j] = 0.0;
        }
        pool.give_back(std::move(scratch));
    });
}

}  // namespace ecom::core
