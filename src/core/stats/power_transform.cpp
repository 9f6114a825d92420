#include "core/stats/power_transform.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/stats/confidence.hpp"
#include "core/stats/distributions.hpp"
#include "core/stats/radix_sort.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// (e^(a s) - 1) / a, the power transform of a value whose logarithm is s, and its derivative in a.
struct Growth {
    double value;
    double slope;
};

Growth growth(double a, double s) {
    const double u = a * s;
    if (std::fabs(u) < 1.0 / 32.0) {
        // Near 0 the slope's closed form cancels. phi(u) = sum u^k / (k + 1)!, 9 terms reach full precision.
        constexpr int kTerms = 9;
        double phi = 0.0;
        double phi_slope = 0.0;
        double term = 1.0;
        double power = 1.0;  // u^(k - 1) / (k + 1)!, for k >= 1
        for (int k = 0; k < kTerms; ++k) {
            phi += term;
            power = k == 0 ? 0.5 : power * u / (k + 2);
            phi_slope += (k + 1) * power;
            term *= u / (k + 2);
        }
        return {s * phi, s * s * phi_slope};
    }
    const double inverse = 1.0 / a;
    const double less = std::expm1(u);
    const double value = less * inverse;
    return {value, (s * (less + 1.0) - value) * inverse};
}

// Exponents stay where squares of their exponentials are finite.
constexpr double kLargestExponent = 300.0;

// The root of a decreasing function between two places where it is known: regula falsi with the Illinois rule (Dowell
// and Jarratt, 1971).
template <typename F>
double root_between(F f, double low, double at_low, double high, double at_high);

// The same from a first guess of the places.
template <typename F>
double falling_root(F f, double low, double high, double least, double greatest) {
    double at_low = f(low);
    double at_high = f(high);
    while (at_low < 0.0 && low > least) {
        high = low, at_high = at_low;
        low = std::max(least, 2.0 * low - 1.0);
        at_low = f(low);
    }
    while (at_high > 0.0 && high < greatest) {
        low = high, at_low = at_high;
        high = std::min(greatest, 2.0 * high + 1.0);
        at_high = f(high);
    }
    return root_between(f, low, at_low, high, at_high);
}

template <typename F>
double root_between(F f, double low, double at_low, double high, double at_high) {
    if (!(at_low > 0.0)) return low;
    if (!(at_high < 0.0)) return high;
    constexpr double kTolerance = 1e-13;
    constexpr int kMaxSteps = 200;
    for (int step = 0, side = 0; step < kMaxSteps && high - low > kTolerance * (1.0 + std::fabs(low)); ++step) {
        double x = (at_low * high - at_high * low) / (at_low - at_high);
        if (!(x > low && x < high)) x = 0.5 * (low + high);
        const double at = f(x);
        if (at == 0.0) return x;
        if (at > 0.0) {
            const bool closed = x - low < kTolerance;
            low = x, at_low = at;
            if (side == 1) at_high *= 0.5;
            side = 1;
            if (closed) return x;
        } else {
            const bool closed = high - x < kTolerance;
            high = x, at_high = at;
            if (side == -1) at_low *= 0.5;
            side = -1;
            if (closed) return x;
        }
    }
    return 0.5 * (low + high);
}

// The profile likelihood of one column under a family of transforms. `Transform` gives value and slope in
// lambda of each distinct value; up to a constant the log of the Jacobian is `jacobian` times lambda.
template <typename Transform>
class Profile {
public:
    Profile(Transform transform, const DistinctValues& column, double jacobian, double constant, double least,
            double greatest, Host& host)
        : transform_(std::move(transform)),
          column_(column),
          jacobian_(jacobian),
          constant_(constant),
          least_(least),
          greatest_(greatest),
          host_(host) {}

    LambdaFit maximum() {
        const double lambda = root();
        const double likelihood = log_likelihood(lambda);
        if (!std::isfinite(likelihood))
            throw Error(ErrorCode::kNonFiniteInput, "values are too large, or too close to each other, to be transformed",
                        "Divide the column by a constant, or leave it out.");
        return {lambda, likelihood};
    }

