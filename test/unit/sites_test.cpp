#include "core/prescribe/sites.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

std::vector<SiteOffer> random_places(std::uint64_t seed, int places, int sites) {
    Rng rng(seed, 1);
    std::vector<SiteOffer> offers;
    for (int p = 0; p < places; ++p) {
        const double weight = std::floor(rng.uniform(1, 50)), x = rng.uniform(0, 10), y = rng.uniform(0, 10);
        for (int s = 0; s < sites; ++s) {
            Rng at(seed, 1000 + static_cast<std::uint64_t>(s));
            offers.push_back({p, s, weight, std::hypot(x - at.uniform(0, 10), y - at.uniform(0, 10))});
        }
    }
    return offers;
}

// Four towns, each a place and a site: one site for 139 in the fourth, two for 54 in the first and the fourth (by complete enumeration).
TEST(Sites, FourTowns) {
    FakeHost host;
    const double distance[4][4] = {{0, 3, 4, 5}, {3, 0, 6, 4}, {4, 6, 0, 2}, {5, 4, 2, 0}}, weight[] = {15, 10, 12, 18};
    std::vector<SiteOffer> offers;
    for (int p = 0; p < 4; ++p)
        for (int s = 0; s < 4; ++s) offers.push_back({p, s, weight[p], distance[p][s]});
    const SiteChoice one = choose_sites(offers, 1, host);
    EXPECT_EQ(one.total, 139);
    EXPECT_TRUE(one.is_open[3] && one.is_chosen[3] && !one.is_open[0]);
    const SiteChoice two = choose_sites(offers, 2, host);
    EXPECT_EQ(two.total, 54);
    EXPECT_TRUE(two.is_open[0] && two.is_open[3] && two.is_optimal);
    EXPECT_EQ(choose_sites(offers, 9, host).total, 0);  // more than there are: all
}

// 40 choose 8 sites are too many to try: the search is within its gap, and the gap is small.
TEST(Sites, SearchIsWithinItsGap) {
    FakeHost host;
    const std::vector<SiteOffer> offers = random_places(2, 120, 40);
    const SiteChoice choice = choose_sites(offers, 8, host);
    ASSERT_TRUE(choice.is_feasible);
    EXPECT_LT(choice.max_gap, 0.02 * choice.total);
    double total = 0;
    int open = 0;
    for (std::size_t k = 0; k < offers.size(); ++k) {
        if (choice.is_chosen[k]) total += offers[k].weight * offers[k].distance;
        if (k < 40) open += choice.is_open[k];
    }
    EXPECT_NEAR(total, choice.total, 1e-9 * total);
    EXPECT_EQ(open, 8);
    // Where all can be tried, the bound is none above the best.
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const SiteChoice best = choose_sites(random_places(seed, 30, 8), 3, host);
        EXPECT_TRUE(best.is_optimal);
        EXPECT_EQ(best.max_gap, 0);
    }
}

TEST(Sites, SaysWhatCannotBeServedAndRefusesNonsense) {
    FakeHost host;
    const double nan = std::nan("");
    // Each site serves one place only.
    const std::vector<SiteOffer> apart = {{1, 1, 5, 2}, {1, 2, 5, nan}, {2, 1, 5, nan}, {2, 2, 5, 2}};
    EXPECT_FALSE(choose_sites(apart, 1, host).is_feasible);
    EXPECT_EQ(choose_sites(apart, 2, host).total, 20);
    EXPECT_TRUE(choose_sites({}, 1, host).is_open.empty());
    EXPECT_ERROR_CODE(choose_sites(apart, 0, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_sites({{1, 1, -5, 2}}, 1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_sites({{1, 1, 5, -2}}, 1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_sites({{1, 1, 5, 2}, {1, 1, 5, 2}}, 1, host), kInvalidArgument);
    EXPECT_ERROR_CODE(choose_sites({{1, 1, 5, 2}, {1, 2, 6, 2}}, 1, host), kInvalidArgument);
    FakeHost little;
    little.memory = 100;
    EXPECT_ERROR_CODE(choose_sites(apart, 1, little), kLimitExceeded);
    CancellingHost cancelling(3);
    EXPECT_THROW(choose_sites(random_places(2, 120, 40), 8, cancelling), Cancelled);
}

}  // namespace
}  // namespace ecom::core
