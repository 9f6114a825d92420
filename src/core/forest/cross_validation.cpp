#include "core/forest/cross_validation.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/forest/fit.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

Folds::Folds(const TrainingRows& rows, const LearnerParams& params, int folds, Host& host) : rows_(rows), params_(params), folds_(folds) {
    const std::size_t n = rows.size();
    if (folds < 2 || folds > 100)
        throw Error(ErrorCode::kInvalidArgument, "number of folds " + std::to_string(folds) + " is out of range", "Use 2 to 100; 5 is usual.");
    if (n < 2 * static_cast<std::size_t>(folds))
        throw Error(ErrorCode::kNotEnoughData, std::to_string(n) + " rows are too few for " + std::to_string(folds) + " folds",
                    "Use fewer folds or more rows.");
    require_memory(host, add_size(mul_size(4, rows.bytes()), mul_size(n, sizeof(HeldOut) + 8)), "cross-validating " + std::to_string(n) + " rows");
    // Rows lie in an order as good as random: dealing them out by class makes stratified folds.
    fold_.resize(n);
    std::size_t seen[2] = {0, 0};
    for (std::size_t i = 0; i < n; ++i) {
        std::size_t& count = seen[params.classify && rows.labels[i] > 0 ? 1 : 0];
        fold_[i] = static_cast<int>(count++ % static_cast<std::size_t>(folds));
    }
}

FoldModel Folds::fit(int fold, Host& host) const {
    FoldModel out;
    std::vector<std::uint32_t> kept;
    PollEvery poll(host);
    for (std::size_t i = 0; i < fold_.size(); ++i) {
        poll();
        (fold_[i] == fold ? out.held_out : kept).push_back(static_cast<std::uint32_t>(i));
    }
    out.model = fit_learner(rows_.subset(kept, host), params_, host);
    return out;
}

RowsForModel::RowsForModel(const FeatureModel& model, const TrainingRows& rows) : rows_(rows), numbers_(model.width()) {
    std::string lacking;
    for (std::size_t f = 0; f < model.width(); ++f) {
        const Feature& wanted = model.features()[f];
        const auto found = std::find_if(rows.features.begin(), rows.features.end(), [&](const Feature& x) { return x.name == wanted.name; });
        if (found == rows.features.end()) {
            lacking += (lacking.empty() ? "\"" : ", \"") + wanted.name + "\"";
            continue;
        }
        if (found->type != wanted.type)
            throw Error(ErrorCode::kInvalidArgument,
                        "feature \"" + wanted.name + "\" is a " + std::string(feature_type_name(found->type)) + ", the model was fitted on a " +
                            std::string(feature_type_name(wanted.type)),
                        "Cast the column to the type that the model was fitted on.");
        columns_.push_back(static_cast<std::size_t>(found - rows.features.begin()));
        for (const std::string& name : rows.categories[columns_.back()]) numbers_[f].push_back(model.category(f, name));
    }
    if (!lacking.empty())
        throw Error(ErrorCode::kInvalidArgument, "rows lack features of the model: " + lacking,
                    "Collect rows with columns of these names, NULL where a value is not known.");
}

void RowsForModel::read(std::size_t row, double* values) const {
    for (std::size_t f = 0; f < columns_.size(); ++f) {
        const double v = rows_.columns[columns_[f]][row];
        values[f] = numbers_[f].empty() || std::isnan(v) ? v : numbers_[f][static_cast<std::size_t>(v)];
    }
}

std::vector<HeldOut> cross_validate(const TrainingRows& rows, const LearnerParams& params, int folds, Host& host) {
    const Folds dealt(rows, params, folds, host);
    std::vector<HeldOut> out;
    out.reserve(rows.size());
    std::vector<double> values(rows.width());
    PollEvery poll(host);
    for (int k = 0; k < folds; ++k) {
        const FoldModel of_fold = dealt.fit(k, host);
        const RowsForModel reader(*of_fold.model, rows);
        for (const std::uint32_t i : of_fold.held_out) {
            poll(16);
            reader.read(i, values.data());
            out.push_back({rows.labels[i], of_fold.model->predict(values.data()), k + 1});
        }
    }
    return out;
}

}  // namespace ecom::core
