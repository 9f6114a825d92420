#include "core/forecast/unit_root.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/forecast/long_run.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

[[noreturn]] void unknown(const char* what, std::string_view name, const char* known) {
    throw Error(ErrorCode::kInvalidArgument, std::string(what) + " \"" + std::string(name) + "\" is not known",
                std::string("Use ") + known + ".");
}

// MacKinnon (1994), tables 3 and 4, for one variable; the critical value at 5 % of MacKinnon (2010), table 1.
struct AdfSurface {
    double highest;
    double lowest;
    double small_up_to;
    double small[3];
    double large[4];
    double critical[4];  // of 1, 1/n, 1/n^2, 1/n^3
};

constexpr AdfSurface kSurfaces[] = {
    {std::numeric_limits<double>::infinity(), -19.04, -1.04,
     {0.6344, 1.2378, 3.2496e-2}, {0.4797, 9.3557e-1, -0.6999e-1, 3.3066e-2},
     {-1.94100, -0.2686, -3.365, 31.223}},
    {2.74, -18.83, -1.61,
     {2.1659, 1.4412, 3.8269e-2}, {1.7339, 9.3202e-1, -1.2745e-1, -1.0368e-2},
     {-2.86154, -2.8903, -4.234, -40.040}},
    {0.7, -16.18, -2.89,
     {3.2512, 1.6047, 4.9588e-2}, {2.5261, 6.1654e-1, -3.7956e-1, -6.0285e-2},
     {-3.41049, -4.3904, -9.036, -45.374}},
};

double adf_p_value(const AdfSurface& surface, double statistic) {
    if (statistic > surface.highest) return 1.0;
    if (statistic < surface.lowest) return 0.0;
    const double x = statistic;
    const double score = x <= surface.small_up_to
                             ? surface.small[0] + x * (surface.small[1] + x * surface.small[2])
                             : surface.large[0] + x * (surface.large[1] + x * (surface.large[2] + x * surface.large[3]));
    return normal_cdf(score);
}

double adf_critical_value(const AdfSurface& surface, double n) {
    const double* b = surface.critical;
    return b[0] + (b[1] + (b[2] + b[3] / n) / n) / n;
}

// The triangle R of a QR decomposition, of rows that come a few at a time: memory does not grow with them.
class Triangle {
public:
    Triangle(Eigen::Index columns, Host& host) : host_(host), columns_(columns), rows_(columns + kBlock, columns) {
        rows_.setZero();
    }

    // The place of the next row, all of which is to be written.
    auto next() {
        if (filled_ == kBlock) reduce();
        return rows_.row(columns_ + filled_++);
    }

    Eigen::MatrixXd take() {
        reduce();
        return rows_.topRows(columns_);
    }

private:
    void reduce() {
        host_.poll();
        const Eigen::Index used = columns_ + filled_;
        const Eigen::HouseholderQR<Eigen::MatrixXd> qr(rows_.topRows(used));
        rows_.setZero();
        rows_.topRows(columns_) = qr.matrixQR().topRows(columns_).triangularView<Eigen::Upper>();
        filled_ = 0;
    }

    static constexpr Eigen::Index kBlock = 256;

    Host& host_;
    Eigen::Index columns_;
    Eigen::Index filled_ = 0;
    Eigen::MatrixXd rows_;  // R of the rows so far, then new ones
};

Eigen::Index terms(Deterministic deterministic) { return static_cast<Eigen::Index>(deterministic); }

template <typename Row>
void put_deterministic(Row& row, Deterministic deterministic, double time) {
    if (deterministic != Deterministic::kNone) row[0] = 1.0;
    if (deterministic == Deterministic::kTrend) row[1] = time;
}

// The regression of the difference at t on the value at t - 1 and the differences at t - 1 .. t - lags, over
// t = first .. n - 1.
struct Regression {
    const std::vector<double>& values;
    Deterministic deterministic;
    std::size_t first;

