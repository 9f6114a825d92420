#include "core/forecast/ets.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using test::kNile;
using test::monthly;

// Log-likelihood and squares of ets() of R's forecast 8.20 at its own estimates for the Nile.
TEST(Ets, LikelihoodOfR) {
    EtsState state;
    state.level = 1110.68685995136;
    EtsParams params;
    params.alpha = 0.245533862697156;
    EtsFit fit = ets_run({false, EtsTrend::kNone, EtsSeason::kNone}, params, state, kNile.data(), kNile.size(), nullptr);
    EXPECT_NEAR(fit.sum_of_squares, 2038674.50050534, 1e-6 * 2038674);
    EXPECT_NEAR(fit.minus_two_log_likelihood, 2 * 726.390519999206, 1e-6);
}

// All of R's estimates in the reference file, where ECOM_DATA names a folder that has it.
TEST(Ets, LikelihoodOfAllReferenceCases) {
    const char* const folder = std::getenv("ECOM_DATA");
    std::ifstream file(std::string(folder ? folder : "") + "/reference/forecast_reference.json");
    if (!file) GTEST_SKIP() << "no reference file";
    std::stringstream text;
    text << file.rdbuf();
    const nlohmann::json reference = nlohmann::json::parse(std::regex_replace(text.str(), std::regex("\\bNaN\\b"), "null"));
    std::size_t cases = 0;
    for (const auto& c : reference["ets"]) {
        const std::string name = c["method"];
        const auto value = [&](const char* group, const std::string& field, double otherwise) {
            return c[group].contains(field) ? c[group][field].get<double>() : otherwise;
        };
        EtsKind kind;
        kind.multiplicative_error = name[4] == 'M';
        kind.trend = name.find(",Ad,") != std::string::npos ? EtsTrend::kDamped : name[6] == 'A' ? EtsTrend::kAdditive : EtsTrend::kNone;
        const char season = name[name.size() - 2];
        kind.season = season == 'M' ? EtsSeason::kMultiplicative : season == 'A' ? EtsSeason::kAdditive : EtsSeason::kNone;
        ASSERT_EQ(kind.name(), name);
        const EtsParams params{value("par", "alpha", 0.0), value("par", "beta", 0.0), value("par", "gamma", 0.0), value("par", "phi", 1.0)};
        EtsState state;
        state.level = value("initstate", "l", 0.0);
        state.growth = value("initstate", "b", 0.0);
        std::size_t period = 0;
        while (c["initstate"].contains("s" + std::to_string(period + 1))) ++period;
        // R counts seasons back from the last.
        for (std::size_t i = period; i > 0; --i) state.season.push_back(value("initstate", "s" + std::to_string(i), 0.0));
        const std::vector<double> y = reference["data"][c["series"].get<std::string>()]["values"];
        const EtsFit fit = ets_run(kind, params, state, y.data(), y.size(), nullptr);
        const double likelihood = c["loglik"];
        const double squares = c["sse"];
        EXPECT_NEAR(-0.5 * fit.minus_two_log_likelihood, likelihood, 1e-9 * std::fabs(likelihood)) << name << c["series"];
        EXPECT_NEAR(fit.sum_of_squares, squares, 1e-9 * squares) << name << c["series"];
        ++cases;
    }
    EXPECT_EQ(cases, 18U);
}

// Two steps of each equation by hand.
TEST(Ets, RecursionByHand) {
    const double y[] = {12.0, 9.0};
    const EtsParams params{0.5, 0.25, 0.2, 0.9};
    EtsState state{10.0, 1.0, {2.0, -1.0}};
    double fitted[2];
    EtsFit fit = ets_run({false, EtsTrend::kDamped, EtsSeason::kAdditive}, params, state, y, 2, fitted);
    // 10 + 0.9 + 2 = 12.9; error -0.9; level 10.9 - 0.45, growth 0.9 - 0.225, season 2 - 0.18.
    EXPECT_NEAR(fitted[0], 12.9, 1e-12);
    // 10.45 + 0.6075 - 1 = 10.0575; error -1.0575.
    EXPECT_NEAR(fitted[1], 10.0575, 1e-12);
    EXPECT_NEAR(fit.sum_of_squares, 0.81 + 1.0575 * 1.0575, 1e-12);
    EXPECT_NEAR(state.level, 11.0575 - 0.52875, 1e-12);
    EXPECT_NEAR(state.growth, 0.6075 - 0.264375, 1e-12);
    EXPECT_NEAR(state.season[0], 1.82, 1e-12);
    EXPECT_NEAR(state.season[1], -1.2115, 1e-12);

    // 11 * 1.2 = 13.2; relative error -1/11: level 11 (1 - 1/22), growth 1 - 11/44, season 1.2 (1 - 0.2/11).
    state = {10.0, 1.0, {1.2, 0.8}};
    fit = ets_run({true, EtsTrend::kAdditive, EtsSeason::kMultiplicative}, {0.5, 0.25, 0.2, 1.0}, state, y, 1, fitted);
    EXPECT_NEAR(fitted[0], 13.2, 1e-12);
    EXPECT_NEAR(fit.sum_of_squares, 1.0 / 121.0, 1e-14);
    EXPECT_NEAR(fit.minus_two_log_likelihood, std::log(1.0 / 121.0) + 2.0 * std::log(13.2), 1e-12);
    EXPECT_NEAR(state.level, 10.5, 1e-12);
    EXPECT_NEAR(state.growth, 0.75, 1e-12);
}

