#include "core/prescribe/channel_response.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/base/budget.hpp"
#include "core/optim/nelder_mead.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMaxCarryover = 0.98;
constexpr double kMinShape = 0.3;
constexpr double kMaxShape = 5.0;
// Half saturation, in multiples of the adstock that the mean spend sustains.
constexpr double kMinHalf = 0.02;
constexpr double kMaxHalf = 50.0;

// What the penalty takes the logarithms of half spend over mean spend and of the shape for: 0, give or take.
constexpr double kHalfDeviation = 1.5;
constexpr double kShapeDeviation = 0.7;

constexpr std::size_t kMaxLags = 100;  // of errors that are taken to go together

// The simplex takes steps of a share of each coordinate: offsets give all three a size that suits it.
constexpr double kCarryoverOffset = 1.0;
constexpr double kHalfOffset = 8.0;
constexpr double kShapeOffset = 4.0;

struct Linear {
    double base = 0.0;
    double beta = 0.0;
    double sse = 0.0;
};

// All periods from the first to the last, and those of them with a response.
struct Series {
    std::vector<double> spend;            // by period
    std::vector<std::size_t> place;       // of an observation among the periods
    std::vector<double> response, demand;  // by observation

    std::size_t periods() const { return spend.size(); }
    std::size_t observations() const { return place.size(); }
};

class Problem {
public:
    Problem(const Series& series, Host& host) : series_(series), poll_(host), adstock_(series.periods()), hill_(series.observations()) {
        for (std::size_t i = 0; i < series.observations(); ++i) {
            demand_ += series.demand[i];
            response_ += series.response[i];
            square_ += series.response[i] * series.response[i] / series.demand[i];
        }
        double sum = 0.0;
        for (const double x : series.spend) sum += x;
        mean_spend_ = sum / static_cast<double>(series.periods());
    }

    double mean_spend() const { return mean_spend_; }
    // Weighted squares that the mean leaves.
    double spread() const { return std::max(0.0, square_ - response_ * response_ / demand_); }

    void set_carryover(double carryover) {
        double a = 0.0;
        for (std::size_t t = 0; t < series_.periods(); ++t) {
            poll_();
            adstock_[t] = a = series_.spend[t] + carryover * a;
        }
        carryover_ = carryover;
    }

    double half(double log_ratio) const { return std::exp(log_ratio) * mean_spend_ / (1.0 - carryover_); }

    // The best base and beta for a half saturation and shape at the carryover that is set.
    Linear solve(double half, double shape) {
        const double log_half = std::log(half);
        double h1 = 0.0, h2 = 0.0, hy = 0.0;
        for (std::size_t i = 0; i < series_.observations(); ++i) {
            poll_();
            const double a = adstock_[series_.place[i]];
            const double h = a > 0.0 ? 1.0 / (1.0 + std::exp(shape * (log_half - std::log(a)))) : 0.0;
            hill_[i] = h;
            h1 += series_.demand[i] * h;
            h2 += series_.demand[i] * h * h;
            hy += series_.response[i] * h;
        }
        Linear best;
        const double spread = h2 - h1 * h1 / demand_;
        best.beta = spread > 1e-12 * h2 ? std::max(0.0, (hy - h1 * response_ / demand_) / spread) : 0.0;
        best.base = (response_ - best.beta * h1) / demand_;
        if (best.base < 0.0) {
            best.base = 0.0;
            best.beta = h2 > 0.0 ? std::max(0.0, hy / h2) : 0.0;
        }
        for (std::size_t i = 0; i < series_.observations(); ++i) {
            const double error = series_.response[i] - series_.demand[i] * (best.base + best.beta * hill_[i]);
            best.sse += error * error / series_.demand[i];
        }
        return best;
    }

    const std::vector<double>& adstock() const { return adstock_; }
    const std::vector<double>& hill() const { return hill_; }

private:
    const Series& series_;
    PollEvery poll_;
    std::vector<double> adstock_;  // by period
    std::vector<double> hill_;     // by observation
    double carryover_ = 0.0;
    double demand_ = 0.0, response_ = 0.0, square_ = 0.0, mean_spend_ = 0.0;
};

struct Start {
    double sse = std::numeric_limits<double>::infinity();
    std::vector<double> x;
};

