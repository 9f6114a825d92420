// Rows of three numbers, equal ones counted: likelihoods are summed over distinct histories, with weights.
//
// Whole days make a million customers about a hundred thousand patterns. Open addressing with linear
// probing; sorted when read, so that results do not depend on the order of rows or on parallel plans.
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

    std::size_t size() const { return used_; }
    std::int64_t rows() const { return rows_; }
    std::vector<Pattern> sorted(Host& host) const;

    void encode(Writer& out) const;
    // Values are not judged here; they are finite.
    static PatternTable decode(Reader& in);

    template <typename Visit>
    void for_each(Visit visit) const {
        for (const Pattern& p : slots_)
            if (p.count != 0) visit(p);
    }

private:
    void insert(const Pattern& pattern);
    void grow(const Host* host);

    std::vector<Pattern> slots_;  // a power of two
    std::size_t used_ = 0;
    std::int64_t rows_ = 0;
};

}  // namespace ecom::core
