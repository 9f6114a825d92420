#include "core/forecast/naive.hpp"

#include <cmath>

#include "core/forecast/series.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::string_view kNames[] = {"naive", "seasonal_naive", "drift", "mean"};

Fit fit_of(NaiveKind kind) {
    return [kind](const RegularSeries& series, std::size_t period, Host& host) {
        return fit_naive(series, period, kind, host);
    };
}

}  // namespace

NaiveForecaster::NaiveForecaster(FittedSeries series, NaiveKind kind) : Forecaster(std::move(series)), kind_(kind) {}

std::string NaiveForecaster::method() const {
    switch (kind_) {
        case NaiveKind::kNaive: return "naive";
        case NaiveKind::kSeasonal: return "seasonal naive";
        case NaiveKind::kDrift: return "drift";
        case NaiveKind::kMean: return "mean";
    }
    return "";
}

double NaiveForecaster::take(double value, const std::vector<double>&, Host&) {
    const double foretold = last_.front() + slope_;
    if (kind_ != NaiveKind::kMean) {
        last_.erase(last_.begin());
        last_.push_back(std::isnan(value) ? foretold : value);
    }
    return foretold;
}

Forecast NaiveForecaster::forecast(std::size_t horizon, const Regressors&, Host&) const {
    Forecast result;
    const auto n = static_cast<double>(n_);
    for (std::size_t h = 1; h <= horizon; ++h) {
        const auto steps = static_cast<double>(h);
        const double seasons = static_cast<double>((h - 1) / last_.size() + 1);
        result.mean.push_back(last_[(h - 1) % last_.size()] + slope_ * steps);
        switch (kind_) {
            case NaiveKind::kNaive: result.variance.push_back(variance_ * steps); break;
            case NaiveKind::kSeasonal: result.variance.push_back(variance_ * seasons); break;
            // The slope is estimated, and its error grows with the distance.
            case NaiveKind::kDrift: result.variance.push_back(variance_ * steps * (1.0 + steps / std::max(1.0, n - 1.0))); break;
            case NaiveKind::kMean: result.variance.push_back(variance_ * (1.0 + 1.0 / n)); break;
        }
    }
    return result;
}

Document NaiveForecaster::parameters() const {
    return Document::object()
        .set("kind", Document(std::string(kNames[static_cast<int>(kind_)])))
        .set("last", Document(last_))
        .set("slope", Document(slope_))
        .set("variance", Document(variance_))
        .set("n", Document(static_cast<std::int64_t>(n_)));
}

Document NaiveForecaster::description() const {
    Document info = Document::object();
    if (kind_ == NaiveKind::kDrift) info.set("drift", Document(slope_));
    if (kind_ == NaiveKind::kMean) info.set("mean", Document(last_.front()));
    return info;
}

std::unique_ptr<Model> NaiveForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    const std::string& name = stored.at("kind").as_string();
    for (int i = 0; i < 4; ++i) {
        if (name != kNames[i]) continue;
        auto model = std::make_unique<NaiveForecaster>(FittedSeries::decode(body.at("series")), static_cast<NaiveKind>(i));
        model->last_ = stored.at("last").as_doubles();
        model->slope_ = stored.at("slope").as_double();
        model->variance_ = stored.at("variance").as_double();
        const std::int64_t n = stored.at("n").as_int();
        if (model->last_.empty() || n < 1 || !(model->variance_ >= 0.0)) Reader::corrupt();
        model->n_ = static_cast<std::size_t>(n);
        return model;
    }
    Reader::corrupt();
}

std::unique_ptr<Forecaster> fit_naive(const RegularSeries& series, std::size_t period, NaiveKind kind, Host&) {
    const std::size_t n = series.size();
    if (kind == NaiveKind::kSeasonal && n < 2 * period)
        throw Error(ErrorCode::kNotEnoughData, "fewer than two periods of " + std::to_string(period) + " steps",
                    "Use a shorter period, or naive.");
    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = kind == NaiveKind::kSeasonal ? period : 1;
    fitted.values = series.values;
    fitted.fitted.assign(n, kMissingValue);
    auto model = std::make_unique<NaiveForecaster>(std::move(fitted), kind);
    // Missing values take those of the line between their neighbours, so that every step has one before it.
    const std::vector<double> values = interpolated(series.values);
    model->n_ = n;
    if (kind == NaiveKind::kMean) {
        double sum = 0.0;
        for (const double value : values) sum += value;
        model->last_ = {sum / static_cast<double>(n)};
        model->series_.fitted.assign(n, model->last_[0]);
        model->variance_ = residual_variance(model->series_, 1);
        return model;
    }
    const std::size_t lag = model->series_.period;
    if (kind == NaiveKind::kDrift && n > 1) model->slope_ = (values[n - 1] - values[0]) / static_cast<double>(n - 1);
    for (std::size_t i = lag; i < n; ++i) model->series_.fitted[i] = values[i - lag] + model->slope_;
    model->last_.assign(values.end() - static_cast<std::ptrdiff_t>(lag), values.end());
    model->variance_ = residual_variance(model->series_, kind == NaiveKind::kDrift ? 1 : 0);
    return model;
}

Fit configure_naive(NamedOptions&) { return fit_of(NaiveKind::kNaive); }
Fit configure_seasonal_naive(NamedOptions&) { return fit_of(NaiveKind::kSeasonal); }
Fit configure_drift(NamedOptions&) { return fit_of(NaiveKind::kDrift); }
Fit configure_mean(NamedOptions&) { return fit_of(NaiveKind::kMean); }

}  // namespace ecom::core
