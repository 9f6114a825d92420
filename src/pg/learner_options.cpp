#include "pg/learner_options.hpp"

#include "core/base/json.hpp"
#include "pg/boundary.hpp"

namespace ecom::pg {
namespace {

using core::Document;
using core::Error;
using core::ErrorCode;
using core::Learner;
using core::LearnerParams;

Learner method_of(const Document& value, bool classify) {
    if (const auto* method = std::get_if<std::string>(&value.value())) {
        if (*method == "forest") return Learner::kForest;
        if (*method == "gbm") return Learner::kBoosting;
        if (*method == (classify ? "logistic" : "linear")) return Learner::kLinear;
    }
    throw Error(ErrorCode::kInvalidArgument, std::string("option \"method\" is none of forest, gbm and ") + (classify ? "logistic" : "linear"));
}

// Learners that an option chooses; of yes or no a calibrated forest, unless options say otherwise.
LearnerParams chosen_params(std::string_view learner, const Document& options) {
    const auto* fields = std::get_if<Document::Fields>(&options.value());
    const bool classify = learner != kValue;
    if (fields == nullptr) return LearnerParams::from(Learner::kForest, classify, options);  // refuses it
    Document rest = Document::object();
    Learner kind = Learner::kForest;
    bool says_calibration = false, says_leaf = false;
    for (const auto& [name, value] : *fields) {
        if (name == "method") {
            kind = method_of(value, classify);
            continue;
        }
        says_calibration = says_calibration || name == "calibration" || name == "bootstrap";
        says_leaf = says_leaf || name == "min_leaf";
        rest.set(name, value);
    }
    if (classify && kind == Learner::kForest && !says_calibration) rest.set("calibration", Document(std::string("platt")));
    // A difference of two probabilities is noisier than either.
    if (learner == kUplift && kind != Learner::kLinear && !says_leaf) rest.set("min_leaf", Document(std::int64_t{20}));
    return LearnerParams::from(kind, classify, rest);
}

}  // namespace

std::string learner_options(std::string_view learner, const std::string& json) { return std::string(learner) + "\n" + json; }

LearnerParams learner_params(std::string_view learner, const std::string& json) {
    Document options;
    try {
        options = core::from_json(json, "options");
    } catch (const Error& e) {
        throw Error(ErrorCode::kInvalidArgument, e.what(), R"(Write options as '{"trees": 200}'.)");
    }
    if (learner == kChurn || learner == kUplift || learner == kValue) return chosen_params(learner, options);
    if (learner == kLogistic || learner == kLinear) return LearnerParams::from(Learner::kLinear, learner == kLogistic, options);
    const bool is_boosting = learner == kBoostingClass || learner == kBoostingValue;
    return LearnerParams::from(is_boosting ? Learner::kBoosting : Learner::kForest, learner == kForestClass || learner == kBoostingClass, options);
}

LearnerParams learner_params(const core::LearnerState& state) {
    const std::string& options = state.options();
    const std::size_t end = options.find('\n');
    if (end == std::string::npos) core::Reader::corrupt();
    return learner_params(std::string_view(options).substr(0, end), options.substr(end + 1));
}

}  // namespace ecom::pg
