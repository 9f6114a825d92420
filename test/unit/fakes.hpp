// Hosts for tests: cancellation and limits without a server.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/base/host.hpp"

namespace ecom::test {

// Grants everything; the settings are open for tests that want less.
class FakeHost : public core::Host {
public:
    void poll() override { ++polls; }
    std::size_t memory_limit() const override { return memory; }
    int max_threads() const override { return threads; }
    void progress(std::int64_t done, std::int64_t total) override {
        last_done = done;
        last_total = total;
    }

    std::int64_t polls = 0;
    std::size_t memory = std::numeric_limits<std::size_t>::max();
    int threads = 1;
    std::int64_t last_done = 0;
    std::int64_t last_total = 0;
};

// What a cancelled query throws. As in the server, not a std::exception.
struct Cancelled {};

class CancellingHost final : public FakeHost {
public:
    explicit CancellingHost(std::int64_t at_poll) : at_poll_(at_poll) {}

    void poll() override {
        FakeHost::poll();
        if (polls >= at_poll_) throw Cancelled{};
    }

private:
    std::int64_t at_poll_;
};

// The error that a call throws; fails the test when it throws none.
template <typename F>
core::Error error_of(F&& f) {
    try {
        f();
    } catch (const core::Error& e) {
        return e;
    }
    ADD_FAILURE() << "no core::Error was thrown";
    return core::Error(core::ErrorCode::kInvalidArgument, "none");
}

}  // namespace ecom::test

#define EXPECT_ERROR_CODE(statement, wanted)                             \
    EXPECT_EQ(::ecom::test::error_of([&] { (void)(statement); }).code(), \
              ::ecom::core::ErrorCode::wanted)
