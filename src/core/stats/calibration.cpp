#include "core/stats/calibration.hpp"

#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/codec.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Labelled {
    std::vector<double> scores, labels;
    std::int64_t positives = 0;
};

// A row for each that a level stands for.
Labelled rows_of(const std::vector<ScoreLevel>& levels, Host& host) {
    std::size_t n = 0;
    for (const ScoreLevel& level : levels) n += static_cast<std::size_t>(level.positives + level.negatives);
    require_memory(host, mul_size(n, 3 * sizeof(double)), "calibrating " + std::to_string(n) + " scores");
    PollEvery poll(host);
    Labelled out;
    out.scores.reserve(n);
    out.labels.reserve(n);
    for (const ScoreLevel& level : levels)
        for (std::int64_t i = 0; i < level.positives + level.negatives; ++i) {
            poll();
            out.scores.push_back(level.score);
            out.labels.push_back(i < level.positives ? 1.0 : 0.0);
            out.positives += i < level.positives ? 1 : 0;
        }
    return out;
}

void check_counts(std::int64_t rows, std::int64_t positives) {
    if (rows < 1 || positives < 0 || positives > rows) Reader::corrupt();
}

}  // namespace

CalibrationModel::CalibrationModel(PlattFunction platt, std::int64_t rows, std::int64_t positives) : platt_(platt), rows_(rows), positives_(positives) {
    check_counts(rows, positives);
    if (!std::isfinite(platt.slope) || !std::isfinite(platt.intercept)) Reader::corrupt();
}

CalibrationModel::CalibrationModel(IsotonicFunction isotonic, std::int64_t rows, std::int64_t positives)
    : isotonic_(std::move(isotonic)), rows_(rows), positives_(positives) {
    check_counts(rows, positives);
    if (isotonic_.empty() || !is_isotonic(isotonic_) || isotonic_.values.front() < 0 || isotonic_.values.back() > 1) Reader::corrupt();
}

Document CalibrationModel::body() const {
    return Document::object()
        .set("rows", Document(rows_))
        .set("positives", Document(positives_))
        .set("slope", Document(platt_.slope))
        .set("intercept", Document(platt_.intercept))
        .set("scores", Document(isotonic_.scores))
        .set("values", Document(isotonic_.values));
}

Document CalibrationModel::summary() const {
    Document out = Document::object();
    out.set("method", Document(std::string(isotonic_.empty() ? "platt" : "isotonic"))).set("rows", Document(rows_)).set("positives", Document(positives_));
    if (isotonic_.empty()) out.set("slope", Document(platt_.slope)).set("intercept", Document(platt_.intercept));
    else out.set("points", Document(static_cast<std::int64_t>(isotonic_.scores.size())));
    return out;
}

std::unique_ptr<Model> CalibrationModel::decode(const Document& body, int) {
    const std::int64_t rows = body.at("rows").as_int(), positives = body.at("positives").as_int();
    IsotonicFunction isotonic{body.at("scores").as_doubles(), body.at("values").as_doubles()};
    if (!isotonic.empty()) return std::make_unique<CalibrationModel>(std::move(isotonic), rows, positives);
    return std::make_unique<CalibrationModel>(PlattFunction{body.at("slope").as_double(), body.at("intercept").as_double()}, rows, positives);
}

CalibrationModel fit_platt(const std::vector<ScoreLevel>& levels, Host& host) {
    Labelled rows = rows_of(levels, host);
    // Newton's method begins at a slope of 1: scores are brought to that order, and the function to theirs.
    const auto n = static_cast<double>(rows.scores.size());
    PollEvery poll(host);
    double mean = 0, squares = 0;
    for (const double score : rows.scores) {
        poll();
        mean += score / n;
    }
    for (const double score : rows.scores) {
        poll();
        squares += (score - mean) / n * (score - mean);
    }
    const bool varies = levels.size() > 1;  // scores that are all the same say nothing
    const double scale = varies && squares > 0 && std::isfinite(squares) ? std::sqrt(squares) : 1.0;
    for (double& score : rows.scores) {
        poll();
        score = varies ? (score - mean) / scale : 0.0;
    }
    const PlattFunction fitted = platt_regression(rows.scores, rows.labels, host);
    const double slope = varies ? fitted.slope / scale : 0.0;
    return {PlattFunction{slope, fitted.intercept - slope * mean}, static_cast<std::int64_t>(rows.scores.size()), rows.positives};
}

CalibrationModel fit_isotonic(const std::vector<ScoreLevel>& levels, Host& host) {
    const Labelled rows = rows_of(levels, host);
    return {isotonic_regression(rows.scores, rows.labels, host), static_cast<std::int64_t>(rows.scores.size()), rows.positives};
}

}  // namespace ecom::core
