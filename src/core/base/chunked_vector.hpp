// A growing array that never moves what it holds: appending a gigabyte neither copies nor needs
// the old and the new buffer at once.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/huge_pages.hpp"

namespace ecom::core {

template <typename T>
class ChunkedVector {
public:
    std::size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }

    T& operator[](std::size_t i) noexcept { return chunks_[i >> kShift][i & kMask]; }
    const T& operator[](std::size_t i) const noexcept { return chunks_[i >> kShift][i & kMask]; }

    void push_back(const T& value) {
        if ((size_ & kMask) == 0) chunks_.emplace_back();
        Chunk& chunk = chunks_.back();
        // Only the first chunk grows step by step, so that many small arrays stay small.
        if (chunk.size() == chunk.capacity())
            chunk.reserve(chunks_.size() == 1 ? std::min(kChunk, std::max(kFirst, 2 * chunk.size()))
                                              : kChunk);
        chunk.push_back(value);
        ++size_;
    }

    // Bytes held now, and bytes held after one more push_back.
    std::size_t bytes() const noexcept {
        std::size_t sum = 0;
        for (const Chunk& chunk : chunks_) sum += chunk.capacity() * sizeof(T);
        return sum;
    }
    bool will_grow() const noexcept {
        return chunks_.empty() || chunks_.back().size() == chunks_.back().capacity();
    }
    // Upper bound of what growing adds.
    std::size_t growth_bytes() const noexcept {
        return (chunks_.size() <= 1 && size_ < kChunk ? std::max(kFirst, 2 * size_) : kChunk) *
               sizeof(T);
    }

    template <typename F>
    void for_each(F f) const {
        for (const Chunk& chunk : chunks_)
            for (const T& value : chunk) f(value);
    }

private:
    using Chunk = LargeVector<T>;
    static constexpr std::size_t kShift = 18;
    static constexpr std::size_t kChunk = std::size_t{1} << kShift;
    static constexpr std::size_t kMask = kChunk - 1;
    static constexpr std::size_t kFirst = 64;

    std::vector<Chunk> chunks_;
    std::size_t size_ = 0;
};

}  // namespace ecom::core