    LambdaInterval interval(const LambdaFit& fit, double level) {
        const double drop = 0.5 * chi_squared_quantile(level, 1.0);
        const auto above = [&](double l) { return log_likelihood(l) - fit.log_likelihood + drop; };
        constexpr double kFirstStep = 0.1;
        const double down = falling_root([&](double step) { return above(fit.lambda - step); }, 0.0, kFirstStep, 0.0,
                                         std::max(kFirstStep, fit.lambda - least_));
        const double up = falling_root([&](double step) { return above(fit.lambda + step); }, 0.0, kFirstStep, 0.0,
                                       std::max(kFirstStep, greatest_ - fit.lambda));
        return {fit.lambda - down, fit.lambda + up};
    }

private:
    // A long column is first looked at by groups of neighbouring values, whose root is near its own.
    double root() {
        constexpr std::size_t kGroups = 1024;
        const auto search = [&](std::size_t stride) {
            return falling_root([&](double l) { return slope(l, stride); }, std::max(-2.0, least_), std::min(2.0, greatest_), least_, greatest_);
        };
        const std::size_t stride = column_.values.size() / kGroups;
        if (stride < 8) return search(1);
        group_counts_.assign((column_.values.size() + stride - 1) / stride, 0.0);
        for (std::size_t i = 0; i < column_.values.size(); ++i) group_counts_[i / stride] += column_.counts[i];
        const auto f = [&](double l) { return slope(l, 1); };
        double from = search(stride);
        double at_from = f(from);
        const double direction = at_from > 0.0 ? 1.0 : -1.0;
        for (double reach = 1e-3 * (1.0 + std::fabs(from));; reach *= 8.0) {
            const double to = std::clamp(from + direction * reach, least_, greatest_);
            const double at_to = f(to);
            if (!(at_to * direction > 0.0)) {
                if (direction > 0.0) return root_between(f, from, at_from, to, at_to);
                return root_between(f, to, at_to, from, at_from);
            }
            if (to == least_ || to == greatest_) return to;
            from = to, at_from = at_to;
        }
    }

    double slope(double lambda, std::size_t stride) {
        const Moments m = moments(lambda, stride);
        return jacobian_ - static_cast<double>(column_.rows) * m.covariance / m.variance;
    }

    double log_likelihood(double lambda) {
        return constant_ + jacobian_ * lambda -
               0.5 * static_cast<double>(column_.rows) * std::log(moments(lambda, 1).variance);
    }

    struct Moments {
        double variance;
        double covariance;
    };

    // stride: 1, or that of the groups, of each of which the value in its middle stands for all.
    Moments moments(double lambda, std::size_t stride) {
        const std::size_t distinct = stride == 1 ? column_.values.size() : group_counts_.size();
        const double* const counts = stride == 1 ? column_.counts.data() : group_counts_.data();
        // Deviations from a value in the middle: the sums of squares then cancel little.
        const Growth middle = transform_(lambda, column_.values.size() / 2);
        double y = 0.0, d = 0.0, yy = 0.0, yd = 0.0;
        for (std::size_t begin = 0; begin < distinct; begin += PollEvery::kStride) {
            host_.poll();
            double block_y = 0.0, block_d = 0.0, block_yy = 0.0, block_yd = 0.0;
            for (std::size_t i = begin; i < std::min(distinct, begin + PollEvery::kStride); ++i) {
                Growth g = transform_(lambda, stride == 1 ? i : std::min(i * stride + stride / 2, column_.values.size() - 1));
                g.value -= middle.value;
                g.slope -= middle.slope;
                const double weighted = counts[i] * g.value;
                block_y += weighted;
                block_d += counts[i] * g.slope;
                block_yy += weighted * g.value;
                block_yd += weighted * g.slope;
            }
            y += block_y;
            d += block_d;
            yy += block_yy;
            yd += block_yd;
        }
        const auto n = static_cast<double>(column_.rows);
        return {yy / n - y / n * (y / n), yd / n - y / n * (d / n)};
    }

    Transform transform_;
    const DistinctValues& column_;
    double jacobian_;
    double constant_;
    double least_;
    double greatest_;
    Host& host_;
    std::vector<double> group_counts_;
};

void require_variation(const DistinctValues& column, const char* what) {
    if (column.values.size() < 2)
        throw Error(ErrorCode::kNotEnoughData,
                    std::string(what) + " needs at least two different values",
                    "A constant column cannot be transformed; leave it out.");
}

// Box-Cox of the values relative to their geometric mean: Jacobian and scale cancel in the likelihood.
auto box_cox_profile(const DistinctValues& column, double shift, Host& host) {
    require_variation(column, "Box-Cox");
    if (!(column.values.front() + shift > 0.0))
        throw Error(ErrorCode::kNonFiniteInput, "Box-Cox needs positive values",
                    "Pass a shift that makes every value positive, or use yeojohnson.");
    const auto n = static_cast<double>(column.rows);
    std::vector<double> logs(column.values.size());
    double mean = 0.0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < logs.size(); ++i) {
        poll();
        logs[i] = std::log(column.values[i] + shift);
        mean += column.counts[i] * (logs[i] / n);
    }
    for (double& log_x : logs) log_x -= mean;
    const double widest = std::max(-logs.front(), logs.back());
    if (!(logs.front() < logs.back())) require_variation(DistinctValues{}, "Box-Cox");
    const double limit = kLargestExponent / widest;
    return Profile([logs = std::move(logs)](double lambda, std::size_t i) { return growth(lambda, logs[i]); }, column,
                   0.0, -n * mean, -limit, limit, host);
}

