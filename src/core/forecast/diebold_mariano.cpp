#include "core/forecast/diebold_mariano.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// n times the autocovariance of a lag, with divisor n.
double lagged_products(const std::vector<double>& values, double mean, std::size_t lag) {
    double sum = 0.0;
    for (std::size_t i = lag; i < values.size(); ++i) sum += (values[i] - mean) * (values[i - lag] - mean);
    return sum;
}

}  // namespace

double forecast_loss(double error, double power) {
    const double size = std::fabs(error);
    return power == 2.0 ? size * size : power == 1.0 ? size : std::pow(size, power);
}

DieboldMariano diebold_mariano(const std::vector<double>& differences, std::size_t horizon) {
    if (horizon < 1) throw Error(ErrorCode::kInvalidArgument, "horizon must be at least 1", "Use 1 for one-step forecasts.");
    DieboldMariano result;
    result.n = differences.size();
    result.horizon = horizon;
    if (result.n == 0) return result;
    const auto n = static_cast<double>(result.n);
    for (const double difference : differences) result.mean_difference += difference / n;
    if (result.n < 2 || horizon >= result.n) return result;
    const auto variance_for = [&](std::size_t steps) {
        double variance = lagged_products(differences, result.mean_difference, 0);
        for (std::size_t lag = 1; lag < steps; ++lag)
            variance += 2.0 * lagged_products(differences, result.mean_difference, lag);
        return variance / (n * n);
    };
    double variance = variance_for(horizon);
    if (!(variance > 0.0)) {
        result.horizon = 1;
        variance = variance_for(1);
    }
    // Rounding leaves a variance to differences that are all the same.
    bool varies = false;
    for (const double difference : differences) varies = varies || difference != differences.front();
    if (!varies || !(variance > 0.0)) return result;
    const auto h = static_cast<double>(result.horizon);
    const double correction = std::sqrt((n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n);
    result.statistic = correction * result.mean_difference / std::sqrt(variance);
    result.p_value = student_t_p_value(*result.statistic, n - 1.0);
    return result;
}

}  // namespace ecom::core
