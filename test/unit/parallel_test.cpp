#include "core/base/parallel.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <pthread.h>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

std::vector<double> sums(int threads) {
    FakeHost host;
    host.threads = threads;
    std::vector<double> out(200);
    parallel_for(host, out.size(), [&](std::size_t i) {
        Rng rng(11, i);
        for (int k = 0; k < 100; ++k) out[i] += rng.normal();
    });
    return out;
}

TEST(Parallel, ResultIsTheSameForAnyNumberOfThreads) {
    const auto one = sums(1);
    EXPECT_EQ(sums(2), one);
    EXPECT_EQ(sums(8), one);
}

TEST(Parallel, EveryIndexRunsOnce) {
    for (const int threads : {1, 2, 8}) {
        FakeHost host;
        host.threads = threads;
        std::vector<std::atomic<int>> runs(1000);
        parallel_for(host, runs.size(), [&](std::size_t i) { ++runs[i]; });
        for (const auto& count : runs) EXPECT_EQ(count, 1);
    }
}

TEST(Parallel, NothingToDo) {
    FakeHost host;
    host.threads = 4;
    parallel_for(host, 0, [](std::size_t) { FAIL(); });
}

TEST(Parallel, FewerTasksThanThreads) {
    FakeHost host;
    host.threads = 8;
    std::atomic<int> runs{0};
    parallel_for(host, 2, [&](std::size_t) { ++runs; });
    EXPECT_EQ(runs, 2);
}

TEST(Parallel, ExceptionOfATaskStopsTheRestAndReachesTheCaller) {
    for (const int threads : {1, 2, 8}) {
        FakeHost host;
        host.threads = threads;
        std::atomic<int> runs{0};
        const auto task = [&](std::size_t i) {
            ++runs;
            if (i == 3) throw std::runtime_error("task 3");
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        };
        EXPECT_THROW(parallel_for(host, 100'000, task), std::runtime_error);
        EXPECT_LT(runs, 10'000);
    }
}

TEST(Parallel, PollThatThrowsStopsTheWork) {
    for (const int threads : {1, 2, 8}) {
        test::CancellingHost host(2);
        host.threads = threads;
        std::atomic<int> runs{0};
        const auto task = [&](std::size_t) {
            ++runs;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        };
        EXPECT_THROW(parallel_for(host, 100'000, task), test::Cancelled);
        const int after = runs;
        EXPECT_LT(after, 10'000);
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        EXPECT_EQ(runs, after) << "a thread outlived the call";
    }
}

TEST(Parallel, OnlyTheCallerPolls) {
    struct Watcher final : FakeHost {
        std::thread::id caller = std::this_thread::get_id();
        void poll() override {
            FakeHost::poll();
            EXPECT_EQ(std::this_thread::get_id(), caller);
        }
    } host;
    host.threads = 4;
    parallel_for(host, 64,
                 [](std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
    EXPECT_GT(host.polls, 0);
}

TEST(Parallel, WorkersBlockSignalsAndTheCallerKeepsItsOwnMask) {
    sigset_t before;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    FakeHost host;
    host.threads = 2;
    const auto caller = std::this_thread::get_id();
    parallel_for(host, 8, [&](std::size_t) {
        EXPECT_NE(std::this_thread::get_id(), caller);
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGHUP, SIGQUIT})
            EXPECT_EQ(sigismember(&mask, signal), 1) << signal;
    });
    sigset_t after;
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (const int signal : {SIGINT, SIGTERM, SIGALRM, SIGUSR1})
        EXPECT_EQ(sigismember(&after, signal), sigismember(&before, signal));
}

// A cancel must not wait for tasks that take long: they poll the host that they are given.
// Where the cores are taken, threads that spin cost those that work their time.
TEST(Parallel, WaitingTakesNoProcessorTime) {
    FakeHost host;
    host.threads = 4;
    const std::clock_t before = std::clock();  // of all threads
    parallel_for(host, 6, [](std::size_t i) { std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 400 : 50)); });
    EXPECT_LT(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC, 0.1);
}

TEST(ParallelFor, LongTasksStopWhenTheCallerIsCancelled) {
    CancellingHost host(2);
    host.threads = 2;
    EXPECT_THROW(parallel_for(host, 2,
                              [&](std::size_t, Host& inner) {
                                  for (;;) {
                                      std::this_thread::sleep_for(std::chrono::milliseconds(1));
                                      inner.poll();
                                  }
                              }),
                 Cancelled);
}

}  // namespace
}  // namespace ecom::core