    std::size_t rows() const { return values.size() - first; }
    double difference(std::size_t t) const { return values[t] - values[t - 1]; }
    // -1 .. 1, which keeps it apart from the constant.
    double time(std::size_t t) const {
        return 2.0 * static_cast<double>(t) / static_cast<double>(values.size()) - 1.0;
    }
};

// The number of lags with the best criterion, all over the same rows.
std::size_t best_lags(const std::vector<double>& values, Deterministic deterministic, AdfLagRule rule,
                      std::size_t most, Host& host) {
    const Regression regression{values, deterministic, most + 1};
    const Eigen::Index fixed = terms(deterministic) + 1;
    const Eigen::Index columns = fixed + static_cast<Eigen::Index>(most) + 1;
    Triangle triangle(columns, host);
    for (std::size_t t = regression.first; t < values.size(); ++t) {
        auto row = triangle.next();
        put_deterministic(row, deterministic, regression.time(t));
        row[fixed - 1] = values[t - 1];
        for (std::size_t k = 1; k <= most; ++k)
            row[fixed - 1 + static_cast<Eigen::Index>(k)] = regression.difference(t - k);
        row[columns - 1] = regression.difference(t);
    }
    const Eigen::VectorXd response = triangle.take().col(columns - 1);
    const auto n = static_cast<double>(regression.rows());
    const double penalty = rule == AdfLagRule::kAic ? 2.0 : std::log(n);
    double best = std::numeric_limits<double>::infinity();
    std::size_t best_count = 0;
    // What column j of R leaves unexplained is below its row; from the last lag on, so that sums grow.
    double residual = response[columns - 1] * response[columns - 1];
    for (std::size_t lags = most + 1; lags-- > 0;) {
        const double criterion = n * std::log(residual / n) + penalty * static_cast<double>(fixed + static_cast<Eigen::Index>(lags));
        if (criterion <= best) {
            best = criterion;
            best_count = lags;
        }
        const double explained = response[fixed - 1 + static_cast<Eigen::Index>(lags)];
        residual += explained * explained;
    }
    return best_count;
}

// p as far as it is known: one of an interpolated table has ends.
std::string p_text(double p, double lowest, double highest) {
    char text[32];
    const char* relation = p <= lowest ? "<=" : p >= highest ? ">=" : "=";
    std::snprintf(text, sizeof text, "p %s %.3g", relation, std::clamp(p, lowest, highest));
    return text;
}

const char* no_test(const StationarityTest& test) {
    return test.n == 0 ? "too few values for the test" : "nothing to test: no noise is left";
}

// Square of the share of a column that rounding leaves when it depends on the others.
constexpr double kDependent = 1e-24;

}  // namespace

Deterministic parse_deterministic(std::string_view name) {
    if (name == "none") return Deterministic::kNone;
    if (name == "constant") return Deterministic::kConstant;
    if (name == "trend") return Deterministic::kTrend;
    unknown("model", name, "none, constant or trend");
}

AdfLagRule parse_adf_lag_rule(std::string_view name) {
    if (name == "aic") return AdfLagRule::kAic;
    if (name == "bic") return AdfLagRule::kBic;
    if (name == "cube_root") return AdfLagRule::kCubeRoot;
    unknown("lag rule", name, "aic, bic, cube_root or a number of lags");
}

KpssLagRule parse_kpss_lag_rule(std::string_view name) {
    if (name == "auto") return KpssLagRule::kAuto;
    if (name == "short") return KpssLagRule::kShort;
    if (name == "long") return KpssLagRule::kLong;
    if (name == "root") return KpssLagRule::kRoot;
    unknown("lag rule", name, "auto, short, long, root or a number of lags");
}

