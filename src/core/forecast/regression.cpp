#include "core/forecast/regression.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/forecast/series.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Terms = RegressionForecaster::Terms;

constexpr std::size_t kLongestLag = 1000;
constexpr std::size_t kMostCoefficients = 1500;

std::size_t coefficient_count(const Terms& terms, std::size_t period, std::size_t regressors) {
    return 1 + (terms.trend ? 1 : 0) + (terms.season ? period - 1 : 0) + terms.lags.size() + regressors;
}

// A row of the design: the value `lag` steps before is values[step - lag].
void put_row(const Terms& terms, std::size_t period, std::size_t step, const std::vector<double>& values, std::size_t at,
             const std::vector<double>& regressors, std::vector<double>& row) {
    row.clear();
    row.push_back(1.0);
    if (terms.trend) row.push_back(static_cast<double>(step));
    if (terms.season) {
        row.resize(row.size() + period - 1, 0.0);
        if (step % period > 0) row[row.size() - period + step % period] = 1.0;
    }
    for (const std::size_t lag : terms.lags) row.push_back(values[at - lag]);
    row.insert(row.end(), regressors.begin(), regressors.end());
}

bool all_finite(const std::vector<double>& row) {
    return std::all_of(row.begin(), row.end(), [](double x) { return std::isfinite(x); });
}

struct LeastSquares {
    bool is_usable = false;
    bool is_dependent = false;
    Eigen::VectorXd coefficients;
    Eigen::MatrixXd inverse;  // of X'X
    std::size_t n = 0;
    double squares = 0.0;
    double total = 0.0;
    double aicc = 0.0;
};

class Design {
public:
    Design(const RegularSeries& series, std::size_t period, Host& host) : series_(series), period_(period), host_(host) {}

    // Of the steps from `first` on.
    LeastSquares fit(const Terms& terms, std::size_t first) const {
        LeastSquares result;
        const std::size_t k = coefficient_count(terms, period_, series_.regressors.size());
        if (k > kMostCoefficients || series_.size() <= first + k + 2) return result;
        require_memory(host_, mul_size(series_.size() - first, mul_size(24, k)), "a regression with " + std::to_string(k) + " coefficients");
        PollEvery poll(host_);
        Eigen::MatrixXd x(static_cast<Eigen::Index>(series_.size() - first), static_cast<Eigen::Index>(k));
        Eigen::VectorXd y(x.rows());
        std::vector<double> row, regressors(series_.regressors.size());
        Eigen::Index n = 0;
        for (std::size_t i = first; i < series_.size(); ++i) {
            poll();
            for (std::size_t r = 0; r < regressors.size(); ++r) regressors[r] = series_.regressors[r][i];
            put_row(terms, period_, i, series_.values, i, regressors, row);
            if (std::isnan(series_.values[i]) || !all_finite(row)) continue;
            x.row(n) = Eigen::Map<const Eigen::RowVectorXd>(row.data(), static_cast<Eigen::Index>(k));
            y(n++) = series_.values[i];
        }
        const double parameters = static_cast<double>(k) + 1.0;
        if (static_cast<double>(n) <= parameters + 1.0) return result;
        x.conservativeResize(n, Eigen::NoChange);
        y.conservativeResize(n);
        host_.poll();
        // Columns of very different size, as the trend beside a share, must not pass for dependent ones.
        const Eigen::VectorXd sizes = x.colwise().norm().transpose();
        if ((sizes.array() == 0.0).any()) {
            result.is_dependent = true;
            return result;
        }
        const Eigen::MatrixXd scaled = x * sizes.cwiseInverse().asDiagonal();
        Eigen::ColPivHouseholderQR<Eigen::MatrixXd> qr(scaled);
        qr.setThreshold(1e-10);
        if (qr.rank() < static_cast<Eigen::Index>(k)) {
            result.is_dependent = true;
            return result;
        }
        const Eigen::VectorXd b = qr.solve(y);
        const Eigen::MatrixXd upper = qr.matrixR().topRows(qr.cols()).triangularView<Eigen::Upper>();
        const Eigen::MatrixXd root = qr.colsPermutation() *
                                     upper.triangularView<Eigen::Upper>().solve(Eigen::MatrixXd::Identity(qr.cols(), qr.cols()));
        const Eigen::MatrixXd unscaled = sizes.cwiseInverse().asDiagonal() * root;
        result.inverse = unscaled * unscaled.transpose();
        result.coefficients = b.cwiseQuotient(sizes);
        result.squares = (y - scaled * b).squaredNorm();
        result.total = (y.array() - y.mean()).matrix().squaredNorm();
        result.n = static_cast<std::size_t>(n);
        const auto count = static_cast<double>(n);
        // An exact fit is as good as rounding allows, and no better.
        const double floor = 1e-28 * std::max(y.squaredNorm(), 1e-200);
        result.aicc = count * std::log(std::max(result.squares, floor) / count) + 2.0 * parameters +
                      2.0 * parameters * (parameters + 1.0) / (count - parameters - 1.0);
        result.is_usable = true;
        return result;
    }

private:
    const RegularSeries& series_;
    std::size_t period_;
    Host& host_;
};

