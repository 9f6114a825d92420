#include "core/recommend/id_table.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
constexpr std::uint64_t kHighHalf = 0xffffffff00000000ULL;
constexpr std::size_t kFirstSlots = 64;

std::uint64_t hash_of(std::int64_t id) { return mix64(static_cast<std::uint64_t>(id) + kGolden); }

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = mix64(text.size() + kGolden);
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t n = std::min(text.size(), sizeof word);
        std::memcpy(&word, text.data(), n);
        hash = mix64(hash ^ word) * kGolden;
        text.remove_prefix(n);
    }
    return mix64(hash);
}

}  // namespace

std::string_view IdTable::text(std::uint32_t number) const {
    const auto at = static_cast<std::size_t>(ids_[number]);
    std::uint32_t length;
    std::memcpy(&length, arena_.data() + at, sizeof length);
    return {arena_.data() + at + sizeof length, length};
}

std::string IdTable::name(std::uint32_t number) const {
    return type_ == IdType::kInteger ? std::to_string(integer(number)) : std::string(text(number));
}

std::uint64_t IdTable::hash_at(std::uint32_t number) const {
    return type_ == IdType::kInteger ? hash_of(ids_[number]) : hash_of(text(number));
}

void IdTable::grow(const Host& host) {
    const std::size_t slots = std::max(kFirstSlots, 2 * slots_.size());
    require_memory(host, add_size(bytes(), mul_size(slots, 2 * sizeof(std::uint64_t))),
                   "telling " + std::to_string(ids_.size() + 1) + " ids apart");
    LargeVector<std::uint64_t> grown(slots, 0);
    const std::size_t mask = slots - 1;
    for (std::uint32_t number = 0; number < size(); ++number) {
        const std::uint64_t hash = hash_at(number);
        std::size_t slot = hash & mask;
        while (grown[slot] != 0) slot = (slot + 1) & mask;
        grown[slot] = (hash & kHighHalf) | (number + 1);
    }
    slots_.swap(grown);
}

std::uint32_t IdTable::append(std::int64_t value, std::uint64_t hash, std::size_t slot, const Host& host) {
    constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max() - 1;
    if (size() == kMost) throw Error(ErrorCode::kLimitExceeded, "more than 4294967294 different ids", "Work on fewer rows at a time.");
    if (ids_.size() == ids_.capacity()) require_memory(host, add_size(bytes(), mul_size(ids_.size(), 2 * sizeof(std::int64_t))), "collecting ids");
    ids_.push_back(value);
    slots_[slot] = (hash & kHighHalf) | size();
    return size() - 1;
}

std::uint32_t IdTable::intern(std::int64_t id, const Host& host) {
    if (2 * (ids_.size() + 1) > slots_.size()) grow(host);
    const std::uint64_t hash = hash_of(id);
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        if ((slots_[slot] & kHighHalf) != (hash & kHighHalf)) continue;
        const auto number = static_cast<std::uint32_t>(slots_[slot]) - 1;
        if (ids_[number] == id) return number;
    }
    return append(id, hash, slot, host);
}

std::uint32_t IdTable::intern(std::string_view id, const Host& host) {
    if (2 * (ids_.size() + 1) > slots_.size()) grow(host);
    const std::uint64_t hash = hash_of(id);
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
        if ((slots_[slot] & kHighHalf) != (hash & kHighHalf)) continue;
        const auto number = static_cast<std::uint32_t>(slots_[slot]) - 1;
        if (text(number) == id) return number;
    }
    const auto at = static_cast<std::int64_t>(arena_.size());
    const auto length = static_cast<std::uint32_t>(id.size());
    if (arena_.size() + id.size() + sizeof length > arena_.capacity())
        require_memory(host, add_size(bytes(), 2 * (arena_.size() + id.size())), "collecting ids");
    arena_.append(reinterpret_cast<const char*>(&length), sizeof length);
    arena_.append(id);
    return append(at, hash, slot, host);
}

std::vector<std::uint32_t> IdTable::order(Host& host) const {
    std::vector<std::uint32_t> numbers(size());
    std::iota(numbers.begin(), numbers.end(), 0U);
    PollEvery poll(host);
    if (type_ == IdType::kInteger)
        std::sort(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
            poll();
            return ids_[a] < ids_[b];
        });
    else
        std::sort(numbers.begin(), numbers.end(), [&](std::uint32_t a, std::uint32_t b) {
            poll();
            return text(a) < text(b);
        });
    return numbers;
}

void IdTable::encode(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(type_));
    out.u32(size());
    for (std::uint32_t number = 0; number < size(); ++number) {
        out.poll();
        if (type_ == IdType::kInteger)
            out.i64(ids_[number]);
        else
            out.string(text(number));
    }
}

IdTable IdTable::decode(Reader& in) {
    // Decoding holds at most a few times what the bytes held, which is the limit that they already passed.
    struct NoLimit final : Host {
        void poll() override {}
        std::size_t memory_limit() const override { return std::numeric_limits<std::size_t>::max(); }
        int max_threads() const override { return 1; }
        void progress(std::int64_t, std::int64_t) override {}
    } host;
    const std::uint8_t type = in.u8();
    if (type > 1) Reader::corrupt();
    IdTable table(static_cast<IdType>(type));
    const std::size_t n = in.count(type == 0 ? sizeof(std::int64_t) : sizeof(std::uint32_t));
    for (std::size_t i = 0; i < n; ++i) {
        in.poll();
        const std::uint32_t number = type == 0 ? table.intern(in.i64(), host) : table.intern(in.string(), host);
        if (number != i) Reader::corrupt();  // an id twice
    }
    return table;
}

}  // namespace ecom::core
