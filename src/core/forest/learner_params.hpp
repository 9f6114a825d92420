// What a learner is told: one list of options for all of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/document.hpp"

namespace ecom::core {

enum class Learner { kForest, kBoosting, kLinear };

// What turns the out-of-bag predictions of a forest into probabilities.
enum class Calibration { kNone, kPlatt, kIsotonic };

struct LearnerParams {
    Learner learner = Learner::kForest;
    bool classify = true;
    int trees = 100;
    int max_depth = 10;           // 0: no limit
    int min_leaf = 1;
    int mtry = 0;                 // 0: sqrt(p) of a forest of classes, else all
    int bins = 254;
    bool exact = false;           // a code for every distinct value, up to 65000
    bool bootstrap = true;
    bool balanced = false;        // classes weigh n / (2 n_class)
    double positive_weight = 1;   // further weight of the positive class
    Calibration calibration = Calibration::kNone;
    std::int64_t seed = 42;
    double learning_rate = 0.1;
    double lambda = 1;
    double penalty = 0;           // of an elastic net: lambda of glmnet, alpha of scikit-learn
    double l1_ratio = 0;          // its share of absolute values: alpha of glmnet
    std::vector<std::string> exclude;  // columns of the row that are no features

    // The defaults of one learner, changed by options {name: value}. Throws kInvalidArgument for
    // a name that the learner does not know or a value out of range.
    static LearnerParams from(Learner learner, bool classify, const Document& options);
    Document document() const;
};

}  // namespace ecom::core
