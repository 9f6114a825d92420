#include "core/clv/gamma_gamma.hpp"

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/trigamma.hpp>
#include <cmath>

#include "core/base/boost_policy.hpp"
#include "core/optim/newton.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::int64_t kLeastCustomers = 10;

void check_spend(double frequency, double mean_spend) {
    if (!std::isfinite(frequency) || !std::isfinite(mean_spend))
        throw Error(ErrorCode::kNonFiniteInput, "frequency and mean spend must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (frequency < 0 || frequency != std::floor(frequency))
        throw Error(ErrorCode::kInvalidArgument, "frequency must be a whole number of at least zero");
    if (frequency > 0 && mean_spend <= 0)
        throw Error(ErrorCode::kInvalidArgument, "mean spend must be above zero where there are repeat orders",
                    "Leave customers out whose orders were free or returned: FILTER (WHERE mean_spend > 0).");
}

// Patterns come sorted by frequency, so the special functions are needed once a frequency.
Curvature log_likelihood(const std::vector<Pattern>& spends, const Eigen::VectorXd& x, Host& host) {
    const double p = std::exp(x[0]), q = std::exp(x[1]), gamma = std::exp(x[2]);
    const BoostPolicy policy;
    using boost::math::digamma, boost::math::trigamma, boost::math::lgamma;
    Curvature at{0, Eigen::VectorXd::Zero(3), Eigen::MatrixXd::Zero(3, 3)};
    if (!(x.lpNorm<Eigen::Infinity>() < 40)) {
        at.value = std::nan("");
        return at;
    }
    const double lg_q = lgamma(q, policy), psi_q = digamma(q, policy), psi1_q = trigamma(q, policy);
    double frequency = -1, lg = 0, psi_pq = 0, psi_p = 0, psi1_pq = 0, psi1_p = 0;
    PollEvery poll(host);
    for (const Pattern& pattern : spends) {
        poll(4);
        const double n = pattern.value[0], z = pattern.value[1], w = static_cast<double>(pattern.count);
        if (n != frequency) {
            frequency = n;
            lg = lgamma(p * n + q, policy) - lgamma(p * n, policy) - lg_q;
            psi_pq = digamma(p * n + q, policy);
            psi_p = digamma(p * n, policy);
            psi1_pq = trigamma(p * n + q, policy);
            psi1_p = trigamma(p * n, policy);
        }
        const double k = p * n + q, total = n * z, rate = gamma + total;
        const double log_rate = std::log(rate), log_gamma = x[2];
        at.value += w * (lg + q * log_gamma + p * n * std::log(total) - std::log(z) - k * log_rate);
        at.gradient[0] += w * n * (psi_pq - psi_p + std::log(total) - log_rate);
        at.gradient[1] += w * (psi_pq - psi_q + log_gamma - log_rate);
        at.gradient[2] += w * (q / gamma - k / rate);
        at.hessian(0, 0) += w * n * n * (psi1_pq - psi1_p);
        at.hessian(1, 0) += w * n * psi1_pq;
        at.hessian(2, 0) -= w * n / rate;
        at.hessian(1, 1) += w * (psi1_pq - psi1_q);
        at.hessian(2, 1) += w * (1 / gamma - 1 / rate);
        at.hessian(2, 2) += w * (k / (rate * rate) - q / (gamma * gamma));
    }
    const Eigen::Vector3d natural(p, q, gamma);
    at.hessian = at.hessian.selfadjointView<Eigen::Lower>();
    at.gradient.array() *= natural.array();
    at.hessian = (natural.asDiagonal() * at.hessian * natural.asDiagonal()).eval();
    at.hessian.diagonal() += at.gradient;
    return at;
}

double correlation(const std::vector<Pattern>& spends, double customers) {
    double mean_x = 0, mean_z = 0, xx = 0, zz = 0, xz = 0;
    for (const Pattern& p : spends) {
        mean_x += static_cast<double>(p.count) * p.value[0] / customers;
        mean_z += static_cast<double>(p.count) * p.value[1] / customers;
    }
    for (const Pattern& p : spends) {
        const double w = static_cast<double>(p.count), x = p.value[0] - mean_x, z = p.value[1] - mean_z;
        xx += w * x * x;
        zz += w * z * z;
        xz += w * x * z;
    }
    return xx > 0 && zz > 0 ? xz / std::sqrt(xx * zz) : 0;
}

}  // namespace

