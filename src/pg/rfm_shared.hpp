// What the RFM functions share: reading their text arguments, and the texts that they return.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/rfm/segments.hpp"
#include "pg/results.hpp"

namespace ecom::pg {

[[noreturn]] inline void invalid(const std::string& message, const std::string& hint) {
    throw core::Error(core::ErrorCode::kInvalidArgument, message, hint);
}

// `ties => 'ntile'` is the short form that old scripts are compared with.
inline core::RfmMethod method_with_ties(std::string_view method_name, std::string_view ties) {
    const core::RfmMethod method = core::parse_rfm_method(method_name);
    if (ties == "equal") return method;
    if (ties != "ntile")
        invalid("unknown treatment of ties \"" + std::string(ties) + "\"",
                "Use equal (equal values score equal) or ntile.");
    if (method != core::RfmMethod::kQuantile && method != core::RfmMethod::kNtile)
        invalid("ties => 'ntile' does not go with method \"" + std::string(method_name) + "\"",
                "Leave the method out, or leave the ties out.");
    return core::RfmMethod::kNtile;
}

// Infinity is no time that a recency could be counted from.
inline void check_finite(Timestamp at) {
    if (TIMESTAMP_NOT_FINITE(at))
        throw core::Error(core::ErrorCode::kNonFiniteInput, "order times must be finite",
                          "Filter infinite time stamps out, for example with FILTER (WHERE ...).");
}

// Index of a score triple in a table of all of them.
inline std::size_t cell(int r, int f, int m, int bins) {
    return static_cast<std::size_t>(((r - 1) * bins + f - 1) * bins + m - 1);
}

// Segment names of one scheme as text datums, looked up by score triple.
class Segmenter {
public:
    Segmenter(const core::SegmentRules& rules, int bins) : bins_(bins), table_(rules.table(bins)) {
        for (const std::string& name : rules.names()) names_.push_back(text_datum(name));
        prospects_ = text_datum(core::kProspectSegment);
    }

    std::size_t index(int r, int f, int m) const {
        return table_[cell(r, f, m, bins_)];
    }
    Datum name(int r, int f, int m) const { return names_[index(r, f, m)]; }
    Datum name_at(std::size_t index) const { return names_[index]; }
    std::size_t size() const { return names_.size(); }
    Datum prospects() const { return prospects_; }

private:
    int bins_;
    std::vector<std::uint16_t> table_;
    std::vector<Datum> names_;
    Datum prospects_;
};

// Codes as text datums, by score triple.
inline std::vector<Datum> code_table(int bins) {
    std::vector<Datum> codes;
    for (int r = 1; r <= bins; ++r)
        for (int f = 1; f <= bins; ++f)
            for (int m = 1; m <= bins; ++m)
                codes.push_back(text_datum(core::rfm_code(r, f, m, bins)));
    return codes;
}

}  // namespace ecom::pg
