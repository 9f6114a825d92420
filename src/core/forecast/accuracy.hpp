// How far forecasts were from what came.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// A forecast and what came. NaN where there is no interval and no scale.
struct ForecastPair {
    double actual;
    double forecast;
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
    // The mean absolute error of the seasonal naive forecast in the past that the forecast was made from.
    double scale = std::numeric_limits<double>::quiet_NaN();
};

// Percentages are of 100. None where no pair allows the figure.
struct ForecastAccuracy {
    std::int64_t n = 0;
    std::int64_t zero_actuals = 0;
    double mae = 0.0;
    double rmse = 0.0;
    double bias = 0.0;             // mean of forecast - actual
    std::optional<double> mape;    // over pairs whose actual value is not 0
    double smape = 0.0;            // 200 |a - f| / (|a| + |f|), 0 where both are 0
    std::optional<double> wape;    // sum of absolute errors over sum of absolute actual values
    std::optional<double> mase;    // mean of absolute errors over their scale, over pairs with a scale above 0
    std::optional<double> coverage;        // share of pairs with an interval whose actual value lies in it, ends included
    std::optional<double> interval_width;  // mean of upper - lower
};

// Sums are taken in an order that the pairs themselves give, so that the order of rows does not count. None without pairs.
std::optional<ForecastAccuracy> forecast_accuracy(std::vector<ForecastPair> pairs, Host& host);

// The mean absolute difference of values `period` steps apart: the scale of MASE (Hyndman and Koehler, 2006). Of neighbours
// when the series is not longer than a period; NaN when no two values are there to compare.
double naive_scale(const std::vector<double>& values, std::size_t count, std::size_t period);

class ForecastPairsState final : public State {
public:
    static constexpr std::string_view kKind = "forecast_pairs";

    // Throws kNonFiniteInput for an infinite value, or NaN where a value must be; kInvalidArgument for an interval that
    // ends below its begin, or a negative scale.
    void add(const ForecastPair& pair, const Host& host);
    void merge(const ForecastPairsState& other, Host& host);
    std::optional<ForecastAccuracy> accuracy(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static ForecastPairsState decode(Reader& in);

private:
    ChunkedVector<ForecastPair> pairs_;
};

}  // namespace ecom::core
