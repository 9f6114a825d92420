#include "core/forecast/ets.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/forecast/ets_gradient.hpp"
#include "unit/fakes.hpp"
#include "unit/series_data.hpp"

namespace ecom::core {
namespace {

using test::kNile;
using test::monthly;

// Quarterly gas consumption of the United Kingdom, 1960 to 1986 (Durbin and Koopman, 2001).
const std::vector<double> kUkGas{
    160.1, 129.7, 84.8, 120.1, 160.1, 124.9, 84.8, 116.9, 169.7, 140.9, 89.7, 123.3, 187.3, 144.1, 92.9, 120.1, 176.1, 147.3,
    89.7, 123.3, 185.7, 155.3, 99.3, 131.3, 200.1, 161.7, 102.5, 136.1, 204.9, 176.1, 112.1, 140.9, 227.3, 195.3, 115.3, 142.5,
    244.9, 214.5, 118.5, 153.7, 244.9, 216.1, 188.9, 142.5, 301, 196.9, 136.1, 267.3, 317, 230.5, 152.1, 336.2, 371.4, 240.1,
    158.5, 355.4, 449.9, 286.6, 179.3, 403.4, 491.5, 321.8, 177.7, 409.8, 593.9, 329.8, 176.1, 483.5, 584.3, 395.4, 187.3,
    485.1, 669.2, 421, 216.1, 509.1, 827.7, 467.5, 209.7, 542.7, 840.5, 414.6, 217.7, 670.8, 848.5, 437, 209.7, 701.2, 925.3,
    443.4, 214.5, 683.6, 917.3, 515.5, 224.1, 694.8, 989.4, 477.1, 233.7, 730, 1087, 534.7, 281.8, 787.6, 1163.9, 613.1, 347.4,
    782.8};
// Monthly accidental deaths in the United States, 1973 to 1978 (Brockwell and Davis, 1991).
const std::vector<double> kAccidentalDeaths{
    9007, 8106, 8928, 9137, 10017, 10826, 11317, 10744, 9713, 9938, 9161, 8927, 7750, 6981, 8038, 8422, 8714, 9512, 10120,
    9823, 8743, 9129, 8710, 8680, 8162, 7306, 8124, 7870, 9387, 9556, 10093, 9620, 8285, 8466, 8160, 8034, 7717, 7461, 7767,
    7925, 8623, 8945, 10078, 9179, 8037, 8488, 7874, 8647, 7792, 6957, 7726, 8106, 8890, 9299, 10625, 9302, 8314, 8850, 8265,
    8796, 7836, 6892, 7791, 8192, 9115, 9434, 10484, 9827, 9110, 9070, 8633, 9240};
// Users of a server by the minute (Makridakis, Wheelwright and Hyndman, 1998).
const std::vector<double> kWebUsers{
    88, 84, 85, 85, 84, 85, 83, 85, 88, 89, 91, 99, 104, 112, 126, 138, 146, 151, 150, 148, 147, 149, 143, 132, 131, 139, 147,
    150, 148, 145, 140, 134, 131, 131, 129, 126, 126, 132, 137, 140, 142, 150, 159, 167, 170, 171, 172, 172, 174, 175, 172,
    172, 174, 174, 169, 165, 156, 142, 131, 121, 112, 104, 102, 99, 99, 95, 88, 84, 84, 87, 89, 88, 85, 86, 89, 91, 91, 94,
    101, 110, 121, 135, 145, 149, 156, 165, 171, 175, 177, 182, 193, 204, 208, 210, 215, 222, 228, 226, 222, 220};

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

// The same for a multiplicative error beside trend and season, an additive season, and a damped trend.
TEST(Ets, LikelihoodOfRWithTrendAndSeason) {
    struct Case {
        EtsKind kind;
        const std::vector<double>* values;
        EtsParams params;
        EtsState state;  // R counts seasons back from the last
        double log_likelihood;
        double sum_of_squares;
    };
    const Case cases[] = {
        {{true, EtsTrend::kAdditive, EtsSeason::kMultiplicative}, &kUkGas,
         {0.0305368688940664, 0.0305364435769846, 0.623838578907128, 1.0},
         {124.089942650416, 0.865475590602999,
          {1.33205741544506, 1.05823021789026, 0.653926305974702, 0.955786060689977}},
         -618.360779733107, 1.36235963428132},
        {{false, EtsTrend::kNone, EtsSeason::kAdditive}, &kAccidentalDeaths,
         {0.594589890836137, 0.0, 0.00202895995406527, 1.0},
         {9248.36282412747, 0.0,
          {-739.055152775947, -1537.79172434129, -739.900427055784, -489.562713202277, 306.421216533573,
           756.091981288502, 1683.23661060853, 970.738744865901, -121.771020334217, 218.290114668506,
           -255.352755427804, -51.3448748276992}},
         -555.072335012628, 4968735.66611211},
        {{false, EtsTrend::kDamped, EtsSeason::kNone}, &kWebUsers,
         {0.999899956335557, 0.996643873986974, 0.0, 0.814958027904187},
         {90.3517674497485, -0.0172823378386636,
          {}},
         -352.865490197752, 1161.31678985225},
    };
    for (const Case& c : cases) {
        EtsState state = c.state;
        const EtsFit fit = ets_run(c.kind, c.params, state, c.values->data(), c.values->size(), nullptr);
        EXPECT_NEAR(-0.5 * fit.minus_two_log_likelihood, c.log_likelihood, 1e-9 * std::fabs(c.log_likelihood)) << c.kind.name();
        EXPECT_NEAR(fit.sum_of_squares, c.sum_of_squares, 1e-9 * c.sum_of_squares) << c.kind.name();
    }
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

// The slope by every parameter and state, against differences of the likelihood.
TEST(Ets, SlopeOfTheLikelihood) {
    const std::vector<double> values(kUkGas.begin(), kUkGas.begin() + 40);
    for (const bool multiplicative : {false, true})
        for (const EtsTrend trend : {EtsTrend::kNone, EtsTrend::kAdditive, EtsTrend::kDamped})
            for (const EtsSeason season : {EtsSeason::kNone, EtsSeason::kAdditive, EtsSeason::kMultiplicative}) {
                const EtsKind kind{multiplicative, trend, season};
                EtsParams params{0.3, 0.1, 0.2, trend == EtsTrend::kDamped ? 0.9 : 1.0};
                EtsState first{120.0, 1.5, {}};
                if (season == EtsSeason::kAdditive) first.season = {30.0, 5.0, -40.0, 8.0};
                if (season == EtsSeason::kMultiplicative) first.season = {1.3, 1.05, 0.7, 0.95};
                EtsTape tape;
                EtsSlope slope;
                const auto value = [&] {
                    EtsState state = first;
                    return ets_run(kind, params, state, values.data(), values.size(), nullptr).minus_two_log_likelihood;
                };
                EXPECT_NEAR(ets_slope(kind, params, first, values, tape, slope), value(), 1e-12 * value());
                std::vector<std::pair<double*, double>> variables{{&params.alpha, slope.params.alpha}, {&first.level, slope.state.level}};
                if (trend != EtsTrend::kNone) {
                    variables.push_back({&params.beta, slope.params.beta});
                    variables.push_back({&params.phi, slope.params.phi});
                    variables.push_back({&first.growth, slope.state.growth});
                }
                if (season != EtsSeason::kNone) variables.push_back({&params.gamma, slope.params.gamma});
                for (std::size_t j = 0; j < first.season.size(); ++j) variables.push_back({&first.season[j], slope.state.season[j]});
                for (const auto& [variable, expected] : variables) {
                    const double at = *variable, step = 1e-5 * std::fabs(at);
                    *variable = at + step;
                    const double up = value();
                    *variable = at - step;
                    const double down = value();
                    *variable = at;
                    EXPECT_NEAR(expected, (up - down) / (2.0 * step), 1e-5 * std::max(1.0, std::fabs(expected))) << kind.name();
                }
            }
}

TEST(Ets, AForecastThatIsNotPositiveHasNoSlope) {
    EtsTape tape;
    EtsSlope slope;
    EXPECT_TRUE(std::isinf(ets_slope({true, EtsTrend::kNone, EtsSeason::kNone}, {0.5, 0.0, 0.0, 1.0}, {-1.0, 0.0, {}}, {1.0}, tape, slope)));
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

// The highest likelihoods known, found by many starts of another program; those of R's forecast 8.20 are lower by up to 3.
TEST(Ets, ExactEffortFindsTheHighestLikelihood) {
    test::FakeHost host;
    struct Case {
        const std::vector<double>& values;
        std::size_t period;
        const char* model;
        double log_likelihood;
    };
    const Case cases[] = {
        {kNile, 1, "MAdN", -724.037},           {kUkGas, 4, "AAA", -633.56423},          {kUkGas, 4, "MAM", -618.05245},
        {kUkGas, 4, "MAdA", -624.33506},        {kAccidentalDeaths, 12, "ANA", -552.21439}, {kAccidentalDeaths, 12, "MAdM", -550.94721},
        {kWebUsers, 1, "AAdN", -352.3692},
    };
    for (const Case& c : cases) {
        EtsOptions options = parse_ets_model(c.model);
        options.effort = EtsEffort::kExact;
        const auto model = fit_ets(monthly(c.values), c.period, options, host);
        EXPECT_GE(static_cast<const EtsForecaster&>(*model).log_likelihood(), c.log_likelihood - 1e-4) << c.model;
    }
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
