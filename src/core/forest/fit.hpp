// Fitting learners.
#pragma once

#include <memory>
#include <vector>

#include "core/base/host.hpp"
#include "core/forest/features.hpp"
#include "core/forest/learner_params.hpp"
#include "core/forest/linear_model.hpp"
#include "core/forest/tree_model.hpp"

namespace ecom::core {

// Random forest (Breiman, 2001) or gradient boosting (Friedman, 2001), as the parameters say. The same
// rows give the same model for any number of threads.
TreeEnsemble fit_forest(const TrainingRows& rows, const LearnerParams& params, Host& host);
TreeEnsemble fit_boosting(const TrainingRows& rows, const LearnerParams& params, Host& host);
TreeEnsemble fit_trees(const TrainingRows& rows, const LearnerParams& params, Host& host);

// Logistic regression, or linear by least squares; with a penalty l2 / 2 times the squared norm of the coefficients
// of standardised columns, or that of an elastic net (Zou and Hastie, 2005): rows times penalty times
// (l1_ratio |b| + (1 - l1_ratio) / 2 b^2) summed over them.
LinearFit fit_linear(const TrainingRows& rows, const LearnerParams& params, Host& host);

std::unique_ptr<FeatureModel> fit_learner(const TrainingRows& rows, const LearnerParams& params, Host& host);

// Platt's (1999) A and B over the logit of probabilities, with his smoothed targets, by Newton's method
// (Lin, Lin and Weng, 2007).
std::vector<double> platt_scaling(const std::vector<double>& probabilities, const std::vector<double>& labels, Host& host);

}  // namespace ecom::core
