// What every fitted forecaster is: a model that knows its series up to its last value and says what comes next.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/forecast/regular_series.hpp"

namespace ecom::core {

struct Forecast {
    std::vector<double> mean;
    std::vector<double> variance;
};

struct Interval {
    double low;
    double high;
};

// The part of a fitted forecaster that does not depend on the method.
struct FittedSeries {
    TimeGrid grid;
    std::size_t period = 1;
    RegularRules rules;          // how new points become steps
    std::vector<double> values;  // NaN where missing
    std::vector<double> fitted;  // one step ahead, NaN where there is none
    Regressors future;           // of the steps after the last, where they came with the points
    std::string status = "ok";   // or what was done instead of what was asked for

    std::size_t size() const { return values.size(); }
    std::vector<double> residuals() const;
    std::size_t residual_count() const;

    Document document() const;
    static FittedSeries decode(const Document& document);
};

class Forecaster : public Model {
public:
    // As a statistician writes it: ETS(M,Ad,M).
    virtual std::string method() const = 0;

    virtual std::size_t regressor_count() const { return 0; }

    // The next `horizon` steps. `future`: a column a regressor, at least `horizon` long; empty without regressors.
    virtual Forecast forecast(std::size_t horizon, const Regressors& future, Host& host) const = 0;

    // Of step i, counted from 0. Normal, unless a method knows better.
    virtual Interval interval(const Forecast& forecast, std::size_t i, double level) const;

    // Takes the values of the next steps in, without estimating anything again: states move on, fitted values are added.
    void append(const std::vector<double>& values, const Regressors& regressors, Host& host);

    const FittedSeries& series() const { return series_; }
    FittedSeries& series() { return series_; }

    Document body() const final;
    int version() const override { return 1; }
    Document summary() const final;

protected:
    Forecaster() = default;
    explicit Forecaster(FittedSeries series) : series_(std::move(series)) {}

    // One more step: the value that was foretold for it is returned. NaN: its value is missing.
    virtual double take(double value, const std::vector<double>& regressors, Host& host) = 0;

    virtual Document parameters() const = 0;
    // For a person: the parameters that matter, criteria.
    virtual Document description() const = 0;

    FittedSeries series_;
};

// Throws kInvalidArgument when regressors of fewer than `horizon` steps are there.
void check_future(const Regressors& future, std::size_t regressor_count, std::size_t horizon);

// Sum of squared residuals over their number less `parameters`; 0 when that leaves none.
double residual_variance(const FittedSeries& series, std::size_t parameters);

// Largest horizon that any function accepts.
constexpr std::int64_t kMaxHorizon = 100'000;
std::size_t check_horizon(std::int64_t horizon);

}  // namespace ecom::core
