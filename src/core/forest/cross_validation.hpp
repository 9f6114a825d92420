// Predictions of rows by models that have not seen them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/host.hpp"
#include "core/forest/feature_model.hpp"
#include "core/forest/learner_params.hpp"

namespace ecom::core {

struct HeldOut {
    double actual;
    double predicted;
    int fold;  // from 1
};

// Every row predicted by a model of the other folds, which are stratified by class.
std::vector<HeldOut> cross_validate(const TrainingRows& rows, const LearnerParams& params, int folds, Host& host);

// A model of the rows of all folds but one, and the numbers of the rows of that one.
struct FoldModel {
    std::unique_ptr<FeatureModel> model;
    std::vector<std::uint32_t> held_out;
};

class Folds {
public:
    // Throws kInvalidArgument, or kNotEnoughData for fewer than two rows a fold.
    Folds(const TrainingRows& rows, const LearnerParams& params, int folds, Host& host);

    int count() const { return folds_; }
    FoldModel fit(int fold, Host& host) const;  // from 0

private:
    const TrainingRows& rows_;
    const LearnerParams& params_;
    int folds_;
    std::vector<int> fold_;
};

// Rows as a model reads them: the columns that it was fitted on, categories by its own numbers.
class RowsForModel {
public:
    // Throws kInvalidArgument where rows lack a feature of the model, or have one of another type.
    RowsForModel(const FeatureModel& model, const TrainingRows& rows);

    // values: one a feature of the model.
    void read(std::size_t row, double* values) const;

private:
    const TrainingRows& rows_;
    std::vector<std::size_t> columns_;          // per feature of the model
    std::vector<std::vector<double>> numbers_;  // per feature and category of the rows
};

}  // namespace ecom::core
