// What an aggregate of learners fits, and with what options: the text that its state keeps.
#pragma once

#include <string>
#include <string_view>

#include "core/forest/learner_params.hpp"
#include "core/forest/learner_state.hpp"

namespace ecom::pg {

constexpr std::string_view kChurn = "churn", kForestClass = "forest class", kForestValue = "forest value", kBoostingClass = "boosting class",
                           kBoostingValue = "boosting value", kLogistic = "logistic", kLinear = "linear", kUplift = "uplift", kValue = "value";

std::string learner_options(std::string_view learner, const std::string& json);

core::LearnerParams learner_params(std::string_view learner, const std::string& json);
core::LearnerParams learner_params(const core::LearnerState& state);

}  // namespace ecom::pg
