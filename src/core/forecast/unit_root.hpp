// Tests of whether a series is stationary, and how often it must be differenced to be so.
//
// - adf_test: augmented Dickey-Fuller (Said and Dickey, 1984); the hypothesis is a unit root. p-values by the response
//   surfaces of MacKinnon (1994), critical values of MacKinnon (2010), as statsmodels.
// - kpss_test: Kwiatkowski, Phillips, Schmidt and Shin (1992); the hypothesis is stationarity. p-values by interpolation
//   of their table of critical values, so that they lie between 0.01 and 0.1.
//
// Values are taken without gaps, as urca and tseries of R take them: the caller leaves missing ones out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// What the series moves around.
enum class Deterministic { kNone, kConstant, kTrend };

// none, constant or trend; throws kInvalidArgument for anything else.
Deterministic parse_deterministic(std::string_view name);

struct StationarityTest {
    std::optional<double> statistic;  // none for a series that is constant, or explained without error
    std::optional<double> p_value;
    std::optional<double> critical_value;  // at 5 %
    std::size_t lags = 0;
    std::size_t n = 0;  // values, or rows of the regression
};

enum class AdfLagRule { kAic, kBic, kCubeRoot };
AdfLagRule parse_adf_lag_rule(std::string_view name);  // aic, bic or cube_root

struct AdfParams {
    Deterministic deterministic = Deterministic::kConstant;
    AdfLagRule lag_rule = AdfLagRule::kAic;
    std::optional<std::size_t> lags;  // given: no rule
};

constexpr std::size_t kMaxAdfLags = 200;

// A test without statistic and n = 0 when there are too few values for the regression. Throws kInvalidArgument for more than
// kMaxAdfLags lags, kLimitExceeded for more memory than the host grants. O(n lags^2) time.
StationarityTest adf_test(std::vector<double> values, const AdfParams& params, Host& host);

enum class KpssLagRule { kAuto, kShort, kLong, kRoot };
KpssLagRule parse_kpss_lag_rule(std::string_view name);  // auto, short, long or root

struct KpssParams {
    Deterministic deterministic = Deterministic::kConstant;  // never kNone
    KpssLagRule lag_rule = KpssLagRule::kAuto;
    std::optional<std::size_t> lags;
};

// As adf_test; lags are less than the number of values. O(n lags) time.
StationarityTest kpss_test(std::vector<double> values, const KpssParams& params, Host& host);

// What a test says, in a sentence.
std::string adf_meaning(const StationarityTest& test, Deterministic deterministic);
std::string kpss_meaning(const StationarityTest& test, Deterministic deterministic);

// Differences until kpss_test (constant, root) accepts stationarity at 5 %, at most 2: ndiffs() of R's forecast.
std::size_t differences_needed(std::vector<double> values, Host& host);

}  // namespace ecom::core