// The best point of a grid with a shape up to 1, and the best one above: the two kinds of curve are told apart last. A kind without
// a point of finite error has no start.
std::vector<Start> grid_starts(Problem& problem) {
    std::vector<Start> starts(2);
    for (const double carryover : {0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.9, 0.96}) {
        problem.set_carryover(carryover);
        for (const double ratio : {0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0})
            for (const double shape : {0.5, 0.8, 1.2, 2.0, 3.5}) {
                const double sse = problem.solve(problem.half(std::log(ratio)), shape).sse;
                Start& start = starts[shape > 1.0 ? 1 : 0];
                if (sse < start.sse)
                    start = {sse, {carryover + kCarryoverOffset, std::log(ratio) + kHalfOffset, std::log(shape) + kShapeOffset}};
            }
    }
    starts.erase(std::remove_if(starts.begin(), starts.end(), [](const Start& start) { return start.x.empty(); }), starts.end());
    return starts;
}

// Inverse of a symmetric matrix by Cholesky's method after scaling it to a unit diagonal; rows that are not free are left out and
// come back as 0. Returns false where it is not positive definite for what rounding leaves.
bool invert(ResponseCovariance& matrix, const std::array<bool, kResponseParameters>& is_free) {
    constexpr std::size_t k = kResponseParameters;
    std::array<double, k> scale{};
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < k; ++i) {
        if (!is_free[i]) continue;
        if (!(matrix[i * k + i] > 0.0)) return false;
        scale[i] = 1.0 / std::sqrt(matrix[i * k + i]);
        kept.push_back(i);
    }
    const std::size_t n = kept.size();
    std::vector<double> lower(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) {
            double sum = matrix[kept[i] * k + kept[j]] * scale[kept[i]] * scale[kept[j]];
            for (std::size_t l = 0; l < j; ++l) sum -= lower[i * n + l] * lower[j * n + l];
            if (i == j && !(sum > 1e-10)) return false;
            lower[i * n + j] = i == j ? std::sqrt(sum) : sum / lower[j * n + j];
        }
    // Columns of the inverse of the factor, then their products.
    std::vector<double> inverse(n * n, 0.0);
    for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = j; i < n; ++i) {
            double sum = i == j ? 1.0 : 0.0;
            for (std::size_t l = j; l < i; ++l) sum -= lower[i * n + l] * inverse[l * n + j];
            inverse[i * n + j] = sum / lower[i * n + i];
        }
    matrix.fill(0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) {
            double sum = 0.0;
            for (std::size_t l = std::max(i, j); l < n; ++l) sum += inverse[l * n + i] * inverse[l * n + j];
            matrix[kept[i] * k + kept[j]] = sum * scale[kept[i]] * scale[kept[j]];
        }
    return true;
}

