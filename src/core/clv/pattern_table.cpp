#include "core/clv/pattern_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kFirstSlots = 64;

std::uint64_t bits_of(double v) {
    std::uint64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}

std::uint64_t hash_of(const std::array<double, 3>& v) {
    return mix64(bits_of(v[0]) + 0x9e3779b97f4a7c15ULL * mix64(bits_of(v[1]) ^ mix64(bits_of(v[2]))));
}

}  // namespace

void PatternTable::insert(const Pattern& pattern) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash_of(pattern.value) & mask;
    while (slots_[i].count != 0 && slots_[i].value != pattern.value) i = (i + 1) & mask;
    if (slots_[i].count == 0) {
        slots_[i].value = pattern.value;
        ++used_;
    }
    slots_[i].count += pattern.count;
    rows_ += pattern.count;
}

void PatternTable::grow(const Host* host) {
    const std::size_t wanted = slots_.empty() ? kFirstSlots : 2 * slots_.size();
    if (host != nullptr)
        require_memory(*host, mul_size(wanted + slots_.size(), sizeof(Pattern)),
                       "collecting " + std::to_string(used_ + 1) + " distinct histories");
    std::vector<Pattern> old(wanted);
    old.swap(slots_);
    used_ = 0;
    rows_ = 0;
    for (const Pattern& p : old)
        if (p.count != 0) insert(p);
}

void PatternTable::add(std::array<double, 3> value, std::int64_t count, const Host& host) {
    for (double& v : value) v += 0.0;
    if (2 * (used_ + 1) > slots_.size()) grow(&host);
    insert({value, count});
}

void PatternTable::merge(const PatternTable& other, Host& host) {
    PollEvery poll(host);
    other.for_each([&](const Pattern& p) {
        poll();
        add(p.value, p.count, host);
    });
}

std::vector<Pattern> PatternTable::sorted(Host& host) const {
    require_memory(host, mul_size(used_ + slots_.size(), sizeof(Pattern)),
                   "sorting " + std::to_string(used_) + " distinct histories");
    std::vector<Pattern> patterns;
    patterns.reserve(used_);
    for_each([&](const Pattern& p) { patterns.push_back(p); });
    PollEvery poll(host);
    std::sort(patterns.begin(), patterns.end(), [&poll](const Pattern& a, const Pattern& b) {
        poll();
        return a.value < b.value;
    });
    return patterns;
}

void PatternTable::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(used_));
    for_each([&](const Pattern& p) {
        out.poll();
        for (const double v : p.value) out.f64(v);
        out.i64(p.count);
    });
}

PatternTable PatternTable::decode(Reader& in) {
    PatternTable table;
    for (std::size_t i = in.count(32); i > 0; --i) {
        in.poll();
        Pattern p;
        for (double& v : p.value) {
            v = in.f64();
            if (!std::isfinite(v)) Reader::corrupt();
        }
        p.count = in.i64();
        if (p.count <= 0 || p.count > (std::int64_t{1} << 53)) Reader::corrupt();
        if (2 * (table.used_ + 1) > table.slots_.size()) table.grow(nullptr);
        table.insert(p);
    }
    in.expect_end();
    return table;
}

}  // namespace ecom::core
