// Charts made of characters: a series in one line of text, a value as a bar.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// The Unicode block elements U+2581 .. U+258F as UTF-8, or plain ASCII where they cannot be stored.
enum class ChartGlyphs { kBlocks, kAscii };

constexpr int kMaxBarWidth = 1000;

// value / max of `width` characters, rounded to an eighth of a character (to a whole one in ASCII), at
// least the smallest step for a positive value. Empty for value <= 0, full for value >= max. Throws
// kNonFiniteInput for NaN and infinities, kInvalidArgument for a width outside 1 .. kMaxBarWidth.
std::string bar(double value, double max, int width, ChartGlyphs glyphs);

// The values of a sparkline in their order (Tufte, 2006): one of eight heights each, digits 1 to 8 in
// ASCII, a blank for what is missing. The range from the lowest to the highest value is cut into eight
// equal parts. Equal values throughout lie in the middle. Where the order of the rows matters states are
// never merged.
class SparkState final : public State {
public:
    static constexpr std::string_view kKind = "spark";

    // The ends of the scale; NaN: the series' own. Values beyond are drawn at the end. Throws
    // kInvalidArgument when low > high, kNonFiniteInput for infinities.
    SparkState(double low, double high);

    void add(double value, const Host& host);  // throws kNonFiniteInput for NaN and infinities
    void add_missing(const Host& host);

    std::string line(ChartGlyphs glyphs, Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static SparkState decode(Reader& in);

private:
    void keep(double value, const Host& host);

    double low_;
    double high_;
    std::vector<double> values_;  // NaN: missing
};

}  // namespace ecom::core
