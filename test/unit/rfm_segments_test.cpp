#include "core/rfm/segments.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

std::string segment_of(const SegmentRules& rules, int r, int f, int m, int bins = 5) {
    const auto cell = static_cast<std::size_t>(((r - 1) * bins + f - 1) * bins + m - 1);
    return rules.names()[rules.table(bins)[cell]];
}

std::map<std::string, int> cells(const SegmentRules& rules, int bins) {
    std::map<std::string, int> out;
    for (const auto index : rules.table(bins)) ++out[rules.names()[index]];
    return out;
}

TEST(RfmSegments, SchemesThatPromiseToCoverTheGridDo) {
    for (const char* scheme : {"groups_11", "groups_3", "value_tiers", "rf_grid_10"}) {
        for (int bins = 2; bins <= 10; ++bins) {
            const auto found = cells(segment_scheme(scheme), bins);
            EXPECT_EQ(found.count(std::string(kOtherSegment)), 0U) << scheme << " " << bins;
        }
    }
}

TEST(RfmSegments, OneTripleAndTheTableAgree) {
    for (const std::string& scheme : segment_scheme_names()) {
        const SegmentRules rules = segment_scheme(scheme);
        for (int bins = 2; bins <= 10; ++bins)
            for (int r = 1; r <= bins; ++r)
                for (int f = 1; f <= bins; ++f)
                    for (int m = 1; m <= bins; ++m)
                        ASSERT_EQ(rules.segment(r, f, m, bins), segment_of(rules, r, f, m, bins));
    }
}

// The boxes of R package rfm leave gaps, which the package calls "Others".
TEST(RfmSegments, BoxesLeaveOthers) {
    EXPECT_GT(cells(segment_scheme("boxes_10"), 5).at("Others"), 0);
    EXPECT_EQ(segment_of(segment_scheme("boxes_10"), 1, 1, 5), "Others");
}

// The boxes of R package rfm overlap, so that some of its names never win.
TEST(RfmSegments, EveryNameOfASchemeIsReachable) {
    for (const std::string& scheme : segment_scheme_names()) {
        if (scheme == "boxes_10") continue;
        const SegmentRules rules = segment_scheme(scheme);
        const auto found = cells(rules, 5);
        for (const std::string& name : rules.names()) {
            if (name == kOtherSegment) continue;
            EXPECT_EQ(found.count(name), 1U) << scheme << " " << name;
        }
    }
}

TEST(RfmSegments, ElevenGroupsByHand) {
    const SegmentRules rules = segment_scheme("groups_11");
    EXPECT_EQ(rules.names().size(), 12U);
    EXPECT_EQ(segment_of(rules, 5, 5, 5), "Champions");
    EXPECT_EQ(segment_of(rules, 4, 3, 4), "Loyal Customers");
    EXPECT_EQ(segment_of(rules, 3, 5, 5), "Loyal Customers");
    EXPECT_EQ(segment_of(rules, 5, 2, 2), "Potential Loyalists");
    EXPECT_EQ(segment_of(rules, 5, 1, 1), "New Customers");
    EXPECT_EQ(segment_of(rules, 4, 1, 2), "Promising");
    EXPECT_EQ(segment_of(rules, 3, 3, 3), "Need Attention");
    EXPECT_EQ(segment_of(rules, 3, 1, 1), "About To Sleep");
    EXPECT_EQ(segment_of(rules, 1, 5, 5), "Can't Lose Them");
    EXPECT_EQ(segment_of(rules, 2, 5, 5), "At Risk");
    EXPECT_EQ(segment_of(rules, 1, 3, 3), "At Risk");
    EXPECT_EQ(segment_of(rules, 2, 1, 1), "Hibernating");
    EXPECT_EQ(segment_of(rules, 1, 1, 1), "Lost");
}

TEST(RfmSegments, ThreeGroupsAndTiersByHand) {
    const SegmentRules groups = segment_scheme("groups_3");
    EXPECT_EQ(segment_of(groups, 1, 5, 5), "At-Risk");
    EXPECT_EQ(segment_of(groups, 3, 4, 3), "Champions");
    EXPECT_EQ(segment_of(groups, 5, 3, 3), "Occasional");
    const SegmentRules tiers = segment_scheme("value_tiers");
    EXPECT_EQ(segment_of(tiers, 4, 4, 4), "High");
    EXPECT_EQ(segment_of(tiers, 4, 4, 3), "Medium");
    EXPECT_EQ(segment_of(tiers, 2, 3, 3), "Medium");
    EXPECT_EQ(segment_of(tiers, 2, 3, 2), "Low");
}

// 1 + 4 (s - 1) / (k - 1), rounded half up.
TEST(RfmSegments, OtherNumbersOfBinsAreStretched) {
    const SegmentRules rules = segment_scheme("groups_11");
    EXPECT_EQ(segment_of(rules, 2, 2, 2, 2), "Champions");
    EXPECT_EQ(segment_of(rules, 1, 1, 1, 2), "Lost");
    EXPECT_EQ(segment_of(rules, 2, 2, 2, 3), "Need Attention");
    EXPECT_EQ(segment_of(rules, 10, 10, 10, 10), "Champions");
    EXPECT_EQ(segment_of(rules, 2, 2, 2, 10), "Lost");
}

TEST(RfmSegments, FirstMatchingRuleWinsWhateverTheOrderOfRows) {
    SegmentRule all{2, "All", {}, {}, {}, {}, {}};
    SegmentRule best{1, "Best", {5, 5}, {}, {}, {}, {}};
    for (const auto& rules : {SegmentRules({all, best}), SegmentRules({best, all})}) {
        EXPECT_EQ(segment_of(rules, 5, 1, 1), "Best");
        EXPECT_EQ(segment_of(rules, 4, 1, 1), "All");
    }
}

TEST(RfmSegments, BadRulesAreRefused) {
    EXPECT_ERROR_CODE(SegmentRules({}), kNotEnoughData);
    EXPECT_ERROR_CODE(SegmentRules({{1, "", {}, {}, {}, {}, {}}}), kInvalidArgument);
    EXPECT_ERROR_CODE(SegmentRules({{1, "x", {4, 3}, {}, {}, {}, {}}}), kInvalidArgument);
    EXPECT_ERROR_CODE(SegmentRules({{1, "x", {}, {NAN, 3}, {}, {}, {}}}), kInvalidArgument);
    EXPECT_ERROR_CODE(segment_scheme("groups_12"), kInvalidArgument);
    EXPECT_ERROR_CODE(segment_scheme("groups_11").table(1), kInvalidArgument);
}

TEST(RfmSegments, StateCollectsRulesInAnyOrder) {
    test::FakeHost host;
    const SegmentRules scheme = segment_scheme("boxes_10");
    SegmentRulesState even;
    SegmentRulesState odd;
    for (std::size_t i = 0; i < scheme.rules().size(); ++i)
        (i % 2 == 0 ? even : odd).add(scheme.rules()[i]);
    const std::string bytes = encode_state(even);
    Reader in = open_state(bytes, SegmentRulesState::kKind);
    odd.merge(SegmentRulesState::decode(in), host);
    EXPECT_EQ(odd.fit().body(), scheme.body());
}

}  // namespace
}  // namespace ecom::core