// (G'G)^-1 M (G'G)^-1 n / (n - k) for the weighted gradient G at the fitted parameters, the penalty being two rows of it with errors of the
// variance of all. M is the long-run variance of the products of gradient and error, with Bartlett's weights (Newey and West, 1987) over 1.3 sqrt(n)
// periods (Lazarus, Lewis, Stock and Watson, 2018).
std::optional<ResponseCovariance> covariance_of(const Series& series, const Problem& problem, const ChannelResponse& fit, double variance,
                                                Host& host) {
    constexpr std::size_t k = kResponseParameters;
    std::array<bool, k> is_free{};
    const double ratio = fit.half_spend() / problem.mean_spend();
    // A base of 0 leaves as much in doubt as another: the response takes what it does not have.
    is_free[0] = is_free[1] = true;
    is_free[2] = fit.carryover > 1e-6 && fit.carryover < kMaxCarryover - 1e-6;
    is_free[3] = ratio > kMinHalf * (1 + 1e-6) && ratio < kMaxHalf * (1 - 1e-6);
    is_free[4] = fit.shape > kMinShape * (1 + 1e-6) && fit.shape < kMaxShape * (1 - 1e-6);

    std::vector<double> slope(series.periods());  // of the adstock by the carryover
    PollEvery poll(host);
    for (std::size_t t = 1; t < series.periods(); ++t) {
        poll();
        slope[t] = problem.adstock()[t - 1] + fit.carryover * slope[t - 1];
    }
    ResponseCovariance bread{}, meat{};
    std::vector<std::array<double, k>> scores(series.periods());  // 0 where the response is not known
    for (std::size_t i = 0; i < series.observations(); ++i) {
        poll();
        const double a = problem.adstock()[series.place[i]];
        const double h = problem.hill()[i];
        const double bend = fit.beta * h * (1.0 - h);
        const std::array<double, k> gradient = {
            1.0, h, a > 0.0 ? bend * fit.shape / a * slope[series.place[i]] : 0.0, -bend * fit.shape,
            a > 0.0 ? bend * fit.shape * std::log(a / fit.half_saturation) : 0.0};
        const double error = series.response[i] - series.demand[i] * (fit.base + fit.beta * h);
        for (std::size_t p = 0; p < k; ++p)
            for (std::size_t q = 0; q < k; ++q) {
                const double product = gradient[p] * gradient[q];
                bread[p * k + q] += series.demand[i] * product;
                meat[p * k + q] += error * error * product;
            }
        for (std::size_t p = 0; p < k; ++p) scores[series.place[i]][p] = error * gradient[p];
    }
    const auto lags = std::min(kMaxLags, static_cast<std::size_t>(1.3 * std::sqrt(static_cast<double>(series.observations()))));
    for (std::size_t lag = 1; lag <= lags; ++lag) {
        const double weight = 1.0 - static_cast<double>(lag) / static_cast<double>(lags + 1);
        for (std::size_t t = lag; t < series.periods(); ++t) {
            poll();
            for (std::size_t p = 0; p < k; ++p)
                for (std::size_t q = 0; q < k; ++q)
                    meat[p * k + q] += weight * (scores[t][p] * scores[t - lag][q] + scores[t - lag][p] * scores[t][q]);
        }
    }
    for (const auto& [p, deviation] : {std::pair<std::size_t, double>{3, kHalfDeviation}, {4, kShapeDeviation}}) {
        bread[p * k + p] += variance / (deviation * deviation);
        meat[p * k + p] += variance * variance / (deviation * deviation);
    }
    if (!invert(bread, is_free)) return std::nullopt;
    const auto n = static_cast<double>(series.observations());
    const double correction = n / (n - static_cast<double>(k));
    ResponseCovariance left{}, result{};
    for (std::size_t p = 0; p < k; ++p)
        for (std::size_t q = 0; q < k; ++q)
            for (std::size_t l = 0; l < k; ++l) left[p * k + q] += bread[p * k + l] * meat[l * k + q];
    for (std::size_t p = 0; p < k; ++p)
        for (std::size_t q = 0; q < k; ++q)
            for (std::size_t l = 0; l < k; ++l) result[p * k + q] += correction * left[p * k + l] * bread[l * k + q];
    return result;
}

void fit_curve(const Series& series, ChannelResponse& result, Host& host) {
    Problem problem(series, host);
    result.mean_spend = problem.mean_spend();
    double squares = 0.0;
    for (const double x : series.spend) squares += (x - result.mean_spend) * (x - result.mean_spend);
    if (!(result.mean_spend > 0.0)) {
        result.status = ResponseStatus::kNoSpend;
        return;
    }
    if (std::sqrt(squares / static_cast<double>(series.periods())) < kMinSpendVariation * result.mean_spend) {
        result.status = ResponseStatus::kNoVariation;
        return;
    }
    result.status = ResponseStatus::kNoResponse;
    const double spread = problem.spread();
    if (!(spread > 0.0)) return;  // a response that never moves

    const auto evaluate = [&](const double* x) {
        problem.set_carryover(x[0] - kCarryoverOffset);
        return problem.solve(problem.half(x[1] - kHalfOffset), std::exp(x[2] - kShapeOffset));
    };
    const std::vector<double> lower = {kCarryoverOffset, std::log(kMinHalf) + kHalfOffset, std::log(kMinShape) + kShapeOffset};
    const std::vector<double> upper = {kMaxCarryover + kCarryoverOffset, std::log(kMaxHalf) + kHalfOffset, std::log(kMaxShape) + kShapeOffset};
    NelderMeadParams params;
    params.max_iterations = 300;
    params.tolerance = 1e-13;
    const auto n = static_cast<double>(series.observations());
    const double spare = n - static_cast<double>(kResponseParameters);
    const std::vector<Start> starts = grid_starts(problem);
    // The noise that the penalty is measured against.
    double variance = std::numeric_limits<double>::infinity();
    for (const Start& start : starts) {
        const auto share = [&](const double* x) { return evaluate(x).sse / spread; };
        variance = std::min(variance, nelder_mead_minimize(share, start.x, lower, upper, params, host).value * spread / spare);
    }
    const auto penalised = [&](const double* x) {
        const double half = (x[1] - kHalfOffset) / kHalfDeviation, shape = (x[2] - kShapeOffset) / kShapeDeviation;
        return (evaluate(x).sse + variance * (half * half + shape * shape)) / spread;
    };
    NelderMeadResult best{{}, std::numeric_limits<double>::infinity(), 0};
    for (const Start& start : starts) {
        std::vector<double> from = start.x;
        // A second simplex from where the first ended leaves the corners where one can get stuck.
        for (int round = 0; round < 2; ++round) {
            NelderMeadResult found = nelder_mead_minimize(penalised, from, lower, upper, params, host);
            from = found.x;
            if (found.value < best.value) best = std::move(found);
        }
    }
    if (best.x.empty()) return;
    const Linear linear = evaluate(best.x.data());
    if (!(linear.beta > 0.0)) return;
    result.status = ResponseStatus::kFitted;
    result.base = linear.base;
    result.beta = linear.beta;
    result.carryover = best.x[0] - kCarryoverOffset;
    result.half_saturation = problem.half(best.x[1] - kHalfOffset);
    result.shape = std::exp(best.x[2] - kShapeOffset);
    result.r2 = std::max(0.0, 1.0 - linear.sse / spread);
    // An F test that counts the four parameters of the curve as if they were linear.
    const double added = static_cast<double>(kResponseParameters) - 1.0;
    const double ratio = (spread - linear.sse) / added / (linear.sse / spare);
    result.p_value = linear.sse > 0.0 ? beta_cdf(spare / (spare + added * std::max(0.0, ratio)), spare / 2, added / 2) : 0.0;
    result.covariance = covariance_of(series, problem, result, linear.sse / spare, host);
}

}  // namespace

