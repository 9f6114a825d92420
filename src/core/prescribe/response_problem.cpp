#include "core/prescribe/response_problem.hpp"

#include <algorithm>

#include "core/base/firewall.hpp"

namespace ecom::core {

ResponseProblem::ResponseProblem(const SpendSeries& series, double mean_spend, Host& host)
    : series_(series), poll_(host), adstock_(series.periods()), hill_(series.observations()), mean_spend_(mean_spend) {
    for (std::size_t i = 0; i < series.observations(); ++i) {
        demand_ += series.demand[i];
        response_ += series.response[i];
        square_ += series.response[i] * series.response[i] / series.demand[i];
    }
}

double ResponseProblem::spread() const { return std::max(0.0, square_ - response_ * response_ / demand_); }

void ResponseProblem::set_carryover(double carryover) {
    double a = 0.0;
    for (std::size_t t = 0; t < series_.periods(); ++t) {
        poll_();
        adstock_[t] = a = series_.spend[t] + carryover * a;
    }
    carryover_ = carryover;
}

ResponseLine ResponseProblem::solve(double half, double shape) {
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
    ResponseLine best;
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

}  // namespace ecom::core
