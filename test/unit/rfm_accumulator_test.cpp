#include "core/rfm/accumulator.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/base/rng.hpp"
#include "core/rfm/table.hpp"
#include "unit/fakes.hpp"

namespace ecom::core {
namespace {

using test::FakeHost;
using Ids = RfmAccumulator::CustomerIds;
using Orders = RfmAccumulator::Orders;

struct Line {
    std::int64_t customer;
    std::uint64_t order;
    Timestamp64 at;
    double amount;
};

struct Record {
    std::set<std::uint64_t> orders;
    std::int64_t lines = 0;
    Timestamp64 last_at = std::numeric_limits<Timestamp64>::min();
    ExactAmount gross = 0;
    ExactAmount returned = 0;
};

// Texts that share prefixes, differ in length, and are empty once.
std::string text_of(std::int64_t id) {
    if (id == 0) return "";
    return "customer-" + std::string(static_cast<std::size_t>(id % 13), 'x') + std::to_string(id);
}

std::map<std::string, Record> reference(const std::vector<Line>& lines) {
    std::map<std::string, Record> out;
    for (const Line& line : lines) {
        Record& record = out[text_of(line.customer)];
        const ExactAmount amount = exact_amount(line.amount);
        if (amount < 0) {
            record.returned += amount;
            continue;
        }
        record.gross += amount;
        record.orders.insert(line.order);
        ++record.lines;
        record.last_at = std::max(record.last_at, line.at);
    }
    return out;
}

void add(RfmAccumulator& state, const Line& line, Host& host) {
    if (state.ids() == Ids::kInteger)
        state.add(line.customer, line.order, line.at, exact_amount(line.amount), host);
    else
        state.add(text_of(line.customer), line.order, line.at, exact_amount(line.amount), host);
}

std::string id_of(const RfmAccumulator& state, const RfmAccumulator::Customer& customer) {
    return state.ids() == Ids::kInteger ? text_of(customer.id)
                                        : std::string(state.text_id(customer));
}

void expect_matches(RfmAccumulator& state, const std::vector<Line>& lines, Orders orders) {
    FakeHost host;
    state.settle(host);
    const auto expected = reference(lines);
    ASSERT_EQ(state.size(), expected.size());
    for (std::size_t i = 0; i < state.size(); ++i) {
        const auto& customer = state[i];
        const Record& record = expected.at(id_of(state, customer));
        EXPECT_EQ(customer.orders, orders == Orders::kById
                                       ? record.orders.size()
                                       : static_cast<std::size_t>(record.lines));
        EXPECT_EQ(customer.last_at, record.last_at);
        EXPECT_TRUE(customer.gross == record.gross);
        EXPECT_TRUE(customer.returned == record.returned);
    }
}

// Few customers and orders, so that duplicates, late orders and pure returners all occur; order ids
// repeat across customers.
std::vector<Line> random_lines(std::uint64_t seed, std::size_t n) {
    Rng rng(seed, 0);
    const std::uint64_t customers = 1 + rng.below(n);
    const std::uint64_t orders = 1 + rng.below(50);
    std::vector<Line> lines(n);
    for (Line& line : lines) {
        line.customer = static_cast<std::int64_t>(rng.below(customers));
        line.order = rng.below(orders);
        line.at = static_cast<Timestamp64>(rng.below(1'000'000'000)) - 500'000'000;
        line.amount = std::round(rng.uniform(-20, 100) * 100) / 100;
    }
    return lines;
}

RfmAccumulator decoded(const RfmAccumulator& state) {
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, RfmAccumulator::kKind);
    return RfmAccumulator::decode(in);
}

class RfmAccumulatorKinds : public testing::TestWithParam<std::tuple<Ids, Orders>> {
protected:
    Ids ids() const { return std::get<0>(GetParam()); }
    Orders orders() const { return std::get<1>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(AllKinds, RfmAccumulatorKinds,
                         testing::Combine(testing::Values(Ids::kInteger, Ids::kText),
                                          testing::Values(Orders::kById, Orders::kEveryLine)));

TEST_P(RfmAccumulatorKinds, AgreesWithTheReference) {
    FakeHost host;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto lines = random_lines(seed, 1 + 60 * seed);
        RfmAccumulator state(ids(), orders());
        for (const Line& line : lines) add(state, line, host);
        expect_matches(state, lines, orders());
    }
}

TEST_P(RfmAccumulatorKinds, TravellingMidWayChangesNothing) {
    FakeHost host;
    for (std::uint64_t seed = 100; seed < 110; ++seed) {
        const auto lines = random_lines(seed, 1500);
        RfmAccumulator state(ids(), orders());
        Rng rng(seed, 1);
        for (const Line& line : lines) {
            add(state, line, host);
            if (rng.bernoulli(0.01)) state = decoded(state);
            if (rng.bernoulli(0.005)) state.settle(host);
        }
        EXPECT_EQ(encode_state(decoded(state)), encode_state(state));
        expect_matches(state, lines, orders());
    }
}

TEST_P(RfmAccumulatorKinds, AnyTreeOfMergesGivesTheSameRecords) {
    FakeHost host;
    for (std::uint64_t seed = 200; seed < 230; ++seed) {
        const auto lines = random_lines(seed, 800);
        Rng rng(seed, 2);
        std::vector<RfmAccumulator> parts(1 + rng.below(7), RfmAccumulator(ids(), orders()));
        for (const Line& line : lines) add(parts[rng.below(parts.size())], line, host);
        while (parts.size() > 1) {
            const std::size_t from = rng.below(parts.size());
            std::size_t into = rng.below(parts.size());
            if (into == from) into = (into + 1) % parts.size();
            if (rng.bernoulli(0.5)) parts[from] = decoded(parts[from]);
            if (rng.bernoulli(0.3)) parts[into].settle(host);
            parts[into].merge(parts[from], host);
            parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(from));
        }
        expect_matches(parts[0], lines, orders());
    }
}

TEST_P(RfmAccumulatorKinds, MergingWithEmptyStates) {
    FakeHost host;
    const auto lines = random_lines(7, 300);
    RfmAccumulator state(ids(), orders());
    for (const Line& line : lines) add(state, line, host);
    RfmAccumulator empty(ids(), orders());
    state.merge(empty, host);
    empty.merge(state, host);
    expect_matches(empty, lines, orders());
}

TEST_P(RfmAccumulatorKinds, EveryTruncationIsRefused) {
    FakeHost host;
    RfmAccumulator state(ids(), orders());
    for (const Line& line : random_lines(3, 20)) add(state, line, host);
    const std::string bytes = encode_state(state);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        const std::string cut = bytes.substr(0, n);
        EXPECT_ERROR_CODE(
            [&] {
                Reader in = open_state(cut, RfmAccumulator::kKind);
                return RfmAccumulator::decode(in).size();
            }(),
            kCorruptValue);
    }
}

TEST_P(RfmAccumulatorKinds, MemoryLimitIsHeard) {
    FakeHost host;
    host.memory = 200'000;
    RfmAccumulator state(ids(), orders());
    EXPECT_EQ(test::error_of([&] {
                  for (std::int64_t i = 0; i < 100'000; ++i) add(state, {i, 1, 0, 1.0}, host);
              }).code(),
              ErrorCode::kLimitExceeded);
    EXPECT_LT(state.size(), 4000U);
}

// 0.1 has no exact binary form; summed as doubles the order of rows would show.
TEST(RfmAccumulator, SumsDoNotDependOnTheOrderOfRows) {
    FakeHost host;
    std::vector<double> amounts(1000, 0.1);
    amounts.push_back(1e15);
    amounts.push_back(1e-8);
    RfmAccumulator forward(Ids::kInteger, Orders::kEveryLine);
    RfmAccumulator backward(Ids::kInteger, Orders::kEveryLine);
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        forward.add(1, 0, 0, exact_amount(amounts[i]), host);
        backward.add(1, 0, 0, exact_amount(amounts[amounts.size() - 1 - i]), host);
    }
    forward.settle(host);
    backward.settle(host);
    EXPECT_TRUE(forward[0].gross == backward[0].gross);
    EXPECT_EQ(amount_value(forward[0].gross), 1e15 + 100.0);
}

TEST(RfmAccumulator, SumsBeyondTheRangeAreRefused) {
    FakeHost host;
    RfmAccumulator state(Ids::kInteger, Orders::kEveryLine);
    EXPECT_EQ(test::error_of([&] {
                  for (int i = 0; i < 1000; ++i) state.add(1, 0, 0, exact_amount(9e28), host);
                  state.settle(host);
              }).code(),
              ErrorCode::kNonFiniteInput);
}

TEST(RfmAccumulator, AmountsOfOneUnit) {
    EXPECT_TRUE(exact_amount(0.1) == 10'000'000);
    EXPECT_TRUE(exact_amount(-0.00000001) == -1);
    EXPECT_EQ(amount_value(exact_amount(123456.78)), 123456.78);
    EXPECT_EQ(amount_value(exact_amount(-0.07)), -0.07);
    EXPECT_TRUE(exact_amount(1e15) == static_cast<ExactAmount>(1e15) * 100'000'000);
    EXPECT_TRUE(exact_amount(-1234567890.5) == -123'456'789'050'000'000);
    for (const double value : {1e8 + 0.01, 123456789012.34, -9e7, 5e21})
        EXPECT_EQ(amount_value(exact_amount(value)), value);
    for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY), 1e29, -1e29})
        EXPECT_ERROR_CODE(exact_amount(bad), kNonFiniteInput);
}

