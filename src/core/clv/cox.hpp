// What makes customers leave sooner: proportional hazards (Cox, 1972), ties as by Efron (1977).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

struct CoxFit {
    std::vector<std::string> names;
    std::vector<double> coefficients;
    std::vector<double> standard_errors;
    std::vector<double> means;  // of the features: the customer whom baseline_hazard is about
    double log_likelihood, null_log_likelihood;
    double concordance;  // share of comparable pairs whose order is foretold, ties half (Harrell et al., 1982)
    std::int64_t customers, left;
    // Cumulative hazard after each time at which somebody left, of a customer with mean features.
    std::vector<double> baseline_times, baseline_hazard;
};

class CoxModel final : public Model {
public:
    static constexpr std::string_view kKind = "cox";

    explicit CoxModel(CoxFit fit);  // throws kInvalidArgument for parts that do not fit together
    const CoxFit& fit() const noexcept { return fit_; }

    // Rate of leaving over that of a customer with mean features.
    double hazard_ratio(const std::vector<double>& features) const;
    // Probability of being there after a time.
    double survival(const std::vector<double>& features, double duration) const;

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    CoxFit fit_;
};

class CoxState final : public State {
public:
    static constexpr std::string_view kKind = "cox";
    static constexpr std::size_t kMostFeatures = 100;

    explicit CoxState(std::vector<std::string> names);  // throws kInvalidArgument unless 1 to 100 distinct names
    const std::vector<std::string>& names() const { return names_; }

    // `features` has as many values as there are names.
    void add(double duration, bool has_left, const double* features, const Host& host);
    void merge(const CoxState& other, const Host& host);
    bool empty() const { return values_.empty(); }
    CoxModel fit(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static CoxState decode(Reader& in);

private:
    std::size_t width() const { return names_.size() + 2; }
    void reserve(std::size_t rows, const Host& host);

    std::vector<std::string> names_;
    std::vector<double> values_;  // row by row: duration, 1 left | 0 censored, features
};

// Rows as CoxState keeps them. Throws kNotEnoughData unless ten customers left, and more of them than there are
// features; kNumericFailure for features that are constant, linearly dependent, or that foretell every leaving.
CoxFit fit_cox(const std::vector<double>& rows, const std::vector<std::string>& names, Host& host);

}  // namespace ecom::core
