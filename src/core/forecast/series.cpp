#include "core/forecast/series.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kLargest = 1e300;

}  // namespace

void check_series_value(double value) {
    if (std::fabs(value) > kLargest)
        throw Error(ErrorCode::kNonFiniteInput, "values of a series must be finite and at most 1e300",
                    "Turn infinite values into NULL: they count as missing.");
}

std::vector<double> present_values(const std::vector<double>& values, PollEvery& poll) {
    std::vector<double> present;
    present.reserve(values.size());
    for (const double value : values) {
        poll();
        if (!std::isnan(value)) present.push_back(value);
    }
    return present;
}

int remove_unit(std::vector<double>& values) {
    double largest = 0.0;
    for (const double value : values)
        if (!std::isnan(value)) largest = std::max(largest, std::fabs(value));
    if (largest == 0.0) return 0;
    // A power of two leaves every digit as it is.
    const int exponent = std::ilogb(largest);
    for (double& value : values) value = std::scalbn(value, -exponent);
    return exponent;
}

bool is_constant(const std::vector<double>& values) {
    double first = kMissingValue;
    for (const double value : values) {
        if (std::isnan(value)) continue;
        if (std::isnan(first)) first = value;
        if (value != first) return false;
    }
    return true;
}

void SeriesState::add(double value, const Host& host) {
    check_series_value(value);
    if (values_.size() == values_.capacity()) {
        const std::size_t grown = std::max<std::size_t>(64, 2 * values_.capacity());
        require_memory(host, mul_size(grown + values_.size(), sizeof(double)),
                       "a series of " + std::to_string(grown) + " values");
        values_.reserve(grown);
    }
    values_.push_back(value);
}

void SeriesState::encode(Writer& out) const {
    out.reserve(64 + 9 * options_.numbers.size() + 8 * values_.size());
    out.u32(static_cast<std::uint32_t>(options_.numbers.size()));
    for (const auto& number : options_.numbers) {
        out.u8(number.has_value());
        out.i64(number.value_or(0));
    }
    out.u32(static_cast<std::uint32_t>(options_.words.size()));
    for (const std::string& word : options_.words) out.string(word);
    out.u32(static_cast<std::uint32_t>(values_.size()));
    for (const double value : values_) {
        out.poll();
        out.f64(value);
    }
}

SeriesState SeriesState::decode(Reader& in) {
    Options options;
    options.numbers.resize(in.count(1 + sizeof(std::int64_t)));
    for (auto& number : options.numbers) {
        const bool is_given = in.u8() != 0;
        const std::int64_t value = in.i64();
        if (is_given) number = value;
    }
    options.words.resize(in.count(sizeof(std::uint32_t)));
    for (std::string& word : options.words) word = in.string();
    SeriesState state(std::move(options));
    state.values_.resize(in.count(sizeof(double)));
    for (double& value : state.values_) {
        in.poll();
        value = in.f64();
        if (std::fabs(value) > kLargest) Reader::corrupt();
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
