// What the core may ask of the program that it runs in.
//
// In the server the implementation is pg::BackendHost; unit tests pass fakes that stop at the
// k-th poll or own a few bytes, so that cancellation and limits are tested without a server.
// Only the thread that called into the core may use a Host; workers never do.
#pragma once

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

// What work on another thread may ask of a host: the memory limit, nothing else. Polling is left to
// the thread that waits for it.
class WorkerHost final : public Host {
public:
    explicit WorkerHost(const Host& host) : memory_limit_(host.memory_limit()) {}
    void poll() override {}
    std::size_t memory_limit() const override { return memory_limit_; }
    int max_threads() const override { return 1; }
    void progress(std::int64_t, std::int64_t) override {}

private:
    std::size_t memory_limit_;
};

// Polls once in `kStride` calls: for loops whose single step is too cheap for a virtual call.
class PollEvery {
public:
    explicit PollEvery(Host& host) : host_(host) {}

    void operator()() {
        if (++count_ % kStride == 0) host_.poll();
    }

private:
    static constexpr std::uint32_t kStride = 4096;
    Host& host_;
    std::uint32_t count_ = 0;
};

}  // namespace ecom::core