TEST(RfmAccumulator, OrderNames) {
    EXPECT_NE(order_name("1"), order_name("01"));
    EXPECT_NE(order_name(std::string_view("a")), order_name(std::string_view("a\0", 2)));
    EXPECT_LT(order_name("536365"), order_name("536366"));
    EXPECT_LT(order_name(std::int64_t{-5}), order_name(std::int64_t{3}));
    std::set<std::uint64_t> names;
    for (int i = 0; i < 100'000; ++i) names.insert(order_name("order-number-" + std::to_string(i)));
    EXPECT_EQ(names.size(), 100'000U);
}

TEST(RfmAccumulator, DaysRoundDown) {
    EXPECT_EQ(day_of(0), 0);
    EXPECT_EQ(day_of(kMicrosecondsPerDay - 1), 0);
    EXPECT_EQ(day_of(kMicrosecondsPerDay), 1);
    EXPECT_EQ(day_of(-1), -1);
    EXPECT_EQ(day_of(-kMicrosecondsPerDay), -1);
    EXPECT_EQ(day_of(-kMicrosecondsPerDay - 1), -2);
    EXPECT_EQ(day_of(std::numeric_limits<Timestamp64>::min()), -106'751'992);
}

TEST(RfmAccumulator, StatesOfOtherKindsAreRefused) {
    FakeHost host;
    RfmAccumulator state(Ids::kInteger, Orders::kById);
    RfmAccumulator text(Ids::kText, Orders::kById);
    RfmAccumulator lines(Ids::kInteger, Orders::kEveryLine);
    EXPECT_ERROR_CODE(state.merge(text, host), kInvalidArgument);
    EXPECT_ERROR_CODE(state.merge(lines, host), kInvalidArgument);
}

// Lines waiting in the batch exist for integer ids only; with text ids they would be read as
// places.
TEST(RfmAccumulator, ForgedPendingLinesOfTextIdsAreRefused) {
    FakeHost host;
    RfmAccumulator state(Ids::kInteger, Orders::kById);
    state.add(1'000'000, 1, 0, exact_amount(1), host);
    std::string bytes = encode_state(state);
    const std::size_t ids_at = 4 + 1 + 4 + RfmAccumulator::kKind.size();
    ASSERT_EQ(bytes[ids_at], 0);
    bytes[ids_at] = 1;
    Reader in = open_state(bytes, RfmAccumulator::kKind);
    EXPECT_ERROR_CODE(RfmAccumulator::decode(in).size(), kCorruptValue);
}

TEST(RfmAccumulator, CancelIsHeard) {
    test::CancellingHost host(3);
    RfmAccumulator state(Ids::kInteger, Orders::kById);
    EXPECT_THROW(
        {
            for (std::int64_t i = 0; i < 10'000; ++i) add(state, {i, 1, 0, 1.0}, host);
        },
        test::Cancelled);

    FakeHost free;
    RfmAccumulator left(Ids::kText, Orders::kById);
    RfmAccumulator right(Ids::kText, Orders::kById);
    for (std::int64_t i = 0; i < 10'000; ++i) add(right, {i, 1, 0, 1.0}, free);
    test::CancellingHost merging(2);
    EXPECT_THROW(left.merge(right, merging), test::Cancelled);
}

TEST(RfmTable, MeasuresCustomersWhoOrdered) {
    FakeHost host;
    RfmAccumulator state(Ids::kInteger, Orders::kById);
    constexpr Timestamp64 kDay = kMicrosecondsPerDay;
    add(state, {30, 1, 5 * kDay, 10}, host);
    add(state, {30, 2, 9 * kDay + 1, 20}, host);
    add(state, {30, 3, 10 * kDay, -5}, host);
    add(state, {10, 4, 2 * kDay, 7}, host);
    add(state, {20, 5, 3 * kDay, -1}, host);

    const RfmTable net = rfm_table(state, std::nullopt, Returns::kNet, true, host);
    EXPECT_EQ(net.as_of_day, 10);
    ASSERT_EQ(net.customers.size(), 2U);
    EXPECT_EQ(state[net.customers[0]].id, 10);
    EXPECT_EQ(net.columns[kRecency], (std::vector<double>{8, 1}));
    EXPECT_EQ(net.columns[kFrequency], (std::vector<double>{1, 2}));
    EXPECT_EQ(net.columns[kMonetary], (std::vector<double>{7, 25}));

    const RfmTable gross = rfm_table(state, 20, Returns::kIgnore, true, host);
    EXPECT_EQ(gross.columns[kRecency], (std::vector<double>{18, 11}));
    EXPECT_EQ(gross.columns[kMonetary], (std::vector<double>{7, 30}));
    EXPECT_ERROR_CODE(rfm_table(state, 8, Returns::kNet, true, host), kInvalidArgument);
    host.memory = 10;
    EXPECT_ERROR_CODE(rfm_table(state, 20, Returns::kNet, true, host), kLimitExceeded);
}

TEST(RfmTable, NobodyOrdered) {
    FakeHost host;
    RfmAccumulator state(Ids::kText, Orders::kById);
    EXPECT_TRUE(rfm_table(state, std::nullopt, Returns::kNet, false, host).customers.empty());
    add(state, {1, 1, 0, -1}, host);
    EXPECT_TRUE(rfm_table(state, 3, Returns::kNet, false, host).customers.empty());
}

TEST(RfmTable, ReturnsHaveTwoNames) {
    EXPECT_EQ(parse_returns("net"), Returns::kNet);
    EXPECT_EQ(parse_returns("ignore"), Returns::kIgnore);
    EXPECT_ERROR_CODE(parse_returns("gross"), kInvalidArgument);
}

}  // namespace
}  // namespace ecom::core
