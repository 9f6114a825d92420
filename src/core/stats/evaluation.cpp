#include "core/stats/evaluation.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

double ratio(double a, double b) { return b > 0 ? a / b : 0.0; }

void check_buckets(int buckets, const char* what) {
    if (buckets < 1 || buckets > 1000)
        throw Error(ErrorCode::kInvalidArgument,
                    std::string(what) + " " + std::to_string(buckets) + " is out of range",
                    "Use 1 to 1000; 10 is usual.");
}

struct Totals {
    std::int64_t positives = 0;
    std::int64_t negatives = 0;
    std::int64_t n() const { return positives + negatives; }
};

Totals totals_of(const std::vector<ScoreLevel>& levels) {
    Totals t;
    for (const ScoreLevel& level : levels) {
        t.positives += level.positives;
        t.negatives += level.negatives;
    }
    return t;
}

void areas(const std::vector<ScoreLevel>& levels, const Totals& total, ClassificationMetrics& out,
           PollEvery& poll) {
    const auto p = static_cast<double>(total.positives);
    const auto n = static_cast<double>(total.negatives);
    double tp = 0, fp = 0, concordant = 0, ap = 0, trapezoid = 0, ks = 0;
    double last_recall = 0, last_precision = 1;
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        poll();
        const auto lp = static_cast<double>(level->positives);
        const auto ln = static_cast<double>(level->negatives);
        concordant += ln * (tp + 0.5 * lp);
        tp += lp;
        fp += ln;
        const double recall = tp / p;
        const double precision = tp / (tp + fp);
        ap += (recall - last_recall) * precision;
        trapezoid += (recall - last_recall) * 0.5 * (precision + last_precision);
        last_recall = recall;
        last_precision = precision;
        ks = std::max(ks, std::abs(tp / p - fp / n));
    }
    out.roc_auc = concordant / (p * n);
    out.average_precision = ap;
    out.pr_auc = trapezoid;
    out.ks = ks;
}

void probability_figures(const std::vector<ScoreLevel>& levels, ClassificationMetrics& out,
                         PollEvery& poll) {
    // Clipped where scikit-learn before 1.2 did: one certain and wrong score must not be infinite.
    constexpr double kClip = 1e-15;
    constexpr int kBins = 10;
    const auto n = static_cast<double>(out.n);
    double log_loss = 0, brier = 0;
    double bin_score[kBins] = {}, bin_positives[kBins] = {};
    for (const ScoreLevel& level : levels) {
        poll();
        const double p = std::clamp(level.score, kClip, 1 - kClip);
        const auto lp = static_cast<double>(level.positives);
        const auto ln = static_cast<double>(level.negatives);
        log_loss -= lp * std::log(p) + ln * std::log1p(-p);
        brier += lp * (1 - level.score) * (1 - level.score) + ln * level.score * level.score;
        const int bin = std::min(kBins - 1, static_cast<int>(level.score * kBins));
        bin_score[bin] += (lp + ln) * level.score;
        bin_positives[bin] += lp;
    }
    double error = 0;
    for (int i = 0; i < kBins; ++i) error += std::abs(bin_score[i] - bin_positives[i]);
    out.log_loss = log_loss / n;
    out.brier = brier / n;
    out.calibration_error = error / n;
}

}  // namespace

double Confusion::accuracy() const {
    return ratio(static_cast<double>(true_positives + true_negatives), static_cast<double>(total()));
}
double Confusion::precision() const {
    return ratio(static_cast<double>(true_positives),
                 static_cast<double>(true_positives + false_positives));
}
double Confusion::recall() const {
    return ratio(static_cast<double>(true_positives),
                 static_cast<double>(true_positives + false_negatives));
}
double Confusion::specificity() const {
    return ratio(static_cast<double>(true_negatives),
                 static_cast<double>(true_negatives + false_positives));
}
double Confusion::f1() const {
    return ratio(2.0 * static_cast<double>(true_positives),
                 static_cast<double>(2 * true_positives + false_positives + false_negatives));
}
double Confusion::balanced_accuracy() const { return 0.5 * (recall() + specificity()); }

double Confusion::matthews() const {
    const auto tp = static_cast<double>(true_positives), fp = static_cast<double>(false_positives),
               tn = static_cast<double>(true_negatives), fn = static_cast<double>(false_negatives);
    return ratio(tp * tn - fp * fn,
                 std::sqrt(tp + fp) * std::sqrt(tp + fn) * std::sqrt(tn + fp) * std::sqrt(tn + fn));
}

double Confusion::kappa() const {
    const auto tp = static_cast<double>(true_positives), fp = static_cast<double>(false_positives),
               tn = static_cast<double>(true_negatives), fn = static_cast<double>(false_negatives);
    const double n = tp + fp + tn + fn;
    const double chance = ((tp + fp) * (tp + fn) + (fn + tn) * (fp + tn)) / (n * n);
    return ratio((tp + tn) / n - chance, 1 - chance);
}

