#include "core/forecast/profile.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/budget.hpp"
#include "core/forecast/long_run.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/confidence.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kStrong = 0.64;
constexpr double kModerate = 0.3;
constexpr double kLeastShare = 0.05;
constexpr double kLeastSurprise = 0.01;
constexpr double kLeastRatio = 2.0;

struct Sums {
    double mean = 0.0;
    double squares = 0.0;  // of deviations
    std::size_t n = 0;

    void add(double value) {
        ++n;
        const double delta = value - mean;
        mean += delta / static_cast<double>(n);
        squares += delta * (value - mean);
    }
};

std::vector<double> without_unit(std::vector<double> values) {
    remove_unit(values);
    return values;
}

MstlResult decompose(const std::vector<double>& values, std::vector<std::size_t> periods, bool growth_first, Host& host) {
    MstlParams params;
    params.periods = std::move(periods);
    params.growth_first = growth_first;
    return mstl(values, params, host);
}

struct Share {
    double explained;
    double ratio;  // F
    double p_value;
};

// How much the place in the period explains of values without trend and other seasons, and the F test.
std::optional<Share> explained_by_place(const std::vector<double>& values, std::size_t period, PollEvery& poll) {
    std::vector<Sums> of_place(period);
    Sums all;
    std::size_t place = 0;
    for (const double value : values) {
        poll();
        if (!std::isnan(value)) {
            of_place[place].add(value);
            all.add(value);
        }
        if (++place == period) place = 0;
    }
    double within = 0.0;
    std::size_t places = 0;
    for (const Sums& sums : of_place) {
        within += sums.squares;
        places += sums.n > 0;
    }
    if (places < 2 || all.n <= places || !(all.squares > 0.0)) return std::nullopt;

    // Of what is left, the correlation of neighbours; they are fewer independent values than they seem (Bartlett, 1935).
    double products = 0.0;
    double before = kMissingValue;
    place = 0;
    for (const double value : values) {
        const double left = value - of_place[place].mean;
        if (const double product = left * before; !std::isnan(product)) products += product;
        before = left;
        if (++place == period) place = 0;
    }
    const double rho = within > 0.0 ? std::clamp(products / within, 0.0, 0.95) : 0.0;
    const double inflation = (1.0 + rho * rho) / (1.0 - rho * rho);

    const auto between_freedom = static_cast<double>(places - 1);
    // The trend, which is straight over about one and a half periods, has taken about one degree a period.
    const double trend_freedom = static_cast<double>(all.n) / static_cast<double>(period) - 1.0;
    const double within_freedom = static_cast<double>(all.n - places) - trend_freedom;
    if (within_freedom < 1.0) return std::nullopt;
    const double within_mean = within / within_freedom;
    const double between_mean = (all.squares - within) / between_freedom;
    Share share{};
    const double season_variance =
        std::max(0.0, all.squares - within - between_freedom * within_mean) / static_cast<double>(all.n);
    share.explained = season_variance / (season_variance + within_mean);
    share.ratio = between_mean / within_mean;
    const double d1 = std::max(1.0, between_freedom / inflation);
    const double d2 = std::max(1.0, within_freedom / inflation);
    const double denominator = d2 * within_mean + d1 * between_mean;
    share.p_value = beta_cdf(std::clamp(d2 * within_mean / denominator, 0.0, 1.0), d2 / 2.0, d1 / 2.0);
    return share;
}

struct Line {
    double slope;
    double mean;
    bool is_certain;  // the slope is not that of noise, at 5 %
};

