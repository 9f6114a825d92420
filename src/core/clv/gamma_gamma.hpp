// Mean spend of a customer per order, Gamma-Gamma (Fader and Hardie, 2013; Colombo and Jiang, 1999).
//
// An order is Gamma(p, nu), nu ~ Gamma(q, gamma) differs among customers, independently of how often they buy.
// Fitted on customers with repeat orders: x of them, of mean amount z (the first order left out).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"
#include "core/clv/pattern_table.hpp"

namespace ecom::core {

struct GammaGammaFit {
    double p, q, gamma;
    std::vector<double> standard_errors;  // of p, q, gamma; empty where the information is singular
    bool converged;
    double log_likelihood;
    std::int64_t customers;
    double frequency_correlation;  // of x and z, which the model takes for none
};

class GammaGammaModel final : public Model {
public:
    static constexpr std::string_view kKind = "gamma_gamma";

    explicit GammaGammaModel(GammaGammaFit fit);
    const GammaGammaFit& fit() const noexcept { return fit_; }

    // Expected amount of an order. x = 0: the mean of all customers. None where it is infinite (p x + q <= 1).
    std::optional<double> expected_spend(double frequency, double mean_spend) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override { return body(); }
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    GammaGammaFit fit_;
};

// Patterns (x, z, 0), x and z above zero. Throws kNotEnoughData for fewer than ten customers.
GammaGammaFit fit_gamma_gamma(const std::vector<Pattern>& spends, Host& host);

class GammaGammaState final : public State {
public:
    static constexpr std::string_view kKind = "gamma_gamma";

    // Customers without repeat orders say nothing about repeat spend and are passed over.
    void add(double frequency, double mean_spend, const Host& host);
    void merge(const GammaGammaState& other, Host& host) { spends_.merge(other.spends_, host); }
    GammaGammaModel fit(Host& host) const;
    std::int64_t rows() const { return spends_.rows(); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override { spends_.encode(out); }
    static GammaGammaState decode(Reader& in);

private:
    PatternTable spends_;
};

}  // namespace ecom::core
