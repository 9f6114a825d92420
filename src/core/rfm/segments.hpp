// Names for groups of scores: an ordered list of rules, the first that matches wins.
#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/model.hpp"
#include "core/base/state.hpp"
#include "core/rfm/scoring.hpp"

namespace ecom::core {

// An inclusive range of scores; the default matches everything.
struct ScoreRange {
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();

    bool contains(double v) const noexcept { return v >= low && v <= high; }
};

// Ranges are on a scale of 1 to 5 whatever the number of bins (see SegmentRules). fm is the mean of
// f and m, total the sum of all three (3 to 15).
struct SegmentRule {
    int priority = 0;
    std::string segment;
    ScoreRange r, f, m, fm, total;
};

// What customers outside every rule, and customers who never bought, are called.
inline constexpr std::string_view kOtherSegment = "Others";
inline constexpr std::string_view kProspectSegment = "Prospects";

// Scores of k bins are stretched to 1 .. 5 by 1 + 4 (s - 1) / (k - 1), rounded half up, so that one
// rule table serves any number of bins.
class SegmentRules final : public Model {
public:
    static constexpr std::string_view kKind = "rfm_rules";
    static constexpr std::size_t kMostRules = 1000;

    // Sorted by priority, ties by name. Throws kInvalidArgument for a rule without a name, an
    // inverted range, or too many rules, and kNotEnoughData for none.
    explicit SegmentRules(std::vector<SegmentRule> rules);

    static std::unique_ptr<Model> decode(const Document& body, int version);

    // The segment of one score triple; scores lie in 1 .. bins.
    const std::string& segment(int r, int f, int m, int bins) const noexcept;

    // Names of all segments, the last one being kOtherSegment; table() holds indexes into it.
    const std::vector<std::string>& names() const noexcept { return names_; }

    // The segment of every score triple, for repeated look-ups: index ((r-1) k + f-1) k + m-1.
    std::vector<std::uint16_t> table(int bins) const;

    const std::vector<SegmentRule>& rules() const noexcept { return rules_; }

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;

private:
    std::size_t classify(int r, int f, int m) const noexcept;

    std::vector<SegmentRule> rules_;
    std::vector<std::string> names_;
    std::vector<std::size_t> name_of_rule_;
};

// Names of the schemes that come with the extension.
std::vector<std::string> segment_scheme_names();

// The rules of one of them; throws kInvalidArgument for another name.
SegmentRules segment_scheme(std::string_view name);

// Rules while an aggregate collects them from a table.
class SegmentRulesState final : public State {
public:
    static constexpr std::string_view kKind = "rfm_rules";

    void add(SegmentRule rule);
    void merge(const SegmentRulesState& other, const Host& host);
    SegmentRules fit() const { return SegmentRules(rules_); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static SegmentRulesState decode(Reader& in);

private:
    std::vector<SegmentRule> rules_;
};

}  // namespace ecom::core
