#include "core/clv/btyd.hpp"

#include <cmath>

#include "core/base/rng.hpp"
#include "core/clv/gamma_gamma.hpp"
#include "core/clv/likelihood.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::Cancelled;
using test::FakeHost;

constexpr BtydFamily kFamilies[] = {BtydFamily::kBgNbd, BtydFamily::kMbgNbd, BtydFamily::kParetoNbd, BtydFamily::kNbd};

BtydModel model_of(BtydFamily family, std::vector<double> p) {
    BtydFit fit{};
    fit.family = fit.requested = family;
    fit.standard_errors.assign(p.size(), std::nan(""));
    fit.parameters = std::move(p);
    return BtydModel(fit);
}

double gamma_draw(Rng& rng, double shape, double rate) {  // Marsaglia and Tsang, 2000
    if (shape < 1) return gamma_draw(rng, shape + 1, rate) * std::pow(1 - rng.uniform(), 1 / shape);
    const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
    for (;;) {
        const double z = rng.normal(), v = std::pow(1 + c * z, 3);
        if (v > 0 && std::log(1 - rng.uniform()) < 0.5 * z * z + d - d * v + d * std::log(v)) return d * v / rate;
    }
}

// Customers of a BG/NBD shop, in whole days; `a` 0: nobody leaves.
std::vector<Pattern> simulated(int customers, double r, double alpha, double a, double b, Host& host) {
    PatternTable table;
    for (int i = 0; i < customers; ++i) {
        Rng rng(7, static_cast<std::uint64_t>(i));
        const double rate = gamma_draw(rng, r, alpha);
        const double g = a > 0 ? gamma_draw(rng, a, 1) : 0, p = a > 0 ? g / (g + gamma_draw(rng, b, 1)) : 0;
        const double age = 200 + static_cast<double>(rng.below(80));
        double x = 0, last = 0, now = 0;
        for (;;) {
            now += std::ceil(rng.exponential(rate));
            if (now > age) break;
            ++x;
            last = now;
            if (rng.bernoulli(p)) break;
        }
        table.add({x, last, age}, 1, host);
    }
    return table.sorted(host);
}

// Values computed with arbitrary precision from the definition (mpmath quadrature).
TEST(Btyd, ParetoLikelihoodEqualsTheExactIntegral) {
    FakeHost host;
    const std::vector<double> p{0.5532770468531806, 10.577683463302325, 0.6062399891278111, 11.668735288854538};
    struct Case {
        double x, t_x, age, ll;
    };
    for (const Case& c : {Case{0, 0, 38.86, -0.5212024417849885}, Case{1, 1.71, 38.86, -4.449709270368984},
                          Case{2, 30.43, 38.86, -9.554333997775105}, Case{29, 37.7, 38.0, -45.05510669057701},
                          Case{25, 27.3, 36.9, -39.889427974561634}, Case{10, 3.0, 39.0, -15.752158847889849}}) {
        const std::vector<Pattern> one{{{c.x, c.t_x, c.age}, 1}};
        const HistoryCounts counts(one, host);
        EXPECT_NEAR(btyd_likelihood(BtydFamily::kParetoNbd, one, counts, p, host).value, c.ll, 1e-10 * -c.ll);
    }
}

TEST(Btyd, GradientAndHessianAreThoseOfTheLikelihood) {
    FakeHost host;
    const std::vector<Pattern> data{{{0, 0, 30}, 5}, {{1, 2, 39}, 3}, {{4, 20, 25}, 2}, {{40, 36, 39}, 1}, {{0, 0, 0}, 1}, {{3, 9, 9}, 2}};
    const HistoryCounts counts(data, host);
    for (const BtydFamily family : kFamilies) {
        std::vector<double> p{0.7, 4.0, 0.8, 2.4};
        p.resize(btyd_parameter_names(family).size());
        const Curvature at = btyd_likelihood(family, data, counts, p, host);
        for (std::size_t i = 0; i < p.size(); ++i) {
            const double step = 1e-5 * p[i];
            auto up = p, down = p;
            up[i] += step;
            down[i] -= step;
            const Curvature above = btyd_likelihood(family, data, counts, up, host);
            const Curvature below = btyd_likelihood(family, data, counts, down, host);
            const auto k = static_cast<Eigen::Index>(i);
            EXPECT_NEAR(at.gradient[k], (above.value - below.value) / (2 * step), 2e-6 * (1 + std::abs(at.gradient[k])));
            const Eigen::VectorXd column = (above.gradient - below.gradient) / (2 * step);
            for (Eigen::Index j = 0; j < column.size(); ++j)
                EXPECT_NEAR(at.hessian(j, k), column[j], 2e-6 * (1 + std::abs(column[j])));
        }
    }
}