TEST(Ets, AForecastThatIsNotPositiveHasNoLikelihood) {
    const double y[] = {1.0};
    EtsState state{-1.0, 0.0, {}};
    EXPECT_TRUE(std::isinf(ets_run({true, EtsTrend::kNone, EtsSeason::kNone}, {0.5, 0.0, 0.0, 1.0}, state, y, 1, nullptr).minus_two_log_likelihood));
}

TEST(Ets, FindsTrendAndSeason) {
    test::FakeHost host;
    const auto model = fit_ets(monthly(test::formula_series()), 12, {}, host);
    const auto& ets = static_cast<const EtsForecaster&>(*model);
    EXPECT_NE(ets.ets().trend, EtsTrend::kNone);
    EXPECT_NE(ets.ets().season, EtsSeason::kNone);
    const Forecast next = model->forecast(24, {}, host);
    const std::vector<double> truth = test::formula_series(155);
    for (std::size_t h = 0; h < 24; ++h) {
        EXPECT_NEAR(next.mean[h], truth[131 + h], 30.0) << h;
        if (h > 0) {
            EXPECT_GE(next.variance[h], next.variance[h - 1] * 0.5);
        }
    }
}

TEST(Ets, ExactEffortIsAtLeastAsHigh) {
    test::FakeHost host;
    EtsOptions options = parse_ets_model("ANN");
    const auto fast = fit_ets(monthly(kNile), 1, options, host);
    options.effort = EtsEffort::kExact;
    const auto exact = fit_ets(monthly(kNile), 1, options, host);
    EXPECT_GE(static_cast<const EtsForecaster&>(*exact).log_likelihood(), static_cast<const EtsForecaster&>(*fast).log_likelihood());
    EXPECT_NEAR(static_cast<const EtsForecaster&>(*exact).log_likelihood(), -726.3905, 1e-3);
}

TEST(Ets, UpdatingIsRunningOn) {
    test::FakeHost host;
    std::vector<double> values = test::formula_series(60);
    const auto model = fit_ets(monthly(values), 12, parse_ets_model("AAA"), host);
    const Forecast before = model->forecast(3, {}, host);
    // Values as foretold move nothing but time.
    model->append({before.mean[0]}, {}, host);
    const Forecast after = model->forecast(2, {}, host);
    EXPECT_NEAR(after.mean[0], before.mean[1], 1e-9);
    EXPECT_NEAR(after.mean[1], before.mean[2], 1e-9);
}

TEST(Ets, RefusesWhatHasNoMeaning) {
    test::FakeHost host;
    EXPECT_ERROR_CODE(parse_ets_model("AXN"), kInvalidArgument);
    EXPECT_ERROR_CODE(parse_ets_model("AAM"), kInvalidArgument);
    EXPECT_ERROR_CODE(fit_ets(monthly({1.0, 2.0}), 1, {}, host), kNotEnoughData);
    EXPECT_ERROR_CODE(fit_ets(monthly({-1, 2, 3, 5, 2, 4, 3, 5}), 1, parse_ets_model("MNN"), host), kNotEnoughData);
    host.memory = 100;
    EXPECT_ERROR_CODE(fit_ets(monthly(kNile), 1, {}, host), kLimitExceeded);
    test::CancellingHost cancelling(3);
    EXPECT_THROW(fit_ets(monthly(kNile), 1, {}, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core
