#include "core/recommend/matrix.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "recommend_data.hpp"

using namespace ecom::core;
using ecom::test::FakeHost;

namespace {

std::string entries_of(const InteractionMatrix& matrix, const Interactions& state) {
    std::string text;
    for (std::uint32_t u = 0; u < matrix.users(); ++u) {
        text += state.users().name(matrix.user_number(u)) + ":";
        for (const auto* e = matrix.begin(u); e != matrix.end(u); ++e) text += " " + state.items().name(matrix.item_number(e->item));
        text += "\n";
    }
    return text;
}

TEST(InteractionMatrix, IsTheSameForAnyRowOrder) {
    FakeHost host;
    const Interactions forward = ecom::test::tiny_interactions(host);
    const Interactions backward = ecom::test::tiny_interactions(host, true);
    const std::string text = entries_of(InteractionMatrix(forward, {}, host), forward);
    EXPECT_EQ(text, "c1: A B C\nc2: A B\nc3: B C D\nc4: A C\nc5: D E\nc6: A B D\n");
    EXPECT_EQ(entries_of(InteractionMatrix(backward, {}, host), backward), text);
}

TEST(InteractionMatrix, AddsWeightsAndDropsWhatWasSentBack) {
    FakeHost host;
    Interactions state(IdType::kInteger, IdType::kInteger);
    state.add(std::int64_t{7}, std::int64_t{1}, 2.0, 50, host);
    state.add(std::int64_t{7}, std::int64_t{1}, -1.0, 90, host);
    state.add(std::int64_t{7}, std::int64_t{2}, 1.0, 60, host);
    state.add(std::int64_t{7}, std::int64_t{2}, -1.0, 70, host);
    state.add(std::int64_t{8}, std::int64_t{2}, 0.0, 70, host);
    const InteractionMatrix matrix(state, {}, host);
    ASSERT_EQ(matrix.entries(), 1U);
    EXPECT_EQ(matrix.begin(0)->weight, 1.0);
    EXPECT_EQ(matrix.begin(0)->rows, 2U);
    EXPECT_EQ(matrix.begin(0)->last_at, 90);
    EXPECT_EQ(matrix.users_of(1), 0U);
    EXPECT_EQ(matrix.items_of(1), 0U);
    EXPECT_EQ(matrix.last_at(), 90);
}

TEST(InteractionMatrix, KeepsTheLatestOfALongHistory) {
    FakeHost host;
    Interactions state(IdType::kInteger, IdType::kInteger);
    for (std::int64_t item = 0; item < 10; ++item) state.add(std::int64_t{1}, item, 1.0, item == 9 ? Interactions::kNoTime : 100 - item, host);
    MatrixParams params;
    params.max_history = 3;
    const InteractionMatrix matrix(state, params, host);
    ASSERT_EQ(matrix.items_of(0), 3U);
    EXPECT_EQ(matrix.begin(0)[0].item, 0U);
    EXPECT_EQ(matrix.begin(0)[2].item, 2U);
    params.max_history = -1;
    EXPECT_ERROR_CODE(InteractionMatrix(state, params, host), kInvalidArgument);
}

TEST(InteractionMatrix, TransposedHasUsersForItems) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    MatrixParams params;
    params.transposed = true;
    const InteractionMatrix matrix(state, params, host);
    EXPECT_EQ(matrix.users(), 5U);
    EXPECT_EQ(matrix.items(), 6U);
    EXPECT_EQ(matrix.items_of(0), 4U);  // customers of A
    EXPECT_EQ(matrix.users_of(0), 3U);  // items of c1
}

TEST(Interactions, MergeIsTheSameAsOneState) {
    FakeHost host;
    Interactions whole(IdType::kText, IdType::kInteger);
    Interactions part(IdType::kText, IdType::kInteger);
    Interactions rest(IdType::kText, IdType::kInteger);
    for (std::int64_t row = 0; row < 1000; ++row) {
        const std::string user = "user " + std::to_string(row * 7 % 90);
        for (Interactions* state : {&whole, row < 400 ? &part : &rest}) state->add(std::string_view(user), row * 13 % 50, 1.0, row, host);
    }
    rest.merge(part, host);
    const InteractionMatrix a(whole, {}, host);
    const InteractionMatrix b(rest, {}, host);
    EXPECT_EQ(entries_of(a, whole), entries_of(b, rest));
    Interactions other(IdType::kInteger, IdType::kInteger);
    EXPECT_ERROR_CODE(rest.merge(other, host), kInvalidArgument);
}

TEST(Interactions, TravelsAndRefusesWhatIsDamaged) {
    FakeHost host;
    const Interactions state = ecom::test::tiny_interactions(host);
    const std::string bytes = encode_state(state);
    Reader in = open_state(bytes, Interactions::kKind);
    EXPECT_EQ(encode_state(Interactions::decode(in)), bytes);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_THROW(
            {
                Reader cut = open_state(std::string_view(bytes).substr(0, length), Interactions::kKind);
                Interactions::decode(cut);
            },
            Error);
}

TEST(Interactions, RefusesWeightsThatAreNoNumbers) {
    FakeHost host;
    Interactions state(IdType::kInteger, IdType::kInteger);
    EXPECT_ERROR_CODE(state.add(std::int64_t{1}, std::int64_t{1}, std::nan(""), 0, host), kNonFiniteInput);
    EXPECT_ERROR_CODE(state.add(std::int64_t{1}, std::int64_t{1}, INFINITY, 0, host), kNonFiniteInput);
}

TEST(Interactions, KeepsToTheMemoryLimit) {
    FakeHost host;
    host.memory = 100'000;
    Interactions state(IdType::kInteger, IdType::kInteger);
    const auto fill = [&] {
        for (std::int64_t i = 0; i < 100'000; ++i) state.add(i % 10, i % 7, 1.0, 0, host);
    };
    EXPECT_ERROR_CODE(fill(), kLimitExceeded);
}

}  // namespace
