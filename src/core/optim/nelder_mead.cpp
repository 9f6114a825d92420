#include "core/optim/nelder_mead.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/firewall.hpp"

namespace ecom::core {

NelderMeadResult nelder_mead_minimize(const std::function<double(const double*)>& f, std::vector<double> start,
                                      const std::vector<double>& lower, const std::vector<double>& upper,
                                      const NelderMeadParams& params, Host& host) {
    const std::size_t n = start.size();
    const auto dimension = static_cast<double>(std::max<std::size_t>(n, 2));
    const double expansion = 1.0 + 2.0 / dimension;
    const double contraction = 0.75 - 0.5 / dimension;
    const double shrinkage = 1.0 - 1.0 / dimension;
    const auto value_at = [&](std::vector<double>& x) {
        for (std::size_t j = 0; j < n; ++j) x[j] = std::clamp(x[j], lower[j], upper[j]);
        const double value = f(x.data());
        return std::isfinite(value) ? value : std::numeric_limits<double>::max() / 1e10;
    };
    std::vector<std::vector<double>> corner(n + 1, start);
    std::vector<double> value(n + 1);
    for (std::size_t i = 0; i <= n; ++i) {
        if (i > 0) {
            double& coordinate = corner[i][i - 1];
            coordinate = coordinate == 0.0 ? params.zero_step : coordinate * (1.0 + params.relative_step);
            // On the bound the step would vanish with the projection.
            if (coordinate > upper[i - 1]) coordinate = start[i - 1] * (1.0 - params.relative_step);
        }
        value[i] = value_at(corner[i]);
    }
    std::vector<std::size_t> order(n + 1);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<double> centre(n), trial(n), further(n);
    int iteration = 0;
    for (; iteration < params.max_iterations; ++iteration) {
        if (iteration % 16 == 0) host.poll();
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return value[a] != value[b] ? value[a] < value[b] : a < b; });
        const double mean = std::accumulate(value.begin(), value.end(), 0.0) / static_cast<double>(n + 1);
        double square = 0.0;
        for (const double v : value) square += (v - mean) * (v - mean);
        if (std::sqrt(square / static_cast<double>(n + 1)) < params.tolerance) break;

        const std::size_t best = order.front(), worst = order.back(), second = order[n - (n > 0 ? 1 : 0)];
        std::fill(centre.begin(), centre.end(), 0.0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j) centre[j] += corner[order[i]][j];
        for (double& c : centre) c /= static_cast<double>(n);
        const auto along = [&](std::vector<double>& x, double share) {
            for (std::size_t j = 0; j < n; ++j) x[j] = centre[j] + share * (centre[j] - corner[worst][j]);
            return value_at(x);
        };
        const double reflected = along(trial, 1.0);
        if (reflected < value[best]) {
            const double expanded = along(further, expansion);
            const bool is_better = expanded < reflected;
            corner[worst].swap(is_better ? further : trial);
            value[worst] = is_better ? expanded : reflected;
            continue;
        }
        if (reflected < value[second]) {
            corner[worst].swap(trial);
            value[worst] = reflected;
            continue;
        }
        const bool is_outside = reflected < value[worst];
        const double contracted = along(further, is_outside ? contraction : -contraction);
        if (contracted < (is_outside ? reflected : value[worst])) {
            corner[worst].swap(further);
            value[worst] = contracted;
            continue;
        }
        for (std::size_t i = 1; i <= n; ++i) {
            std::vector<double>& x = corner[order[i]];
            for (std::size_t j = 0; j < n; ++j) x[j] = corner[best][j] + shrinkage * (x[j] - corner[best][j]);
            value[order[i]] = value_at(x);
        }
    }
    const auto least = static_cast<std::size_t>(std::min_element(value.begin(), value.end()) - value.begin());
    return {corner[least], value[least], iteration};
}

}  // namespace ecom::core
