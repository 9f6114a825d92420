#include "core/rfm/segments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// The five ranges of a rule in the order in which they are stored.
std::array<const ScoreRange*, 5> ranges_of(const SegmentRule& rule) {
    return {&rule.r, &rule.f, &rule.m, &rule.fm, &rule.total};
}

std::array<ScoreRange*, 5> ranges_of(SegmentRule& rule) {
    return {&rule.r, &rule.f, &rule.m, &rule.fm, &rule.total};
}

void check_count(std::size_t rules) {
    if (rules > SegmentRules::kMostRules)
        throw Error(ErrorCode::kInvalidArgument,
                    "more than " + std::to_string(SegmentRules::kMostRules) + " segment rules",
                    "Pass the rules of one scheme; there are only 125 different score triples.");
}

// A score on the common scale of 1 to 5.
int stretched(int score, int bins) {
    return static_cast<int>(std::floor(1.0 + 4.0 * (score - 1) / (bins - 1) + 0.5));
}

}  // namespace

SegmentRules::SegmentRules(std::vector<SegmentRule> rules) : rules_(std::move(rules)) {
    if (rules_.empty())
        throw Error(ErrorCode::kNotEnoughData, "segment rules need at least one rule",
                    "Insert rules into the mart's rfm_rule table, or choose another scheme.");
    check_count(rules_.size());
    for (const SegmentRule& rule : rules_) {
        if (rule.segment.empty())
            throw Error(ErrorCode::kInvalidArgument, "segment rule has no segment name");
        for (const ScoreRange* range : ranges_of(rule))
            if (!(range->low <= range->high))
                throw Error(ErrorCode::kInvalidArgument,
                            "segment rule \"" + rule.segment + "\" has a range whose lower end is "
                            "above its upper end");
    }
    std::sort(rules_.begin(), rules_.end(), [](const SegmentRule& a, const SegmentRule& b) {
        const auto left = std::tie(a.priority, a.segment);
        const auto right = std::tie(b.priority, b.segment);
        if (left != right) return left < right;
        // Any order would classify alike; a fixed one gives equal bytes for equal rules.
        const auto left_ranges = ranges_of(a);
        const auto right_ranges = ranges_of(b);
        return std::lexicographical_compare(
            left_ranges.begin(), left_ranges.end(), right_ranges.begin(), right_ranges.end(),
            [](const ScoreRange* x, const ScoreRange* y) {
                return std::tie(x->low, x->high) < std::tie(y->low, y->high);
            });
    });
    for (const SegmentRule& rule : rules_) {
        auto name = std::find(names_.begin(), names_.end(), rule.segment);
        name_of_rule_.push_back(static_cast<std::size_t>(name - names_.begin()));
        if (name == names_.end()) names_.push_back(rule.segment);
    }
    names_.emplace_back(kOtherSegment);
}

std::size_t SegmentRules::classify(int r, int f, int m) const noexcept {
    const double fm = (f + m) / 2.0;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const SegmentRule& rule = rules_[i];
        if (rule.r.contains(r) && rule.f.contains(f) && rule.m.contains(m) &&
            rule.fm.contains(fm) && rule.total.contains(r + f + m))
            return name_of_rule_[i];
    }
    return names_.size() - 1;
}

const std::string& SegmentRules::segment(int r, int f, int m, int bins) const noexcept {
    return names_[classify(stretched(r, bins), stretched(f, bins), stretched(m, bins))];
}

std::vector<std::uint16_t> SegmentRules::table(int bins) const {
    check_bins(bins);
    std::vector<std::uint16_t> cells;
    for (int r = 1; r <= bins; ++r)
        for (int f = 1; f <= bins; ++f)
            for (int m = 1; m <= bins; ++m)
                cells.push_back(static_cast<std::uint16_t>(
                    classify(stretched(r, bins), stretched(f, bins), stretched(m, bins))));
    return cells;
}

Document SegmentRules::body() const {
    Document::List list;
    for (const SegmentRule& rule : rules_) {
        Document::Doubles bounds;
        for (const ScoreRange* range : ranges_of(rule)) {
            bounds.push_back(range->low);
            bounds.push_back(range->high);
        }
        list.push_back(Document::object()
                           .set("priority", Document(static_cast<std::int64_t>(rule.priority)))
                           .set("segment", Document(rule.segment))
                           .set("bounds", Document(std::move(bounds))));
    }
    return Document::object().set("rules", Document(std::move(list)));
}

Document SegmentRules::summary() const {
    return Document::object()
        .set("rules", Document(static_cast<std::int64_t>(rules_.size())))
        .set("segments", Document(names_));
}

std::unique_ptr<Model> SegmentRules::decode(const Document& body, int) {
    std::vector<SegmentRule> rules;
    for (const Document& item : body.at("rules").as_list()) {
        SegmentRule rule;
        const std::int64_t priority = item.at("priority").as_int();
        if (priority != static_cast<int>(priority)) Reader::corrupt();
        rule.priority = static_cast<int>(priority);
        rule.segment = item.at("segment").as_string();
        const Document::Doubles bounds = item.at("bounds").as_doubles();
        const auto ranges = ranges_of(rule);
        if (bounds.size() != 2 * ranges.size()) Reader::corrupt();
        for (std::size_t i = 0; i < ranges.size(); ++i) *ranges[i] = {bounds[2 * i], bounds[2 * i + 1]};
        rules.push_back(std::move(rule));
    }
    try {
        return std::make_unique<SegmentRules>(std::move(rules));
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(),
                    "Restore the model from a backup, or build it again.");
    }
}

void SegmentRulesState::add(SegmentRule rule) {
    check_count(rules_.size() + 1);
    rules_.push_back(std::move(rule));
}

void SegmentRulesState::merge(const SegmentRulesState& other, const Host&) {
    check_count(rules_.size() + other.rules_.size());
    rules_.insert(rules_.end(), other.rules_.begin(), other.rules_.end());
}

void SegmentRulesState::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(rules_.size()));
    for (const SegmentRule& rule : rules_) {
        out.i64(rule.priority);
        out.string(rule.segment);
        for (const ScoreRange* range : ranges_of(rule)) {
            out.f64(range->low);
            out.f64(range->high);
        }
    }
}

SegmentRulesState SegmentRulesState::decode(Reader& in) {
    SegmentRulesState state;
    const std::size_t n = in.count(8 + 4 + 10 * 8);
    for (std::size_t i = 0; i < n; ++i) {
        SegmentRule rule;
        const std::int64_t priority = in.i64();
        if (priority != static_cast<int>(priority)) Reader::corrupt();
        rule.priority = static_cast<int>(priority);
        rule.segment = std::string(in.string());
        for (ScoreRange* range : ranges_of(rule)) {
            range->low = in.f64();
            range->high = in.f64();
        }
        state.add(std::move(rule));
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
