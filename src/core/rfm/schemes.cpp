// The rule tables that come with the extension. A mart gets copies that its owner may edit.
#include "core/rfm/segments.hpp"

#include <array>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Cell {
    const char* segment;
    ScoreRange r;
    ScoreRange f{};
    ScoreRange m{};
    ScoreRange fm{};
    ScoreRange total{};
};

// The eleven group names in common use by CRM tools, over recency and the mean of frequency and
// monetary value. Published tables overlap and leave gaps; this one tiles the whole grid.
constexpr std::array kGroups11 = {
    Cell{"Champions", {4, 5}, {}, {}, {4, 5}},
    Cell{"Loyal Customers", {4, 5}, {}, {}, {3, 3.5}},
    Cell{"Loyal Customers", {3, 3}, {}, {}, {3.5, 5}},
    Cell{"Potential Loyalists", {4, 5}, {}, {}, {2, 2.5}},
    Cell{"New Customers", {5, 5}, {}, {}, {1, 1.5}},
    Cell{"Promising", {4, 4}, {}, {}, {1, 1.5}},
    Cell{"Need Attention", {3, 3}, {}, {}, {2.5, 3}},
    Cell{"About To Sleep", {3, 3}, {}, {}, {1, 2}},
    Cell{"Can't Lose Them", {1, 1}, {}, {}, {4, 5}},
    Cell{"At Risk", {1, 2}, {}, {}, {2.5, 5}},
    Cell{"Hibernating", {2, 2}, {}, {}, {1, 2}},
    Cell{"Lost", {1, 1}, {}, {}, {1, 2}},
};

// Three groups for a first look: who is away, and of those who are here, who matters most.
constexpr std::array kGroups3 = {
    Cell{"At-Risk", {1, 2}},
    Cell{"Champions", {3, 5}, {}, {}, {3.5, 5}},
    Cell{"Occasional", {3, 5}, {}, {}, {1, 3}},
};

// Value tiers by the sum of the three scores, 3 to 15.
constexpr std::array kValueTiers = {
    Cell{"High", {}, {}, {}, {}, {12, 15}},
    Cell{"Medium", {}, {}, {}, {}, {8, 11}},
    Cell{"Low", {}, {}, {}, {}, {3, 7}},
};

// The recency x frequency grid of ten groups found in most Python tutorials.
constexpr std::array kRfGrid10 = {
    Cell{"Hibernating", {1, 2}, {1, 2}},
    Cell{"At Risk", {1, 2}, {3, 4}},
    Cell{"Can't Lose", {1, 2}, {5, 5}},
    Cell{"About To Sleep", {3, 3}, {1, 2}},
    Cell{"Need Attention", {3, 3}, {3, 3}},
    Cell{"Loyal Customers", {3, 4}, {4, 5}},
    Cell{"Promising", {4, 4}, {1, 1}},
    Cell{"New Customers", {5, 5}, {1, 1}},
    Cell{"Potential Loyalists", {4, 5}, {2, 3}},
    Cell{"Champions", {5, 5}, {4, 5}},
};

// The default boxes of R package rfm before 0.3 (rsquaredacademy/rfm, rfm_segment()).
constexpr std::array kBoxes10 = {
    Cell{"Champions", {4, 5}, {4, 5}, {4, 5}},
    Cell{"Loyal Customers", {2, 5}, {3, 5}, {3, 5}},
    Cell{"Potential Loyalist", {3, 5}, {1, 3}, {1, 3}},
    Cell{"New Customers", {4, 5}, {1, 1}, {1, 1}},
    Cell{"Promising", {3, 4}, {1, 1}, {1, 1}},
    Cell{"Need Attention", {2, 3}, {2, 3}, {2, 3}},
    Cell{"About To Sleep", {2, 3}, {1, 2}, {1, 2}},
    Cell{"At Risk", {1, 2}, {2, 5}, {2, 5}},
    Cell{"Can't Lose Them", {1, 1}, {4, 5}, {4, 5}},
    Cell{"Lost", {1, 2}, {1, 2}, {1, 2}},
};

template <std::size_t N>
SegmentRules from_cells(const std::array<Cell, N>& cells) {
    std::vector<SegmentRule> rules;
    int priority = 0;
    for (const Cell& cell : cells)
        rules.push_back(
            {++priority, cell.segment, cell.r, cell.f, cell.m, cell.fm, cell.total});
    return SegmentRules(std::move(rules));
}

}  // namespace

std::vector<std::string> segment_scheme_names() {
    return {"groups_11", "groups_3", "value_tiers", "rf_grid_10", "boxes_10"};
}

SegmentRules segment_scheme(std::string_view name) {
    if (name == "groups_11") return from_cells(kGroups11);
    if (name == "groups_3") return from_cells(kGroups3);
    if (name == "value_tiers") return from_cells(kValueTiers);
    if (name == "rf_grid_10") return from_cells(kRfGrid10);
    if (name == "boxes_10") return from_cells(kBoxes10);
    std::string known;
    for (const std::string& scheme : segment_scheme_names())
        known += (known.empty() ? "" : ", ") + scheme;
    throw Error(ErrorCode::kInvalidArgument,
                "unknown segment scheme \"" + std::string(name) + "\"",
                "Use one of " + known + ".");
}

}  // namespace ecom::core
