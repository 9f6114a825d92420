#include "core/forecast/combination.hpp"

#include <algorithm>
#include <cmath>

#include "core/forecast/adjusted_forecaster.hpp"
#include "core/forecast/ets.hpp"
#include "core/forecast/series.hpp"
#include "core/forecast/stored_forecaster.hpp"
#include "core/forecast/theta.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kLeastPast = 8;       // values that the first of the rolling fits has
constexpr std::size_t kFarthest = 24;       // steps ahead that are scored
constexpr std::size_t kMostScores = 10'000;

using Members = std::vector<CombinationForecaster::Member>;

double total_weight(const Members& members) {
    double sum = 0.0;
    for (const auto& member : members) sum += member.weight;
    return sum;
}

Members fit_members(const RegularSeries& series, std::size_t period, Host& host) {
    Members members;
    const auto add = [&](double weight, auto fit) {
        try {
            members.push_back({fit(), weight});
        } catch (const Error& e) {
            // The others go on without it.
            if (e.code() != ErrorCode::kNotEnoughData && e.code() != ErrorCode::kNumericFailure) throw;
        }
    };
    add(1.0, [&] { return fit_ets(series, period, {}, host); });
    add(2.0, [&] { return fit_theta(series, period, ThetaKind{true, true}, host); });
    return members;
}

Forecast mean_forecast(const Members& members, std::size_t horizon, Host& host) {
    Forecast mean{std::vector<double>(horizon, 0.0), std::vector<double>(horizon, 0.0)};
    const double total = total_weight(members);
    for (const auto& [member, weight] : members) {
        const Forecast one = member->forecast(horizon, {}, host);
        const double share = weight / total;
        for (std::size_t i = 0; i < horizon; ++i) {
            mean.mean[i] += share * one.mean[i];
            mean.variance[i] += share * std::sqrt(one.variance[i]);
        }
    }
    // Standard errors are averaged: those of one method that sees no pattern shall not rule.
    for (double& variance : mean.variance) variance *= variance;
    return mean;
}

struct Scores {
    std::vector<double> values;  // ascending
    std::size_t origins = 0;
};

Scores rolling_scores(const RegularSeries& series, std::size_t period, Host& host) {
    const std::size_t n = series.size();
    const std::size_t first = std::max(kLeastPast, n - n / 3);
    if (first >= n) return {};
    RegularSeries past;
    past.grid = series.grid;
    past.values.assign(series.values.begin(), series.values.begin() + static_cast<std::ptrdiff_t>(first));
    if (is_constant(past.values)) return {};
    const auto members = fit_members(past, period, host);
    if (members.empty()) return {};
    Scores found;
    std::vector<double>& scores = found.values;
    for (std::size_t t = first; t < n && scores.size() < kMostScores; ++t) {
        host.poll();
        const std::size_t ahead = std::min({n - t, kFarthest, std::max<std::size_t>(6, 2 * period)});
        const Forecast foretold = mean_forecast(members, ahead, host);
        for (std::size_t i = 0; i < ahead; ++i) {
            const double score = std::fabs(series.values[t + i] - foretold.mean[i]) / std::sqrt(foretold.variance[i]);
            if (std::isfinite(score)) scores.push_back(score);
        }
        for (const auto& member : members) member.forecaster->append({series.values[t]}, {}, host);
        ++found.origins;
    }
    std::sort(scores.begin(), scores.end());
    return found;
}

// The smallest score that at least this share of a new one's rank does not exceed; the largest where there are too few.
double conformal_quantile(const std::vector<double>& scores, double level) {
    const double rank = std::ceil(level * static_cast<double>(scores.size() + 1));
    return scores[std::min(scores.size(), static_cast<std::size_t>(rank)) - 1];
}

}  // namespace

std::string CombinationForecaster::method() const {
    std::string names;
    for (const auto& [member, weight] : members_) {
        if (!names.empty()) names += " + ";
        if (weight != 1.0) names += std::to_string(static_cast<int>(weight)) + " x ";
        names += member->method();
    }
    return "mean of " + names;
}

Forecast CombinationForecaster::forecast(std::size_t horizon, const Regressors&, Host& host) const {
    return mean_forecast(members_, horizon, host);
}

