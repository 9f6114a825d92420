// What every fuzz target shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/host.hpp"

namespace ecom::test {

// Patient for some million steps: a state may stand for more work than an input is worth, as any user's may, who cancels then.
class FuzzHost final : public core::Host {
public:
    void poll() override {
        if (++polls_ > 500) throw core::Error(core::ErrorCode::kLimitExceeded, "the host has no more time");
    }
    std::size_t memory_limit() const override { return std::size_t{1} << 30; }
    int max_threads() const override { return 1; }
    void progress(std::int64_t, std::int64_t) override {}

private:
    int polls_ = 0;
};

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// libFuzzer reports an abort together with the input that led to it.
inline void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace ecom::test
