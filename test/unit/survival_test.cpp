#include "core/clv/survival.hpp"

#include <cmath>

#include "core/base/rng.hpp"
#include "core/clv/cox.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::Cancelled;
using test::FakeHost;

struct Patient {
    double time;
    bool left;
    double nonmaintained;
};
// Acute myelogenous leukaemia (Miller, 1997), as data set aml of R's package survival.
constexpr Patient kAml[] = {{9, true, 0},  {13, true, 0}, {13, false, 0}, {18, true, 0}, {23, true, 0},  {28, false, 0},
                            {31, true, 0}, {34, true, 0}, {45, false, 0}, {48, true, 0}, {161, false, 0}, {5, true, 1},
                            {5, true, 1},  {8, true, 1},  {8, true, 1},   {12, true, 1}, {16, false, 1}, {23, true, 1},
                            {27, true, 1}, {30, true, 1}, {33, true, 1},  {43, true, 1}, {45, true, 1}};

SurvivalState aml_curve(const Host& host) {
    SurvivalState state;
    for (const Patient& p : kAml) state.add(p.time, p.left, host);
    return state;
}

// survfit of R's survival 3.5.
TEST(KaplanMeier, EqualsRsCurve) {
    FakeHost host;
    const auto steps = aml_curve(host).steps(0.95, host);
    ASSERT_EQ(steps.size(), 18U);
    EXPECT_EQ(steps[4].at_risk, 17);
    EXPECT_NEAR(steps[4].survival, 0.695652173913, 1e-12);
    EXPECT_NEAR(steps[4].standard_error, 0.695652173913 * 0.137919321092, 1e-11);
    EXPECT_NEAR(steps[4].low, 0.530878341628, 1e-11);
    EXPECT_NEAR(steps[4].high, 0.9115684501, 1e-10);
    EXPECT_EQ(steps[0].high, 1);
    EXPECT_NEAR(steps[16].survival, 0.0828157349896, 1e-12);
    const SurvivalSummary summary = summarize_survival(steps);
    EXPECT_EQ(summary.customers, 23);
    EXPECT_EQ(summary.left, 18);
    EXPECT_EQ(*summary.median, 27);
    EXPECT_EQ(*summary.median_low, 18);
    EXPECT_EQ(*summary.median_high, 45);
    EXPECT_NEAR(summary.mean, 36.36438923, 1e-8);
}

