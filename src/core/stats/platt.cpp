#include "core/stats/platt.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/firewall.hpp"

namespace ecom::core {

double PlattFunction::operator()(double score) const { return 1 / (1 + std::exp(-(slope * score + intercept))); }

PlattFunction platt_regression(const std::vector<double>& x, const std::vector<double>& labels, Host& host) {
    const std::size_t n = labels.size();
    double positives = 0;
    for (const double label : labels) positives += label > 0 ? 1 : 0;
    const double high = (positives + 1) / (positives + 2);
    const double low = 1 / (static_cast<double>(n) - positives + 2);
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
    return {a, b};
}

}  // namespace ecom::core
