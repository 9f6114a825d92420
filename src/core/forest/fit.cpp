#include "core/forest/fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
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
    const double high = (positives + 1) / (positives + 2);
    const double low = 1 / (static_cast<double>(n) - positives + 2);
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        const double p = std::clamp(probabilities[i], 1e-6, 1 - 1e-6);
        x[i] = std::log(p / (1 - p));
    }
    PollEvery poll(host);
    const auto loss = [&](double a, double b) {
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            const double z = a * x[i] + b, target = labels[i] > 0 ? high : low;
            sum += std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z))) - target * z;
        }
        return sum;
    };
    double a = 1, b = 0, value = loss(a, b);
    for (int iteration = 0; iteration < 100; ++iteration) {
        double ga = 0, gb = 0, haa = 1e-12, hab = 0, hbb = 1e-12;
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            const double p = 1 / (1 + std::exp(-(a * x[i] + b)));
            const double d = p - (labels[i] > 0 ? high : low), w = p * (1 - p);
            ga += d * x[i];
            gb += d;
            haa += w * x[i] * x[i];
            hab += w * x[i];
            hbb += w;
        }
        if (std::abs(ga) < 1e-10 * static_cast<double>(n) && std::abs(gb) < 1e-10 * static_cast<double>(n)) break;
        const double det = haa * hbb - hab * hab;
        if (!(det > 0)) break;
        const double da = -(hbb * ga - hab * gb) / det, db = -(haa * gb - hab * ga) / det;
        double step = 1;
        for (; step > 1e-10; step /= 2) {
            const double tried = loss(a + step * da, b + step * db);
            if (tried < value + 1e-4 * step * (ga * da + gb * db)) {
                a += step * da;
                b += step * db;
                value = tried;
                break;
            }
        }
        if (step <= 1e-10) break;
    }
    // Predictions that rank no better than chance: out-of-bag ones of a model without signal rank worse than it, because a
    // row's absence from the bag lowers the share of its class. Then the share of all rows is what is known.
    if (a <= 0) return {0, std::log((positives + 1) / (static_cast<double>(n) - positives + 1))};
    return {a, b};
}

}  // namespace ecom::core
