#include "core/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "core/base/signals.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(20);

using Task = std::function<void(std::size_t, Host&)>;

class ForkJoin {
public:
    ForkJoin(std::size_t count, const Task& task, const Host& host)
        : count_(count), task_(task), host_(host, stop_) {}

    ~ForkJoin() { join(); }
    ForkJoin(const ForkJoin&) = delete;
    ForkJoin& operator=(const ForkJoin&) = delete;

    // Fewer threads than asked for is not an error: the indexes are shared out dynamically.
    // None at all is reported to the caller, who then works alone.
    bool start(std::size_t threads) {
        const BlockSignals blocked;
        workers_.reserve(threads);
        for (std::size_t t = 0; t < threads; ++t) {
            {
                const std::lock_guard lock(mutex_);
                ++running_;
            }
            try {
                workers_.emplace_back([this] { run(); });
            } catch (const std::system_error&) {
                const std::lock_guard lock(mutex_);
                --running_;
                break;
            }
        }
        return !workers_.empty();
    }

    void wait(Host& host) {
        std::unique_lock lock(mutex_);
        while (running_ > 0) {
            idle_.wait_for(lock, kPollInterval);
            lock.unlock();
            try {
                host.poll();
            } catch (...) {
                stop_.store(true, std::memory_order_relaxed);
                join();
                throw;
            }
            lock.lock();
        }
        lock.unlock();
        join();
        if (error_) std::rethrow_exception(error_);
    }

private:
    void run() noexcept {
        try {
            while (!stop_.load(std::memory_order_relaxed)) {
                const std::size_t i = next_.fetch_add(1, std::memory_order_relaxed);
                if (i >= count_) break;
                task_(i, host_);
            }
        } catch (const Stopped&) {
            // Another task or the caller has the reason.
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!error_) error_ = std::current_exception();
            stop_.store(true, std::memory_order_relaxed);
        }
        const std::lock_guard lock(mutex_);
        if (--running_ == 0) idle_.notify_one();
    }

    void join() {
        for (auto& worker : workers_)
            if (worker.joinable()) worker.join();
    }

    const std::size_t count_;
    const Task& task_;
    std::vector<std::thread> workers_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> stop_{false};
    WorkerHost host_;
    std::mutex mutex_;
    std::condition_variable idle_;
    std::size_t running_ = 0;
    std::exception_ptr error_;
};

}  // namespace

void parallel_for(Host& host, std::size_t count, const Task& task) {
    const std::size_t threads =
        std::min(count, static_cast<std::size_t>(std::max(1, host.max_threads())));
    if (threads > 1) {
        ForkJoin pool(count, task, host);
        if (pool.start(threads)) {
            pool.wait(host);
            return;
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        host.poll();
        task(i, host);
    }
}

void parallel_for(Host& host, std::size_t count, const std::function<void(std::size_t)>& task) {
    parallel_for(host, count, Task([&task](std::size_t i, Host&) { task(i); }));
}

}  // namespace ecom::core
