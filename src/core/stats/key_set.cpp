#include "core/stats/key_set.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Up to this many containers are searched one by one.
constexpr std::size_t kFewContainers = 8;

std::uint64_t hash_of(std::uint64_t high) { return high * 0x9e3779b97f4a7c15ULL; }

// The upper half of a hash, as slots hold it; places are taken from the bits below the sign of it.
constexpr std::uint64_t kHashHalf = 0xffffffff00000000ULL;

std::size_t place_in(std::uint64_t hash, std::size_t mask) {
    return static_cast<std::size_t>(hash >> 29) & mask;
}

std::uint32_t population(const std::uint16_t* words, std::size_t n) {
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < n; i += 4) {
        std::uint64_t four;
        std::memcpy(&four, words + i, sizeof four);
        count += static_cast<std::uint32_t>(__builtin_popcountll(four));
    }
    return count;
}

void set_bits(std::uint16_t* bitmap, const std::uint16_t* keys, std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i)
        bitmap[keys[i] / 16] = static_cast<std::uint16_t>(bitmap[keys[i] / 16] | 1U << keys[i] % 16);
}

// Place of the first of n ascending keys that is not less than `key`.
std::uint32_t place_of(const std::uint16_t* keys, std::uint32_t n, std::uint16_t key) {
    const std::uint16_t* base = keys;
    while (n > 1) {
        const std::uint32_t half = n / 2;
        base = base[half - 1] < key ? base + half : base;
        n -= half;
    }
    return static_cast<std::uint32_t>(base - keys) + (n == 1 && *base < key);
}

}  // namespace

KeySet::Container::Container(const Container& other) : high(other.high), count(other.count) {
    const std::uint32_t n = other.used();
    if (n > kInside) {
        outside_ = new std::uint16_t[n];
        capacity = n;
    }
    std::copy_n(other.words(), n, words());
}

KeySet::Container::Container(Container&& other) noexcept
    : high(other.high), count(other.count), capacity(other.capacity) {
    std::memcpy(inside_, other.inside_, sizeof inside_);
    other.capacity = kInside;
}

void KeySet::Container::make_room(std::uint32_t n, std::uint32_t keep) {
    if (n <= capacity) return;
    auto* larger = new std::uint16_t[n];
    std::copy_n(words(), keep, larger);
    if (capacity > kInside) delete[] outside_;
    outside_ = larger;
    capacity = n;
}

void KeySet::charge(std::size_t more, const Host& host) {
    require_memory(host, bytes_ + more, "a set of " + std::to_string(count_) + " keys");
    bytes_ += more;
}

void KeySet::rebuild_slots(std::size_t slots) {
    LargeVector<std::uint64_t>(slots).swap(slots_);
    const std::size_t mask = slots - 1;
    for (std::size_t i = 0; i < containers_.size(); ++i) {
        const std::uint64_t hash = hash_of(containers_[i].high);
        std::size_t slot = place_in(hash, mask);
        while (slots_[slot] != 0) slot = (slot + 1) & mask;
        slots_[slot] = (hash & kHashHalf) | (i + 1);
    }
}

std::size_t KeySet::find_or_insert(std::uint64_t high, const Host& host) {
    std::size_t slot = 0;
    const std::uint64_t hash = hash_of(high);
    if (slots_.empty()) {
        for (std::size_t i = 0; i < containers_.size(); ++i)
            if (containers_[i].high == high) return i;
    } else {
        const std::size_t mask = slots_.size() - 1;
        for (slot = place_in(hash, mask); slots_[slot] != 0; slot = (slot + 1) & mask) {
            if (((slots_[slot] ^ hash) & kHashHalf) != 0) continue;
            const std::size_t index = static_cast<std::uint32_t>(slots_[slot]) - 1;
            if (containers_[index].high == high) return index;
        }
    }

    const std::size_t index = containers_.size();
    if (index == containers_.capacity()) {
        // Old and new array exist together for a moment. A slot is 8 bytes, and there are two to four for a container.
        const std::size_t grown = std::max<std::size_t>(1, 2 * index);
        charge((grown - index) * (sizeof(Container) + 4 * sizeof(std::uint64_t)), host);
        require_memory(host, bytes_ + index * sizeof(Container), "a set of " + std::to_string(count_) + " keys");
        containers_.reserve(grown);
    }
    containers_.emplace_back(high);
    if (containers_.size() <= kFewContainers) return index;
    if (2 * containers_.size() > slots_.size())
        rebuild_slots(std::max(8 * kFewContainers, 2 * slots_.size()));
    else
        slots_[slot] = (hash & kHashHalf) | (index + 1);
    return index;
}

