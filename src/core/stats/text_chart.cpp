#include "core/stats/text_chart.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kSteps = 8;
constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// U+2580 + offset.
void append_block(std::string& text, int offset) {
    text += "\xe2\x96";
    text += static_cast<char>(0x80 + offset);
}

// Height 1 .. 8 of a value.
int height(double value, double low, double high) {
    constexpr int kMiddle = kSteps / 2;
    if (value <= low && value >= high) return kMiddle;
    if (value >= high) return kSteps;
    if (value <= low) return 1;
    // Halves: the difference of two finite numbers may overflow.
    const double share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
    return std::clamp(1 + static_cast<int>(share * kSteps), 1, kSteps);
}

}  // namespace

std::string bar(double value, double max, int width, ChartGlyphs glyphs) {
    if (!std::isfinite(value) || !std::isfinite(max))
        throw Error(ErrorCode::kNonFiniteInput, "a bar needs finite numbers",
                    "Turn NaN and infinite values into NULL.");
    if (width < 1 || width > kMaxBarWidth)
        throw Error(ErrorCode::kInvalidArgument,
                    "width " + std::to_string(width) + " of a bar is out of range",
                    "Use 1 to " + std::to_string(kMaxBarWidth) + " characters; 20 is usual.");
    if (value <= 0.0) return {};
    const double share = value >= max ? 1.0 : value / max;
    const int steps = glyphs == ChartGlyphs::kBlocks ? kSteps : 1;
    const int length = std::max(1, static_cast<int>(std::lround(share * width * steps)));
    if (glyphs == ChartGlyphs::kAscii) return std::string(static_cast<std::size_t>(length), '#');
    std::string text;
    for (int i = 0; i < length / kSteps; ++i) append_block(text, 8);
    // U+2589 is seven eighths, U+258F one.
    if (const int rest = length % kSteps; rest > 0) append_block(text, 16 - rest);
    return text;
}

SparkState::SparkState(double low, double high) : low_(low), high_(high) {
    if (std::isinf(low) || std::isinf(high))
        throw Error(ErrorCode::kNonFiniteInput, "the ends of a scale must be finite",
                    "Pass NULL for the series' own end.");
    if (low > high)
        throw Error(ErrorCode::kInvalidArgument, "low must not be greater than high",
                    "Exchange the two.");
}

void SparkState::add(double value, const Host& host) {
    if (!std::isfinite(value))
        throw Error(ErrorCode::kNonFiniteInput, "values of a sparkline must be finite",
                    "Turn NaN and infinite values into NULL: they are drawn as a blank.");
    keep(value, host);
}

void SparkState::add_missing(const Host& host) { keep(kMissing, host); }

void SparkState::keep(double value, const Host& host) {
    if (values_.size() == values_.capacity()) {
        const std::size_t grown = std::max<std::size_t>(16, 2 * values_.capacity());
        require_memory(host, mul_size(grown + values_.size(), sizeof(double)),
                       "a sparkline of " + std::to_string(grown) + " values");
        values_.reserve(grown);
    }
    values_.push_back(value);
}

std::string SparkState::line(ChartGlyphs glyphs, Host& host) const {
    constexpr std::size_t kLongestCharacter = 3;
    require_memory(host, mul_size(values_.size(), sizeof(double) + kLongestCharacter),
                   "a sparkline of " + std::to_string(values_.size()) + " values");
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const double value : values_) {
        if (std::isnan(value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    // A given end beyond all values is the other end too.
    if (!std::isnan(low_)) low = low_, high = std::max(high, low);
    if (!std::isnan(high_)) high = high_, low = std::min(low, high);

    std::string text;
    text.reserve(values_.size() * kLongestCharacter);
    PollEvery poll(host);
    for (const double value : values_) {
        poll();
        if (std::isnan(value))
            text += ' ';
        else if (glyphs == ChartGlyphs::kBlocks)
            append_block(text, height(value, low, high));
        else
            text += static_cast<char>('0' + height(value, low, high));
    }
    return text;
}

void SparkState::encode(Writer& out) const {
    out.reserve(64 + 8 * values_.size());
    out.f64(low_);
    out.f64(high_);
    out.u32(static_cast<std::uint32_t>(values_.size()));
    for (const double value : values_) {
        out.poll();
        out.f64(value);
    }
}

SparkState SparkState::decode(Reader& in) {
    const double low = in.f64();
    const double high = in.f64();
    if (std::isinf(low) || std::isinf(high) || low > high) Reader::corrupt();
    SparkState state(low, high);
    state.values_.resize(in.count(sizeof(double)));
    for (double& value : state.values_) {
        in.poll();
        value = in.f64();
        if (std::isinf(value)) Reader::corrupt();
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
