// What a model's predictions lose when one feature tells nothing any more (Breiman, 2001; Fisher, Rudin and Dominici, 2019).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/forest/feature_model.hpp"
#include "core/forest/learner_params.hpp"

namespace ecom::core {

enum class Quality { kRocAuc, kLogLoss, kBrier, kR2, kRmse, kMae };

// The quality of a name; empty: ROC AUC of classes, R2 of numbers. Throws kInvalidArgument for a name that is unknown or
// means nothing for what the model predicts.
Quality parse_quality(std::string_view name, bool classify);
std::string_view quality_name(Quality quality);

struct PermutationParams {
    Quality quality = Quality::kRocAuc;
    int repeats = 5;
    std::int64_t seed = 42;

    void check() const;
};

// How much worse predictions get, in units of the quality: what AUC and R2 lose, what losses and errors gain.
struct PermutationImportance {
    double importance = 0;                     // mean over folds and repeats
    std::optional<double> standard_deviation;  // among them; empty for a single one
};

struct PermutationResult {
    double quality = 0;  // of predictions from the rows as they are; mean over folds
    std::vector<PermutationImportance> features;
};

// Of a model, on rows that it should not have seen. Rows lack no feature of the model, which has the same types there
// (kInvalidArgument); features that the model does not look at have no place in the result, whose order is the model's.
PermutationResult permutation_importance(const FeatureModel& model, const TrainingRows& rows, const PermutationParams& params, Host& host);

// Of a learner: by folds, each predicted by a model of the others. The order is that of the rows' features.
PermutationResult permutation_importance(const TrainingRows& rows, const LearnerParams& learner, int folds, const PermutationParams& params, Host& host);

}  // namespace ecom::core
