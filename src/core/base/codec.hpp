// Little-endian bytes, written and read field by field: the stored form of models and states is
// the same on every machine, and a reader never trusts a length.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

class Writer {
public:
    // The host, where one is given, may stop the coding of a large value.
    explicit Writer(Host* host = nullptr) : poll_(host) {}

    // For loops over many items, once an item.
    void poll() { poll_(); }

    void u8(std::uint8_t v) { bytes_.push_back(static_cast<char>(v)); }
    void u16(std::uint16_t v) { little_endian(v); }
    void u32(std::uint32_t v) { little_endian(v); }
    void u64(std::uint64_t v) { little_endian(v); }
    void i64(std::int64_t v) { u64(static_cast<std::uint64_t>(v)); }
    void i128(__int128 v) {
        u64(static_cast<std::uint64_t>(v));
        u64(static_cast<std::uint64_t>(v >> 64));
    }
    void f64(double v) {
        std::uint64_t bits;
        std::memcpy(&bits, &v, sizeof bits);
        u64(bits);
    }
    void raw(std::string_view v) { bytes_.append(v); }
    void string(std::string_view v) {
        u32(static_cast<std::uint32_t>(v.size()));
        raw(v);
    }
    void reserve(std::size_t n) { bytes_.reserve(n); }

    const std::string& bytes() const { return bytes_; }
    std::string take() { return std::move(bytes_); }

private:
    template <typename T>
    void little_endian(T v) {
        if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) v = swapped(v);
        char buffer[sizeof v];
        std::memcpy(buffer, &v, sizeof v);
        bytes_.append(buffer, sizeof v);
    }

    template <typename T>
    static T swapped(T v) {
        T r = 0;
        for (std::size_t i = 0; i < sizeof v; ++i) r = static_cast<T>((r << 8) | ((v >> (8 * i)) & 0xff));
        return r;
    }

    PollEvery poll_;
    std::string bytes_;
};

// Reads what Writer wrote. Every method throws kCorruptValue instead of reading past the end.
class Reader {
public:
    explicit Reader(std::string_view bytes, Host* host = nullptr) : poll_(host), rest_(bytes) {}

    // For loops over many items, once an item.
    void poll(std::size_t steps = 1) { poll_(steps); }

    std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)[0]); }
    std::uint16_t u16() { return little_endian<std::uint16_t>(); }
    std::uint32_t u32() { return little_endian<std::uint32_t>(); }
    std::uint64_t u64() { return little_endian<std::uint64_t>(); }
    std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
    __int128 i128() {
        const std::uint64_t low = u64();
        const std::uint64_t high = u64();
        return static_cast<__int128>((static_cast<unsigned __int128>(high) << 64) | low);
    }
    double f64() {
        const std::uint64_t bits = u64();
        double v;
        std::memcpy(&v, &bits, sizeof v);
        return v;
    }
    std::string_view raw(std::size_t n) { return take(n); }
    std::string_view string() { return take(u32()); }

    // A count of items of at least `item_bytes` each. Refuses a count that the remaining bytes
    // cannot hold, so that nothing is ever allocated for a forged length.
    std::size_t count(std::size_t item_bytes) {
        const std::uint32_t n = u32();
        if (n > rest_.size() / item_bytes) corrupt();
        return n;
    }

    std::size_t remaining() const { return rest_.size(); }

    void expect_end() const {
        if (!rest_.empty()) corrupt();
    }

    [[noreturn]] static void corrupt() {
        throw Error(ErrorCode::kCorruptValue, "stored value is damaged or truncated",
                    "Restore it from a backup, or fit it again.");
    }

private:
    std::string_view take(std::size_t n) {
        if (n > rest_.size()) corrupt();
        const std::string_view head = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return head;
    }

    template <typename T>
    T little_endian() {
        const std::string_view bytes = take(sizeof(T));
        T v = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            v = static_cast<T>(v | (static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i)));
        return v;
    }

    PollEvery poll_;
    std::string_view rest_;
};

}  // namespace ecom::core
