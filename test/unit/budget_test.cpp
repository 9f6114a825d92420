#include "core/base/budget.hpp"

#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();

TEST(Budget, SizesSaturate) {
    EXPECT_EQ(add_size(2, 3), 5U);
    EXPECT_EQ(add_size(kMax, 1), kMax);
    EXPECT_EQ(add_size(kMax - 1, 1), kMax);
    EXPECT_EQ(mul_size(6, 7), 42U);
    EXPECT_EQ(mul_size(kMax / 2, 3), kMax);
    EXPECT_EQ(mul_size(kMax, 0), 0U);
}

TEST(Budget, GrantsUpToTheLimit) {
    test::FakeHost host;
    host.memory = 1000;
    EXPECT_NO_THROW(require_memory(host, 1000, "x"));
    EXPECT_ERROR_CODE(require_memory(host, 1001, "x"), kLimitExceeded);
}

TEST(Budget, OverflowIsRefused) {
    test::FakeHost host;
    host.memory = kMax - 1;
    EXPECT_ERROR_CODE(require_memory(host, mul_size(kMax / 2, 4), "x"), kLimitExceeded);
}

TEST(Budget, ErrorSaysWhatToRaise) {
    test::FakeHost host;
    host.memory = 64 << 20;
    const Error e = test::error_of(
        [&] { require_memory(host, std::size_t{200} << 20, "scoring 7 customers"); });
    EXPECT_EQ(std::string(e.what()),
              "memory required for scoring 7 customers is 201 MB, "
              "ecom_analytics.memory_limit is 64 MB");
    EXPECT_NE(e.hint().find("Raise ecom_analytics.memory_limit"), std::string::npos);
}

}  // namespace
}  // namespace ecom::core
