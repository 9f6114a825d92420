// What advertising brings: the response of one channel to its spend, with carryover and saturation.
//
// Problem: y_t = m_t (b + beta H(a_t)) + error, a_t = x_t + theta a_{t-1} (Broadbent, 1979), a = 0 before the first period,
// H(a) = a^s / (a^s + h^s) (Hill, 1910): x is the spend, y the response, m the demand that the response would follow at constant
// spend (1 where none is given), theta the carryover, h the adstock that gives half of the most, s the shape.
// Method: least squares with weights 1 / m, for a count varies as its mean. Its equations are linear in m, so that a demand
// that is measured with independent errors does not bias them. For given theta, h and s the rest is linear with b, beta >= 0
// (variable projection: Golub and Pereyra, 1973); these three start from a grid and are polished by Levenberg and Marquardt.
// Where the spend tried says little about the bend of the curve, least squares runs to a straight line or a step. A weak penalty
// holds it: ln(half spend / mean spend) and ln s count as seen to be 0 with standard deviations of 1.5 and 0.7. It weighs as much as
// two rows of their own, so that it vanishes beside many rows or little noise.
// Standard errors: linearised, robust to unequal spread and to errors that go together over time (Newey and West, 1987). Half
// saturation and shape count as known where they are on a bound. The interval of the carryover, about which curves are far from linear,
// is that of the profile likelihood.
//
// Complexity: O(n) for each of 45 powers and 315 sums of the grid, some 20 steps of four searches and of some 15 on the profile.
// Memory: 32 bytes a row and 120 a period. Deterministic: rows are sorted before they are added up.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// Fewer observed periods, or a spend that varies less about its mean, support no curve.
constexpr std::int64_t kMinResponsePeriods = 20;
constexpr double kMinSpendVariation = 0.05;

// Variances and covariances of base, beta, carryover, ln half_saturation and ln shape.
constexpr std::size_t kResponseParameters = 5;
using ResponseCovariance = std::array<double, kResponseParameters * kResponseParameters>;

enum class ResponseStatus { kFitted, kTooFewPeriods, kNoSpend, kNoVariation, kNoResponse };
std::string_view response_status_name(ResponseStatus status);

struct ChannelResponse {
    ResponseStatus status = ResponseStatus::kTooFewPeriods;
    std::int64_t periods = 0;  // with a response
    double mean_spend = 0.0;   // over all periods from the first to the last
    double mean_response = 0.0;
    double mean_demand = 1.0;
    // For a status of kFitted only.
    double base = 0.0;             // response without spend, for each unit of demand
    double beta = 0.0;             // the most that spend adds to it
    double carryover = 0.0;        // theta, 0 .. 0.98
    double carryover_low = 0.0;    // its 95 percent interval
    double carryover_high = 0.0;
    double half_saturation = 0.0;  // h, in adstock
    double shape = 1.0;            // s
    double r2 = 0.0;               // share of the weighted spread of y / m that is explained
    double p_value = 1.0;          // of no response to spend
    std::optional<ResponseCovariance> covariance;  // none where the parameters cannot be told apart

    // The spend of every period that sustains half of the most.
    double half_spend() const { return half_saturation * (1.0 - carryover); }
};

// Response of a period in which, and before which, as much is spent in every period.
struct SteadyResponse {
    double response;
    double marginal;                       // response to the next unit of money; infinite at 0 where the shape is below 1
    double gain;                           // response less that to another spend
    std::optional<double> response_error;  // standard errors
    std::optional<double> gain_error;
};

// Throws kInvalidArgument for a spend that is negative or not finite, and for curves without meaning.
SteadyResponse steady_response(const ChannelResponse& curve, double spend, double compared_with);

class ChannelResponseState final : public State {
public:
    static constexpr std::string_view kKind = "channel_response";

    // A spend and a demand are 0 or more; NaN: no response known. Rows of one period are added up; periods without a row have
    // no spend and no known response. Throws kInvalidArgument for negative values, kNonFiniteInput.
    void add(std::int32_t period, double spend, double response, double demand, const Host& host);
    void merge(const ChannelResponseState& other, Host& host);
    ChannelResponse fit(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static ChannelResponseState decode(Reader& in);

private:
    struct Row {
        std::int32_t period;
        double spend;
        double response;  // NaN: not known
        double demand;
    };
    static void check(const Row& row);

    ChunkedVector<Row> rows_;
};

}  // namespace ecom::core
