// Rows of three numbers, equal ones counted: likelihoods are summed over distinct histories, with weights.
//
// Whole days make a million customers about a hundred thousand patterns. Open addressing with linear
// probing; sorted when read, so that results do not depend on the order of rows or on parallel plans.
// Rows wait in small batches while their slots are fetched from memory, which is most of the time of a table
// that is larger than the caches.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

struct Pattern {
    std::array<double, 3> value;
    std::int64_t count = 0;  // 0: a free slot
};

class PatternTable {
public:
    // The values are finite; -0 counts as 0.
    void add(std::array<double, 3> value, std::int64_t count, const Host& host);
    void merge(const PatternTable& other, Host& host);

    bool empty() const { return used_ == 0 && waiting_ == 0; }
    std::int64_t rows() const;
    std::vector<Pattern> sorted(Host& host) const;

    void encode(Writer& out) const;
    // Values are not judged here; they are finite.
    static PatternTable decode(Reader& in);

    // A pattern may come more than once, with a part of its count each time.
    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Pattern& p : slots_)
            if (p.count != 0) visit(p);
        for (std::size_t i = 0; i < waiting_; ++i) visit(batch_[i].pattern);
    }

private:
    struct Waiting {
        Pattern pattern;
        std::uint64_t hash;
    };

    void insert(const Pattern& pattern, std::uint64_t hash);
    void insert_batch(const Host& host);
    void grow(const Host* host);

    std::vector<Pattern> slots_;  // a power of two
    std::size_t used_ = 0;
    std::int64_t rows_ = 0;  // in the slots
    std::array<Waiting, 32> batch_{};
    std::size_t waiting_ = 0;
};

}  // namespace ecom::core
