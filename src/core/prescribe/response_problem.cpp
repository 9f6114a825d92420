#include "core/prescribe/response_problem.hpp"

#include <algorithm>
#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {

ResponseProblem::ResponseProblem(const SpendSeries& series, double mean_spend, Host& host)
    : series_(series), poll_(host), adstock_(series.periods()), slope_(series.periods()), log_adstock_(series.observations()),
      growth_(series.observations()), hill_(series.observations()), mean_spend_(mean_spend) {
    for (std::size_t i = 0; i < series.observations(); ++i) {
        demand_ += series.demand[i];
        response_ += series.response[i];
        square_ += series.response[i] * series.response[i] / series.demand[i];
    }
}

double ResponseProblem::spread() const { return std::max(0.0, square_ - response_ * response_ / demand_); }

void ResponseProblem::set_carryover(double carryover) {
    if (carryover == carryover_) return;
    double a = 0.0, slope = 0.0;
    for (std::size_t t = 0; t < series_.periods(); ++t) {
        poll_();
        slope_[t] = slope = a + carryover * slope;
        adstock_[t] = a = series_.spend[t] + carryover * a;
    }
    for (std::size_t i = 0; i < series_.observations(); ++i) {
        poll_();
        const double stock = adstock_[series_.place[i]];
        log_adstock_[i] = stock > 0.0 ? std::log(stock) : -std::numeric_limits<double>::infinity();
        growth_[i] = stock > 0.0 ? slope_[series_.place[i]] / stock : 0.0;
    }
    carryover_ = carryover;
}

ResponseLine ResponseProblem::line(double h1, double h2, double hy) const {
    ResponseLine best;
    const double spread = h2 - h1 * h1 / demand_;
    best.beta = spread > 1e-12 * h2 ? std::max(0.0, (hy - h1 * response_ / demand_) / spread) : 0.0;
    best.base = (response_ - best.beta * h1) / demand_;
    if (best.base < 0.0) {
        best.base = 0.0;
        best.beta = h2 > 0.0 ? std::max(0.0, hy / h2) : 0.0;
    }
    best.sse = square_ - 2 * (best.base * response_ + best.beta * hy) +
               best.base * best.base * demand_ + 2 * best.base * best.beta * h1 + best.beta * best.beta * h2;
    return best;
}

void ResponseProblem::scan(double shape, const std::vector<double>& log_ratios, std::vector<ResponseLine>& lines) {
    // (half / a)^shape is a power of the ratio times one that all ratios share.
    const double log_middle = std::log(mean_spend_ / (1.0 - carryover_));
    for (std::size_t i = 0; i < series_.observations(); ++i) {
        poll_();
        hill_[i] = std::exp(shape * (log_middle - log_adstock_[i]));
    }
    lines.clear();
    for (const double log_ratio : log_ratios) {
        const double factor = std::exp(shape * log_ratio);
        double h1 = 0.0, h2 = 0.0, hy = 0.0;
        for (std::size_t i = 0; i < series_.observations(); ++i) {
            poll_();
            const double h = 1.0 / (1.0 + factor * hill_[i]);
            h1 += series_.demand[i] * h;
            h2 += series_.demand[i] * h * h;
            hy += series_.response[i] * h;
        }
        lines.push_back(line(h1, h2, hy));
    }
}

ResponseSlope ResponseProblem::solve(const Bend& bend) {
    set_carryover(bend[0]);
    const double log_half = std::log(half(bend[1])), shape = std::exp(bend[2]);
    double h1 = 0.0, h2 = 0.0, hy = 0.0;
    for (std::size_t i = 0; i < series_.observations(); ++i) {
        poll_();
        const double h = 1.0 / (1.0 + std::exp(shape * (log_half - log_adstock_[i])));
        hill_[i] = h;
        h1 += series_.demand[i] * h;
        h2 += series_.demand[i] * h * h;
        hy += series_.response[i] * h;
    }
    ResponseSlope at;
    at.line = line(h1, h2, hy);
    const double base = at.line.base, beta = at.line.beta;
    // Sums over the derivatives D of H by the bend: e D, m D, m D H and m D D.
    double squares = 0.0;
    Bend of_error{}, of_one{}, of_hill{};
    std::array<Bend, kBends> of_each{};
    const double drift = 1.0 / (1.0 - bend[0]);  // of ln half by the carryover
    for (std::size_t i = 0; i < series_.observations(); ++i) {
        poll_();
        const double h = hill_[i], m = series_.demand[i];
        const double error = series_.response[i] - m * (base + beta * h);
        squares += error * error / m;
        const double steep = shape * h * (1.0 - h);
        if (!(steep > 0.0)) continue;
        const Bend d{steep * (growth_[i] - drift), -steep, steep * (log_adstock_[i] - log_half)};
        for (std::size_t p = 0; p < kBends; ++p) {
            const double weighted = m * d[p];
            of_error[p] += error * d[p];
            of_one[p] += weighted;
            of_hill[p] += weighted * h;
            for (std::size_t q = 0; q <= p; ++q) of_each[p][q] += weighted * d[q];
        }
    }
    at.line.sse = squares;
    // What base and beta take of a change of the bend; a base held at 0 takes nothing.
    const double spread = h2 - h1 * h1 / demand_;
    const bool has_base = base > 0.0 && spread > 1e-12 * h2;
    const auto taken = [&](std::size_t p, std::size_t q) {
        if (!has_base) return h2 > 0.0 ? of_hill[p] * of_hill[q] / h2 : 0.0;
        const double left = of_hill[p] - of_one[p] * h1 / demand_, right = of_hill[q] - of_one[q] * h1 / demand_;
        return of_one[p] * of_one[q] / demand_ + left * right / spread;
    };
    for (std::size_t p = 0; p < kBends; ++p) {
        at.gradient[p] = -beta * of_error[p];
        for (std::size_t q = 0; q <= p; ++q) at.hessian[p][q] = at.hessian[q][p] = beta * beta * (of_each[p][q] - taken(p, q));
    }
    return at;
}

}  // namespace ecom::core