// Fader, Hardie and Lee (2005): the example of their spreadsheet, 1.226; then exact values of the integral where
// the textbook form divides zero by zero (a = 1) or has a pole (a + b < 1).
TEST(Btyd, ExpectedPurchasesWhereTheTextbookFormFails) {
    const History empty{0, 0, 1287 / 7.0};
    const auto expected = [](std::vector<double> p, History h, double t) {
        return model_of(BtydFamily::kBgNbd, std::move(p)).expected_purchases(h, t);
    };
    EXPECT_NEAR(expected({0.243, 4.414, 0.793, 2.426}, {2, 30.43, 38.86}, 39), 1.226028174767135, 1e-9);
    EXPECT_NEAR(expected({0.1, 50.0, 0.3, 0.5}, empty, 52), 0.021316642216564295, 1e-9);
    EXPECT_NEAR(expected({0.1, 50.0, 0.3, 0.5}, {1, 20, 150}, 52), 0.0944849999157614, 1e-9);
    EXPECT_NEAR(expected({0.3, 5.0, 1.0, 2.5}, {3, 20, 39}, 39), 0.948605601578906, 1e-9);
    EXPECT_NEAR(expected({0.3, 5.0, 1.0, 2.5}, {0, 0, 39}, 39), 0.23172555736419212, 1e-9);
    EXPECT_NEAR(expected({0.25, 4.0, 2.3, 6.0}, {5, 30, 45}, 52), 1.3844437857831875, 1e-9);
}

// Series and quadrature meet: the horizon at which one takes over from the other leaves no step.
TEST(Btyd, ExpectedPurchasesAreSmoothInTheHorizon) {
    for (const BtydFamily family : {BtydFamily::kBgNbd, BtydFamily::kMbgNbd}) {
        const BtydModel model = model_of(family, {0.243, 4.414, 0.793, 2.426});
        for (const History h : {History{0, 0, 1}, History{3, 10, 11}, History{500, 399, 400}}) {
            double before = 0, slope = 1e300;
            for (double t = 1; t < 1e7; t *= 1.05) {
                const double now = model.expected_purchases(h, t);
                ASSERT_TRUE(std::isfinite(now));
                const double rise = (now - before) / (t - t / 1.05);
                EXPECT_GE(rise, 0.0);
                EXPECT_LE(rise, slope * (1 + 1e-6));
                slope = rise;
                before = now;
            }
        }
    }
}

TEST(Btyd, ParetoNbdAtSEqualToOne) {
    const History h{3, 20, 39};
    const auto at = [&](double s) { return model_of(BtydFamily::kParetoNbd, {0.5, 10, s, 11}).expected_purchases(h, 39); };
    EXPECT_NEAR(at(1), 0.5 * (at(1 - 1e-6) + at(1 + 1e-6)), 1e-9);
}

// BTYD walkthrough for R (Dziurzynski, Wadsworth and McCarthy): .9979 and 25.46.
TEST(Btyd, ParetoNbdPredictionsOfTheBtydWalkthrough) {
    const BtydModel model = model_of(BtydFamily::kParetoNbd, {0.5534, 10.5802, 0.6061, 11.6562});
    EXPECT_NEAR(model.alive({26, 30.86, 31}), 0.9979177665519025, 1e-9);
    EXPECT_NEAR(model.expected_purchases({26, 30.86, 31}, 52), 25.45491351149961, 1e-8);
}

TEST(Btyd, ExtremeHistoriesStayFinite) {
    for (const BtydFamily family : kFamilies) {
        std::vector<double> p{0.5, 3, 0.3, 0.5};
        p.resize(btyd_parameter_names(family).size());
        const BtydModel model = model_of(family, p);
        for (const History h : {History{500, 399, 400}, History{500, 1, 4e5}, History{0, 0, 0}, History{0, 0, 1e9}, History{100000, 5, 6}}) {
            const double alive = model.alive(h);
            EXPECT_GE(alive, 0);
            EXPECT_LE(alive, 1);
            EXPECT_TRUE(std::isfinite(model.expected_purchases(h, 365)));
            EXPECT_GT(model.next_order_quantile(h, 0.9), model.next_order_quantile(h, 0.1));
        }
    }
}

