#include "core/base/background.hpp"

#include <chrono>
#include <system_error>
#include <utility>

#include "core/base/signals.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr auto kPollInterval = std::chrono::milliseconds(20);

}  // namespace

Background::Background(Host& host) : host_(host), worker_host_(host, ending_) {
    if (host.max_threads() < 2) return;
    const BlockSignals blocked;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
        // Without another thread the caller does the work itself.
    }
}

Background::~Background() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Background::submit(std::function<void(Host&)> task) {
    if (!thread_.joinable()) {
        host_.poll();
        task(host_);
        return;
    }
    {
        std::unique_lock lock(mutex_);
        await_idle(lock);
        task_ = std::move(task);
    }
    changed_.notify_all();
}

void Background::wait() {
    if (!thread_.joinable()) return;
    std::unique_lock lock(mutex_);
    await_idle(lock);
}

void Background::await_idle(std::unique_lock<std::mutex>& lock) {
    while (task_) {
        changed_.wait_for(lock, kPollInterval);
        lock.unlock();
        host_.poll();
        lock.lock();
    }
    if (error_) std::rethrow_exception(error_);
}

void Background::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return task_ || ending_; });
        if (!task_) return;
        lock.unlock();
        std::exception_ptr error;
        try {
            (*task_)(worker_host_);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        if (error && !error_) error_ = error;
        task_.reset();
        changed_.notify_all();
    }
}

}  // namespace ecom::core
