// Logistic and linear regression over rows of features: terms with coefficients and standard errors.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/forest/feature_model.hpp"

namespace ecom::core {

// What a column of the design says of its feature.
enum class TermKind : std::uint8_t { kValue = 0, kMissing = 1, kLevel = 2 };

struct LinearTerm {
    std::uint32_t feature = 0;
    TermKind kind = TermKind::kValue;
    std::uint32_t level = 0;  // of a category
    double mean = 0;          // of the column over the training rows
    double coefficient = 0;
    double error = std::numeric_limits<double>::quiet_NaN();  // standard error; NaN where there is none
};

// What a fitted regression consists of.
struct LinearFit {
    bool classify = true;
    std::vector<Feature> features;
    std::vector<std::vector<std::string>> categories;
    std::vector<double> fill;        // per feature: what a missing number is read as
    std::vector<LinearTerm> terms;   // by feature
    double intercept = 0;
    double intercept_error = std::numeric_limits<double>::quiet_NaN();
    double residual_df = 0;          // of the t test of a linear regression; 0: normal
    std::vector<double> importance;  // per feature, sum 1, or all 0
    Document parameters = Document::object();
    Document metrics = Document::object();
    std::int64_t rows = 0;
};

struct Coefficient {
    std::string term;
    double estimate, error, statistic, p_value;  // NaN where there is none
};

class LinearModel final : public FeatureModel {
public:
    static constexpr std::string_view kKind = "linear_model";

    explicit LinearModel(LinearFit fit);  // throws kCorruptValue where parts contradict each other

    const LinearFit& fit() const { return fit_; }
    const std::vector<Feature>& features() const override { return fit_.features; }
    const std::vector<std::vector<std::string>>& categories() const override { return fit_.categories; }
    bool classifies() const override { return fit_.classify; }
    const std::vector<double>& importance() const override { return fit_.importance; }

    double predict(const double* values) const override;
    double raw(const double* values) const override;  // log-odds of a class
    // Contributions are coefficients times distances from the means of the training rows.
    double explain(const double* values, double* contributions, Host& host) const override;

    std::vector<Coefficient> coefficients() const;  // the intercept first

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;
    static std::unique_ptr<Model> decode(const Document& body, int version);

private:
    LinearFit fit_;
};

// The column of a term for a row's value of its feature; fill: what a missing number is read as.
inline double term_value(const LinearTerm& term, double value, double fill) {
    const bool missing = value != value;
    switch (term.kind) {
        case TermKind::kValue: return missing ? fill : value;
        case TermKind::kMissing: return missing ? 1.0 : 0.0;
        default: return !missing && value == static_cast<double>(term.level) ? 1.0 : 0.0;
    }
}

}  // namespace ecom::core
