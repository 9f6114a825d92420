#include "core/forest/fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/stats/platt.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

TreeEnsemble fit_trees(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    if (rows.size() < 2)
        throw Error(ErrorCode::kNotEnoughData, "a model needs at least 2 rows to be fitted on", "Fit on more rows.");
    return params.learner == Learner::kForest ? fit_forest(rows, params, host) : fit_boosting(rows, params, host);
}

std::vector<double> platt_scaling(const std::vector<double>& probabilities, const std::vector<double>& labels, Host& host) {
    const std::size_t n = labels.size();
    double positives = 0;
    for (const double label : labels) positives += label > 0 ? 1 : 0;
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double p = std::clamp(probabilities[i], 1e-6, 1 - 1e-6);
        x[i] = std::log(p / (1 - p));
    }
    const auto [a, b] = platt_regression(x, labels, host);
    // Predictions that rank no better than chance: out-of-bag ones of a model without signal rank worse than it, because a
    // row's absence from the bag lowers the share of its class. Then the share of all rows is what is known.
    if (a <= 0) return {0, std::log((positives + 1) / (static_cast<double>(n) - positives + 1))};
    return {a, b};
}

}  // namespace ecom::core
