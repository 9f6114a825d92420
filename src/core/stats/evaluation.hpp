// How good predictions are: of a yes/no label by a score, and of a number by a number.
//
// Tied scores count as one point of every curve, so no figure depends on the order of rows.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// Rows that share a score.
struct ScoreLevel {
    double score;
    std::int64_t positives;
    std::int64_t negatives;
};

// Counts of decisions at one threshold: predicted positive when score >= threshold.
struct Confusion {
    std::int64_t true_positives = 0;
    std::int64_t false_positives = 0;
    std::int64_t true_negatives = 0;
    std::int64_t false_negatives = 0;

    std::int64_t total() const {
        return true_positives + false_positives + true_negatives + false_negatives;
    }
    double accuracy() const;
    double precision() const;  // 0 when nothing is predicted positive
    double recall() const;     // 0 when there is no positive
    double specificity() const;
    double f1() const;
    double balanced_accuracy() const;
    double matthews() const;  // 0 when a margin is empty
    double kappa() const;     // Cohen (1960); 0 when chance agreement is complete
};

// Area figures need both classes; probability figures need scores within 0 to 1. What cannot be
// computed is empty.
struct ClassificationMetrics {
    std::int64_t n = 0;
    std::int64_t positives = 0;
    Confusion confusion;
    double baseline_accuracy = 0;  // of always predicting the larger class
    std::optional<double> roc_auc;
    std::optional<double> average_precision;
    std::optional<double> pr_auc;  // trapezoid rule
    std::optional<double> ks;      // largest distance of the two classes' distributions
    std::optional<double> log_loss;
    std::optional<double> brier;
    std::optional<double> calibration_error;  // expected, 10 bins of equal width
    std::optional<double> baseline_log_loss;  // of always predicting the share of positives
    std::optional<double> baseline_brier;
};

struct LiftBucket {
    int bucket;
    std::int64_t n;  // rows in the bucket
    double positives;
    std::int64_t cumulative_n;
    double cumulative_positives;
    double min_score;
};

struct ThresholdRow {
    double threshold;
    Confusion confusion;
};

struct CalibrationBin {
    int bin;
    std::int64_t n;
    double mean_score;
    double observed_rate;
};

ClassificationMetrics classification_metrics(const std::vector<ScoreLevel>& levels, double threshold,
                                             Host& host);

// Rows ranked by falling score, cut at ceil(n k / buckets). A tie that a cut divides gives each side
// its share of the tie's positives.
std::vector<LiftBucket> lift_buckets(const std::vector<ScoreLevel>& levels, int buckets, Host& host);

// One row per distinct score, at most `rows` of them (evenly by rank), falling.
std::vector<ThresholdRow> threshold_rows(const std::vector<ScoreLevel>& levels, int rows, Host& host);

// Bins of equally many rows, ties together; empty bins have no row.
std::vector<CalibrationBin> calibration_bins(const std::vector<ScoreLevel>& levels, int bins, Host& host);

// (label, score) pairs while an aggregate collects them.
class ScoredState final : public State {
public:
    static constexpr std::string_view kKind = "scored";

    explicit ScoredState(double threshold) : threshold_(threshold) {}

    // Throws kNonFiniteInput for NaN and infinities.
    void add(bool label, double score, const Host& host);
    void merge(const ScoredState& other, Host& host);

    std::vector<ScoreLevel> levels(Host& host) const;
    double threshold() const { return threshold_; }
    std::size_t size() const { return positives_.size() + negatives_.size(); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static ScoredState decode(Reader& in);

private:
    double threshold_;
    ChunkedVector<double> positives_;
    ChunkedVector<double> negatives_;
};

// Levels of scores and labels that lie in arrays.
std::vector<ScoreLevel> score_levels(std::vector<double> positives, std::vector<double> negatives,
                                     Host& host);

struct RegressionMetrics {
    std::int64_t n;
    double mae;
    double rmse;
    double bias;                 // mean of predicted - actual
    std::optional<double> r2;    // empty when the actual values are constant
    double baseline_mae;         // of always predicting the mean actual value
    double baseline_rmse;
    std::optional<double> mape;  // over rows with an actual value other than 0
};

// (actual, predicted) pairs; the mean must be known for the baseline, so the values are kept.
class PredictedState final : public State {
public:
    static constexpr std::string_view kKind = "predicted";

    void add(double actual, double predicted, const Host& host);
    void merge(const PredictedState& other, Host& host);
    std::optional<RegressionMetrics> metrics(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static PredictedState decode(Reader& in);

private:
    ChunkedVector<double> actual_;
    ChunkedVector<double> predicted_;
};

}  // namespace ecom::core
