// One other thread that works while the caller goes on: reading and digesting rows overlap.
//
// The rules of parallel.hpp hold: the thread has every signal blocked and touches plain memory only;
// the caller polls the host while it waits; the thread is joined before an exception leaves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "core/base/host.hpp"

namespace ecom::core {

class Background {
public:
    // With host.max_threads() == 1 there is no other thread: tasks run within submit().
    explicit Background(Host& host);
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    // Waits until the previous task has ended, hands over the next one and returns at once. What a
    // task threw is thrown here or in wait(); no later task runs then. The task's data must stay
    // untouched until the next submit() or wait() has returned. It is given a host to poll, which on the
    // other thread throws once nobody waits any more, so that a cancel does not wait for its end.
    void submit(std::function<void(Host&)> task);

    // Waits until the last task has ended.
    void wait();

private:
    void run();
    void await_idle(std::unique_lock<std::mutex>& lock);

    Host& host_;
    std::atomic<bool> ending_{false};
    WorkerHost worker_host_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::function<void(Host&)>> task_;
    std::exception_ptr error_;
    std::thread thread_;
};

}  // namespace ecom::core
