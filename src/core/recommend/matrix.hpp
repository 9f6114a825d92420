// The sparse matrix of users and items that every recommender reads.
//
// Made from rows in any order by two counting sorts. Users and items are numbered in the ascending order of their ids, each
// user's items ascend, and a pair that occurs more than once is one entry: its weights summed, its latest time, and the
// number of its rows. Negative weights lessen the sum; a pair whose sum is zero or less (bought and sent back) is left out.
// So equal sets of rows give equal matrices, and every tie below is broken by the order of the ids.
//
// Time O(rows), plus the sort of the ids. Memory 24 bytes a row while it is built.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/huge_pages.hpp"
#include "core/recommend/interactions.hpp"

namespace ecom::core {

struct MatrixParams {
    // Of each user only so many items, the latest bought, are used: the pairs of a wholesaler's items grow with the square
    // of their number. 0: all.
    std::int32_t max_history = 0;
    // Users and items change places: neighbours of items are then neighbours of users.
    bool transposed = false;

    void check() const;
};

class InteractionMatrix {
public:
    InteractionMatrix(const Interactions& interactions, const MatrixParams& params, Host& host);

    struct Entry {
        std::uint32_t item;
        std::uint32_t rows;  // of the pair
        double weight;
        std::int64_t last_at;
    };

    std::uint32_t users() const { return static_cast<std::uint32_t>(user_begin_.size() - 1); }
    std::uint32_t items() const { return static_cast<std::uint32_t>(item_begin_.size() - 1); }
    std::size_t entries() const { return entries_.size(); }

    // The entries of a user, by ascending item.
    const Entry* begin(std::uint32_t user) const { return entries_.data() + user_begin_[user]; }
    const Entry* end(std::uint32_t user) const { return entries_.data() + user_begin_[user + 1]; }
    // Its items alone.
    const std::uint32_t* items_begin(std::uint32_t user) const { return user_items_.data() + user_begin_[user]; }
    const std::uint32_t* items_end(std::uint32_t user) const { return user_items_.data() + user_begin_[user + 1]; }
    std::uint32_t items_of(std::uint32_t user) const { return static_cast<std::uint32_t>(user_begin_[user + 1] - user_begin_[user]); }

    // The users of an item, ascending.
    const std::uint32_t* users_begin(std::uint32_t item) const { return item_users_.data() + item_begin_[item]; }
    const std::uint32_t* users_end(std::uint32_t item) const { return item_users_.data() + item_begin_[item + 1]; }
    std::uint32_t users_of(std::uint32_t item) const { return static_cast<std::uint32_t>(item_begin_[item + 1] - item_begin_[item]); }

    // Numbers in the tables of ids of the interactions.
    std::uint32_t user_number(std::uint32_t user) const { return user_order_[user]; }
    std::uint32_t item_number(std::uint32_t item) const { return item_order_[item]; }

    // The earliest and the latest time of all rows; kNoTime when none has one.
    std::int64_t first_at() const { return first_at_; }
    std::int64_t last_at() const { return last_at_; }

private:
    void fill(const ChunkedVector<Interactions::Row>& rows, const MatrixParams& params, Host& host);
    void transpose(Host& host);

    std::vector<std::uint32_t> user_order_;
    std::vector<std::uint32_t> item_order_;
    std::vector<std::size_t> user_begin_;
    std::vector<std::size_t> item_begin_;
    LargeVector<Entry> entries_;
    LargeVector<std::uint32_t> user_items_;
    LargeVector<std::uint32_t> item_users_;
    std::int64_t last_at_ = Interactions::kNoTime;
    std::int64_t first_at_ = Interactions::kNoTime;
};

}  // namespace ecom::core