// Least squares with the standard error of Newey and West (1987), which holds for correlated neighbours.
std::optional<Line> line_through(const std::vector<double>& values, PollEvery& poll) {
    Sums time;
    Sums level;
    for (std::size_t t = 0; t < values.size(); ++t) {
        poll();
        if (std::isnan(values[t])) continue;
        time.add(static_cast<double>(t));
        level.add(values[t]);
    }
    if (time.n < 3) return std::nullopt;
    double products = 0.0;
    for (std::size_t t = 0; t < values.size(); ++t)
        if (!std::isnan(values[t])) products += (static_cast<double>(t) - time.mean) * (values[t] - level.mean);
    Line line{products / time.squares, level.mean, false};
    std::vector<double> residuals;
    residuals.reserve(time.n);
    double squares = 0.0;
    for (std::size_t t = 0; t < values.size(); ++t) {
        if (std::isnan(values[t])) continue;
        residuals.push_back(values[t] - level.mean - line.slope * (static_cast<double>(t) - time.mean));
        squares += residuals.back() * residuals.back();
    }
    // What rounding leaves of a straight line.
    if (squares <= 1e-24 * level.squares) {
        line.is_certain = line.slope != 0.0;
        return line;
    }
    const double variance =
        std::max(long_run_variance(residuals, automatic_bandwidth(residuals, poll), poll),
                 squares / static_cast<double>(time.n));
    line.is_certain = std::fabs(line.slope) > normal_critical(0.95) * std::sqrt(variance / time.squares);
    return line;
}

Stationarity judge(const std::vector<double>& values, const StationarityTest& adf, const StationarityTest& kpss,
                   Host& host) {
    if (!adf.p_value || !kpss.p_value) return Stationarity::kUnknown;
    const auto rejects = [](const StationarityTest& test) { return test.p_value && *test.p_value < 0.05; };
    if (rejects(adf) && !rejects(kpss)) return Stationarity::kStationary;
    AdfParams adf_params;
    adf_params.deterministic = Deterministic::kTrend;
    KpssParams kpss_params;
    kpss_params.deterministic = Deterministic::kTrend;
    if (rejects(adf_test(values, adf_params, host)) && !rejects(kpss_test(values, kpss_params, host)))
        return Stationarity::kAroundTrend;
    return rejects(kpss) && !rejects(adf) ? Stationarity::kNot : Stationarity::kUnclear;
}

std::string number(double value, const char* format = "%.4g") {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string count_of(std::size_t n, std::string_view thing) {
    return std::to_string(n) + " " + std::string(thing) + (n == 1 ? "" : "s");
}

std::string with_word(double strength) {
    const char* word = strength >= kStrong ? "strong" : strength >= kModerate ? "moderate" : "weak";
    return number(strength, "%.2f") + " (" + word + ")";
}

}  // namespace

std::optional<double> strength(const std::vector<double>& component, const std::vector<double>& remainder) {
    Sums rest;
    Sums both;
    for (std::size_t i = 0; i < remainder.size(); ++i) {
        if (std::isnan(remainder[i])) continue;
        rest.add(remainder[i]);
        both.add(component[i] + remainder[i]);
    }
    if (!(both.squares > 0.0)) return std::nullopt;
    return std::max(0.0, 1.0 - rest.squares / both.squares);
}

std::optional<double> seasonal_strength(const std::vector<double>& values, std::size_t period, Host& host) {
    if (period < 2 || !is_decomposable(values, period) || is_constant(values)) return std::nullopt;
    const MstlResult parts = decompose(without_unit(values), {period}, false, host);
    return strength(parts.seasonals[0], parts.remainder);
}

std::optional<double> trend_strength(const std::vector<double>& values, std::size_t period, Host& host) {
    if (!is_decomposable(values, period) || is_constant(values)) return std::nullopt;
    const std::vector<std::size_t> periods(period > 1 ? 1 : 0, period);
    const MstlResult parts = decompose(without_unit(values), periods, false, host);
    return strength(parts.trend, parts.remainder);
}

bool needs_seasonal_difference(const std::vector<double>& values, std::size_t period, Host& host) {
    if (values.size() <= mul_size(2, period)) return false;
    const auto found = seasonal_strength(values, period, host);
    return found && *found > kStrong;
}

