// A series: values at equal distances in time, NaN where one is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

constexpr double kMissingValue = std::numeric_limits<double>::quiet_NaN();

// Throws kNonFiniteInput for infinities and values beyond 1e300, with which sums could overflow.
void check_series_value(double value);

// The values that are there, in their order.
std::vector<double> present_values(const std::vector<double>& values, PollEvery& poll);

// Divides by a power of two near the largest absolute value, so that squares neither overflow nor vanish; returns its
// exponent.
int remove_unit(std::vector<double>& values);

// Whether all values that are there are equal; also when there is none.
bool is_constant(const std::vector<double>& values);

// The rows of a series as an aggregate collects them, with what a statistic of it asks for. Where the order of the rows
// matters states are never merged.
class SeriesState final : public State {
public:
    static constexpr std::string_view kKind = "series";

    // What was asked for with the first row: numbers and words, of which each statistic reads its own.
    struct Options {
        std::vector<std::optional<std::int64_t>> numbers;
        std::vector<std::string> words;

        // The i-th; none where none was given.
        std::optional<std::int64_t> number(std::size_t i) const {
            return i < numbers.size() ? numbers[i] : std::nullopt;
        }
        std::optional<std::string_view> word(std::size_t i) const {
            return i < words.size() ? std::optional<std::string_view>(words[i]) : std::nullopt;
        }
    };

    explicit SeriesState(Options options) : options_(std::move(options)) {}

    // NaN for a missing value; throws as check_series_value does.
    void add(double value, const Host& host);

    const std::vector<double>& values() const { return values_; }
    const Options& options() const { return options_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static SeriesState decode(Reader& in);

private:
    Options options_;
    std::vector<double> values_;
};

}  // namespace ecom::core
