#include "core/forecast/accuracy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Fields = std::array<double, 5>;

Fields fields_of(const ForecastPair& pair) { return {pair.actual, pair.forecast, pair.lower, pair.upper, pair.scale}; }

// A total order in which NaN comes last.
bool before(const ForecastPair& a, const ForecastPair& b) {
    const Fields x = fields_of(a), y = fields_of(b);
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x[i]) != std::isnan(y[i])) return std::isnan(y[i]);
        if (x[i] < y[i]) return true;
        if (y[i] < x[i]) return false;
    }
    return false;
}

void check(const ForecastPair& pair) {
    if (!std::isfinite(pair.actual) || !std::isfinite(pair.forecast) || std::isinf(pair.lower) || std::isinf(pair.upper) ||
        std::isinf(pair.scale))
        throw Error(ErrorCode::kNonFiniteInput, "actual values, forecasts, intervals and scales must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...); NULL is left out.");
    if (pair.upper < pair.lower)
        throw Error(ErrorCode::kInvalidArgument, "an interval ends below its begin",
                    "Pass actual, forecast, lower, upper in this order.");
    if (pair.scale < 0.0)
        throw Error(ErrorCode::kInvalidArgument, "scale of an error must not be negative",
                    "Pass the mean absolute error of the seasonal naive forecast in the past.");
}

class Mean {
public:
    void add(double value) {
        sum_ += value;
        ++count_;
    }
    std::optional<double> value() const {
        if (count_ == 0) return std::nullopt;
        return sum_ / static_cast<double>(count_);
    }

private:
    double sum_ = 0.0;
    std::int64_t count_ = 0;
};

}  // namespace

std::optional<ForecastAccuracy> forecast_accuracy(std::vector<ForecastPair> pairs, Host& host) {
    if (pairs.empty()) return std::nullopt;
    PollEvery poll(host);
    std::sort(pairs.begin(), pairs.end(), [&](const ForecastPair& a, const ForecastPair& b) {
        poll();
        return before(a, b);
    });
    Mean absolute, squared, bias, relative, symmetric, scaled, covered, width;
    double absolute_sum = 0.0, actual_sum = 0.0;
    ForecastAccuracy out;
    out.n = static_cast<std::int64_t>(pairs.size());
    for (const ForecastPair& pair : pairs) {
        poll();
        const double error = std::fabs(pair.forecast - pair.actual);
        absolute.add(error);
        squared.add(error * error);
        bias.add(pair.forecast - pair.actual);
        absolute_sum += error;
        actual_sum += std::fabs(pair.actual);
        if (pair.actual == 0.0)
            ++out.zero_actuals;
        else
            relative.add(100.0 * error / std::fabs(pair.actual));
        const double size = std::fabs(pair.actual) + std::fabs(pair.forecast);
        symmetric.add(size == 0.0 ? 0.0 : 200.0 * error / size);
        if (pair.scale > 0.0) scaled.add(error / pair.scale);
        if (std::isnan(pair.lower) || std::isnan(pair.upper)) continue;
        covered.add(pair.lower <= pair.actual && pair.actual <= pair.upper ? 1.0 : 0.0);
        width.add(pair.upper - pair.lower);
    }
    out.mae = *absolute.value();
    out.rmse = std::sqrt(*squared.value());
    out.bias = *bias.value();
    out.smape = *symmetric.value();
    out.mape = relative.value();
    if (actual_sum > 0.0) out.wape = 100.0 * absolute_sum / actual_sum;
    out.mase = scaled.value();
    out.coverage = covered.value();
    out.interval_width = width.value();
    return out;
}

double naive_scale(const std::vector<double>& values, std::size_t count, std::size_t period) {
    if (count <= period) period = 1;
    Mean differences;
    for (std::size_t i = period; i < count; ++i) {
        const double difference = std::fabs(values[i] - values[i - period]);
        if (!std::isnan(difference)) differences.add(difference);
    }
    return differences.value().value_or(std::numeric_limits<double>::quiet_NaN());
}

void ForecastPairsState::add(const ForecastPair& pair, const Host& host) {
    check(pair);
    if (pairs_.will_grow())
        require_memory(host, add_size(pairs_.bytes(), pairs_.growth_bytes()), "collecting forecasts to evaluate");
    pairs_.push_back(pair);
}

void ForecastPairsState::merge(const ForecastPairsState& other, Host& host) {
    require_memory(host, mul_size(pairs_.size() + other.pairs_.size(), sizeof(ForecastPair)), "combining forecasts");
    PollEvery poll(host);
    other.pairs_.for_each([&](const ForecastPair& pair) {
        poll();
        pairs_.push_back(pair);
    });
}

std::optional<ForecastAccuracy> ForecastPairsState::accuracy(Host& host) const {
    require_memory(host, mul_size(pairs_.size(), 2 * sizeof(ForecastPair)),
                   "evaluating " + std::to_string(pairs_.size()) + " forecasts");
    PollEvery poll(host);
    std::vector<ForecastPair> pairs;
    pairs.reserve(pairs_.size());
    pairs_.for_each([&](const ForecastPair& pair) {
        poll();
        pairs.push_back(pair);
    });
    return forecast_accuracy(std::move(pairs), host);
}

void ForecastPairsState::encode(Writer& out) const {
    out.reserve(64 + sizeof(ForecastPair) * pairs_.size());
    out.u32(static_cast<std::uint32_t>(pairs_.size()));
    pairs_.for_each([&](const ForecastPair& pair) {
        out.poll();
        for (const double field : fields_of(pair)) out.f64(field);
    });
}

ForecastPairsState ForecastPairsState::decode(Reader& in) {
    ForecastPairsState state;
    const std::size_t count = in.count(sizeof(ForecastPair));
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        ForecastPair pair{in.f64(), in.f64()};
        pair.lower = in.f64();
        pair.upper = in.f64();
        pair.scale = in.f64();
        try {
            check(pair);
        } catch (const Error&) {
            Reader::corrupt();
        }
        state.pairs_.push_back(pair);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
