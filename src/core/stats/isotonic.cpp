#include "core/stats/isotonic.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

double IsotonicFunction::operator()(double score) const {
    const auto above = std::upper_bound(scores.begin(), scores.end(), score) - scores.begin();
    if (above == 0) return values.front();
    const auto at = static_cast<std::size_t>(above);
    if (at == scores.size()) return values.back();
    const double share = (score - scores[at - 1]) / (scores[at] - scores[at - 1]);
    return values[at - 1] + share * (values[at] - values[at - 1]);
}

IsotonicFunction isotonic_regression(const std::vector<double>& scores, const std::vector<double>& labels, Host& host) {
    struct Pool {
        double first, last;  // scores
        double sum, rows;

        bool operator>=(const Pool& next) const { return sum * next.rows >= next.sum * rows; }
    };
    const std::size_t n = scores.size();
    require_memory(host, mul_size(n, sizeof(std::size_t) + sizeof(Pool) + 4 * sizeof(double)), "isotonic regression of " + std::to_string(n) + " rows");
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    PollEvery poll(host);
    // By label as well: sums must not depend on the order of the rows.
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        poll();
        return scores[a] != scores[b] ? scores[a] < scores[b] : labels[a] < labels[b];
    });
    std::vector<Pool> pools;
    for (std::size_t i = 0; i < n;) {
        Pool pool{scores[order[i]], scores[order[i]], 0.0, 0.0};
        for (; i < n && scores[order[i]] == pool.first; ++i) {
            poll();
            pool.sum += labels[order[i]];
            pool.rows += 1.0;
        }
        for (; !pools.empty() && pools.back() >= pool; pools.pop_back()) {
            pool.first = pools.back().first;
            pool.sum += pools.back().sum;
            pool.rows += pools.back().rows;
        }
        pools.push_back(pool);
    }
    IsotonicFunction function;
    for (const Pool& pool : pools) {
        for (const double score : {pool.first, pool.last}) {
            if (!function.empty() && function.scores.back() == score) continue;
            function.scores.push_back(score);
            function.values.push_back(pool.sum / pool.rows);
        }
    }
    return function;
}

bool is_isotonic(const IsotonicFunction& function) {
    const auto& [scores, values] = function;
    const auto is_finite = [](double value) { return std::isfinite(value); };
    return scores.size() == values.size() && std::all_of(scores.begin(), scores.end(), is_finite) &&
           std::all_of(values.begin(), values.end(), is_finite) && std::is_sorted(values.begin(), values.end()) &&
           std::adjacent_find(scores.begin(), scores.end(), [](double a, double b) { return a >= b; }) == scores.end();
}

}  // namespace ecom::core
