#include "core/forecast/intermittent.hpp"

#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

const std::vector<double> kDemand = {0, 0, 3, 0, 1, 0, 0, 0, 4, 2, 0, 0, 0, 0, 1, 0, 5, 0, 0, 2, 0, 0, 0, 1, 3, 0, 0, 0, 0, 2};

// statsforecast 2.1.1; croston also of R's forecast 8.20.
TEST(Intermittent, IsThatOfStatsforecast) {
    test::FakeHost host;
    EXPECT_NEAR(croston(kDemand, 0.1, host), 0.847584781367421, 1e-13);
    EXPECT_NEAR(sba(kDemand, 0.1, host), 0.80520554229905, 1e-13);
    EXPECT_NEAR(tsb(kDemand, 0.2, 0.2, host), 0.8696962875788562, 1e-13);
    EXPECT_NEAR(adida(kDemand, host), 0.8622713826663775, 1e-7);
    EXPECT_NEAR(imapa(kDemand, host), 0.7728427156528683, 1e-7);
}

TEST(Intermittent, ClassesOfDemand) {
    test::FakeHost host;
    const auto kind = [&](const std::vector<double>& values) { return name_of(demand_pattern(values, host).demand); };
    const DemandPattern pattern = demand_pattern(kDemand, host);
    EXPECT_EQ(pattern.n, 30U);
    EXPECT_EQ(pattern.demands, 10U);
    EXPECT_NEAR(*pattern.mean_interval, 3.0, 1e-15);
    EXPECT_NEAR(*pattern.squared_variation, 1.64 / 5.76, 1e-14);
    EXPECT_EQ(kind(kDemand), "intermittent");
    EXPECT_EQ(kind({5, 6, 5, 6, 5, 6}), "smooth");
    EXPECT_EQ(kind({1, 20, 1, 1, 1, 20}), "erratic");
    EXPECT_EQ(kind({1, 0, 0, 20, 0, 1}), "lumpy");
    EXPECT_EQ(kind({0, 0, 0}), "none");
    EXPECT_EQ(kind({}), "none");
}

TEST(Intermittent, SmallCases) {
    test::FakeHost host;
    const double missing = std::nan("");
    for (const auto& values : std::vector<std::vector<double>>{{}, {0.0}, {0.0, 0.0, 0.0}, {missing, missing}}) {
        EXPECT_EQ(croston(values, 0.1, host), 0.0);
        EXPECT_EQ(tsb(values, 0.1, 0.1, host), 0.0);
        EXPECT_EQ(adida(values, host), 0.0);
        EXPECT_EQ(imapa(values, host), 0.0);
    }
    // Demand in every period: the interval is 1; of a constant one everything is the constant.
    for (const double alpha : {0.0, 0.3, 1.0}) EXPECT_EQ(croston({4.0, 4.0, 4.0}, alpha, host), 4.0);
    EXPECT_EQ(adida({4.0, 4.0, 4.0}, host), 4.0);
    EXPECT_EQ(imapa({missing, 4.0, 4.0, 4.0}, host), 4.0);
    EXPECT_ERROR_CODE(croston({1.0, -1.0}, 0.1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(croston({1.0}, 1.1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(tsb({1.0}, 0.1, missing, host), kInvalidArgument);
    EXPECT_ERROR_CODE(adida({1.0, HUGE_VAL}, host), kNonFiniteInput);
}

TEST(Intermittent, StopsAndKeepsItsLimit) {
    const std::vector<double> values(100'000, 1.0);
    const std::function<double(Host&)> methods[] = {
        [&](Host& host) { return croston(values, 0.1, host); }, [&](Host& host) { return tsb(values, 0.1, 0.1, host); },
        [&](Host& host) { return adida(values, host); }, [&](Host& host) { return imapa(values, host); }};
    for (const auto& method : methods) {
        test::CancellingHost cancelling(2);
        EXPECT_THROW(method(cancelling), test::Cancelled);
        test::FakeHost poor;
        poor.memory = 1000;
        EXPECT_ERROR_CODE(method(poor), kLimitExceeded);
    }
}

}  // namespace
}  // namespace ecom::core
