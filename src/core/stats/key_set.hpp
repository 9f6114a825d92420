// A set of 64-bit keys as a compressed bitmap: exact distinct counts that merge.
//
// As in Roaring bitmaps (Lemire, Ssi-Yan-Kai and Kaser, 2016) keys that agree in all but their lowest 16 bits share a
// container: up to 4096 of them a sorted array of 2 bytes each, more of them a bitmap of 8 KB. Surrogate keys, which lie
// close together, take 1 bit to 2 bytes each; keys scattered over 64 bits about 70 bytes.
//
// Adding a key is O(1) in a bitmap and O(container) in an array, which is at most 8 KB to move. Merging is linear in
// the bytes of both sets. Equal sets have equal bytes, whatever the order in which they were filled.
#pragma once

#include <cstdint>

#include "core/base/host.hpp"
#include "core/base/huge_pages.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

class KeySet final : public State {
public:
    static constexpr std::string_view kKind = "key_set";

    void add(std::int64_t key, const Host& host) {
        const auto bits = static_cast<std::uint64_t>(key);
        const std::uint64_t high = bits >> 16;
        if (last_ >= containers_.size() || containers_[last_].high != high) last_ = find_or_insert(high, host);
        add_low(containers_[last_], static_cast<std::uint16_t>(bits), host);
    }
    void merge(const KeySet& other, Host& host);

    std::int64_t count() const { return count_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static KeySet decode(Reader& in);

private:
    static constexpr std::uint32_t kLongestArray = 4096;
    static constexpr std::uint32_t kBitmapWords = 4096;

    // The lowest 16 bits of keys with the same other 48.
    struct Container {
        // So many keys lie in the container itself: scattered keys need no more.
        static constexpr std::uint32_t kInside = 4;

        std::uint64_t high;
        std::uint32_t count = 0;
        std::uint32_t capacity = kInside;

        explicit Container(std::uint64_t h) : high(h) {}
        Container(const Container& other);
        Container(Container&& other) noexcept;
        Container& operator=(const Container&) = delete;
        ~Container() {
            if (capacity > kInside) delete[] outside_;
        }

        bool is_bitmap() const { return count > kLongestArray; }
        std::uint32_t used() const { return is_bitmap() ? kBitmapWords : count; }
        // Up to kLongestArray keys: ascending. More: bit k % 16 of word k / 16 is key k.
        std::uint16_t* words() { return capacity > kInside ? outside_ : inside_; }
        const std::uint16_t* words() const { return capacity > kInside ? outside_ : inside_; }
        // Room for `words` words; what is there is kept only up to `keep` of them.
        void make_room(std::uint32_t words, std::uint32_t keep);

    private:
        union {
            std::uint16_t inside_[kInside];
            std::uint16_t* outside_;
        };
    };
    static_assert(sizeof(Container) == 24);

    std::size_t find_or_insert(std::uint64_t high, const Host& host);
    void rebuild_slots(std::size_t slots);
    void add_low(Container& container, std::uint16_t low, const Host& host) {
        if (!container.is_bitmap()) return insert(container, low, host);
        std::uint16_t& word = container.words()[low / 16];
        const std::uint32_t is_new = ~(std::uint32_t{word} >> low % 16) & 1;
        word = static_cast<std::uint16_t>(word | 1U << low % 16);
        container.count += is_new;
        count_ += is_new;
    }
    void insert(Container& container, std::uint16_t low, const Host& host);
    void merge_container(Container& mine, const Container& theirs, const Host& host);
    void charge(std::size_t more, const Host& host);

    LargeVector<Container> containers_;  // in the order of their first key
    // Open addressing by the hash of high: 0, or half of the hash above 1 + index. Empty while containers are few.
    LargeVector<std::uint64_t> slots_;
    std::size_t last_ = 0;
    std::int64_t count_ = 0;
    std::size_t bytes_ = 0;  // of containers, words and slots
};

}  // namespace ecom::core