GammaGammaFit fit_gamma_gamma(const std::vector<Pattern>& spends, Host& host) {
    std::int64_t customers = 0;
    double total = 0;
    for (const Pattern& p : spends) {
        customers += p.count;
        total += static_cast<double>(p.count) * p.value[1];
    }
    if (customers < kLeastCustomers)
        throw Error(ErrorCode::kNotEnoughData,
                    "too few customers with repeat orders to fit: " + std::to_string(customers) + ", at least " +
                        std::to_string(kLeastCustomers) + " are needed",
                    "Load a longer history.");
    // Amounts in units of their mean: cents and thousands fit alike.
    const double unit = std::exp2(std::round(std::log2(total / static_cast<double>(customers))));
    std::vector<Pattern> scaled = spends;
    for (Pattern& p : scaled) p.value[1] /= unit;
    const NewtonResult result = newton_maximize(
        [&](const Eigen::VectorXd& x) { return log_likelihood(scaled, x, host); },
        Eigen::Vector3d(std::log(2.0), std::log(2.0), 0.0), NewtonParams{}, host);
    GammaGammaFit fit{};
    fit.p = std::exp(result.x[0]);
    fit.q = std::exp(result.x[1]);
    fit.gamma = std::exp(result.x[2]) * unit;
    fit.converged = result.status == NewtonStatus::kConverged && result.x.lpNorm<Eigen::Infinity>() < 18;
    if (fit.converged) {
        const Eigen::Matrix3d covariance = Eigen::Matrix3d(-result.at.hessian).inverse();
        for (int i = 0; i < 3; ++i)
            fit.standard_errors.push_back((i == 0 ? fit.p : i == 1 ? fit.q : fit.gamma) * std::sqrt(covariance(i, i)));
    }
    fit.log_likelihood = result.at.value - static_cast<double>(customers) * std::log(unit);
    fit.customers = customers;
    fit.frequency_correlation = correlation(spends, static_cast<double>(customers));
    return fit;
}

GammaGammaModel::GammaGammaModel(GammaGammaFit fit) : fit_(std::move(fit)) {
    for (const double v : {fit_.p, fit_.q, fit_.gamma})
        if (!std::isfinite(v) || v <= 0)
            throw Error(ErrorCode::kInvalidArgument, "parameters of the model must be positive and finite");
}

std::optional<double> GammaGammaModel::expected_spend(double frequency, double mean_spend) const {
    check_spend(frequency, mean_spend);
    const double left = fit_.p * frequency + fit_.q - 1;
    if (left <= 0) return std::nullopt;
    return fit_.p * (fit_.gamma + (frequency > 0 ? frequency * mean_spend : 0)) / left;
}

Document GammaGammaModel::body() const {
    return Document::object()
        .set("p", Document(fit_.p))
        .set("q", Document(fit_.q))
        .set("gamma", Document(fit_.gamma))
        .set("standard_errors", Document(fit_.standard_errors))
        .set("converged", Document(fit_.converged))
        .set("log_likelihood", Document(fit_.log_likelihood))
        .set("customers", Document(fit_.customers))
        .set("frequency_correlation", Document(fit_.frequency_correlation));
}

std::unique_ptr<Model> GammaGammaModel::decode(const Document& body, int) {
    try {
        GammaGammaFit fit{body.at("p").as_double(),
                          body.at("q").as_double(),
                          body.at("gamma").as_double(),
                          body.at("standard_errors").as_doubles(),
                          body.at("converged").as_bool(),
                          body.at("log_likelihood").as_double(),
                          body.at("customers").as_int(),
                          body.at("frequency_correlation").as_double()};
        return std::make_unique<GammaGammaModel>(std::move(fit));
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(), "Restore the model from a backup, or fit it again.");
    }
}

void GammaGammaState::add(double frequency, double mean_spend, const Host& host) {
    check_spend(frequency, mean_spend);
    if (frequency > 0) spends_.add({frequency, mean_spend, 0}, 1, host);
}

GammaGammaModel GammaGammaState::fit(Host& host) const {
    return GammaGammaModel(fit_gamma_gamma(spends_.sorted(host), host));
}

GammaGammaState GammaGammaState::decode(Reader& in) {
    GammaGammaState state;
    state.spends_ = PatternTable::decode(in);
    bool valid = true;
    state.spends_.for_each([&](const Pattern& p) { valid = valid && p.value[0] >= 1 && p.value[1] > 0; });
    if (!valid) Reader::corrupt();
    return state;
}

}  // namespace ecom::core
