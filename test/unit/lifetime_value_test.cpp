#include "core/clv/lifetime_value.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/clv/likelihood.hpp"
#include "core/clv/order_history.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::CancellingHost;
using test::Cancelled;
using test::FakeHost;

BtydModel bg_nbd(std::vector<double> p) {
    BtydFit fit{};
    fit.family = fit.requested = BtydFamily::kBgNbd;
    fit.standard_errors.assign(p.size(), std::nan(""));
    fit.parameters = std::move(p);
    return BtydModel(fit);
}

GammaGammaModel gamma_gamma(double p, double q, double gamma) {
    GammaGammaFit fit{};
    fit.p = p;
    fit.q = q;
    fit.gamma = gamma;
    return GammaGammaModel(fit);
}

// CDNOW, rounded to two decimals as in the package lifetimes, whose formula this is; its first customers.
TEST(LifetimeValue, EqualsTheSumOfDiscountedMonths) {
    const BtydModel model = bg_nbd({0.2425929072044659, 4.413531561205428, 0.792886148098804, 2.4257534364937596});
    const GammaGammaModel spend = gamma_gamma(6.248802489709138, 3.744588453287484, 15.447748009463675);
    const Discounting terms{12, 4.345, 0.01};
    EXPECT_NEAR(*lifetime_value(model, spend, {2, 30.43, 38.86}, 22.35, terms), 36.278496492873806, 1e-6);
    EXPECT_NEAR(*lifetime_value(model, spend, {0, 0, 38.86}, 0, terms), 8.344092660600806, 1e-6);
    EXPECT_NEAR(discounted_orders(model, {2, 30.43, 38.86}, {1, 39, 0}), model.expected_purchases({2, 30.43, 38.86}, 39), 1e-12);
    EXPECT_FALSE(lifetime_value(model, gamma_gamma(1, 0.5, 1), {0, 0, 38.86}, 0, terms));
}

TEST(LifetimeValue, RefusesTermsWithoutMeaning) {
    const BtydModel model = bg_nbd({0.243, 4.414, 0.793, 2.426});
    const History h{0, 0, 10};
    for (const Discounting terms : {Discounting{0, 30, 0.01}, Discounting{1201, 30, 0.01}, Discounting{12, 0, 0.01},
                                    Discounting{12, std::nan(""), 0.01}, Discounting{12, 30, -0.01}})
        EXPECT_ERROR_CODE(discounted_orders(model, h, terms), kInvalidArgument);
    EXPECT_ERROR_CODE(next_order(model, h, 1), kInvalidArgument);
    EXPECT_ERROR_CODE(next_order(model, h, std::nan("")), kInvalidArgument);
}

// The distribution function of the time to the next order, 1 - (rate / (rate + t))^shape, at the window's ends.
TEST(LifetimeValue, WindowOfTheNextOrderHoldsItsShare) {
    const NextOrder next = next_order(bg_nbd({0.5, 10, 0.8, 2.5}), {4, 50, 60}, 0.8);
    const auto passed = [](double t) { return 1 - std::pow(70 / (70 + t), 4.5); };
    EXPECT_NEAR(passed(next.earliest), 0.1, 1e-12);
    EXPECT_NEAR(passed(next.median), 0.5, 1e-12);
    EXPECT_NEAR(passed(next.latest), 0.9, 1e-12);
}

// Terms far below the leading one must end as zeros: denormals cost a hundred times a normal operation.
TEST(LifetimeValue, LikelihoodOfVeryUnlikelyHistoriesIsNotSlow) {
    FakeHost host;
    const auto seconds = [&](double recency) {
        std::vector<Pattern> data;
        for (int i = 0; i < 20000; ++i) data.push_back({{300, recency, 4000.0 + i}, 1});
        const HistoryCounts counts(data, host);
        double best = 1e9;
        for (int run = 0; run < 5; ++run) {
            const auto from = std::chrono::steady_clock::now();
            const Curvature at = btyd_likelihood(BtydFamily::kParetoNbd, data, counts, {0.5, 3, 0.3, 5}, host);
            EXPECT_TRUE(std::isfinite(at.value));
            best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
        }
        return best;
    };
    EXPECT_LT(seconds(5), 6 * seconds(3999));
}

TEST(OrderHistory, MergesDaysAndSeesNothingAfterTheEnd) {
    FakeHost host;
    OrderHistoryState state({100, 7, true}), other({100, 7, true});
    for (const auto& [day, amount] : {std::pair{10, 5.0}, {10, 6.0}, {45, 20.0}, {101, 99.0}}) state.add(day, amount, host);
    for (const auto& [day, amount] : {std::pair{31, -4.0}, {80, 30.0}, {80, -8.0}}) other.add(day, amount, host);
    state.merge(other, host);
    const auto h = state.history(host);
    ASSERT_TRUE(h);
    EXPECT_EQ(h->frequency, 2);  // the return on day 31 is no order
    EXPECT_EQ(h->recency, 10.0);
    EXPECT_EQ(h->age, 90 / 7.0);
    EXPECT_EQ(*h->mean_spend, 21.0);
    EXPECT_EQ(h->first_day, 10);
    EXPECT_EQ(h->last_day, 80);
    EXPECT_FALSE(OrderHistoryState({100, 7, true}).history(host));

    OrderHistoryState single({100, 1, true});
    single.add(100, 0, host);
    EXPECT_EQ(single.history(host)->frequency, 0);
    EXPECT_FALSE(single.history(host)->mean_spend);
}

TEST(OrderHistory, TravelsAndRefuses) {
    FakeHost host;
    OrderHistoryState state({100, 1, false});
    for (int day = 90; day > 0; day -= 3) state.add(day, 1, host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, OrderHistoryState::kKind);
    EXPECT_EQ(encode_state(OrderHistoryState::decode(in)), bytes);
    Reader cut = open_state(std::string_view(bytes).substr(0, bytes.size() - 1), OrderHistoryState::kKind);
    EXPECT_ERROR_CODE(OrderHistoryState::decode(cut), kCorruptValue);
    OrderHistoryState weeks({100, 7, false});
    EXPECT_ERROR_CODE(state.merge(weeks, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.add(1, std::nan(""), host), kNonFiniteInput);
    EXPECT_ERROR_CODE(days_in_unit("hour"), kInvalidArgument);
}

TEST(OrderHistory, StopsAndKeepsWithinItsMemory) {
    FakeHost host;
    OrderHistoryState state({1 << 20, 1, false});
    for (int i = 0; i < 100000; ++i) state.add(i * 7919 % 100003, 1, host);
    CancellingHost stopping(2);
    EXPECT_THROW(state.history(stopping), Cancelled);
    host.memory = 10000;
    EXPECT_ERROR_CODE(state.history(host), kLimitExceeded);
    EXPECT_ERROR_CODE([&] { for (int i = 0; i < 1000000; ++i) state.add(i, 1, host); }(), kLimitExceeded);
}

}  // namespace
}  // namespace ecom::core
