#include "core/prescribe/cash_flow.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/boost_policy.hpp"
#include "core/base/budget.hpp"

#include <boost/math/tools/toms748_solve.hpp>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void check_flow(const CashFlow& flow) {
    if (!std::isfinite(flow.period) || !std::isfinite(flow.amount))
        throw Error(ErrorCode::kNonFiniteInput, "periods and amounts of cash flows must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (flow.period < 0)
        throw Error(ErrorCode::kInvalidArgument, "period of a cash flow must not be negative",
                    "Count periods from 0, which is now.");
}

void check_rate(double rate, const char* name) {
    if (!std::isfinite(rate) || rate <= -1.0)
        throw Error(ErrorCode::kInvalidArgument, std::string(name) + " must be a number above -1",
                    "Write 10 percent a period as 0.1.");
}

double sum_discounted(const std::vector<CashFlow>& flows, double rate, double sign) {
    double sum = 0;
    for (const CashFlow& flow : flows)
        if (sign * flow.amount > 0) sum += sign * flow.amount * std::pow(1.0 + rate, -flow.period);
    return sum;
}

// The net present value at the rate exp(u) - 1, times a positive factor that keeps every term within
// the amounts: only its sign and its roots matter.
double scaled_npv(const std::vector<CashFlow>& flows, double u) {
    const double reference = u < 0 ? flows.back().period : flows.front().period;
    double sum = 0;
    for (const CashFlow& flow : flows) sum += flow.amount * std::exp(-u * (flow.period - reference));
    return sum;
}

}  // namespace

CashFlows::CashFlows(std::vector<CashFlow> flows, Host& host) : flows_(std::move(flows)) {
    PollEvery poll(host);
    for (const CashFlow& flow : flows_) {
        poll();
        check_flow(flow);
    }
    std::sort(flows_.begin(), flows_.end(), [&](const CashFlow& a, const CashFlow& b) {
        poll();
        return a.period != b.period ? a.period < b.period : a.amount < b.amount;
    });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < flows_.size(); ++i) {
        poll();
        if (kept > 0 && flows_[kept - 1].period == flows_[i].period)
            flows_[kept - 1].amount += flows_[i].amount;
        else
            flows_[kept++] = flows_[i];
    }
    flows_.resize(kept);
}

double CashFlows::npv(double rate) const {
    check_rate(rate, "discount rate");
    double sum = 0;
    for (const CashFlow& flow : flows_) sum += flow.amount * std::pow(1.0 + rate, -flow.period);
    return sum;
}

double CashFlows::present_inflow(double rate) const { return sum_discounted(flows_, rate, 1.0); }
double CashFlows::present_outflow(double rate) const { return sum_discounted(flows_, rate, -1.0); }

std::vector<double> CashFlows::irr(Host& host) const {
    std::vector<double> rates;
    const auto positive = [](const CashFlow& flow) { return flow.amount > 0; };
    const auto negative = [](const CashFlow& flow) { return flow.amount < 0; };
    if (std::none_of(flows_.begin(), flows_.end(), positive) ||
        std::none_of(flows_.begin(), flows_.end(), negative))
        return rates;

    // Roots are bracketed on a grid that is even in log(1 + rate), a tenth of a percent of growth apart
    // or so, and polished there. Two roots closer than that count as none, which is no loss: between
    // them the value is practically zero.
    constexpr int kSteps = 7000;
    const double low = std::log1p(kLowestRate);
    const double high = std::log1p(kHighestRate);
    double left = low;
    double left_value = scaled_npv(flows_, left);
    for (int i = 1; i <= kSteps; ++i) {
        host.poll();
        const double right = low + (high - low) * i / kSteps;
        const double right_value = scaled_npv(flows_, right);
        if (left_value == 0.0) {
            rates.push_back(std::expm1(left));
        } else if (left_value * right_value < 0.0) {
            std::uintmax_t iterations = 200;
            const auto bracket = boost::math::tools::toms748_solve(
                [&](double u) { return scaled_npv(flows_, u); }, left, right, left_value, right_value,
                boost::math::tools::eps_tolerance<double>(50), iterations, BoostPolicy());
            rates.push_back(std::expm1(bracket.first + (bracket.second - bracket.first) / 2));
        }
        left = right;
        left_value = right_value;
    }
    return rates;
}

std::optional<double> CashFlows::mirr(double finance_rate, double reinvest_rate) const {
    check_rate(finance_rate, "discount rate");
    check_rate(reinvest_rate, "reinvestment rate");
    const double paid = present_outflow(finance_rate);
    const double received = present_inflow(reinvest_rate);
    if (paid == 0.0 || received == 0.0 || flows_.back().period == 0.0) return std::nullopt;
    return (1.0 + reinvest_rate) * std::pow(received / paid, 1.0 / flows_.back().period) - 1.0;
}

