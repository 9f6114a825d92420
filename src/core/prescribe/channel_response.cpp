#include "core/prescribe/channel_response.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "core/base/budget.hpp"
#include "core/prescribe/allocation.hpp"
#include "core/prescribe/response_covariance.hpp"
#include "core/prescribe/response_problem.hpp"
#include "core/prescribe/response_search.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void fit_curve(const SpendSeries& series, ChannelResponse& result, Host& host) {
    ResponseProblem problem(series, result.mean_spend, host);
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

    const auto n = static_cast<double>(series.observations());
    const double spare = n - static_cast<double>(kResponseParameters);
    const std::vector<Bend> starts = response_starts(problem);
    // The noise that the penalty is measured against.
    double variance = std::numeric_limits<double>::infinity();
    for (const Bend& start : starts) variance = std::min(variance, search_response(problem, start, 0.0, false, host).line.sse / spare);
    std::optional<ResponseOptimum> best;
    for (const Bend& start : starts) {
        const ResponseOptimum found = search_response(problem, start, variance, false, host);
        if (!best || found.value < best->value) best = found;
    }
    if (!best || !(best->line.beta > 0.0)) return;
    problem.solve(best->bend);
    const ResponseLine& line = best->line;
    result.status = ResponseStatus::kFitted;
    result.base = line.base;
    result.beta = line.beta;
    result.carryover = best->bend[0];
    result.half_saturation = problem.half(best->bend[1]);
    result.shape = std::exp(best->bend[2]);
    result.r2 = std::max(0.0, 1.0 - line.sse / spread);
    // An F test that counts the four parameters of the curve as if they were line.
    const double added = static_cast<double>(kResponseParameters) - 1.0;
    const double ratio = (spread - line.sse) / added / (line.sse / spare);
    result.p_value = line.sse > 0.0 ? beta_cdf(spare / (spare + added * std::max(0.0, ratio)), spare / 2, added / 2) : 0.0;
    const ResponseErrors errors = response_errors(series, problem, result, line.sse / spare, host);
    result.covariance = errors.covariance;
    const CarryoverInterval interval = profile_carryover(problem, *best, variance, errors.carryover_allowance, host);
    result.carryover_low = interval.low;
    result.carryover_high = interval.high;
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
    const ResponseCurve steady{curve.mean_demand * curve.beta, curve.shape, curve.half_spend()};
    result.response = steady.response(spend);
    result.marginal = steady.marginal(spend);
    result.gain = curve.mean_demand * curve.beta * between[1];
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

    SpendSeries series;
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
    double spends = 0.0;
    for (const double x : series.spend) spends += x;
    result.mean_spend = spends / static_cast<double>(series.periods());
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