TEST(Btyd, EveryStartReachesTheSameMaximum) {
    FakeHost host;
    const auto data = simulated(3000, 0.6, 40, 0.8, 2.5, host);
    for (const BtydFamily family : {BtydFamily::kBgNbd, BtydFamily::kMbgNbd}) {
        const BtydFit usual = fit_btyd(family, data, host);
        EXPECT_EQ(usual.status, BtydStatus::kConverged);
        Rng rng(1, 1);
        for (int i = 0; i < 20; ++i) {
            std::vector<double> start(4);
            for (double& v : start) v = std::exp(rng.uniform(-3, 3));
            const BtydFit fit = fit_btyd(family, data, host, start);
            EXPECT_EQ(fit.status, BtydStatus::kConverged);
            EXPECT_NEAR(fit.log_likelihood, usual.log_likelihood, 1e-8 * std::abs(usual.log_likelihood));
            for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(fit.parameters[k], usual.parameters[k], 1e-6 * usual.parameters[k]);
        }
    }
}

// Customers who leave after an order make Pareto/NBD's s and beta run to infinity at a common ratio: drop-out is
// there, differences in its rate are not.
TEST(Btyd, SaysWhenAParameterRunsToInfinity) {
    FakeHost host;
    const auto data = simulated(3000, 0.6, 40, 0.8, 2.5, host);
    const BtydFit fit = fit_btyd(BtydFamily::kParetoNbd, data, host);
    EXPECT_EQ(fit.status, BtydStatus::kBoundary);
    EXPECT_EQ(fit.family, BtydFamily::kParetoNbd);
    EXPECT_TRUE(std::isnan(fit.standard_errors[3]));
    EXPECT_GT(fit.log_likelihood, fit_btyd(BtydFamily::kNbd, data, host).log_likelihood + 100);
}

TEST(Btyd, RecoversWhatWasSimulated) {
    FakeHost host;
    const BtydFit fit = fit_btyd(BtydFamily::kBgNbd, simulated(20000, 0.6, 40, 0.8, 2.5, host), host);
    const double truth[] = {0.6, 40, 0.8, 2.5};
    // Orders fall on whole days, so a little is lost against continuous time.
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(fit.parameters[k], truth[k], 5 * fit.standard_errors[k]);
}

TEST(Btyd, SaysWhenDropoutIsNotIdentified) {
    FakeHost host;
    const auto data = simulated(2000, 0.7, 60, 0, 0, host);
    const BtydFit nbd = fit_btyd(BtydFamily::kNbd, data, host);
    for (const BtydFamily family : {BtydFamily::kBgNbd, BtydFamily::kMbgNbd, BtydFamily::kParetoNbd}) {
        const BtydFit fit = fit_btyd(family, data, host);
        if (fit.status == BtydStatus::kDropoutNotIdentified) {
            EXPECT_EQ(fit.family, BtydFamily::kNbd);
            EXPECT_EQ(fit.parameters, nbd.parameters);
        } else {
            EXPECT_GT(fit.log_likelihood, nbd.log_likelihood + 1e-3);
        }
        const double expected = BtydModel(fit).expected_purchases({0, 0, 240}, 100);
        EXPECT_LT(expected, 1.0);
    }
}

TEST(Btyd, ThreadsAndUnitsDoNotMatter) {
    FakeHost host;
    const auto data = simulated(5000, 0.6, 40, 0.8, 2.5, host);
    auto weeks = data;
    for (Pattern& p : weeks) {
        p.value[1] /= 7;
        p.value[2] /= 7;
    }
    for (const BtydFamily family : kFamilies) {
        host.threads = 1;
        const BtydFit one = fit_btyd(family, data, host);
        for (const int threads : {2, 8}) {
            host.threads = threads;
            EXPECT_EQ(fit_btyd(family, data, host).parameters, one.parameters);
        }
        EXPECT_NEAR(fit_btyd(family, weeks, host).parameters[1] * 7, one.parameters[1], 1e-6 * one.parameters[1]);
    }
}

