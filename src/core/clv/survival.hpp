// How long customers stay, when some have not left yet: the product-limit estimator of Kaplan and Meier (1958).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "core/clv/pattern_table.hpp"

namespace ecom::core {

// At one time at which customers left or were last seen. The variance of ln S is Greenwood's (1926).
struct SurvivalStep {
    double time;
    std::int64_t at_risk, left, censored;
    double survival;
    double standard_error;  // of S
    double low, high;       // normal on ln S, cut at 1; NaN where S = 0
};

struct SurvivalSummary {
    std::int64_t customers, left;
    // The first time at which no more than half are there, the middle where exactly half stay for a while; of the
    // confidence band likewise. None where more than half are there at the end.
    std::optional<double> median, median_low, median_high;
    double mean;  // restricted to the longest time seen: the area below the curve
};

// Steps by rising time; who left at a time is at risk until then, and so is who was last seen then.
std::vector<SurvivalStep> kaplan_meier(const std::vector<Pattern>& durations, double level, Host& host);

SurvivalSummary summarize_survival(const std::vector<SurvivalStep>& steps);

void check_duration(double duration);

class SurvivalState final : public State {
public:
    static constexpr std::string_view kKind = "survival";

    // Throws kNonFiniteInput or kInvalidArgument for durations that are not finite or negative.
    void add(double duration, bool has_left, const Host& host);
    void merge(const SurvivalState& other, Host& host) { durations_.merge(other.durations_, host); }
    std::vector<SurvivalStep> steps(double level, Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override { durations_.encode(out); }
    static SurvivalState decode(Reader& in);

private:
    PatternTable durations_;  // (duration, 1 left | 0 censored, 0)
};

}  // namespace ecom::core
