#include "core/base/background.hpp"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::Cancelled;
using test::CancellingHost;
using test::FakeHost;

FakeHost host_with(int threads) {
    FakeHost host;
    host.threads = threads;
    return host;
}

class BackgroundWith : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, BackgroundWith, testing::Values(1, 2, 8));

TEST_P(BackgroundWith, RunsTasksOneAfterTheOther) {
    FakeHost host = host_with(GetParam());
    std::vector<int> order;
    {
        Background background(host);
        for (int i = 0; i < 100; ++i) background.submit([&order, i](Host&) { order.push_back(i); });
        background.wait();
    }
    ASSERT_EQ(order.size(), 100U);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_P(BackgroundWith, TheBufferBeforeIsFreeWhenSubmitReturns) {
    FakeHost host = host_with(GetParam());
    std::vector<int> buffers[2];
    long sum = 0;
    {
        Background background(host);
        std::size_t current = 0;
        for (int i = 0; i < 1000; ++i) {
            buffers[current].assign(64, i);
            background.submit([&sum, &full = buffers[current]](Host&) {
                for (const int v : full) sum += v;
            });
            current = 1 - current;
            buffers[current].clear();
        }
        background.wait();
    }
    EXPECT_EQ(sum, 64L * 999 * 1000 / 2);
}

TEST_P(BackgroundWith, WhatATaskThrewReachesTheCallerOnce) {
    FakeHost host = host_with(GetParam());
    Background background(host);
    std::atomic<int> later{0};
    EXPECT_THROW(
        {
            background.submit([](Host&) { throw std::runtime_error("task"); });
            background.submit([&](Host&) { ++later; });
            background.wait();
        },
        std::runtime_error);
    EXPECT_EQ(later, 0);
}

TEST(Background, WaitingPolls) {
    CancellingHost host(2);
    host.threads = 2;
    std::atomic<bool> ended{false};
    {
        Background background(host);
        background.submit([&](Host&) {
            std::this_thread::sleep_for(std::chrono::milliseconds(150));
            ended = true;
        });
        EXPECT_THROW(background.wait(), Cancelled);
    }
    EXPECT_TRUE(ended) << "the thread is joined before the object is gone";
}

// A task that would not end by itself: leaving the scope ends it.
TEST(Background, ATaskHearsThatNobodyWaits) {
    CancellingHost host(2);
    host.threads = 2;
    Background background(host);
    background.submit([](Host& inner) {
        for (;;) inner.poll();
    });
    EXPECT_THROW(background.wait(), Cancelled);
}

TEST(Background, SignalsAreBlockedOnTheOtherThread) {
    FakeHost host = host_with(2);
    Background background(host);
    sigset_t mask;
    sigemptyset(&mask);
    background.submit([&](Host&) { pthread_sigmask(SIG_SETMASK, nullptr, &mask); });
    background.wait();
    EXPECT_EQ(sigismember(&mask, SIGINT), 1);
    EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
    sigset_t own;
    pthread_sigmask(SIG_SETMASK, nullptr, &own);
    EXPECT_EQ(sigismember(&own, SIGINT), 0);
}

TEST(Background, EndsWithoutATask) {
    FakeHost host = host_with(2);
    const Background background(host);
}

}  // namespace
}  // namespace ecom::core