TEST(Btyd, RefusesWhatIsNoHistory) {
    FakeHost host;
    BtydState state(BtydFamily::kBgNbd);
    const double nan = std::nan("");
    EXPECT_ERROR_CODE(state.add({nan, 0, 1}, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.add({-1, 0, 1}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add({1, 0, 1}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add({0, 1, 1}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add({1, 2, 1}, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add({0.5, 1, 2}, host), kInvalidArgument);
    state.add({3, 5, 9}, host);
    EXPECT_ERROR_CODE(state.fit(host), kNotEnoughData);
    BtydState silent(BtydFamily::kBgNbd);
    for (int i = 0; i < 50; ++i) silent.add({0, 0, 10.0 + i}, host);
    EXPECT_ERROR_CODE(silent.fit(host), kNotEnoughData);
}

TEST(Btyd, StopsAndKeepsWithinItsMemory) {
    FakeHost host;
    const auto data = simulated(5000, 0.6, 40, 0.8, 2.5, host);
    CancellingHost stopping(5);
    EXPECT_THROW(fit_btyd(BtydFamily::kParetoNbd, data, stopping), Cancelled);
    host.memory = 1000;
    EXPECT_ERROR_CODE(fit_btyd(BtydFamily::kBgNbd, data, host), kLimitExceeded);
    BtydState state(BtydFamily::kBgNbd);
    EXPECT_ERROR_CODE([&] { for (int i = 0; i < 100; ++i) state.add({0, 0, 1.0 + i}, host); }(), kLimitExceeded);
}

TEST(Btyd, StatesAndModelsSurviveStorage) {
    FakeHost host;
    BtydState state(BtydFamily::kMbgNbd), half(BtydFamily::kMbgNbd);
    int i = 0;
    for (const Pattern& p : simulated(800, 0.6, 40, 0.8, 2.5, host))
        for (std::int64_t n = 0; n < p.count; ++n) (i++ % 2 != 0 ? state : half).add({p.value[0], p.value[1], p.value[2]}, host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, BtydState::kKind);
    BtydState merged = BtydState::decode(in);
    merged.merge(half, host);
    half.merge(state, host);
    EXPECT_EQ(merged.fit(host).body(), half.fit(host).body());
    const BtydModel model = merged.fit(host);
    EXPECT_EQ(BtydModel::decode(model.body(), 1)->body(), model.body());
}

TEST(GammaGamma, RecoversWhatWasSimulated) {
    FakeHost host;
    GammaGammaState state;
    for (int i = 0; i < 20000; ++i) {
        Rng rng(3, static_cast<std::uint64_t>(i));
        const double n = 1 + static_cast<double>(rng.below(6)), nu = gamma_draw(rng, 3.7, 15.4);
        state.add(n, gamma_draw(rng, 6.2 * n, nu) / n, host);
    }
    const GammaGammaFit fit = state.fit(host).fit();
    EXPECT_TRUE(fit.converged);
    EXPECT_NEAR(fit.p, 6.2, 5 * fit.standard_errors[0]);
    EXPECT_NEAR(fit.q, 3.7, 5 * fit.standard_errors[1]);
    EXPECT_NEAR(fit.gamma, 15.4, 5 * fit.standard_errors[2]);
}

// Fader and Hardie (2013): first customers of CDNOW, at their rounded parameters.
TEST(GammaGamma, ExpectedSpendOfThePublishedExample) {
    GammaGammaFit fit{};
    fit.p = 6.25;
    fit.q = 3.74;
    fit.gamma = 15.44;
    const GammaGammaModel model(fit);
    EXPECT_NEAR(*model.expected_spend(2, 22.35), 24.65, 0.02);
    EXPECT_NEAR(*model.expected_spend(1, 11.77), 18.91, 0.02);
    EXPECT_NEAR(*model.expected_spend(0, 0), 35.2190, 1e-3);
    fit.q = 0.5;
    EXPECT_FALSE(GammaGammaModel(fit).expected_spend(0, 0));
}

TEST(GammaGamma, RefusesFreeAndBrokenOrders) {
    FakeHost host;
    GammaGammaState state;
    EXPECT_ERROR_CODE(state.add(1, 0, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add(1, -2, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add(1, std::nan(""), host), kNonFiniteInput);
    state.add(0, 0, host);
    EXPECT_ERROR_CODE(state.fit(host), kNotEnoughData);
}

}  // namespace
}  // namespace ecom::core
