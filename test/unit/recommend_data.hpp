// Six customers and five products whose figures are known: the test data of the recommendation research, computed with numpy.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/rng.hpp"
#include "core/recommend/matrix.hpp"
#include "fakes.hpp"

namespace ecom::test {

inline core::Interactions tiny_interactions(core::Host& host, bool reversed = false) {
    using namespace std::string_view_literals;
    const std::vector<std::pair<std::string_view, std::string_view>> baskets = {
        {"c1"sv, "ABC"sv}, {"c2"sv, "AB"sv}, {"c3"sv, "BCD"sv}, {"c4"sv, "AC"sv}, {"c5"sv, "DE"sv}, {"c6"sv, "ABD"sv}};
    std::vector<std::pair<std::string_view, std::string_view>> rows;
    for (const auto& [user, items] : baskets)
        for (std::size_t i = 0; i < items.size(); ++i) rows.emplace_back(user, items.substr(i, 1));
    if (reversed) std::reverse(rows.begin(), rows.end());
    core::Interactions state(core::IdType::kText, core::IdType::kText);
    for (const auto& [user, item] : rows) state.add(user, item, 1.0, core::Interactions::kNoTime, host);
    return state;
}

// Random baskets, for comparisons of one computation with another.
inline core::Interactions random_interactions(core::Host& host, std::int64_t users, std::uint64_t items, std::uint64_t per_user, std::uint64_t seed = 1) {
    core::Interactions state(core::IdType::kInteger, core::IdType::kInteger);
    for (std::int64_t u = 0; u < users; ++u) {
        core::Rng rng(seed, static_cast<std::uint64_t>(u));
        for (std::uint64_t i = 0; i < per_user; ++i) {
            // A product of two draws: few popular items and a long tail.
            const auto item = static_cast<std::int64_t>(rng.below(items) * rng.below(items) / items);
            state.add(u, item, 1.0, static_cast<std::int64_t>(rng.below(1000)), host);
        }
    }
    return state;
}

}  // namespace ecom::test