void KeySet::insert(Container& container, std::uint16_t low, const Host& host) {
    const std::uint32_t n = container.count;
    std::uint16_t* keys = container.words();
    std::uint32_t place = n;
    if (n > 0 && keys[n - 1] >= low) {
        place = place_of(keys, n, low);
        if (keys[place] == low) return;
    }
    if (n == kLongestArray) {
        std::array<std::uint16_t, kBitmapWords> bitmap{};
        set_bits(bitmap.data(), keys, n);
        set_bits(bitmap.data(), &low, 1);
        std::copy_n(bitmap.data(), kBitmapWords, keys);
    } else {
        if (n == container.capacity) {
            const std::uint32_t grown = std::min(n + std::max<std::uint32_t>(4, n / 2), kLongestArray);
            charge((grown - n) * sizeof(std::uint16_t), host);
            container.make_room(grown, n);
            keys = container.words();
        }
        std::copy_backward(keys + place, keys + n, keys + n + 1);
        keys[place] = low;
    }
    ++container.count;
    ++count_;
}

void KeySet::merge_container(Container& mine, const Container& theirs, const Host& host) {
    std::array<std::uint16_t, kBitmapWords> united{};
    std::uint32_t count;
    std::uint32_t used;
    if (mine.count + theirs.count <= kLongestArray) {
        const auto* end = std::set_union(mine.words(), mine.words() + mine.count, theirs.words(),
                                         theirs.words() + theirs.count, united.data());
        count = used = static_cast<std::uint32_t>(end - united.data());
    } else {
        for (const Container* container : {static_cast<const Container*>(&mine), &theirs}) {
            if (!container->is_bitmap())
                set_bits(united.data(), container->words(), container->count);
            else
                for (std::uint32_t i = 0; i < kBitmapWords; ++i)
                    united[i] = static_cast<std::uint16_t>(united[i] | container->words()[i]);
        }
        count = population(united.data(), kBitmapWords);
        used = kBitmapWords;
        if (count <= kLongestArray) {
            std::array<std::uint16_t, kBitmapWords> keys;
            std::uint32_t n = 0;
            for (std::uint32_t i = 0; i < kBitmapWords; ++i)
                for (std::uint32_t word = united[i]; word != 0; word &= word - 1)
                    keys[n++] = static_cast<std::uint16_t>(i * 16 + static_cast<std::uint32_t>(__builtin_ctz(word)));
            united = keys;
            used = count;
        }
    }
    if (used > mine.capacity) {
        charge((used - mine.capacity) * sizeof(std::uint16_t), host);
        mine.make_room(used, 0);
    }
    std::copy_n(united.data(), used, mine.words());
    count_ += count - mine.count;
    mine.count = count;
}

void KeySet::merge(const KeySet& other, Host& host) {
    PollEvery poll(host);
    for (const Container& theirs : other.containers_) {
        poll();
        merge_container(containers_[find_or_insert(theirs.high, host)], theirs, host);
    }
}

void KeySet::encode(Writer& out) const {
    std::vector<const Container*> sorted;
    std::size_t words = 0;
    for (const Container& container : containers_) {
        sorted.push_back(&container);
        words += container.used();
    }
    std::sort(sorted.begin(), sorted.end(), [](const Container* a, const Container* b) { return a->high < b->high; });
    out.reserve(64 + 8 * sorted.size() + 2 * words);
    out.u32(static_cast<std::uint32_t>(sorted.size()));
    for (const Container* container : sorted) {
        out.poll();
        out.u32(static_cast<std::uint32_t>(container->high >> 16));
        out.u16(static_cast<std::uint16_t>(container->high));
        out.u16(static_cast<std::uint16_t>(container->count - 1));
        for (std::uint32_t i = 0; i < container->used(); ++i) out.u16(container->words()[i]);
    }
}

KeySet KeySet::decode(Reader& in) {
    constexpr std::size_t kSmallestContainer = 10;
    KeySet set;
    const std::size_t containers = in.count(kSmallestContainer);
    set.containers_.reserve(containers);
    set.bytes_ = containers * (sizeof(Container) + 4 * sizeof(std::uint64_t));
    for (std::size_t i = 0; i < containers; ++i) {
        in.poll();
        const std::uint64_t upper = in.u32();
        Container container(upper << 16 | in.u16());
        if (i > 0 && container.high <= set.containers_.back().high) Reader::corrupt();
        container.count = std::uint32_t{in.u16()} + 1;
        const std::uint32_t used = container.used();
        if (used > in.remaining() / sizeof(std::uint16_t)) Reader::corrupt();
        container.make_room(used, 0);
        std::uint16_t* words = container.words();
        for (std::uint32_t k = 0; k < used; ++k) {
            words[k] = in.u16();
            if (!container.is_bitmap() && k > 0 && words[k] <= words[k - 1]) Reader::corrupt();
        }
        if (container.is_bitmap() && population(words, kBitmapWords) != container.count) Reader::corrupt();
        set.count_ += container.count;
        set.bytes_ += used * sizeof(std::uint16_t);
        set.containers_.push_back(std::move(container));
    }
    in.expect_end();
    if (containers > kFewContainers) {
        std::size_t slots = 8 * kFewContainers;
        while (slots < 2 * containers) slots *= 2;
        set.rebuild_slots(slots);
    }
    return set;
}

}  // namespace ecom::core
