// Memory for large arrays that are read at random: on huge pages where the system grants them, so
// that an access costs a cache miss but not a page-table walk on top, and first use clears
// hundreds of pages in one fault.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace ecom::core {

template <typename T>
struct HugePageAllocator {
    using value_type = T;

    HugePageAllocator() = default;
    template <typename U>
    HugePageAllocator(const HugePageAllocator<U>&) noexcept {}

    T* allocate(std::size_t n) {
        const std::size_t bytes = n * sizeof(T);
        void* memory;
        if (bytes < kLarge) {
            memory = std::malloc(bytes);
        } else {
            memory = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
#if defined(__linux__)
            // Advice only: without huge pages the memory works as any other.
            if (memory != nullptr) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
        }
        if (memory == nullptr) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) noexcept { std::free(memory); }

    bool operator==(const HugePageAllocator&) const noexcept { return true; }
    bool operator!=(const HugePageAllocator&) const noexcept { return false; }

private:
    static constexpr std::size_t kPage = std::size_t{2} << 20;
    static constexpr std::size_t kLarge = 2 * kPage;
};

template <typename T>
using LargeVector = std::vector<T, HugePageAllocator<T>>;

// n zeros. First use of a gigabyte takes the system a while: poll(steps) is called in between.
template <typename T, typename Poll>
LargeVector<T> zeros(std::size_t n, Poll& poll) {
    constexpr std::size_t kPiece = std::size_t{1} << 18;
    LargeVector<T> values;
    values.reserve(n);
    while (values.size() < n) {
        poll(kPiece);
        values.resize(std::min(n, values.size() + kPiece));
    }
    return values;
}

}  // namespace ecom::core
