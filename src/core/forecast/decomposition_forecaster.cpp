#include "core/forecast/decomposition_forecaster.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/forecast/ets.hpp"
#include "core/forecast/series.hpp"
#include "core/forecast/stl.hpp"
#include "core/forecast/stored_forecaster.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

Document::Ints lengths_of(const std::vector<std::vector<double>>& seasons) {
    Document::Ints result;
    for (const auto& season : seasons) result.push_back(static_cast<std::int64_t>(season.size()));
    return result;
}

}  // namespace

double DecompositionForecaster::season_at(std::size_t step) const {
    double sum = 0.0;
    for (const auto& season : seasons_) sum += season[step % season.size()];
    return sum;
}

std::unique_ptr<Forecaster> fit_decomposition(const RegularSeries& series, const std::vector<std::size_t>& periods, bool robust,
                                              Host& host) {
    const std::size_t n = series.size();
    MstlParams params;
    for (const std::size_t period : periods)
        if (period > 1 && 2 * period <= n) params.periods.push_back(period);
    params.robust = robust;
    std::vector<std::vector<double>> seasons;
    RegularSeries adjusted = series;
    adjusted.values = interpolated(series.values);
    std::vector<double> seasonal(n, 0.0);
    if (!params.periods.empty()) {
        require_memory(host, mstl_bytes(n, params), "decomposing " + std::to_string(n) + " values");
        const MstlResult parts = mstl(adjusted.values, params, host);
        for (std::size_t k = 0; k < parts.seasonals.size(); ++k) {
            const std::vector<double>& part = parts.seasonals[k];
            if (part.empty()) continue;
            std::vector<double> last(params.periods[k]);
            for (std::size_t t = n - last.size(); t < n; ++t) last[t % last.size()] = part[t];
            for (std::size_t t = 0; t < n; ++t) seasonal[t] += part[t];
            seasons.push_back(std::move(last));
        }
    }
    for (std::size_t t = 0; t < n; ++t) adjusted.values[t] -= seasonal[t];
    EtsOptions options;
    options.season = EtsSeason::kNone;
    std::unique_ptr<Forecaster> rest = fit_ets(adjusted, 1, options, host);

    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = seasons.empty() ? 1 : seasons.front().size();
    fitted.values = series.values;
    fitted.fitted = rest->series().fitted;
    for (std::size_t t = 0; t < n; ++t) fitted.fitted[t] += seasonal[t];
    return std::make_unique<DecompositionForecaster>(std::move(fitted), std::move(rest), std::move(seasons));
}

std::string DecompositionForecaster::method() const {
    if (seasons_.empty()) return adjusted_->method();
    std::string lengths;
    for (const auto& season : seasons_) lengths += (lengths.empty() ? "" : ", ") + std::to_string(season.size());
    return "STL[" + lengths + "] + " + adjusted_->method();
}

double DecompositionForecaster::take(double value, const std::vector<double>&, Host& host) {
    const double season = season_at(series_.size());
    adjusted_->append({value - season}, {}, host);
    return adjusted_->series().fitted.back() + season;
}

Forecast DecompositionForecaster::forecast(std::size_t horizon, const Regressors&, Host& host) const {
    Forecast result = adjusted_->forecast(horizon, {}, host);
    for (std::size_t h = 0; h < horizon; ++h) result.mean[h] += season_at(series_.size() + h);
    return result;
}

Document DecompositionForecaster::parameters() const {
    Document::List seasons;
    for (const auto& season : seasons_) seasons.emplace_back(season);
    Document parameters = Document::object();
    store_forecaster(parameters, "adjusted", *adjusted_);
    return parameters.set("seasons", Document(seasons));
}

Document DecompositionForecaster::description() const {
    Document info = Document::object();
    return info.set("periods", Document(lengths_of(seasons_))).set("adjusted", Document(adjusted_->method()));
}

std::unique_ptr<Model> DecompositionForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    std::unique_ptr<Forecaster> adjusted =
        stored_forecaster(stored, "adjusted", [](std::string_view kind) { return kind == EtsForecaster::kKind; });
    std::vector<std::vector<double>> seasons;
    for (const Document& season : stored.at("seasons").as_list()) {
        seasons.push_back(season.as_doubles());
        if (seasons.back().empty()) Reader::corrupt();
    }
    return std::make_unique<DecompositionForecaster>(FittedSeries::decode(body.at("series")), std::move(adjusted), std::move(seasons));
}

Fit configure_mstl(NamedOptions& options) {
    std::vector<std::size_t> periods;
    if (const auto given = options.integers("periods")) {
        for (const std::int64_t period : *given) {
            if (period < 2 || (!periods.empty() && static_cast<std::size_t>(period) <= periods.back()))
                throw Error(ErrorCode::kInvalidArgument, "option \"periods\" must be lengths of seasons of 2 or more, ascending",
                            "Write a week and a year of days as [7, 365].");
            periods.push_back(static_cast<std::size_t>(period));
        }
    }
    const bool robust = options.boolean("robust").value_or(false);
    return [periods, robust](const RegularSeries& series, std::size_t period, Host& host) {
        return fit_decomposition(series, periods.empty() ? std::vector<std::size_t>{period} : periods, robust, host);
    };
}

}  // namespace ecom::core
