#include "core/forest/permutation_importance.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/forest/cross_validation.hpp"
#include "core/stats/evaluation.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::string_view kNames[] = {"roc_auc", "log_loss", "brier", "r2", "rmse", "mae"};

bool is_of_classes(Quality quality) { return quality <= Quality::kBrier; }

// Where more of it is worse.
bool is_loss(Quality quality) { return quality != Quality::kRocAuc && quality != Quality::kR2; }

double quality_of(Quality quality, const std::vector<double>& actual, const std::vector<double>& predicted, Host& host) {
    PollEvery poll(host);
    std::optional<double> value;
    if (is_of_classes(quality)) {
        std::vector<double> of_class[2];
        for (std::size_t i = 0; i < actual.size(); ++i) {
            poll();
            of_class[actual[i] > 0 ? 1 : 0].push_back(predicted[i]);
        }
        const ClassificationMetrics m = classification_metrics(score_levels(std::move(of_class[1]), std::move(of_class[0]), host), 0.5, host);
        value = quality == Quality::kRocAuc ? m.roc_auc : quality == Quality::kLogLoss ? m.log_loss : m.brier;
    } else {
        PredictedState state;
        for (std::size_t i = 0; i < actual.size(); ++i) {
            poll();
            state.add(actual[i], predicted[i], host);
        }
        const auto m = state.metrics(host);
        if (m) value = quality == Quality::kR2 ? m->r2 : quality == Quality::kRmse ? m->rmse : m->mae;
    }
    if (!value)
        throw Error(ErrorCode::kNotEnoughData, "labels of held-out rows are all the same: " + std::string(quality_name(quality)) + " says nothing",
                    is_of_classes(quality) ? "Use more rows or fewer folds, or the metric log_loss." : "Use more rows or fewer folds, or the metric rmse.");
    return *value;
}

struct Drops {
    double quality = 0;
    std::vector<double> of;  // by feature, then repeat
};

Drops measure(const FeatureModel& model, const TrainingRows& rows, const std::vector<std::uint32_t>& chosen, const PermutationParams& params,
              std::size_t first_stream, Host& host) {
    const std::size_t n = chosen.size(), p = model.width(), repeats = static_cast<std::size_t>(params.repeats);
    const auto threads = static_cast<std::size_t>(std::max(1, host.max_threads()));
    // The rows as the model reads them; for every thread their order, predictions, and what the quality is computed from.
    require_memory(host, add_size(add_size(rows.bytes(), mul_size(mul_size(n, p + 2), sizeof(double))), mul_size(mul_size(n, 64), threads)),
                   "permuting " + std::to_string(n) + " rows");
    PollEvery poll(host);
    const RowsForModel reader(model, rows);
    std::vector<double> values(n * p), actual(n), predicted(n);
    for (std::size_t i = 0; i < n; ++i) {
        poll(16);
        reader.read(chosen[i], &values[i * p]);
        actual[i] = rows.labels[chosen[i]];
        predicted[i] = model.predict(&values[i * p]);
    }
    Drops out;
    out.quality = quality_of(params.quality, actual, predicted, host);
    out.of.resize(p * repeats);
    parallel_for(host, out.of.size(), [&](std::size_t task, Host& worker) {
        const std::size_t f = task / repeats;
        PollEvery poll_worker(worker);
        Rng rng(static_cast<std::uint64_t>(params.seed), first_stream + task);
        std::vector<std::uint32_t> from(n);
        std::iota(from.begin(), from.end(), 0U);
        for (std::size_t i = n; i > 1; --i) {
            poll_worker();
            std::swap(from[i - 1], from[rng.below(i)]);
        }
        std::vector<double> row(p), permuted(n);
        for (std::size_t i = 0; i < n; ++i) {
            const double own = values[i * p + f], other = values[from[i] * p + f];
            permuted[i] = predicted[i];
            poll_worker();
            if (own == other || (std::isnan(own) && std::isnan(other))) continue;
            poll_worker(16);
            std::memcpy(row.data(), &values[i * p], p * sizeof(double));
            row[f] = other;
            permuted[i] = model.predict(row.data());
        }
        const double worse = out.quality - quality_of(params.quality, actual, permuted, worker);
        out.of[task] = is_loss(params.quality) ? -worse : worse;
    });
    return out;
}

// Means and deviations over folds and repeats.
PermutationResult summary(const std::vector<Drops>& folds, std::size_t features, std::size_t repeats) {
    PermutationResult out;
    out.features.resize(features);
    const auto count = static_cast<double>(folds.size() * repeats);
    for (const Drops& fold : folds) out.quality += fold.quality / static_cast<double>(folds.size());
    for (std::size_t f = 0; f < features; ++f) {
        PermutationImportance& to = out.features[f];
        const auto each = [&](auto&& visit) {
            for (const Drops& fold : folds)
                for (std::size_t r = 0; r < repeats; ++r) visit(fold.of[f * repeats + r]);
        };
        each([&](double drop) { to.importance += drop / count; });
        if (count < 2) continue;
        double squares = 0;
        each([&](double drop) { squares += (drop - to.importance) * (drop - to.importance); });
        to.standard_deviation = std::sqrt(squares / (count - 1));
    }
    return out;
}

void check_quality(const PermutationParams& params, bool classify) {
    params.check();
    if (is_of_classes(params.quality) != classify) parse_quality(quality_name(params.quality), classify);
}

}  // namespace

std::string_view quality_name(Quality quality) { return kNames[static_cast<std::size_t>(quality)]; }

Quality parse_quality(std::string_view name, bool classify) {
    if (name.empty()) return classify ? Quality::kRocAuc : Quality::kR2;
    for (std::size_t q = 0; q < std::size(kNames); ++q)
        if (kNames[q] == name && is_of_classes(static_cast<Quality>(q)) == classify) return static_cast<Quality>(q);
    throw Error(ErrorCode::kInvalidArgument, "metric \"" + std::string(name) + "\" is not known for a model of " + (classify ? "yes or no" : "numbers"),
                classify ? "Use roc_auc, log_loss or brier." : "Use r2, rmse or mae.");
}

void PermutationParams::check() const {
    if (repeats < 1 || repeats > 1000)
        throw Error(ErrorCode::kInvalidArgument, "number of repeats " + std::to_string(repeats) + " is out of range", "Use 1 to 1000; 5 is usual.");
}

PermutationResult permutation_importance(const FeatureModel& model, const TrainingRows& rows, const PermutationParams& params, Host& host) {
    check_quality(params, model.classifies());
    if (rows.size() < 2) throw Error(ErrorCode::kNotEnoughData, "at least 2 rows are needed to permute features among them", "Collect more rows.");
    std::vector<std::uint32_t> all(rows.size());
    std::iota(all.begin(), all.end(), 0U);
    return summary({measure(model, rows, all, params, 0, host)}, model.width(), static_cast<std::size_t>(params.repeats));
}

PermutationResult permutation_importance(const TrainingRows& rows, const LearnerParams& learner, int folds, const PermutationParams& params, Host& host) {
    check_quality(params, learner.classify);
    const Folds dealt(rows, learner, folds, host);
    std::vector<Drops> measured;
    const std::size_t repeats = static_cast<std::size_t>(params.repeats);
    for (int k = 0; k < folds; ++k) {
        const FoldModel of_fold = dealt.fit(k, host);
        measured.push_back(measure(*of_fold.model, rows, of_fold.held_out, params, static_cast<std::size_t>(k) * rows.width() * repeats, host));
        host.progress(k + 1, folds);
    }
    return summary(measured, rows.width(), repeats);
}

}  // namespace ecom::core
