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

void PatternTable::insert(const Pattern& pattern, std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
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
        if (p.count != 0) insert(p, hash_of(p.value));
}

void PatternTable::add(std::array<double, 3> value, std::int64_t count, const Host& host) {
    if (waiting_ == batch_.size()) insert_batch(host);
    for (double& v : value) v += 0.0;
    Waiting& next = batch_[waiting_];
    next = {{value, count}, hash_of(value)};
    if (!slots_.empty()) __builtin_prefetch(&slots_[next.hash & (slots_.size() - 1)], 1);
    ++waiting_;
}

void PatternTable::insert_batch(const Host& host) {
    while (2 * (used_ + waiting_) > slots_.size()) grow(&host);
    for (std::size_t i = 0; i < waiting_; ++i) insert(batch_[i].pattern, batch_[i].hash);
    waiting_ = 0;
}

std::int64_t PatternTable::rows() const {
    std::int64_t rows = rows_;
    for (std::size_t i = 0; i < waiting_; ++i) rows += batch_[i].pattern.count;
    return rows;
}

void PatternTable::merge(const PatternTable& other, Host& host) {
    PollEvery poll(host);
    other.for_each([&](const Pattern& p) {
        poll();
        add(p.value, p.count, host);
    });
}

std::vector<Pattern> PatternTable::sorted(Host& host) const {
    const std::size_t most = used_ + waiting_;
    require_memory(host, mul_size(most + slots_.size(), sizeof(Pattern)),
                   "sorting " + std::to_string(most) + " distinct histories");
    std::vector<Pattern> patterns;
    patterns.reserve(most);
    for_each([&](const Pattern& p) { patterns.push_back(p); });
    PollEvery poll(host);
    std::sort(patterns.begin(), patterns.end(), [&poll](const Pattern& a, const Pattern& b) {
        poll();
        return a.value < b.value;
    });
    std::size_t distinct = 0;
    for (const Pattern& p : patterns) {
        if (distinct > 0 && patterns[distinct - 1].value == p.value)
            patterns[distinct - 1].count += p.count;
        else
            patterns[distinct++] = p;
    }
    patterns.resize(distinct);
    return patterns;
}

void PatternTable::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(used_ + waiting_));
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
        table.insert(p, hash_of(p.value));
    }
    in.expect_end();
    return table;
}

}  // namespace ecom::core
