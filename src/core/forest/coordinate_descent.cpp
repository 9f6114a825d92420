#include "core/forest/coordinate_descent.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kMaxRounds = 1000000;

double soft_threshold(double x, double by) { return x > by ? x - by : x < -by ? x + by : 0.0; }

}  // namespace

void minimise(const QuadraticNet& net, double* coefficients, Host& host) {
    const std::size_t p = net.width;
    PollEvery poll(host);
    std::vector<double> slope(net.right, net.right + p);  // r - Hb
    const auto move = [&](std::size_t k, double by) {
        poll(p);
        const double* const column = net.matrix + k * p;
        for (std::size_t j = 0; j < p; ++j) slope[j] -= by * column[j];
    };
    for (std::size_t k = 0; k < p; ++k) {
        if (!(net.matrix[k * p + k] > 0)) coefficients[k] = 0;
        if (coefficients[k] != 0) move(k, coefficients[k]);
    }
    // Rounds over the coefficients that are not 0 until they settle, then one over all that may bring others in.
    bool all = true;
    for (int round = 0; round < kMaxRounds; ++round) {
        double largest = 0;
        for (std::size_t k = 0; k < p; ++k) {
            poll();
            const double curvature = net.matrix[k * p + k], old = coefficients[k];
            if (!(curvature > 0) || (!all && old == 0)) continue;
            const double wanted = slope[k] + curvature * old;
            const double fresh = k == 0 ? wanted / curvature : soft_threshold(wanted, net.l1) / (curvature + net.l2);
            const double gain = curvature * (fresh - old) * (fresh - old);
            if (!(gain > 1e-26 * net.scale)) continue;  // rounding, which would make a 0 look like something
            coefficients[k] = fresh;
            move(k, fresh - old);
            largest = std::max(largest, gain);
        }
        const bool settled = largest <= 1e-20 * net.scale;
        if (settled && all) return;
        all = settled;
    }
    throw Error(ErrorCode::kNumericFailure, "coordinate descent did not settle", "Lower l1_ratio, or raise the penalty.");
}

}  // namespace ecom::core
