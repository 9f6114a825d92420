// User-based neighbours (Resnick et al., 1994; Herlocker et al., 1999): what the users with the most similar histories have.
//
// Similarity of a history h and a user v: n_hv / (sqrt(|h| u_v) + shrink), n_hv items of both. Of all users the k most similar ones, ties
// by id; score of an item: the sum of the similarities of those that have it. A user whose history is h itself is among them and
// adds to its own items only.
//
// Time of a history: the users of its items and the items of the k. Memory: 4 bytes an entry twice, and while histories are scored at most 44 bytes a user.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

// Who had what, without times and weights: both ways round.
struct Histories {
    std::uint32_t items = 0;
    std::vector<std::size_t> user_begin{0};
    std::vector<std::uint32_t> user_items;  // of a user ascending
    std::vector<std::size_t> item_begin;    // derived
    std::vector<std::uint32_t> item_users;

    bool empty() const { return user_begin.size() < 2; }
    std::uint32_t users() const { return static_cast<std::uint32_t>(user_begin.size() - 1); }
    void derive(Host& host);  // the way from items to users
};

Histories histories_of(const InteractionMatrix& matrix, Host& host);

class SimilarUsers {
public:
    SimilarUsers(const Histories& histories, std::size_t k, double shrink) : histories_(histories), k_(k), shrink_(shrink) {}

    // history: ascending, each item once.
    void find(const std::vector<std::uint32_t>& history, Host& host);
    // add(item, similarity) for every item of every neighbour.
    template <typename Add>
    void for_each(const Add& add, Host& host) const {
        PollEvery poll(host);
        for (const Neighbor& n : neighbors_) {
            poll(histories_.user_begin[n.user + 1] - histories_.user_begin[n.user]);
            for (std::size_t e = histories_.user_begin[n.user]; e < histories_.user_begin[n.user + 1]; ++e) add(histories_.user_items[e], n.similarity);
        }
    }

    struct Reason {
        std::uint32_t item = 0;
        std::uint32_t users = 0;
    };
    // The item of the history that the neighbours who have `item` share most, by similarity; of equal ones the first. users: neighbours with both.
    Reason because(std::uint32_t item, Host& host);

    // Of what a search among so many users holds.
    static std::size_t bytes(std::size_t users);

private:
    struct Neighbor {
        std::uint32_t user;
        double similarity;
    };

    const Histories& histories_;
    std::size_t k_;
    double shrink_;
    std::vector<std::uint32_t> common_;  // by user
    std::vector<std::uint32_t> touched_;
    std::vector<Neighbor> neighbors_;
    std::vector<std::uint32_t> history_;
    std::vector<double> share_;          // by place in the history
    std::vector<std::uint32_t> users_;
};

}  // namespace ecom::core