StationarityTest adf_test(std::vector<double> values, const AdfParams& params, Host& host) {
    const Deterministic deterministic = params.deterministic;
    const std::size_t n = values.size();
    require_memory(host, mul_size(n, sizeof(double)), "testing a series of " + std::to_string(n) + " values");
    if (params.lags && *params.lags > kMaxAdfLags)
        throw Error(ErrorCode::kInvalidArgument, std::to_string(*params.lags) + " lags are too many",
                    "Use up to " + std::to_string(kMaxAdfLags) + ", or leave them to a rule.");
    StationarityTest result;
    // Half of the differences are left for the residuals.
    const std::size_t fixed = static_cast<std::size_t>(terms(deterministic)) + 1;
    if (n / 2 < fixed) return result;
    const std::size_t most = std::min(n / 2 - fixed, kMaxAdfLags);
    const auto count = static_cast<double>(n);
    if (params.lags) {
        if (*params.lags > most) return result;
        result.lags = *params.lags;
    } else if (params.lag_rule == AdfLagRule::kCubeRoot) {
        // Cubes are compared, so that the root of 27 is 3.
        std::size_t root = 0;
        while ((root + 1) * (root + 1) * (root + 1) <= n - 1) ++root;
        result.lags = std::min(most, root);
    }
    if (is_constant(values)) {
        result.n = n;
        return result;
    }
    remove_unit(values);
    // Around the first value differences and levels have about one size; the constant takes up the rest.
    if (deterministic != Deterministic::kNone) {
        const double first = values[0];
        for (double& value : values) value -= first;
    }
    if (!params.lags && params.lag_rule != AdfLagRule::kCubeRoot) {
        const auto schwert = static_cast<std::size_t>(std::ceil(12.0 * std::pow(count / 100.0, 0.25)));
        result.lags = best_lags(values, deterministic, params.lag_rule, std::min(most, schwert), host);
    }

    const Regression regression{values, deterministic, result.lags + 1};
    result.n = regression.rows();
    const auto lags = static_cast<Eigen::Index>(result.lags);
    const Eigen::Index level = terms(deterministic) + lags;
    Triangle triangle(level + 2, host);
    double level_squares = 0.0;
    double response_squares = 0.0;
    for (std::size_t t = regression.first; t < n; ++t) {
        auto row = triangle.next();
        put_deterministic(row, deterministic, regression.time(t));
        for (Eigen::Index k = 1; k <= lags; ++k)
            row[terms(deterministic) + k - 1] = regression.difference(t - static_cast<std::size_t>(k));
        row[level] = values[t - 1];
        row[level + 1] = regression.difference(t);
        level_squares += row[level] * row[level];
        response_squares += row[level + 1] * row[level + 1];
    }
    const Eigen::MatrixXd r = triangle.take();
    const double slope_part = r(level, level);
    const double residual = r(level + 1, level + 1);
    const auto freedom = static_cast<double>(result.n) - static_cast<double>(level + 1);
    if (!(freedom > 0.0) || slope_part * slope_part <= kDependent * level_squares ||
        residual * residual <= kDependent * response_squares)
        return result;
    // The level is the last regressor: its coefficient is r(level, response) / slope_part.
    const double statistic = r(level, level + 1) / slope_part * std::fabs(slope_part) / (std::fabs(residual) / std::sqrt(freedom));
    const AdfSurface& surface = kSurfaces[terms(deterministic)];
    result.statistic = statistic;
    result.p_value = adf_p_value(surface, statistic);
    result.critical_value = adf_critical_value(surface, static_cast<double>(result.n));
    return result;
}