std::string_view response_status_name(ResponseStatus status) {
    switch (status) {
        case ResponseStatus::kFitted: return "fitted";
        case ResponseStatus::kTooFewPeriods: return "too few periods";
        case ResponseStatus::kNoSpend: return "no spend";
        case ResponseStatus::kNoVariation: return "spend hardly varies";
        default: return "no response";
    }
}

SteadyResponse steady_response(const ChannelResponse& curve, double spend, double compared_with) {
    constexpr std::size_t k = kResponseParameters;
    if (!std::isfinite(spend) || spend < 0 || !std::isfinite(compared_with) || compared_with < 0)
        throw Error(ErrorCode::kInvalidArgument, "spend must be a number from 0", "Pass what is spent in a period.");
    if (!(curve.beta >= 0) || !(curve.carryover >= 0 && curve.carryover < 1) || !(curve.half_saturation > 0) || !(curve.shape > 0) ||
        !(curve.mean_demand > 0))
        throw Error(ErrorCode::kInvalidArgument, "response curve has no meaning", "Pass one of ecom.channel_response_fit.");
    const auto gradient = [&](double x) {
        const double a = x / (1.0 - curve.carryover);
        const double h = a > 0 ? 1.0 / (1.0 + std::pow(curve.half_saturation / a, curve.shape)) : 0.0;
        const double bend = curve.beta * h * (1.0 - h) * curve.shape;
        return std::array<double, k>{0.0, h, bend / (1.0 - curve.carryover), -bend,
                                     a > 0 ? bend * std::log(a / curve.half_saturation) : 0.0};
    };
    const auto error = [&](const std::array<double, k>& g) -> std::optional<double> {
        if (!curve.covariance) return std::nullopt;
        double sum = 0.0;
        for (std::size_t p = 0; p < k; ++p)
            for (std::size_t q = 0; q < k; ++q) sum += g[p] * g[q] * (*curve.covariance)[p * k + q];
        return curve.mean_demand * std::sqrt(std::max(0.0, sum));
    };
    const std::array<double, k> here = gradient(spend);
    const std::array<double, k> there = gradient(compared_with);
    std::array<double, k> between{};
    for (std::size_t p = 0; p < k; ++p) between[p] = here[p] - there[p];
    SteadyResponse result{};
    result.response = curve.mean_demand * curve.beta * here[1];
    result.gain = curve.mean_demand * curve.beta * between[1];
    if (spend > 0) {
        result.marginal = curve.mean_demand * curve.beta * curve.shape * here[1] * (1.0 - here[1]) / spend;
    } else {
        result.marginal = curve.shape > 1.0 ? 0.0
                          : curve.shape < 1.0 ? std::numeric_limits<double>::infinity()
                                              : curve.mean_demand * curve.beta / curve.half_spend();
    }
    result.response_error = error(here);
    result.gain_error = error(between);
    return result;
}

