// What a plan of costs and benefits is worth: net present value, rates of return, payback.
//
// A cash flow is an amount at a time; money spent is negative. Times are in periods of the discount
// rate, 0 is now and is not discounted (spreadsheets' NPV puts the first flow at time 1 instead).
// Times need not be whole or evenly spaced; amounts of one time are added.
//
// Formulas: Brealey, Myers and Allen (2020), "Principles of Corporate Finance", chapters 2, 5, 6.
// Complexity: O(n log n) to sort n flows, O(n) a rate. Memory: 16 bytes a flow.
// Deterministic: flows are sorted and added in one order, whatever order they came in.
// Agrees with numpy-financial on its documented examples to 1e-12.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

struct CashFlow {
    double period;  // >= 0
    double amount;
};

// The flows of one plan in order of time, one a time.
class CashFlows {
public:
    // Throws kInvalidArgument for a period below 0, kNonFiniteInput for NaN and infinities.
    CashFlows(std::vector<CashFlow> flows, Host& host);

    bool empty() const { return flows_.empty(); }
    const std::vector<CashFlow>& flows() const { return flows_; }

    // The sum of amount / (1 + rate)^period. Throws kInvalidArgument unless rate > -1.
    double npv(double rate) const;
    // The same of what comes in, and of what is paid, the latter as a positive number.
    double present_inflow(double rate) const;
    double present_outflow(double rate) const;

    // The rates between kLowestRate and kHighestRate at which npv is 0, ascending. At most one when the
    // cumulated amounts change their sign once (Descartes' rule), none when no amount differs in sign.
    std::vector<double> irr(Host& host) const;

    // The rate that turns what is paid, financed at finance_rate, into what comes in, reinvested at
    // reinvest_rate, by the last time. None without both, or when all lies at time 0.
    std::optional<double> mirr(double finance_rate, double reinvest_rate) const;

    // The time from which the cumulated, discounted amounts are never below 0 again, linear between two
    // times; 0 when they never are; none when they end below 0. rate 0: the plain payback time.
    std::optional<double> payback(double rate) const;

    static constexpr double kLowestRate = -0.99;
    static constexpr double kHighestRate = 10.0;

private:
    std::vector<CashFlow> flows_;
};

struct RoiParams {
    double discount_rate = 0.1;
    double reinvest_rate = 0.1;

    // Throws kInvalidArgument for rates that are not above -1 or not finite.
    void check() const;
};

// One plan in figures. What has no meaning for the plan (a return without an investment) is none.
struct Roi {
    double invested;                             // what is paid, undiscounted
    double returned;                             // what comes in, undiscounted
    double net_benefit;                          // returned - invested
    std::optional<double> roi;                   // net_benefit / invested
    double npv;
    std::optional<double> profitability_index;   // present inflow / present outflow
    std::optional<double> break_even_share;      // share of the inflow that makes npv 0
    std::optional<double> irr;                   // only when there is exactly one
    std::int64_t irr_count;
    std::optional<double> mirr;
    std::optional<double> payback;
    std::optional<double> discounted_payback;
};

Roi evaluate(const CashFlows& flows, const RoiParams& params, Host& host);

// The flows while an aggregate collects them. Merging is exact.
class CashFlowState final : public State {
public:
    static constexpr std::string_view kKind = "cash_flow";

    explicit CashFlowState(RoiParams params);

    // Throws as CashFlows does.
    void add(double period, double amount, const Host& host);
    void merge(const CashFlowState& other, Host& host);
    CashFlows flows(Host& host) const;
    const RoiParams& params() const { return params_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static CashFlowState decode(Reader& in);

private:
    RoiParams params_;
    ChunkedVector<CashFlow> flows_;
};

}  // namespace ecom::core
