#include "core/clv/cox.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/budget.hpp"
#include "core/clv/survival.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

CoxModel::CoxModel(CoxFit fit) : fit_(std::move(fit)) {
    const std::size_t p = fit_.names.size();
    bool valid = p > 0 && fit_.coefficients.size() == p && fit_.standard_errors.size() == p && fit_.means.size() == p &&
                 fit_.baseline_times.size() == fit_.baseline_hazard.size();
    for (const auto* values : {&fit_.coefficients, &fit_.standard_errors, &fit_.means, &fit_.baseline_times, &fit_.baseline_hazard})
        for (const double v : *values) valid = valid && std::isfinite(v);
    for (const double e : fit_.standard_errors) valid = valid && e > 0;
    for (const double h : fit_.baseline_hazard) valid = valid && h >= 0;
    valid = valid && std::is_sorted(fit_.baseline_times.begin(), fit_.baseline_times.end()) &&
            std::is_sorted(fit_.baseline_hazard.begin(), fit_.baseline_hazard.end());
    if (!valid) throw Error(ErrorCode::kInvalidArgument, "parts of the model do not fit together");
}

double CoxModel::hazard_ratio(const std::vector<double>& features) const {
    if (features.size() != fit_.names.size())
        throw Error(ErrorCode::kInvalidArgument,
                    std::to_string(features.size()) + " features for a model of " + std::to_string(fit_.names.size()),
                    "Pass the features in the order in which the model was fitted; ecom.cox_coefficients lists them.");
    double score = 0;
    for (std::size_t k = 0; k < features.size(); ++k) {
        if (!std::isfinite(features[k]))
            throw Error(ErrorCode::kNonFiniteInput, "feature \"" + fit_.names[k] + "\" must be finite");
        score += fit_.coefficients[k] * (features[k] - fit_.means[k]);
    }
    return std::exp(std::min(score, 700.0));
}

double CoxModel::survival(const std::vector<double>& features, double duration) const {
    check_duration(duration);
    const double ratio = hazard_ratio(features);
    const auto after = std::upper_bound(fit_.baseline_times.begin(), fit_.baseline_times.end(), duration);
    if (after == fit_.baseline_times.begin()) return 1;
    return std::exp(-ratio * fit_.baseline_hazard[static_cast<std::size_t>(after - fit_.baseline_times.begin()) - 1]);
}

Document CoxModel::body() const {
    Document body = summary();
    body.set("means", Document(fit_.means))
        .set("baseline_times", Document(fit_.baseline_times))
        .set("baseline_hazard", Document(fit_.baseline_hazard));
    return body;
}

Document CoxModel::summary() const {
    return Document::object()
        .set("names", Document(fit_.names))
        .set("coefficients", Document(fit_.coefficients))
        .set("standard_errors", Document(fit_.standard_errors))
        .set("log_likelihood", Document(fit_.log_likelihood))
        .set("null_log_likelihood", Document(fit_.null_log_likelihood))
        .set("concordance", Document(fit_.concordance))
        .set("customers", Document(fit_.customers))
        .set("left", Document(fit_.left));
}

std::unique_ptr<Model> CoxModel::decode(const Document& body, int) {
    try {
        CoxFit fit;
        fit.names = body.at("names").as_strings();
        fit.coefficients = body.at("coefficients").as_doubles();
        fit.standard_errors = body.at("standard_errors").as_doubles();
        fit.means = body.at("means").as_doubles();
        fit.log_likelihood = body.at("log_likelihood").as_double();
        fit.null_log_likelihood = body.at("null_log_likelihood").as_double();
        fit.concordance = body.at("concordance").as_double();
        fit.customers = body.at("customers").as_int();
        fit.left = body.at("left").as_int();
        fit.baseline_times = body.at("baseline_times").as_doubles();
        fit.baseline_hazard = body.at("baseline_hazard").as_doubles();
        return std::make_unique<CoxModel>(std::move(fit));
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(), "Restore the model from a backup, or fit it again.");
    }
}

CoxState::CoxState(std::vector<std::string> names) : names_(std::move(names)) {
    if (names_.empty() || names_.size() > kMostFeatures)
        throw Error(ErrorCode::kInvalidArgument, "a fit needs 1 to 100 features, not " + std::to_string(names_.size()),
                    "Pass the features of a row as an array of numbers.");
    if (std::set<std::string>(names_.begin(), names_.end()).size() != names_.size())
        throw Error(ErrorCode::kInvalidArgument, "names of features must differ");
}

void CoxState::reserve(std::size_t rows, const Host& host) {
    const std::size_t needed = values_.size() + rows * width();
    if (needed <= values_.capacity()) return;
    const std::size_t wanted = std::max({needed, 2 * values_.capacity(), 64 * width()});
    // The old block and the new one exist together while values move.
    require_memory(host, mul_size(wanted + values_.size(), sizeof(double)),
                   "collecting " + std::to_string(needed / width()) + " durations");
    values_.reserve(wanted);
}

void CoxState::add(double duration, bool has_left, const double* features, const Host& host) {
    check_duration(duration);
    for (std::size_t k = 0; k < names_.size(); ++k)
        if (!std::isfinite(features[k]))
            throw Error(ErrorCode::kNonFiniteInput, "feature \"" + names_[k] + "\" must be finite",
                        "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    reserve(1, host);
    values_.push_back(duration + 0.0);  // -0 becomes 0
    values_.push_back(has_left ? 1 : 0);
    for (std::size_t k = 0; k < names_.size(); ++k) values_.push_back(features[k] + 0.0);
}

void CoxState::merge(const CoxState& other, const Host& host) {
    if (other.names_ != names_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    reserve(other.values_.size() / width(), host);
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
}

CoxModel CoxState::fit(Host& host) const { return CoxModel(fit_cox(values_, names_, host)); }

void CoxState::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(names_.size()));
    for (const std::string& name : names_) out.string(name);
    out.u64(values_.size() / width());
    for (const double v : values_) {
        out.poll();
        out.f64(v);
    }
}

CoxState CoxState::decode(Reader& in) {
    const std::size_t count = in.count(4);
    if (count == 0 || count > kMostFeatures) Reader::corrupt();
    std::vector<std::string> names;
    for (std::size_t k = 0; k < count; ++k) names.emplace_back(in.string());
    if (std::set<std::string>(names.begin(), names.end()).size() != count) Reader::corrupt();
    CoxState state(std::move(names));
    const std::uint64_t rows = in.u64();
    const std::size_t row_bytes = state.width() * sizeof(double);
    if (rows != in.remaining() / row_bytes || in.remaining() % row_bytes != 0) Reader::corrupt();
    state.values_.reserve(rows * state.width());
    for (std::uint64_t i = 0; i < rows; ++i) {
        in.poll();
        for (std::size_t k = 0; k < state.width(); ++k) {
            const double v = in.f64();
            if (!std::isfinite(v) || (k == 0 && v < 0) || (k == 1 && v != 0 && v != 1)) Reader::corrupt();
            state.values_.push_back(v);
        }
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
