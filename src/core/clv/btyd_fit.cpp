#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/clv/btyd.hpp"
#include "core/clv/likelihood.hpp"
#include "core/optim/newton.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kLeastCustomers = 10;
// Drop-out counts as identified when it raises the log-likelihood by more than this over the NBD, which it
// contains as a limit.
constexpr double kLeastRise = 1e-3;
// Two starts that come as near as this, relative to the log-likelihood, have found the same.
constexpr double kAgreement = 1e-9;
// Logarithms of parameters, in units of the mean age, beyond which a parameter has run to its boundary.
constexpr double kFarthest = 18.0;

// The likelihood in the logarithms of the parameters, which are free of constraints.
class LogLikelihood {
public:
    LogLikelihood(BtydFamily family, const std::vector<Pattern>& histories, const HistoryCounts& counts, Host& host)
        : family_(family), histories_(histories), counts_(counts), host_(host) {}

    Curvature operator()(const Eigen::VectorXd& x) const {
        if (!(x.lpNorm<Eigen::Infinity>() <= 60.0))
            return {kNan, Eigen::VectorXd::Zero(x.size()), Eigen::MatrixXd::Zero(x.size(), x.size())};
        const Eigen::VectorXd natural = x.array().exp();
        const std::vector<double> p(natural.data(), natural.data() + natural.size());
        Curvature at = btyd_likelihood(family_, histories_, counts_, p, host_);
        at.gradient.array() *= natural.array();
        at.hessian = natural.asDiagonal() * at.hessian * natural.asDiagonal();
        at.hessian.diagonal() += at.gradient;
        return at;
    }

private:
    BtydFamily family_;
    const std::vector<Pattern>& histories_;
    const HistoryCounts& counts_;
    Host& host_;
};

// Standard errors of the parameters: the observed information is that of their logarithms.
std::vector<double> standard_errors(const NewtonResult& result, const std::vector<double>& parameters) {
    std::vector<double> errors(parameters.size(), kNan);
    const Eigen::LDLT<Eigen::MatrixXd> information(-result.at.hessian);
    if (result.status != NewtonStatus::kConverged || !information.isPositive()) return errors;
    const auto n = result.x.size();
    const Eigen::MatrixXd covariance = information.solve(Eigen::MatrixXd::Identity(n, n));
    for (Eigen::Index i = 0; i < n; ++i) {
        const auto k = static_cast<std::size_t>(i);
        errors[k] = parameters[k] * std::sqrt(covariance(i, i));
    }
    return errors;
}

Eigen::VectorXd start_of(std::initializer_list<double> natural, std::size_t n) {
    Eigen::VectorXd x(static_cast<Eigen::Index>(n));
    auto value = natural.begin();
    for (Eigen::Index i = 0; i < x.size(); ++i) x[i] = std::log(*value++);
    return x;
}

}  // namespace

BtydFit fit_btyd(BtydFamily family, const std::vector<Pattern>& histories, Host& host,
                 const std::optional<std::vector<double>>& start) {
    const HistoryCounts raw(histories, host);
    if (raw.customers < kLeastCustomers)
        throw Error(ErrorCode::kNotEnoughData,
                    "too few customers to fit: " + std::to_string(static_cast<std::int64_t>(raw.customers)) +
                        ", at least " + std::to_string(kLeastCustomers) + " are needed",
                    "Fit over all customers of the shop, those without a repeat order included.");
    if (raw.repeat_orders == 0)
        throw Error(ErrorCode::kNotEnoughData, "no customer has a repeat order",
                    "Load a longer history: without repeat orders there is no order rate to estimate.");

    // The unit of time is scaled to the mean age, by a power of two, so that seconds and years fit alike and
    // no history loses a digit.
    const double unit = std::exp2(std::round(std::log2(raw.mean_age)));
    require_memory(host, mul_size(2 * histories.size(), sizeof(Pattern)),
                   "fitting " + std::to_string(histories.size()) + " distinct histories");
    std::vector<Pattern> scaled = histories;
    for (Pattern& p : scaled) {
        p.value[1] /= unit;
        p.value[2] /= unit;
    }
    const HistoryCounts counts(scaled, host);
    int evaluations = 0;
    const auto maximize = [&](BtydFamily of, const Eigen::VectorXd& from) {
        NewtonResult result = newton_maximize(LogLikelihood(of, scaled, counts, host), from, NewtonParams{}, host);
        evaluations += result.evaluations;
        return result;
    };
    const auto inside = [](const NewtonResult& r) {
        return r.status == NewtonStatus::kConverged && r.x.lpNorm<Eigen::Infinity>() < kFarthest;
    };
    const NewtonResult nbd = maximize(BtydFamily::kNbd, start_of({0.5, 0.5}, 2));
    NewtonResult best = nbd;
    BtydStatus status = inside(nbd) ? BtydStatus::kConverged : BtydStatus::kBoundary;
    BtydFamily fitted = BtydFamily::kNbd;
    if (family != BtydFamily::kNbd) {
        // A start far away may end on the plateau where nobody leaves; only several that agree show that the
        // maximum lies there.
        std::vector<Eigen::VectorXd> starts;
        const std::size_t n = btyd_parameter_names(family).size();
        if (start) {
            if (start->size() != n)
                throw Error(ErrorCode::kInvalidArgument, "a start needs " + std::to_string(n) + " parameters");
            Eigen::VectorXd x(static_cast<Eigen::Index>(n));
            for (std::size_t i = 0; i < n; ++i) {
                const bool is_time = i == 1 || (i == 3 && family == BtydFamily::kParetoNbd);
                x[static_cast<Eigen::Index>(i)] = std::log((*start)[i] / (is_time ? unit : 1.0));
            }
            starts.push_back(x);
        }
        starts.push_back(start_of({0.5, 0.25, 0.75, family == BtydFamily::kParetoNbd ? 0.4 : 2.0}, n));
        starts.push_back(start_of({1.0, 0.5, 0.3, 1.0}, n));
        starts.push_back(start_of({0.3, 0.1, 2.0, 10.0}, n));
        std::optional<NewtonResult> found;
        for (const Eigen::VectorXd& from : starts) {
            NewtonResult result = maximize(family, from);
            const bool agrees = found && std::abs(result.at.value - found->at.value) <= kAgreement * std::abs(found->at.value);
            if (!found || result.at.value > found->at.value) found = std::move(result);
            if (found->at.value > nbd.at.value + kLeastRise && (inside(*found) || agrees)) break;
        }
        if (found->at.value > nbd.at.value + kLeastRise) {
            best = std::move(*found);
            fitted = family;
            status = inside(best) ? BtydStatus::kConverged : BtydStatus::kBoundary;
        } else {
            status = BtydStatus::kDropoutNotIdentified;
        }
    }

    const Eigen::VectorXd natural = best.x.array().exp();
    std::vector<double> parameters(natural.data(), natural.data() + natural.size());
    parameters[1] *= unit;
    if (fitted == BtydFamily::kParetoNbd) parameters[3] *= unit;
    BtydFit fit{fitted, family, status, parameters, standard_errors(best, parameters),
                best.at.value - counts.repeat_orders * std::log(unit),
                static_cast<std::int64_t>(counts.customers), static_cast<std::int64_t>(counts.repeat_orders),
                evaluations};
    return fit;
}

}  // namespace ecom::core