// What an error of one step still does `count` steps later, from 0 on.
std::vector<double> responses(const Terms& terms, const double* lag_coefficients, std::size_t count) {
    std::vector<double> psi(count, 0.0);
    for (std::size_t h = 0; h < count; ++h) {
        if (h == 0) psi[h] = 1.0;
        for (std::size_t l = 0; l < terms.lags.size(); ++l)
            if (terms.lags[l] <= h) psi[h] += lag_coefficients[l] * psi[h - terms.lags[l]];
    }
    return psi;
}

// Whether an error fades away instead of growing from step to step.
bool is_stable(const Terms& terms, const LeastSquares& fit, std::size_t regressors) {
    if (terms.lags.empty()) return true;
    const double* first = fit.coefficients.data() + fit.coefficients.size() - static_cast<Eigen::Index>(regressors + terms.lags.size());
    const std::vector<double> psi = responses(terms, first, 20 * terms.longest_lag() + 100);
    return std::all_of(psi.end() - static_cast<std::ptrdiff_t>(terms.longest_lag()), psi.end(), [](double p) { return std::fabs(p) < 1.0; });
}

std::vector<Terms> candidates(const RegressionParams& params, std::size_t n, std::size_t period) {
    const bool may_have_season = period > 1 && n >= 2 * period + 2;
    std::vector<std::vector<std::size_t>> lags;
    if (params.lags) {
        lags.push_back(*params.lags);
        std::sort(lags.back().begin(), lags.back().end());
    } else {
        lags = {{}, {1}};
        if (period > 1 && n >= 3 * period && period <= kLongestLag) lags.push_back({1, period});
    }
    std::vector<Terms> all;
    for (const bool trend : {false, true})
        for (const bool season : {false, true})
            for (const auto& some : lags)
                if (params.trend.value_or(trend) == trend && params.season.value_or(season) == season && (!season || may_have_season))
                    all.push_back({trend, season, some});
    return all;
}

}  // namespace

void RegressionParams::check() const {
    if (!lags) return;
    std::vector<std::size_t> sorted = *lags;
    std::sort(sorted.begin(), sorted.end());
    const bool is_twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    if (is_twice || (!sorted.empty() && (sorted.front() < 1 || sorted.back() > kLongestLag)))
        throw Error(ErrorCode::kInvalidArgument, "lags must be different numbers from 1 to " + std::to_string(kLongestLag),
                    "Use, for example, [1, 12] for the last month and the same month of last year.");
}

std::vector<double> RegressionForecaster::row(std::size_t step, const std::vector<double>& history,
                                              const std::vector<double>& regressors) const {
    std::vector<double> x;
    put_row(terms_, series_.period, step, history, history.size(), regressors, x);
    return x;
}

std::string RegressionForecaster::method() const {
    std::string parts;
    const auto add = [&](const std::string& part) { parts += (parts.empty() ? "" : ", ") + part; };
    if (terms_.trend) add("trend");
    if (terms_.season) add("season " + std::to_string(series_.period));
    for (const std::size_t lag : terms_.lags) add("lag " + std::to_string(lag));
    if (regressor_count_ > 0) add(std::to_string(regressor_count_) + (regressor_count_ == 1 ? " regressor" : " regressors"));
    return "regression(" + (parts.empty() ? "mean" : parts) + ")";
}