std::vector<std::size_t> candidate_periods(std::string_view grain) {
    if (grain == "day") return {7, 30, 365};
    if (grain == "week") return {52};
    if (grain == "month") return {12};
    if (grain == "quarter") return {4};
    if (grain == "year") return {};
    throw Error(ErrorCode::kInvalidArgument, "grain \"" + std::string(grain) + "\" is not known",
                "Use day, week, month, quarter or year, or give the periods to try as an array, as array[24, 168] for hours.");
}

std::vector<Season> find_seasons(const std::vector<double>& values, const std::vector<std::size_t>& candidates, Host& host) {
    PollEvery poll(host);
    std::vector<Season> found;
    if (is_constant(values)) return found;
    const std::vector<double> scaled = without_unit(values);
    std::vector<std::size_t> periods;
    for (const std::size_t period : candidates) {
        if (!is_decomposable(values, period)) continue;
        periods.push_back(period);
        const MstlResult parts = decompose(scaled, periods, true, host);
        std::vector<double> rest = parts.remainder;
        for (std::size_t i = 0; i < rest.size(); ++i) rest[i] += parts.seasonals.back()[i];
        const auto share = explained_by_place(rest, period, poll);
        if (share && share->explained >= kLeastShare && share->ratio > kLeastRatio && share->p_value < kLeastSurprise)
            found.push_back({period, share->explained});
        else
            periods.pop_back();
    }
    std::stable_sort(found.begin(), found.end(), [](const Season& a, const Season& b) { return a.share > b.share; });
    return found;
}

std::size_t profile_bytes(std::size_t n, const std::vector<std::size_t>& candidates) {
    MstlParams params;
    params.periods = candidates;
    return add_size(mstl_bytes(n, params), mul_size(n, 8 * sizeof(double)));
}

SeriesProfile profile_series(const std::vector<double>& series, const std::vector<std::size_t>& candidates, Host& host) {
    SeriesProfile profile;
    std::vector<double> values = series;
    const int exponent = remove_unit(values);
    PollEvery poll(host);
    profile.n = values.size();
    bool was_missing = false;
    for (const double value : values) {
        const bool is_missing = std::isnan(value);
        profile.missing += is_missing;
        profile.gaps += is_missing && !was_missing;
        was_missing = is_missing;
    }
    const std::size_t present = profile.n - profile.missing;
    if (present < 3) return profile;
    if (is_constant(values)) {
        profile.trend = TrendKind::kLevel;
        profile.slope = 0.0;
        profile.change_rate = 0.0;
        profile.stationarity = Stationarity::kConstant;
        return profile;
    }

    profile.seasons = find_seasons(values, candidates, host);
    std::vector<std::size_t> ascending;
    for (const Season& season : profile.seasons) ascending.push_back(season.period);
    std::sort(ascending.begin(), ascending.end());
    const MstlResult parts = decompose(values, ascending, true, host);
    std::vector<double> adjusted = values;
    for (const std::vector<double>& seasonal : parts.seasonals)
        for (std::size_t i = 0; i < adjusted.size(); ++i) adjusted[i] -= seasonal[i];

    if (!profile.seasons.empty()) {
        const auto place = std::find(ascending.begin(), ascending.end(), profile.seasons[0].period) - ascending.begin();
        profile.seasonal_strength = strength(parts.seasonals[static_cast<std::size_t>(place)], parts.remainder);
    }
    profile.trend_strength = strength(parts.trend, parts.remainder);
    if (const auto line = line_through(adjusted, poll)) {
        profile.slope = std::scalbn(line->slope, exponent);
        if (line->mean != 0.0)
            profile.change_rate = line->slope * static_cast<double>(profile.n - 1) / std::fabs(line->mean);
        if (line->is_certain)
            profile.trend = line->slope > 0.0 ? TrendKind::kRising : TrendKind::kFalling;
        else
            profile.trend = profile.trend_strength.value_or(0.0) >= kStrong ? TrendKind::kChanging : TrendKind::kLevel;
    }

    const std::vector<double> complete = present_values(adjusted, poll);
    profile.adf = adf_test(complete, AdfParams{}, host);
    profile.kpss = kpss_test(complete, KpssParams{}, host);
    profile.stationarity = judge(complete, profile.adf, profile.kpss, host);

    std::vector<double> differenced = values;
    if (!profile.seasons.empty() && needs_seasonal_difference(values, profile.seasons[0].period, host)) {
        const std::size_t period = profile.seasons[0].period;
        profile.seasonal_differences = 1;
        for (std::size_t i = 0; i + period < differenced.size(); ++i) differenced[i] = values[i + period] - values[i];
        differenced.resize(differenced.size() - period);
    }
    profile.differences = differences_needed(present_values(differenced, poll), host);
    return profile;
}