void ChannelResponseState::check(const Row& row) {
    if (!std::isfinite(row.spend) || std::isinf(row.response) || !std::isfinite(row.demand))
        throw Error(ErrorCode::kNonFiniteInput, "spend, response and demand must be finite", "Turn NaN and infinite values into NULL.");
    if (row.spend < 0) throw Error(ErrorCode::kInvalidArgument, "spend must not be negative", "Take refunds out of the spend of their period.");
    if (row.demand < 0) throw Error(ErrorCode::kInvalidArgument, "demand must not be negative", "Pass what the response would follow at constant spend.");
}

void ChannelResponseState::add(std::int32_t period, double spend, double response, double demand, const Host& host) {
    const Row row{period, spend, response, demand};
    check(row);
    if (rows_.will_grow()) require_memory(host, add_size(rows_.bytes(), rows_.growth_bytes()), "collecting spend and response");
    rows_.push_back(row);
}

void ChannelResponseState::merge(const ChannelResponseState& other, Host& host) {
    require_memory(host, mul_size(rows_.size() + other.rows_.size(), sizeof(Row)), "combining spend and response");
    PollEvery poll(host);
    other.rows_.for_each([&](const Row& row) {
        poll();
        rows_.push_back(row);
    });
}

ChannelResponse ChannelResponseState::fit(Host& host) const {
    ChannelResponse result;
    if (rows_.size() == 0) return result;
    require_memory(host, mul_size(rows_.size(), 2 * sizeof(Row)), "sorting spend and response");
    PollEvery poll(host);
    std::vector<Row> rows;
    rows.reserve(rows_.size());
    rows_.for_each([&](const Row& row) {
        poll();
        rows.push_back(row);
    });
    // Sorted, so that sums do not depend on the order of the rows; NaN last.
    const auto key = [](double v) { return std::isnan(v) ? std::numeric_limits<double>::infinity() : v; };
    std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
        poll();
        if (a.period != b.period) return a.period < b.period;
        if (a.spend != b.spend) return a.spend < b.spend;
        if (key(a.response) != key(b.response)) return key(a.response) < key(b.response);
        return a.demand < b.demand;
    });
    const std::int64_t first = rows.front().period;
    const auto span = static_cast<std::size_t>(static_cast<std::int64_t>(rows.back().period) - first + 1);
    require_memory(host, mul_size(span, 15 * sizeof(double)), "fitting the response over " + std::to_string(span) + " periods");

    Series series;
    series.spend.assign(span, 0.0);
    double responses = 0.0, demands = 0.0;
    for (std::size_t i = 0; i < rows.size();) {
        const std::int32_t period = rows[i].period;
        const auto place = static_cast<std::size_t>(period - first);
        double response = 0.0, demand = 0.0;
        bool is_known = false;
        for (; i < rows.size() && rows[i].period == period; ++i) {
            poll();
            series.spend[place] += rows[i].spend;
            if (std::isnan(rows[i].response)) continue;
            is_known = true;
            response += rows[i].response;
            demand += rows[i].demand;
        }
        if (!is_known || !(demand > 0.0)) continue;
        series.place.push_back(place);
        series.response.push_back(response);
        series.demand.push_back(demand);
        responses += response;
        demands += demand;
    }
    const auto n = static_cast<double>(series.observations());
    result.periods = static_cast<std::int64_t>(series.observations());
    if (result.periods > 0) {
        result.mean_response = responses / n;
        result.mean_demand = demands / n;
    }
    if (result.periods >= kMinResponsePeriods) fit_curve(series, result, host);
    return result;
}

void ChannelResponseState::encode(Writer& out) const {
    out.reserve(16 + 28 * rows_.size());
    out.u32(static_cast<std::uint32_t>(rows_.size()));
    rows_.for_each([&](const Row& row) {
        out.poll();
        out.u32(static_cast<std::uint32_t>(row.period));
        out.f64(row.spend);
        out.f64(row.response);
        out.f64(row.demand);
    });
}

ChannelResponseState ChannelResponseState::decode(Reader& in) {
    ChannelResponseState state;
    const std::size_t count = in.count(28);
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        Row row{};
        row.period = static_cast<std::int32_t>(in.u32());
        row.spend = in.f64();
        row.response = in.f64();
        row.demand = in.f64();
        if (!std::isfinite(row.spend) || row.spend < 0 || std::isinf(row.response) || !std::isfinite(row.demand) || row.demand < 0)
            Reader::corrupt();
        state.rows_.push_back(row);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