Forecast RegressionForecaster::forecast(std::size_t horizon, const Regressors& future, Host& host) const {
    check_future(future, regressor_count_, horizon);
    PollEvery poll(host);
    Forecast result;
    std::vector<double> history = history_, regressors(regressor_count_);
    const Eigen::Map<const Eigen::VectorXd> b(coefficients_.data(), static_cast<Eigen::Index>(coefficients_.size()));
    const Eigen::Map<const Eigen::MatrixXd> inverse(inverse_.data(), b.size(), b.size());
    const std::vector<double> psi =
        responses(terms_, coefficients_.data() + coefficients_.size() - regressor_count_ - terms_.lags.size(), terms_.lags.empty() ? 1 : horizon);
    double responded = 0.0;
    for (std::size_t h = 0; h < horizon; ++h) {
        poll();
        for (std::size_t r = 0; r < regressor_count_; ++r) regressors[r] = future[r][h];
        const std::vector<double> x = row(series_.size() + h, history, regressors);
        const Eigen::Map<const Eigen::VectorXd> v(x.data(), b.size());
        result.mean.push_back(v.dot(b));
        if (h < psi.size()) responded += psi[h] * psi[h];
        result.variance.push_back(variance_ * (responded + v.dot(inverse * v)));
        history.push_back(result.mean.back());
    }
    return result;
}

Interval RegressionForecaster::interval(const Forecast& forecast, std::size_t i, double level) const {
    const double half = student_t_critical(level, freedom_) * std::sqrt(forecast.variance[i]);
    return {forecast.mean[i] - half, forecast.mean[i] + half};
}

double RegressionForecaster::take(double value, const std::vector<double>& regressors, Host&) {
    const std::vector<double> x = row(series_.size(), history_, regressors);
    double foretold = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) foretold += x[i] * coefficients_[i];
    if (terms_.longest_lag() > 0) {
        // A step without value and regressors goes on as the one before.
        const double known = !std::isnan(value) ? value : !std::isnan(foretold) ? foretold : history_.back();
        history_.erase(history_.begin());
        history_.push_back(known);
    }
    return foretold;
}

Document RegressionForecaster::parameters() const {
    Document::Ints lags(terms_.lags.begin(), terms_.lags.end());
    return Document::object()
        .set("trend", Document(terms_.trend))
        .set("season", Document(terms_.season))
        .set("lags", Document(lags))
        .set("regressors", Document(static_cast<std::int64_t>(regressor_count_)))
        .set("coefficients", Document(coefficients_))
        .set("inverse", Document(inverse_))
        .set("numbers", Document(Document::Doubles{variance_, freedom_, aicc_, r_squared_}))
        .set("history", Document(history_));
}

Document RegressionForecaster::description() const {
    Document info = Document::object();
    std::size_t i = 0;
    info.set("intercept", Document(coefficients_[i++]));
    if (terms_.trend) info.set("trend", Document(coefficients_[i++]));
    if (terms_.season) {
        Document::Doubles places{0.0};
        for (std::size_t place = 1; place < series_.period; ++place) places.push_back(coefficients_[i++]);
        info.set("season", Document(places));
    }
    for (const std::size_t lag : terms_.lags) info.set("lag_" + std::to_string(lag), Document(coefficients_[i++]));
    if (regressor_count_ > 0)
        info.set("regressors", Document(Document::Doubles(coefficients_.begin() + static_cast<std::ptrdiff_t>(i), coefficients_.end())));
    return info.set("sigma2", Document(variance_)).set("r_squared", Document(r_squared_)).set("aicc", Document(aicc_));
}

std::unique_ptr<Model> RegressionForecaster::decode(const Document& body, int) {
    const Document& stored = body.at("parameters");
    auto model = std::make_unique<RegressionForecaster>(FittedSeries::decode(body.at("series")));
    model->terms_.trend = stored.at("trend").as_bool();
    model->terms_.season = stored.at("season").as_bool();
    for (const std::int64_t lag : stored.at("lags").as_ints()) {
        if (lag <= static_cast<std::int64_t>(model->terms_.longest_lag()) || lag > static_cast<std::int64_t>(kLongestLag)) Reader::corrupt();
        model->terms_.lags.push_back(static_cast<std::size_t>(lag));
    }
    const std::int64_t regressors = stored.at("regressors").as_int();
    model->coefficients_ = stored.at("coefficients").as_doubles();
    model->inverse_ = stored.at("inverse").as_doubles();
    const Document::Doubles numbers = stored.at("numbers").as_doubles();
    model->history_ = stored.at("history").as_doubles();
    const std::size_t k = model->coefficients_.size();
    if (regressors < 0 || regressors > static_cast<std::int64_t>(k) || model->series_.period < 1 || model->series_.period > kMostCoefficients ||
        numbers.size() != 4)
        Reader::corrupt();
    model->regressor_count_ = static_cast<std::size_t>(regressors);
    model->variance_ = numbers[0];
    model->freedom_ = numbers[1];
    model->aicc_ = numbers[2];
    model->r_squared_ = numbers[3];
    if (k != coefficient_count(model->terms_, model->series_.period, model->regressor_count_) || model->inverse_.size() != k * k ||
        model->history_.size() != model->terms_.longest_lag() || !(model->variance_ >= 0.0) || !(model->freedom_ > 0.0))
        Reader::corrupt();
    return model;
}

