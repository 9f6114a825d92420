#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/stats/evaluation.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void check_finite(double value, const char* what) {
    if (!std::isfinite(value))
        throw Error(ErrorCode::kNonFiniteInput, std::string(what) + " must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
}

void append(ChunkedVector<double>& to, double value, std::size_t held, const Host& host) {
    if (to.will_grow())
        require_memory(host, add_size(held, to.growth_bytes()), "collecting predictions to evaluate");
    to.push_back(value);
}

void append_all(ChunkedVector<double>& to, const ChunkedVector<double>& from, PollEvery& poll) {
    from.for_each([&](double v) {
        poll();
        to.push_back(v);
    });
}

void encode_values(Writer& out, const ChunkedVector<double>& values) {
    out.u32(static_cast<std::uint32_t>(values.size()));
    values.for_each([&](double v) {
        out.poll();
        out.f64(v);
    });
}

void decode_values(Reader& in, ChunkedVector<double>& values) {
    const std::size_t count = in.count(sizeof(double));
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        const double v = in.f64();
        if (!std::isfinite(v)) Reader::corrupt();
        values.push_back(v);
    }
}

std::vector<double> collected(const ChunkedVector<double>& values, PollEvery& poll) {
    std::vector<double> out;
    out.reserve(values.size());
    values.for_each([&](double v) {
        poll();
        out.push_back(v);
    });
    return out;
}

}  // namespace

void ScoredState::add(bool label, double score, const Host& host) {
    check_finite(score, "scores");
    append(label ? positives_ : negatives_, score, positives_.bytes() + negatives_.bytes(), host);
}

void ScoredState::merge(const ScoredState& other, Host& host) {
    if (other.threshold_ != threshold_)
        throw Error(ErrorCode::kInvalidArgument,
                    "aggregate states with different parameters cannot be combined");
    require_memory(host, mul_size(size() + other.size(), sizeof(double)), "combining predictions");
    PollEvery poll(host);
    append_all(positives_, other.positives_, poll);
    append_all(negatives_, other.negatives_, poll);
}

std::vector<ScoreLevel> ScoredState::levels(Host& host) const {
    require_memory(host, mul_size(size(), 2 * sizeof(double) + sizeof(ScoreLevel)),
                   "ranking " + std::to_string(size()) + " predictions");
    PollEvery poll(host);
    return score_levels(collected(positives_, poll), collected(negatives_, poll), host);
}

void ScoredState::encode(Writer& out) const {
    out.reserve(64 + 8 * size());
    out.f64(threshold_);
    encode_values(out, positives_);
    encode_values(out, negatives_);
}

ScoredState ScoredState::decode(Reader& in) {
    const double threshold = in.f64();
    if (!std::isfinite(threshold)) Reader::corrupt();
    ScoredState state(threshold);
    decode_values(in, state.positives_);
    decode_values(in, state.negatives_);
    in.expect_end();
    return state;
}

void PredictedState::add(double actual, double predicted, const Host& host) {
    check_finite(actual, "actual values");
    check_finite(predicted, "predictions");
    append(actual_, actual, 2 * actual_.bytes() + actual_.growth_bytes(), host);
    predicted_.push_back(predicted);
}

void PredictedState::merge(const PredictedState& other, Host& host) {
    require_memory(host, mul_size(actual_.size() + other.actual_.size(), 2 * sizeof(double)),
                   "combining predictions");
    PollEvery poll(host);
    append_all(actual_, other.actual_, poll);
    append_all(predicted_, other.predicted_, poll);
}

std::optional<RegressionMetrics> PredictedState::metrics(Host& host) const {
    const std::size_t n = actual_.size();
    if (n == 0) return std::nullopt;
    require_memory(host, mul_size(n, 2 * sizeof(double)), "evaluating " + std::to_string(n) + " rows");
    PollEvery poll(host);
    // In ascending order, so that sums are the same for any order of rows.
    std::vector<std::pair<double, double>> rows;
    rows.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
        poll();
        rows.emplace_back(actual_[i], predicted_[i]);
    }
    std::sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
        poll();
        return a < b;
    });
    const auto count = static_cast<double>(n);
    double sum = 0;
    for (const auto& row : rows) sum += row.first / count;
    double absolute = 0, squared = 0, bias = 0, base_absolute = 0, base_squared = 0, relative = 0;
    std::int64_t nonzero = 0;
    for (const auto& [actual, predicted] : rows) {
        poll();
        const double error = predicted - actual;
        absolute += std::abs(error);
        squared += error * error;
        bias += error;
        base_absolute += std::abs(actual - sum);
        base_squared += (actual - sum) * (actual - sum);
        if (actual == 0) continue;
        relative += std::abs(error / actual);
        ++nonzero;
    }
    RegressionMetrics out{};
    out.n = static_cast<std::int64_t>(n);
    out.mae = absolute / count;
    out.rmse = std::sqrt(squared / count);
    out.bias = bias / count;
    out.baseline_mae = base_absolute / count;
    out.baseline_rmse = std::sqrt(base_squared / count);
    if (rows.front().first != rows.back().first) out.r2 = 1 - squared / base_squared;
    if (nonzero > 0) out.mape = relative / static_cast<double>(nonzero);
    return out;
}

void PredictedState::encode(Writer& out) const {
    out.reserve(64 + 16 * actual_.size());
    encode_values(out, actual_);
    encode_values(out, predicted_);
}

PredictedState PredictedState::decode(Reader& in) {
    PredictedState state;
    decode_values(in, state.actual_);
    decode_values(in, state.predicted_);
    if (state.actual_.size() != state.predicted_.size()) Reader::corrupt();
    in.expect_end();
    return state;
}

}  // namespace ecom::core
