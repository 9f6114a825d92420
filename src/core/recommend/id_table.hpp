// Ids of customers, products or baskets as dense numbers: whole numbers or texts, each interned once.
//
// Open addressing with 8 bytes a slot (half a hash, index + 1), load at most 1/2. Numbers are given in the order of first
// appearance, which depends on the row order; order() gives the ranks by id, which do not.
//
// Memory: 8 bytes an id (the length of the text and 8 more where ids are texts) and 16 to 32 bytes for the hash.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/host.hpp"
#include "core/base/huge_pages.hpp"

namespace ecom::core {

enum class IdType : std::uint8_t { kInteger = 0, kText = 1 };

class IdTable {
public:
    explicit IdTable(IdType type) : type_(type) {}

    // The number of an id, a new one at its first appearance. Throws kLimitExceeded when the table would outgrow the
    // host's memory limit.
    std::uint32_t intern(std::int64_t id, const Host& host);
    std::uint32_t intern(std::string_view id, const Host& host);

    IdType type() const { return type_; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(ids_.size()); }
    std::int64_t integer(std::uint32_t number) const { return ids_[number]; }
    // A text id; an integer one is not a text.
    std::string_view text(std::uint32_t number) const;
    // Either as a text.
    std::string name(std::uint32_t number) const;

    // Numbers in ascending order of their ids: as numbers, or as bytes.
    std::vector<std::uint32_t> order(Host& host) const;

    std::size_t bytes() const { return ids_.capacity() * sizeof(std::int64_t) + slots_.capacity() * sizeof(std::uint64_t) + arena_.capacity(); }

    void encode(Writer& out) const;
    static IdTable decode(Reader& in);

private:
    std::uint32_t append(std::int64_t value, std::uint64_t hash, std::size_t slot, const Host& host);
    void grow(const Host& host);
    std::uint64_t hash_at(std::uint32_t number) const;

    IdType type_;
    LargeVector<std::int64_t> ids_;     // the id, or the place of its text in the arena
    LargeVector<std::uint64_t> slots_;  // 0: empty; else high half of the hash, number + 1
    std::string arena_;                 // texts, each with its 4-byte length before it
};

}  // namespace ecom::core
