#include "core/stats/key_set.hpp"

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "core/base/rng.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using Keys = std::vector<std::int64_t>;

KeySet set_of(const Keys& keys) {
    const test::FakeHost host;
    KeySet set;
    for (const std::int64_t key : keys) set.add(key, host);
    return set;
}

KeySet travelled(const KeySet& set) {
    const std::string bytes = encode_state(set);
    Reader in = open_state(bytes, KeySet::kKind);
    return KeySet::decode(in);
}

// n keys from 0 .. range - 1, with repetitions, each multiplied.
Keys random_keys(std::size_t n, std::uint64_t range, std::int64_t factor, std::uint64_t seed) {
    Rng random(seed, 0);
    Keys keys;
    for (std::size_t i = 0; i < n; ++i)
        keys.push_back(static_cast<std::int64_t>(random.uniform() * static_cast<double>(range)) * factor);
    return keys;
}

std::int64_t distinct(Keys keys) {
    std::sort(keys.begin(), keys.end());
    return std::unique(keys.begin(), keys.end()) - keys.begin();
}

// Dense and sparse, arrays and bitmaps, few and many containers.
const struct {
    std::size_t n;
    std::uint64_t range;
    std::int64_t factor;
} kShapes[] = {{1, 1, 1},        {10, 5, 1},         {5'000, 4'500, 1},      {40'000, 20'000, 1}, {100'000, 70'000, 1},
               {50'000, 900'000, 1}, {5'000, 5'000, 65'536}, {20'000, 15'000, -1'000'003}, {3'000, 1'000'000, 3'037'000'499}};

TEST(KeySet, CountsDistinctKeys) {
    EXPECT_EQ(KeySet().count(), 0);
    for (const auto& shape : kShapes) {
        const Keys keys = random_keys(shape.n, shape.range, shape.factor, 1);
        EXPECT_EQ(set_of(keys).count(), distinct(keys)) << shape.n;
    }
    constexpr auto kLow = std::numeric_limits<std::int64_t>::min();
    constexpr auto kHigh = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(set_of({kLow, kHigh, 0, -1, 1, kLow, kHigh, 65'535, 65'536, -65'536}).count(), 8);
    // Over the limit between array and bitmap, upwards and downwards.
    for (const int step : {1, -1}) {
        KeySet set;
        const test::FakeHost host;
        for (int i = 0; i < 70'000; ++i) {
            set.add(step * i, host);
            set.add(step * (i / 2), host);
            ASSERT_EQ(set.count(), i + 1);
        }
    }
}

TEST(KeySet, MergesLikeOneSet) {
    test::FakeHost host;
    for (const auto& a : kShapes)
        for (const auto& b : kShapes) {
            const Keys first = random_keys(a.n, a.range, a.factor, 1);
            const Keys second = random_keys(b.n, b.range, b.factor, 2);
            Keys both = first;
            both.insert(both.end(), second.begin(), second.end());
            KeySet merged = set_of(first);
            merged.merge(set_of(second), host);
            EXPECT_EQ(merged.count(), distinct(both));
            EXPECT_EQ(encode_state(merged), encode_state(set_of(both)));
            // And goes on taking keys.
            for (const std::int64_t key : both) merged.add(key, host);
            EXPECT_EQ(merged.count(), distinct(both));
        }
    KeySet set = set_of({1, 2, 3});
    set.merge(KeySet(), host);
    set.merge(set_of({1, 2, 3}), host);
    EXPECT_EQ(set.count(), 3);
}

TEST(KeySet, TravelsUnchanged) {
    test::FakeHost host;
    for (const auto& shape : kShapes) {
        Keys keys = random_keys(shape.n, shape.range, shape.factor, 3);
        KeySet set = set_of(keys);
        KeySet copy = travelled(set);
        EXPECT_EQ(copy.count(), set.count());
        EXPECT_EQ(encode_state(copy), encode_state(set));
        std::sort(keys.begin(), keys.end());
        EXPECT_EQ(encode_state(set_of(keys)), encode_state(set));
        for (const std::int64_t key : keys) copy.add(key + 1, host);
        for (const std::int64_t key : keys) set.add(key + 1, host);
        EXPECT_EQ(encode_state(copy), encode_state(set));
        // A copy has words of its own.
        KeySet other = set;
        other.merge(set_of({-77}), host);
        EXPECT_EQ(other.count(), set.count() + 1);
    }
    EXPECT_EQ(travelled(KeySet()).count(), 0);
    // 20,000 keys side by side: one bit each and a header.
    Keys dense;
    for (int i = 0; i < 20'000; ++i) dense.push_back(i);
    EXPECT_LT(encode_state(set_of(dense)).size(), 8'192U + 64U);
}

TEST(KeySet, DamagedBytesAreRefused) {
    const auto refused = [](const std::string& bytes) {
        try {
            Reader in = open_state(bytes, KeySet::kKind);
            KeySet::decode(in);
        } catch (const Error& e) {
            return e.code() == ErrorCode::kCorruptValue;
        }
        return false;
    };
    for (const Keys& keys : {Keys{1, 2, 3, 1'000'000}, random_keys(30'000, 50'000, 1, 4)}) {
        const std::string bytes = encode_state(set_of(keys));
        const std::size_t step = bytes.size() < 100 ? 1 : 97;
        for (std::size_t size = 0; size < bytes.size(); size += step) EXPECT_TRUE(refused(bytes.substr(0, size)));
        EXPECT_TRUE(refused(bytes + '\0'));
        // A bit of the last word of a bitmap, or the order of an array.
        std::string flipped = bytes;
        flipped.back() = static_cast<char>(flipped.back() ^ 0x40);
        EXPECT_TRUE(step == 1 || refused(flipped));
    }
    // Magic, version and kind, then one container (0, 0) of keys 5, 5.
    std::string header = encode_state(KeySet());
    header.resize(header.size() - 4);
    Writer out;
    out.raw(header);
    for (const int word : {1, 0}) out.u16(static_cast<std::uint16_t>(word));
    for (const int word : {0, 0, 0, 1, 5, 5}) out.u16(static_cast<std::uint16_t>(word));
    EXPECT_TRUE(refused(out.bytes()));
}

TEST(KeySet, KeepsToTheMemoryLimit) {
    test::FakeHost host;
    host.memory = 1'000'000;
    KeySet scattered;
    EXPECT_THROW(
        {
            for (std::int64_t i = 0; i < 100'000; ++i) scattered.add(i << 20, host);
        },
        Error);
    KeySet dense;
    for (std::int64_t i = 0; i < 1'000'000; ++i) dense.add(i, host);
    EXPECT_EQ(dense.count(), 1'000'000);
    host.memory = 100'000;
    KeySet merged;
    EXPECT_THROW(merged.merge(dense, host), Error);
    test::CancellingHost cancelling(1);
    KeySet many = set_of(random_keys(10'000, 10'000, 65'536, 1));
    EXPECT_THROW(many.merge(many, cancelling), test::Cancelled);
}

}  // namespace
}  // namespace ecom::core