auto yeo_johnson_profile(const DistinctValues& column, Host& host) {
    require_variation(column, "Yeo-Johnson");
    std::vector<double> logs(column.values.size());
    double jacobian = 0.0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < logs.size(); ++i) {
        poll();
        const double x = column.values[i];
        logs[i] = std::log1p(std::fabs(x));
        jacobian += column.counts[i] * (x >= 0.0 ? logs[i] : -logs[i]);
    }
    const double limit = std::max(1.0, kLargestExponent / std::max(logs.front(), logs.back()));
    const auto transform = [&column, logs = std::move(logs)](double lambda, std::size_t i) {
        if (column.values[i] >= 0.0) return growth(lambda, logs[i]);
        const Growth g = growth(2.0 - lambda, logs[i]);
        return Growth{-g.value, g.slope};
    };
    return Profile(transform, column, jacobian, -jacobian, 2.0 - limit, limit, host);
}

}  // namespace

PowerTransform parse_power_transform(std::string_view name) {
    if (name == "none") return PowerTransform::kNone;
    if (name == "log") return PowerTransform::kLog;
    if (name == "boxcox") return PowerTransform::kBoxCox;
    if (name == "yeojohnson") return PowerTransform::kYeoJohnson;
    throw Error(ErrorCode::kInvalidArgument, "unknown transform \"" + std::string(name) + "\"",
                "Use none, log, boxcox or yeojohnson.");
}

std::string_view name_of(PowerTransform transform) {
    switch (transform) {
        case PowerTransform::kNone: return "none";
        case PowerTransform::kLog: return "log";
        case PowerTransform::kBoxCox: return "boxcox";
        case PowerTransform::kYeoJohnson: break;
    }
    return "yeojohnson";
}

double box_cox(double x, double lambda) {
    const double log_x = std::log(x);
    return lambda == 0.0 ? log_x : std::expm1(lambda * log_x) / lambda;
}

double box_cox_inverse(double y, double lambda) {
    return lambda == 0.0 ? std::exp(y) : std::exp(std::log1p(lambda * y) / lambda);
}

double yeo_johnson(double x, double lambda) {
    return x >= 0.0 ? box_cox(1.0 + x, lambda) : -box_cox(1.0 - x, 2.0 - lambda);
}

double yeo_johnson_inverse(double y, double lambda) {
    return y >= 0.0 ? box_cox_inverse(y, lambda) - 1.0 : 1.0 - box_cox_inverse(-y, 2.0 - lambda);
}

double positive_shift(double smallest) {
    if (smallest > 0.0) return 0.0;
    // Beyond 2^53 adding 1 is lost.
    return std::max(1.0 - smallest, std::nextafter(-smallest, INFINITY));
}

DistinctValues distinct_values(std::vector<double> column, Host& host) {
    require_memory(host, mul_size(column.size(), 4 * sizeof(double)),
                   "sorting " + std::to_string(column.size()) + " values");
    PollEvery poll(host);
    for (double& value : column) {
        poll();
        value += 0.0;
    }
    radix_sort(column, host);
    DistinctValues distinct;
    distinct.rows = column.size();
    for (const double value : column) {
        poll();
        if (distinct.values.empty() || distinct.values.back() != value) {
            distinct.values.push_back(value);
            distinct.counts.push_back(0.0);
        }
        distinct.counts.back() += 1.0;
    }
    return distinct;
}

DistinctValues distinct_values(const std::vector<double>& column, const std::vector<double>& counts, Host& host) {
    require_memory(host, mul_size(column.size(), 4 * sizeof(double)),
                   "sorting " + std::to_string(column.size()) + " values");
    std::vector<std::pair<double, double>> counted;
    counted.reserve(column.size());
    PollEvery poll(host);
    for (std::size_t i = 0; i < column.size(); ++i) poll(), counted.emplace_back(column[i] + 0.0, counts[i]);
    std::sort(counted.begin(), counted.end(), [&](const auto& a, const auto& b) {
        poll();
        return a.first < b.first;
    });
    DistinctValues distinct;
    for (const auto& [value, count] : counted) {
        poll();
        if (distinct.values.empty() || distinct.values.back() != value) {
            distinct.values.push_back(value);
            distinct.counts.push_back(0.0);
        }
        distinct.counts.back() += count;
        distinct.rows += static_cast<std::size_t>(count);
    }
    return distinct;
}

LambdaFit fit_box_cox(const DistinctValues& column, double shift, Host& host) {
    return box_cox_profile(column, shift, host).maximum();
}

LambdaFit fit_yeo_johnson(const DistinctValues& column, Host& host) {
    return yeo_johnson_profile(column, host).maximum();
}

LambdaInterval box_cox_interval(const DistinctValues& column, double shift, const LambdaFit& fit, double level,
                                Host& host) {
    check_level(level);
    return box_cox_profile(column, shift, host).interval(fit, level);
}

LambdaInterval yeo_johnson_interval(const DistinctValues& column, const LambdaFit& fit, double level, Host& host) {
    check_level(level);
    return yeo_johnson_profile(column, host).interval(fit, level);
}

}  // namespace ecom::core