std::vector<ScoreLevel> score_levels(std::vector<double> positives, std::vector<double> negatives,
                                     Host& host) {
    PollEvery poll(host);
    const auto less = [&](double a, double b) {
        poll();
        return a < b;
    };
    std::sort(positives.begin(), positives.end(), less);
    std::sort(negatives.begin(), negatives.end(), less);
    std::vector<ScoreLevel> levels;
    auto p = positives.begin();
    auto n = negatives.begin();
    while (p != positives.end() || n != negatives.end()) {
        poll();
        ScoreLevel level{};
        level.score = n == negatives.end() || (p != positives.end() && *p < *n) ? *p : *n;
        for (; p != positives.end() && *p == level.score; ++p) ++level.positives;
        for (; n != negatives.end() && *n == level.score; ++n) ++level.negatives;
        levels.push_back(level);
    }
    return levels;
}

ClassificationMetrics classification_metrics(const std::vector<ScoreLevel>& levels, double threshold,
                                             Host& host) {
    if (!std::isfinite(threshold))
        throw Error(ErrorCode::kInvalidArgument, "threshold must be a finite number", "0.5 is usual.");
    PollEvery poll(host);
    const Totals total = totals_of(levels);
    ClassificationMetrics out;
    out.n = total.n();
    out.positives = total.positives;
    if (out.n == 0) return out;
    for (const ScoreLevel& level : levels) {
        if (level.score >= threshold) {
            out.confusion.true_positives += level.positives;
            out.confusion.false_positives += level.negatives;
        } else {
            out.confusion.false_negatives += level.positives;
            out.confusion.true_negatives += level.negatives;
        }
    }
    const double rate = static_cast<double>(total.positives) / static_cast<double>(out.n);
    out.baseline_accuracy = std::max(rate, 1 - rate);
    out.baseline_brier = rate * (1 - rate);
    out.baseline_log_loss =
        rate == 0 || rate == 1 ? 0.0 : -(rate * std::log(rate) + (1 - rate) * std::log1p(-rate));
    if (total.positives > 0 && total.negatives > 0) areas(levels, total, out, poll);
    if (levels.front().score >= 0 && levels.back().score <= 1) probability_figures(levels, out, poll);
    return out;
}

std::vector<LiftBucket> lift_buckets(const std::vector<ScoreLevel>& levels, int buckets, Host& host) {
    check_buckets(buckets, "number of buckets");
    PollEvery poll(host);
    const std::int64_t n = totals_of(levels).n();
    std::vector<LiftBucket> out;
    if (n == 0) return out;
    std::int64_t seen = 0;
    double positives = 0, last_positives = 0;
    std::int64_t last_n = 0;
    auto level = levels.rbegin();
    std::int64_t used = 0;  // rows of *level that lie in earlier buckets
    for (int k = 1; k <= buckets; ++k) {
        const std::int64_t end = (n * k + buckets - 1) / buckets;
        double score = level == levels.rend() ? levels.front().score : level->score;
        while (seen < end) {
            poll();
            const std::int64_t here = level->positives + level->negatives;
            const std::int64_t take = std::min(end - seen, here - used);
            positives += static_cast<double>(level->positives) * static_cast<double>(take) /
                         static_cast<double>(here);
            score = level->score;
            seen += take;
            used += take;
            if (used == here) {
                ++level;
                used = 0;
            }
        }
        if (seen == last_n) continue;
        out.push_back({k, seen - last_n, positives - last_positives, seen, positives, score});
        last_n = seen;
        last_positives = positives;
    }
    return out;
}

std::vector<ThresholdRow> threshold_rows(const std::vector<ScoreLevel>& levels, int rows, Host& host) {
    check_buckets(rows, "number of thresholds");
    PollEvery poll(host);
    const Totals total = totals_of(levels);
    std::vector<ThresholdRow> out;
    const std::size_t n = levels.size();
    const std::size_t wanted = std::min(n, static_cast<std::size_t>(rows));
    Confusion c;
    std::size_t next = 1;
    for (std::size_t i = 0; i < n; ++i) {
        poll();
        const ScoreLevel& level = levels[n - 1 - i];
        c.true_positives += level.positives;
        c.false_positives += level.negatives;
        if ((i + 1) * wanted < next * n) continue;
        ++next;
        c.false_negatives = total.positives - c.true_positives;
        c.true_negatives = total.negatives - c.false_positives;
        out.push_back({level.score, c});
    }
    return out;
}

std::vector<CalibrationBin> calibration_bins(const std::vector<ScoreLevel>& levels, int bins, Host& host) {
    check_buckets(bins, "number of bins");
    PollEvery poll(host);
    const std::int64_t n = totals_of(levels).n();
    std::vector<CalibrationBin> out;
    std::int64_t before = 0, in_bin = 0;
    double score = 0, positives = 0;
    int bin = 1;
    const auto close = [&] {
        if (in_bin > 0)
            out.push_back({bin, in_bin, score / static_cast<double>(in_bin),
                           positives / static_cast<double>(in_bin)});
        in_bin = 0;
        score = positives = 0;
    };
    for (const ScoreLevel& level : levels) {
        poll();
        const std::int64_t here = level.positives + level.negatives;
        // A tie belongs to the bin of its middle row.
        const int place = std::min(bins, 1 + static_cast<int>((2 * before + here) * bins / (2 * n)));
        if (place != bin) {
            close();
            bin = place;
        }
        in_bin += here;
        score += static_cast<double>(here) * level.score;
        positives += static_cast<double>(level.positives);
        before += here;
    }
    close();
    return out;
}

}  // namespace ecom::core