std::unique_ptr<Forecaster> fit_regression(const RegularSeries& series, std::size_t period, const RegressionParams& params, Host& host) {
    params.check();
    const Design design(series, period, host);
    const std::vector<Terms> all = candidates(params, series.size(), period);
    std::size_t first = 0;
    for (const Terms& terms : all) first = std::max(first, terms.longest_lag());
    const Terms* best = nullptr;
    double best_aicc = 0.0;
    bool is_dependent = false;
    for (const Terms& terms : all) {
        const LeastSquares fit = design.fit(terms, first);
        is_dependent = is_dependent || fit.is_dependent;
        // Lags that were asked for may make a series that grows for ever; those that are chosen may not.
        if (!fit.is_usable || (!params.lags && !is_stable(terms, fit, series.regressors.size()))) continue;
        if (best != nullptr && !(fit.aicc < best_aicc)) continue;
        best = &terms;
        best_aicc = fit.aicc;
    }
    if (best == nullptr && is_dependent)
        throw Error(ErrorCode::kNumericFailure, "terms of the regression are linearly dependent",
                    "Leave out a regressor that is constant, or a sum of others, the trend or the season.");
    if (best == nullptr)
        throw Error(ErrorCode::kNotEnoughData, "too few values for a regression", "Use fewer terms, or another method.");
    // The winner needs fewer values before the first step than the longest lag that was tried.
    const LeastSquares fit = design.fit(*best, best->longest_lag());
    if (!fit.is_usable)
        throw Error(ErrorCode::kNumericFailure, "terms of the regression are linearly dependent", "Leave out a regressor.");

    FittedSeries fitted;
    fitted.grid = series.grid;
    fitted.period = best->season || period <= kMostCoefficients ? period : 1;
    fitted.values = series.values;
    fitted.fitted.assign(series.size(), kMissingValue);
    auto model = std::make_unique<RegressionForecaster>(std::move(fitted));
    model->terms_ = *best;
    model->regressor_count_ = series.regressors.size();
    model->coefficients_.assign(fit.coefficients.data(), fit.coefficients.data() + fit.coefficients.size());
    model->inverse_.assign(fit.inverse.data(), fit.inverse.data() + fit.inverse.size());
    model->freedom_ = static_cast<double>(fit.n) - static_cast<double>(fit.coefficients.size());
    model->variance_ = fit.squares / model->freedom_;
    model->aicc_ = fit.aicc;
    model->r_squared_ = fit.total > 0.0 ? 1.0 - fit.squares / fit.total : 0.0;
    const std::vector<double> whole = interpolated(series.values);
    model->history_.assign(whole.end() - static_cast<std::ptrdiff_t>(best->longest_lag()), whole.end());
    std::vector<double> x, regressors(series.regressors.size());
    for (std::size_t i = best->longest_lag(); i < series.size(); ++i) {
        for (std::size_t r = 0; r < regressors.size(); ++r) regressors[r] = series.regressors[r][i];
        put_row(*best, period, i, series.values, i, regressors, x);
        double foretold = 0.0;
        for (std::size_t j = 0; j < x.size(); ++j) foretold += x[j] * model->coefficients_[j];
        model->series_.fitted[i] = foretold;
    }
    return model;
}

Fit configure_regression(NamedOptions& options) {
    RegressionParams params;
    params.trend = options.boolean("trend");
    params.season = options.boolean("season");
    if (const auto lags = options.integers("lags")) {
        params.lags.emplace();
        for (const std::int64_t lag : *lags) params.lags->push_back(lag < 1 ? 0 : static_cast<std::size_t>(lag));
    }
    params.check();
    return [params](const RegularSeries& series, std::size_t period, Host& host) { return fit_regression(series, period, params, host); };
}

}  // namespace ecom::core