StationarityTest kpss_test(std::vector<double> values, const KpssParams& params, Host& host) {
    struct Quantile {
        double statistic;
        double p_value;
    };
    static constexpr Quantile kLevel[] = {{0.347, 0.1}, {0.463, 0.05}, {0.574, 0.025}, {0.739, 0.01}};
    static constexpr Quantile kTrend[] = {{0.119, 0.1}, {0.146, 0.05}, {0.176, 0.025}, {0.216, 0.01}};

    PollEvery poll(host);
    const std::size_t n = values.size();
    const auto count = static_cast<double>(n);
    require_memory(host, mul_size(n, sizeof(double)), "testing a series of " + std::to_string(n) + " values");
    StationarityTest result;
    const bool has_trend = params.deterministic == Deterministic::kTrend;
    if (n < (has_trend ? 3U : 2U)) return result;
    result.n = n;
    if (is_constant(values)) return result;
    remove_unit(values);

    // Residuals of the mean or the line.
    double mean = 0.0;
    for (const double value : values) mean += value;
    mean /= count;
    double squares_before = 0.0;
    double products = 0.0;
    const double middle = (count - 1.0) / 2.0;
    for (std::size_t t = 0; t < n; ++t) {
        values[t] -= mean;
        squares_before += values[t] * values[t];
        products += values[t] * (static_cast<double>(t) - middle);
    }
    if (has_trend) {
        const double slope = products / (count * (count * count - 1.0) / 12.0);
        for (std::size_t t = 0; t < n; ++t) values[t] -= slope * (static_cast<double>(t) - middle);
    }
    if (autocovariance(values, 0, poll) * count <= kDependent * squares_before) return result;

    std::size_t lags = 0;
    if (params.lags)
        lags = *params.lags;
    else if (params.lag_rule == KpssLagRule::kAuto)
        lags = automatic_bandwidth(values, poll);
    else if (params.lag_rule == KpssLagRule::kRoot)
        lags = static_cast<std::size_t>(3.0 * std::sqrt(count) / 13.0);
    else
        lags = static_cast<std::size_t>((params.lag_rule == KpssLagRule::kShort ? 4.0 : 12.0) *
                                        std::pow(count / 100.0, 0.25));
    result.lags = std::min(lags, n - 1);
    const double long_run = long_run_variance(values, result.lags, poll);
    double sum = 0.0;
    double squares = 0.0;
    for (const double value : values) {
        poll();
        sum += value;
        squares += sum * sum;
    }
    const double statistic = squares / (count * count) / long_run;
    if (!std::isfinite(statistic)) return result;

    const Quantile* table = has_trend ? kTrend : kLevel;
    result.statistic = statistic;
    result.critical_value = table[1].statistic;
    if (statistic <= table[0].statistic) {
        result.p_value = table[0].p_value;
    } else if (statistic >= table[3].statistic) {
        result.p_value = table[3].p_value;
    } else {
        int i = 0;
        while (statistic > table[i + 1].statistic) ++i;
        const double share = (statistic - table[i].statistic) / (table[i + 1].statistic - table[i].statistic);
        result.p_value = table[i].p_value + share * (table[i + 1].p_value - table[i].p_value);
    }
    return result;
}

std::string adf_meaning(const StationarityTest& test, Deterministic deterministic) {
    if (!test.p_value) return no_test(test);
    const std::string around = deterministic == Deterministic::kTrend ? " around a trend" : "";
    const std::string p = " (" + p_text(*test.p_value, 0.0001, 1.0) + ")";
    return *test.p_value < 0.05 ? "stationary" + around + ": a unit root is rejected" + p
                                : "not shown to be stationary" + around + ": a unit root is not rejected" + p;
}

std::string kpss_meaning(const StationarityTest& test, Deterministic deterministic) {
    if (!test.p_value) return no_test(test);
    const std::string around = deterministic == Deterministic::kTrend ? " around a trend" : "";
    const std::string p = " (" + p_text(*test.p_value, 0.01, 0.1) + ")";
    return *test.p_value < 0.05 ? "not stationary" + around + ": stationarity is rejected" + p
                                : "stationary" + around + ": stationarity is not rejected" + p;
}

std::size_t differences_needed(std::vector<double> values, Host& host) {
    constexpr std::size_t kMost = 2;
    KpssParams params;
    params.lag_rule = KpssLagRule::kRoot;
    for (std::size_t d = 0; d < kMost; ++d) {
        const StationarityTest test = kpss_test(values, params, host);
        if (!test.p_value || *test.p_value >= 0.05) return d;
        for (std::size_t i = 1; i < values.size(); ++i) values[i - 1] = values[i] - values[i - 1];
        values.pop_back();
    }
    return kMost;
}

}  // namespace ecom::core
