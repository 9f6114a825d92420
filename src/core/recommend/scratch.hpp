// Buffers that tasks of a parallel_for borrow one after the other: as many as there are threads, whatever the number of tasks.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

namespace ecom::core {

template <typename T>
class ScratchPool {
public:
    // A buffer as its last user left it, or a new one.
    std::unique_ptr<T> take() {
        return take_or([] { return std::make_unique<T>(); });
    }
    template <typename Make>
    std::unique_ptr<T> take_or(Make make) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (free_.empty()) return make();
        std::unique_ptr<T> buffer = std::move(free_.back());
        free_.pop_back();
        return buffer;
    }
    void give_back(std::unique_ptr<T> buffer) {
        const std::lock_guard<std::mutex> lock(mutex_);
        free_.push_back(std::move(buffer));
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<T>> free_;
};

}  // namespace ecom::core
