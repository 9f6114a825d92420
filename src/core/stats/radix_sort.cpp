#include "core/stats/radix_sort.hpp"

#include <algorithm>
#include <array>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kDigitBits = 11;
constexpr int kDigits = 6;  // 6 x 11 >= 64
constexpr std::size_t kValuesOfDigit = std::size_t{1} << kDigitBits;
constexpr std::size_t kSmall = 2048;
constexpr std::size_t kPiece = std::size_t{1} << 16;

double value_of(std::uint64_t bits) {
    bits ^= (bits >> 63) != 0 ? std::uint64_t{1} << 63 : ~std::uint64_t{0};
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

std::size_t digit_of(std::uint64_t bits, int digit) {
    return (bits >> (digit * kDigitBits)) & (kValuesOfDigit - 1);
}

}  // namespace

void radix_sort(std::vector<double>& values, Host& host) {
    const std::size_t n = values.size();
    if (n <= kSmall) {
        std::sort(values.begin(), values.end(),
                  [](double a, double b) { return ordered_bits(a) < ordered_bits(b); });
        return;
    }
    std::vector<std::uint64_t> from(n);
    std::vector<std::array<std::size_t, kValuesOfDigit>> counts(kDigits);
    for (std::size_t begin = 0; begin < n; begin += kPiece) {
        host.poll();
        for (std::size_t i = begin; i < std::min(n, begin + kPiece); ++i) {
            from[i] = ordered_bits(values[i]);
            for (int d = 0; d < kDigits; ++d) ++counts[static_cast<std::size_t>(d)][digit_of(from[i], d)];
        }
    }
    std::vector<std::uint64_t> to(n);
    for (int d = 0; d < kDigits; ++d) {
        auto& count = counts[static_cast<std::size_t>(d)];
        if (count[digit_of(from[0], d)] == n) continue;
        std::size_t next = 0;
        for (std::size_t& c : count) {
            const std::size_t here = c;
            c = next;
            next += here;
        }
        for (std::size_t begin = 0; begin < n; begin += kPiece) {
            host.poll();
            for (std::size_t i = begin; i < std::min(n, begin + kPiece); ++i)
                to[count[digit_of(from[i], d)]++] = from[i];
        }
        from.swap(to);
    }
    for (std::size_t begin = 0; begin < n; begin += kPiece) {
        host.poll();
        for (std::size_t i = begin; i < std::min(n, begin + kPiece); ++i) values[i] = value_of(from[i]);
    }
}

}  // namespace ecom::core
