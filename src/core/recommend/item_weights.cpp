#include "core/recommend/item_weights.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

ItemWeights by_source(const std::vector<std::vector<SourceWeight>>& by_target, Host& host) {
    std::size_t total = 0;
    for (const auto& list : by_target) total += list.size();
    require_memory(host, mul_size(total, sizeof(ItemWeight) + sizeof(SourceWeight)), std::to_string(total) + " item weights");
    ItemWeights weights;
    weights.begin.assign(by_target.size() + 1, 0);
    PollEvery poll(host);
    for (const auto& list : by_target)
        for (const SourceWeight& w : list) ++weights.begin[w.source + 1];
    for (std::size_t i = 0; i < by_target.size(); ++i) weights.begin[i + 1] += weights.begin[i];
    weights.all.resize(total);
    std::vector<std::size_t> next(weights.begin.begin(), weights.begin.end() - 1);
    for (std::uint32_t target = 0; target < by_target.size(); ++target)
        for (const SourceWeight& w : by_target[target]) {
            poll();
            weights.all[next[w.source]++] = {target, w.users, w.weight};
        }
    return weights;
}

std::vector<double> damped_user_weights(const InteractionMatrix& matrix, double damping) {
    std::vector<double> weights;
    if (damping == 0.0) return weights;
    weights.resize(matrix.users(), 0.0);
    for (std::uint32_t u = 0; u < matrix.users(); ++u)
        if (matrix.items_of(u) > 0) weights[u] = std::pow(matrix.items_of(u), -damping);
    return weights;
}

}  // namespace ecom::core
