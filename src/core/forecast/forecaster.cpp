#include "core/forecast/forecaster.hpp"

#include <cmath>

#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

std::string_view name_of(Duplicates rule) {
    return rule == Duplicates::kSum ? "sum" : rule == Duplicates::kMean ? "mean" : "last";
}

std::string_view name_of(Gaps rule) {
    switch (rule) {
        case Gaps::kZero: return "zero";
        case Gaps::kLinear: return "linear";
        case Gaps::kPrevious: return "previous";
        case Gaps::kMissing: return "missing";
    }
    return "";
}

}  // namespace

std::vector<double> FittedSeries::residuals() const {
    std::vector<double> differences(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) differences[i] = values[i] - fitted[i];
    return differences;
}

std::size_t FittedSeries::residual_count() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) count += !std::isnan(values[i] - fitted[i]);
    return count;
}

Document FittedSeries::document() const {
    Document columns{Document::List{}};
    Document::List future_columns;
    for (const auto& column : future) future_columns.emplace_back(Document(column));
    return Document::object()
        .set("grid", grid.document())
        .set("period", Document(static_cast<std::int64_t>(period)))
        .set("duplicates", Document(std::string(name_of(rules.duplicates))))
        .set("gaps", Document(std::string(name_of(rules.gaps))))
        .set("values", Document(values))
        .set("fitted", Document(fitted))
        .set("future", Document(future_columns))
        .set("status", Document(status));
}

FittedSeries FittedSeries::decode(const Document& document) {
    FittedSeries series;
    series.grid = TimeGrid::decode(document.at("grid"));
    const std::int64_t period = document.at("period").as_int();
    if (period < 1) Reader::corrupt();
    series.period = static_cast<std::size_t>(period);
    try {
        series.rules.duplicates = parse_duplicates(document.at("duplicates").as_string());
        series.rules.gaps = parse_gaps(document.at("gaps").as_string());
    } catch (const Error&) {
        Reader::corrupt();
    }
    series.values = document.at("values").as_doubles();
    series.fitted = document.at("fitted").as_doubles();
    for (const Document& column : document.at("future").as_list()) series.future.push_back(column.as_doubles());
    series.status = document.at("status").as_string();
    if (series.fitted.size() != series.values.size()) Reader::corrupt();
    return series;
}

Interval Forecaster::interval(const Forecast& forecast, std::size_t i, double level) const {
    const double half = normal_critical(level) * std::sqrt(forecast.variance[i]);
    return {forecast.mean[i] - half, forecast.mean[i] + half};
}

void Forecaster::append(const std::vector<double>& values, const Regressors& regressors, Host& host) {
    PollEvery poll(host);
    std::vector<double> row(regressors.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        poll();
        for (std::size_t r = 0; r < regressors.size(); ++r) row[r] = regressors[r][i];
        const double foretold = take(values[i], row, host);
        series_.values.push_back(values[i]);
        series_.fitted.push_back(foretold);
    }
}

Document Forecaster::body() const {
    return Document::object().set("series", series_.document()).set("parameters", parameters());
}

Document Forecaster::summary() const {
    Document info = Document::object();
    info.set("method", Document(method()))
        .set("status", Document(series_.status))
        .set("step", Document(std::string(name_of(series_.grid.step()))))
        .set("steps", Document(static_cast<std::int64_t>(series_.size())))
        .set("period", Document(static_cast<std::int64_t>(series_.period)))
        .set("residual_standard_deviation", Document(std::sqrt(residual_variance(series_, 0))));
    const Document more = description();
    for (const auto& [name, field] : more.as_fields()) info.set(name, field);
    return info;
}

void check_future(const Regressors& future, std::size_t regressor_count, std::size_t horizon) {
    if (regressor_count == 0) return;
    for (std::size_t r = 0; r < regressor_count; ++r) {
        const std::size_t known = r < future.size() ? future[r].size() : 0;
        bool is_whole = known >= horizon;
        for (std::size_t i = 0; is_whole && i < horizon; ++i) is_whole = std::isfinite(future[r][i]);
        if (!is_whole)
            throw Error(ErrorCode::kInvalidArgument,
                        "regressors of the future are missing: " + std::to_string(horizon) + " steps are asked for",
                        "Add a row with a NULL value and the regressors for each step after the last value.");
    }
}

double residual_variance(const FittedSeries& series, std::size_t parameters) {
    double sum = 0.0;
    for (std::size_t i = 0; i < series.size(); ++i) {
        const double e = series.values[i] - series.fitted[i];
        if (!std::isnan(e)) sum += e * e;
    }
    const std::size_t n = series.residual_count();
    return n > parameters ? sum / static_cast<double>(n - parameters) : 0.0;
}

std::size_t check_horizon(std::int64_t horizon) {
    if (horizon < 1 || horizon > kMaxHorizon)
        throw Error(ErrorCode::kInvalidArgument, "horizon " + std::to_string(horizon) + " is out of range",
                    "Use 1 to 100000 steps.");
    return static_cast<std::size_t>(horizon);
}

}  // namespace ecom::core