std::string_view name_of(TrendKind kind) {
    switch (kind) {
        case TrendKind::kRising: return "rising";
        case TrendKind::kFalling: return "falling";
        case TrendKind::kChanging: return "changing";
        case TrendKind::kLevel: break;
    }
    return "level";
}

std::string_view name_of(Stationarity stationarity) {
    switch (stationarity) {
        case Stationarity::kConstant: return "constant";
        case Stationarity::kStationary: return "stationary";
        case Stationarity::kAroundTrend: return "stationary around a trend";
        case Stationarity::kNot: return "not stationary";
        case Stationarity::kUnclear: return "unclear";
        case Stationarity::kUnknown: break;
    }
    return "not known";
}

std::string describe(const SeriesProfile& profile, std::string_view step) {
    const std::string unit(step);
    std::string text;
    if (!profile.trend) return "Only " + count_of(profile.n - profile.missing, "value") + ": too few to say anything.";
    if (profile.stationarity == Stationarity::kConstant) {
        text = "All values are equal.";
    } else {
        if (*profile.trend == TrendKind::kRising || *profile.trend == TrendKind::kFalling) {
            text = *profile.trend == TrendKind::kRising ? "Rises by " : "Falls by ";
            text += number(std::fabs(*profile.slope)) + " a " + unit;
            if (profile.change_rate)
                text += ", " + number(100.0 * std::fabs(*profile.change_rate), "%.3g") + " % of its mean over the whole time";
        } else {
            text = *profile.trend == TrendKind::kChanging ? "Goes up and down, without one direction" : "Keeps its level";
        }
        if (profile.trend_strength) text += "; strength of the trend " + with_word(*profile.trend_strength);
        text += ".";
        if (profile.seasons.empty()) {
            text += " No season found.";
        } else {
            text += " Repeats every " + count_of(profile.seasons[0].period, unit) + ", which explains " +
                    number(100.0 * profile.seasons[0].share, "%.0f") + " % of the variation beside the trend";
            for (std::size_t i = 1; i < profile.seasons.size(); ++i)
                text += (i == 1 ? "; also every " : " and ") + std::to_string(profile.seasons[i].period);
            text += ".";
        }
        const std::string subject = profile.seasons.empty() ? " It" : " Without its season it";
        switch (profile.stationarity) {
            case Stationarity::kStationary: text += subject + " is stationary."; break;
            case Stationarity::kAroundTrend: text += subject + " is stationary around its trend."; break;
            case Stationarity::kNot: text += subject + " is not stationary."; break;
            case Stationarity::kUnclear: text += " The tests of stationarity disagree."; break;
            default: text += " It cannot be tested whether it is stationary."; break;
        }
        if (profile.seasonal_differences > 0 || profile.differences > 0) {
            text += " To model it, take ";
            if (profile.seasonal_differences > 0)
                text += "a difference over " + count_of(profile.seasons[0].period, unit) + (profile.differences > 0 ? " and " : "");
            if (profile.differences > 0) text += count_of(profile.differences, "first difference");
            text += ".";
        }
    }
    if (profile.missing > 0)
        text += " " + count_of(profile.missing, "value") + (profile.missing == 1 ? " is" : " are") + " missing, in " +
                count_of(profile.gaps, "gap") + ".";
    return text;
}

}  // namespace ecom::core