std::optional<double> CashFlows::payback(double rate) const {
    check_rate(rate, "discount rate");
    double cumulated = 0;
    double previous_period = 0;
    std::optional<double> since = 0.0;
    for (const CashFlow& flow : flows_) {
        const double amount = flow.amount * std::pow(1.0 + rate, -flow.period);
        const double before = cumulated;
        cumulated += amount;
        if (cumulated < 0)
            since = std::nullopt;
        else if (!since)
            since = previous_period + (flow.period - previous_period) * (-before / amount);
        previous_period = flow.period;
    }
    return since;
}

void RoiParams::check() const {
    check_rate(discount_rate, "discount rate");
    check_rate(reinvest_rate, "reinvestment rate");
}

Roi evaluate(const CashFlows& flows, const RoiParams& params, Host& host) {
    params.check();
    const auto ratio = [](double numerator, double denominator) {
        return denominator > 0 ? std::optional(numerator / denominator) : std::nullopt;
    };
    Roi roi{};
    roi.invested = flows.present_outflow(0);
    roi.returned = flows.present_inflow(0);
    roi.net_benefit = roi.returned - roi.invested;
    roi.roi = ratio(roi.net_benefit, roi.invested);
    roi.npv = flows.npv(params.discount_rate);
    const double inflow = flows.present_inflow(params.discount_rate);
    const double outflow = flows.present_outflow(params.discount_rate);
    roi.profitability_index = ratio(inflow, outflow);
    roi.break_even_share = ratio(outflow, inflow);
    const std::vector<double> rates = flows.irr(host);
    roi.irr_count = static_cast<std::int64_t>(rates.size());
    if (rates.size() == 1) roi.irr = rates.front();
    roi.mirr = flows.mirr(params.discount_rate, params.reinvest_rate);
    roi.payback = flows.payback(0);
    roi.discounted_payback = flows.payback(params.discount_rate);
    return roi;
}

CashFlowState::CashFlowState(RoiParams params) : params_(params) { params_.check(); }

void CashFlowState::add(double period, double amount, const Host& host) {
    check_flow({period, amount});
    if (flows_.will_grow())
        require_memory(host, add_size(flows_.bytes(), flows_.growth_bytes()),
                       "collecting " + std::to_string(flows_.size() + 1) + " cash flows");
    flows_.push_back({period, amount});
}

void CashFlowState::merge(const CashFlowState& other, Host& host) {
    if (other.params_.discount_rate != params_.discount_rate ||
        other.params_.reinvest_rate != params_.reinvest_rate)
        throw Error(ErrorCode::kInvalidArgument,
                    "aggregate states with different parameters cannot be combined");
    const std::size_t total = flows_.size() + other.flows_.size();
    require_memory(host, mul_size(total, sizeof(CashFlow)),
                   "combining " + std::to_string(total) + " cash flows");
    PollEvery poll(host);
    other.flows_.for_each([&](const CashFlow& flow) {
        poll();
        flows_.push_back(flow);
    });
}

CashFlows CashFlowState::flows(Host& host) const {
    require_memory(host, mul_size(2 * flows_.size(), sizeof(CashFlow)),
                   "sorting " + std::to_string(flows_.size()) + " cash flows");
    std::vector<CashFlow> flows;
    flows.reserve(flows_.size());
    PollEvery poll(host);
    flows_.for_each([&](const CashFlow& flow) {
        poll();
        flows.push_back(flow);
    });
    return CashFlows(std::move(flows), host);
}

void CashFlowState::encode(Writer& out) const {
    out.reserve(64 + sizeof(CashFlow) * flows_.size());
    out.f64(params_.discount_rate);
    out.f64(params_.reinvest_rate);
    out.u32(static_cast<std::uint32_t>(flows_.size()));
    flows_.for_each([&](const CashFlow& flow) {
        out.poll();
        out.f64(flow.period);
        out.f64(flow.amount);
    });
}

CashFlowState CashFlowState::decode(Reader& in) {
    RoiParams params;
    params.discount_rate = in.f64();
    params.reinvest_rate = in.f64();
    if (!(params.discount_rate > -1.0) || !(params.reinvest_rate > -1.0) ||
        !std::isfinite(params.discount_rate) || !std::isfinite(params.reinvest_rate))
        Reader::corrupt();
    CashFlowState state(params);
    const std::size_t count = in.count(sizeof(CashFlow));
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        CashFlow flow{};
        flow.period = in.f64();
        flow.amount = in.f64();
        if (!std::isfinite(flow.period) || !std::isfinite(flow.amount) || flow.period < 0)
            Reader::corrupt();
        state.flows_.push_back(flow);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