Interval CombinationForecaster::interval(const Forecast& forecast, std::size_t i, double level) const {
    const double half = critical(level) * std::sqrt(forecast.variance[i]);
    return {forecast.mean[i] - half, forecast.mean[i] + half};
}

double CombinationForecaster::critical(double level) const {
    const double normal = normal_critical(level);
    if (scores_.empty()) return normal;
    const double widened = student_t_critical(level, static_cast<double>(std::max<std::size_t>(origins_, 2))) / normal;
    return std::max(normal, conformal_quantile(scores_, level)) * widened;
}

double CombinationForecaster::take(double value, const std::vector<double>&, Host& host) {
    double sum = 0.0;
    for (const auto& [member, weight] : members_) {
        member->append({value}, {}, host);
        sum += weight * member->series().fitted.back();
    }
    return sum / total_weight(members_);
}

std::unique_ptr<Forecaster> fit_combination(const RegularSeries& series, std::size_t period, bool calibrate, Host& host) {
    auto members = fit_members(series, period, host);
    if (members.empty()) throw Error(ErrorCode::kNotEnoughData, "too few values for any method");
    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.values = series.values;
    fitted.fitted.assign(series.size(), 0.0);
    const double total = total_weight(members);
    for (const auto& [member, weight] : members) {
        fitted.period = std::max(fitted.period, member->series().period);
        for (std::size_t i = 0; i < series.size(); ++i) fitted.fitted[i] += weight / total * member->series().fitted[i];
    }
    auto model = std::make_unique<CombinationForecaster>(std::move(fitted), std::move(members));
    if (calibrate) {
        Scores found = rolling_scores(series, period, host);
        model->scores_ = std::move(found.values);
        model->origins_ = found.origins;
    }
    return model;
}

Document CombinationForecaster::parameters() const {
    Document::List list;
    for (const auto& [member, weight] : members_) {
        Document stored = Document::object();
        store_forecaster(stored, "body", *member);
        stored.set("weight", Document(weight));
        list.push_back(std::move(stored));
    }
    return Document::object().set("members", Document(list)).set("scores", Document(scores_))
        .set("origins", Document(static_cast<std::int64_t>(origins_)));
}

Document CombinationForecaster::description() const {
    Document info = Document::object();
    Document::Strings names;
    for (const auto& member : members_) names.push_back(member.forecaster->method());
    info.set("members", Document(names)).set("calibration_scores", Document(static_cast<std::int64_t>(scores_.size())));
    if (scores_.empty()) return info;
    const auto within = std::upper_bound(scores_.begin(), scores_.end(), normal_critical(0.95)) - scores_.begin();
    info.set("normal_coverage_95", Document(static_cast<double>(within) / static_cast<double>(scores_.size())))
        .set("calibrated_quantile_95", Document(critical(0.95)));
    return info;
}

std::unique_ptr<Model> CombinationForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    Members members;
    const auto may_be_member = [](std::string_view kind) { return kind != kKind && kind != AdjustedForecaster::kKind; };
    for (const Document& member : stored.at("members").as_list()) {
        // Models of before there were weights have none: all members count the same.
        const Document* stored_weight = member.find("weight");
        const double weight = stored_weight == nullptr ? 1.0 : stored_weight->as_double();
        if (!(weight > 0.0 && weight <= 1000.0)) Reader::corrupt();
        members.push_back({stored_forecaster(member, "body", may_be_member), weight});
    }
    if (members.empty()) Reader::corrupt();
    auto model = std::make_unique<CombinationForecaster>(FittedSeries::decode(body.at("series")), std::move(members));
    model->scores_ = stored.at("scores").as_doubles();
    const std::int64_t origins = stored.at("origins").as_int();
    if (origins < 0) Reader::corrupt();
    model->origins_ = static_cast<std::size_t>(origins);
    if (!std::is_sorted(model->scores_.begin(), model->scores_.end())) Reader::corrupt();
    return model;
}

Fit configure_auto(NamedOptions& options) {
    const bool calibrate = options.boolean("calibrate").value_or(true);
    return [calibrate](const RegularSeries& series, std::size_t period, Host& host) {
        return fit_combination(series, period, calibrate, host);
    };
}

}  // namespace ecom::core