TEST(KaplanMeier, EndsAndMiddles) {
    FakeHost host;
    SurvivalState all;
    for (const double t : {2.0, 4.0, 6.0, 8.0}) all.add(t, true, host);
    const auto steps = all.steps(0.95, host);
    EXPECT_EQ(steps.back().survival, 0);
    EXPECT_TRUE(std::isnan(steps.back().standard_error));
    EXPECT_EQ(*summarize_survival(steps).median, 5);  // half stay from 4 to 6
    EXPECT_EQ(summarize_survival(steps).mean, 5);
    SurvivalState none;
    none.add(3, false, host);
    EXPECT_FALSE(summarize_survival(none.steps(0.95, host)).median);
    EXPECT_EQ(none.steps(0.95, host)[0].standard_error, 0);
    EXPECT_ERROR_CODE(none.add(-1, true, host), kInvalidArgument);
    EXPECT_ERROR_CODE(none.add(std::nan(""), true, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(none.steps(1, host), kInvalidArgument);
}

TEST(KaplanMeier, TravelsAndMerges) {
    FakeHost host;
    SurvivalState a, b;
    int i = 0;
    for (const Patient& p : kAml) (i++ % 2 == 0 ? a : b).add(p.time, p.left, host);
    const std::string bytes = encode_state(a);
    Reader in = open_state(bytes, SurvivalState::kKind);
    SurvivalState merged = SurvivalState::decode(in);
    merged.merge(b, host);
    const auto steps = merged.steps(0.9, host), whole = aml_curve(host).steps(0.9, host);
    ASSERT_EQ(steps.size(), whole.size());
    for (std::size_t k = 0; k < steps.size(); ++k) EXPECT_EQ(steps[k].survival, whole[k].survival);
}

CoxState aml_rows(const Host& host) {
    CoxState state({"nonmaintained"});
    for (const Patient& p : kAml) state.add(p.time, p.left, &p.nonmaintained, host);
    return state;
}

// coxph of R's survival: coefficient 0.9155, standard error 0.5119, log-likelihoods -42.72484 and -41.03262.
TEST(Cox, EqualsRsFitWithTies) {
    FakeHost host;
    const CoxFit fit = aml_rows(host).fit(host).fit();
    EXPECT_NEAR(fit.coefficients[0], 0.9155326, 1e-7);
    EXPECT_NEAR(fit.standard_errors[0], 0.5119343, 1e-7);
    EXPECT_NEAR(fit.null_log_likelihood, -42.72484, 1e-5);
    EXPECT_NEAR(fit.log_likelihood, -41.03262, 1e-5);
    EXPECT_NEAR(fit.concordance, 0.6190476, 1e-7);
}

// Durations drawn with known effects, in whole days.
std::vector<double> drawn(int n, const std::vector<double>& effects) {
    std::vector<double> rows;
    for (int i = 0; i < n; ++i) {
        Rng rng(5, static_cast<std::uint64_t>(i));
        std::vector<double> x;
        double score = 0;
        for (const double effect : effects) {
            x.push_back(10 + 3 * rng.normal());
            score += effect * (x.back() - 10);
        }
        const double time = std::ceil(100 * rng.exponential(std::exp(score))), seen = 20 + static_cast<double>(rng.below(200));
        rows.push_back(std::min(time, seen));
        rows.push_back(time <= seen ? 1 : 0);
        rows.insert(rows.end(), x.begin(), x.end());
    }
    return rows;
}

TEST(Cox, RecoversEffectsAndTheirErrors) {
    FakeHost host;
    const CoxFit fit = fit_cox(drawn(5000, {0.2, -0.1, 0}), {"a", "b", "c"}, host);
    EXPECT_NEAR(fit.coefficients[0], 0.2, 4 * fit.standard_errors[0]);
    EXPECT_NEAR(fit.coefficients[1], -0.1, 4 * fit.standard_errors[1]);
    EXPECT_NEAR(fit.coefficients[2], 0, 4 * fit.standard_errors[2]);
    EXPECT_LT(fit.standard_errors[0], 0.01);
    const CoxModel model(fit);
    EXPECT_NEAR(model.hazard_ratio({10, 10, 10}), 1, 0.05);
    EXPECT_NEAR(model.survival({10, 10, 10}, 100), std::exp(-1), 0.03);
    EXPECT_EQ(model.survival({10, 10, 10}, 0), 1);
    EXPECT_LT(model.survival({14, 10, 10}, 100), model.survival({10, 10, 10}, 100));
    EXPECT_ERROR_CODE(model.hazard_ratio({1, 2}), kInvalidArgument);
    EXPECT_ERROR_CODE(model.hazard_ratio({1, 2, std::nan("")}), kNonFiniteInput);
    EXPECT_ERROR_CODE(model.survival({1, 2, 3}, -1), kInvalidArgument);
}

TEST(Cox, OrderOfRowsDoesNotMatter) {
    FakeHost host;
    const auto rows = drawn(700, {0.3, 0});
    std::vector<double> reversed;
    for (std::size_t i = rows.size(); i > 0; i -= 4) reversed.insert(reversed.end(), rows.begin() + static_cast<std::ptrdiff_t>(i - 4), rows.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(CoxModel(fit_cox(rows, {"a", "b"}, host)).body(), CoxModel(fit_cox(reversed, {"a", "b"}, host)).body());
}

TEST(Cox, RefusesWhatCannotBeTold) {
    FakeHost host;
    auto rows = drawn(200, {0.3, 0});
    std::vector<double> few(rows.begin(), rows.begin() + 4 * 8);
    EXPECT_ERROR_CODE(fit_cox(few, {"a", "b"}, host), kNotEnoughData);
    auto constant = rows, dependent = rows, perfect = rows;
    for (std::size_t i = 0; i < rows.size(); i += 4) {
        constant[i + 3] = 7;
        dependent[i + 3] = 3 - 2 * dependent[i + 2];
        perfect[i] = 10;                  // all were seen for the same time,
        perfect[i + 3] = perfect[i + 1];  // and one feature is whether they left
    }
    EXPECT_ERROR_CODE(fit_cox(constant, {"a", "b"}, host), kNumericFailure);
    EXPECT_ERROR_CODE(fit_cox(dependent, {"a", "b"}, host), kNumericFailure);
    EXPECT_ERROR_CODE(fit_cox(perfect, {"a", "b"}, host), kNumericFailure);
    EXPECT_ERROR_CODE(CoxState({"a", "a"}), kInvalidArgument);
    EXPECT_ERROR_CODE(CoxState({}), kInvalidArgument);
    CoxState state({"a"});
    const double nan = std::nan("");
    EXPECT_ERROR_CODE(state.add(1, true, &nan, host), kNonFiniteInput);
}

TEST(Cox, StopsAndKeepsWithinItsMemory) {
    FakeHost host;
    const auto rows = drawn(5000, {0.2, -0.1});
    CancellingHost stopping(5);
    EXPECT_THROW(fit_cox(rows, {"a", "b"}, stopping), Cancelled);
    host.memory = 100000;
    EXPECT_ERROR_CODE(fit_cox(rows, {"a", "b"}, host), kLimitExceeded);
    CoxState state({"a"});
    const double x = 1;
    EXPECT_ERROR_CODE([&] { for (int i = 0; i < 100000; ++i) state.add(i, true, &x, host); }(), kLimitExceeded);
}

TEST(Cox, StatesAndModelsSurviveStorage) {
    FakeHost host;
    const CoxState state = aml_rows(host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, CoxState::kKind);
    EXPECT_EQ(encode_state(CoxState::decode(in)), bytes);
    Reader cut = open_state(std::string_view(bytes).substr(0, bytes.size() - 8), CoxState::kKind);
    EXPECT_ERROR_CODE(CoxState::decode(cut), kCorruptValue);
    const CoxModel model = state.fit(host);
    EXPECT_EQ(CoxModel::decode(model.body(), 1)->body(), model.body());
    CoxState other({"another"});
    EXPECT_ERROR_CODE(other.merge(state, host), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core
