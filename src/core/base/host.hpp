// What the core may ask of the program that it runs in.
//
// In the server the implementation is pg::BackendHost; unit tests pass fakes that stop at the
// k-th poll or own a few bytes, so that cancellation and limits are tested without a server.
// Only the thread that called into the core may use a Host; workers never do.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ecom::core {

class Host {
public:
    virtual ~Host() = default;

    // Throws when the caller wants the work to stop. Every loop that can run for more than about
    // ten milliseconds calls this at least once per few milliseconds of work.
    virtual void poll() = 0;

    // Bytes that one call may hold at a time.
    virtual std::size_t memory_limit() const = 0;

    // Threads that one call may use; at least 1.
    virtual int max_threads() const = 0;

    // Work done so far out of a total, in units of the caller's choice; total 0: not known here, the
    // one announced before holds. Cheap; may be ignored.
    virtual void progress(std::int64_t done, std::int64_t total) = 0;
};

// Leaves work on another thread that is being stopped; never reaches the caller.
struct Stopped {};

// The host of work on another thread: it knows the memory limit, and throws Stopped from poll() once
// the thread that waits for the work has set `stop`.
class WorkerHost final : public Host {
public:
    WorkerHost(const Host& host, const std::atomic<bool>& stop)
        : stop_(stop), memory_limit_(host.memory_limit()) {}
    void poll() override {
        if (stop_.load(std::memory_order_relaxed)) throw Stopped{};
    }
    std::size_t memory_limit() const override { return memory_limit_; }
    int max_threads() const override { return 1; }
    void progress(std::int64_t, std::int64_t) override {}

private:
    const std::atomic<bool>& stop_;
    std::size_t memory_limit_;
};

// Polls once in `kStride` steps: for loops whose single step is too cheap for a virtual call. Called
// by the comparator of std::sort or std::nth_element it stops these too: over plain values they bear a
// comparator that throws, and leave them in some order.
class PollEvery {
public:
    explicit PollEvery(Host& host) : host_(&host) {}
    explicit PollEvery(Host* host) : host_(host) {}  // nullptr: there is nobody to ask

    void operator()(std::size_t steps = 1) {
        if ((count_ += steps) < kStride) return;
        count_ = 0;
        if (host_ != nullptr) host_->poll();
    }

    static constexpr std::size_t kStride = 4096;

private:
    Host* host_;
    std::size_t count_ = 0;
};

}  // namespace ecom::core
