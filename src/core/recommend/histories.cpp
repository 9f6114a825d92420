#include "core/recommend/histories.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void Histories::derive(Host& host) {
    PollEvery poll(host);
    item_begin.assign(std::size_t{items} + 1, 0);
    for (const std::uint32_t item : user_items) {
        poll();
        ++item_begin[std::size_t{item} + 1];
    }
    for (std::size_t i = 0; i < items; ++i) item_begin[i + 1] += item_begin[i];
    item_users.resize(user_items.size());
    std::vector<std::size_t> next(item_begin.begin(), item_begin.end() - 1);
    for (std::uint32_t u = 0; u < users(); ++u)
        for (std::size_t e = user_begin[u]; e < user_begin[u + 1]; ++e) {
            poll();
            item_users[next[user_items[e]]++] = u;
        }
}

Histories histories_of(const InteractionMatrix& matrix, Host& host) {
    // Both ways round, and derive's next places.
    require_memory(host, add_size(mul_size(matrix.entries(), 2 * sizeof(std::uint32_t)), mul_size(add_size(matrix.users(), mul_size(matrix.items(), 2)), sizeof(std::size_t))),
                   "histories of " + std::to_string(matrix.users()) + " users");
    Histories histories;
    histories.items = matrix.items();
    histories.user_items.reserve(matrix.entries());
    histories.user_begin.reserve(std::size_t{matrix.users()} + 1);
    PollEvery poll(host);
    for (std::uint32_t u = 0; u < matrix.users(); ++u) {
        poll(1 + matrix.items_of(u));
        histories.user_items.insert(histories.user_items.end(), matrix.items_begin(u), matrix.items_end(u));
        histories.user_begin.push_back(histories.user_items.size());
    }
    histories.derive(host);
    return histories;
}

std::size_t SimilarUsers::bytes(std::size_t users) {
    // touched_ and neighbors_ grow by doubling.
    return mul_size(users, sizeof(std::uint32_t) + 2 * (sizeof(std::uint32_t) + sizeof(Neighbor)));
}

void SimilarUsers::find(const std::vector<std::uint32_t>& history, Host& host) {
    PollEvery poll(host);
    history_ = history;
    neighbors_.clear();
    touched_.clear();
    common_.resize(histories_.users(), 0);
    for (const std::uint32_t item : history)
        for (std::size_t e = histories_.item_begin[item]; e < histories_.item_begin[item + 1]; ++e) {
            poll();
            if (common_[histories_.item_users[e]]++ == 0) touched_.push_back(histories_.item_users[e]);
        }
    const auto own = static_cast<double>(history.size());
    for (const std::uint32_t user : touched_) {
        poll();
        const auto items = static_cast<double>(histories_.user_begin[user + 1] - histories_.user_begin[user]);
        neighbors_.push_back({user, common_[user] / (std::sqrt(own * items) + shrink_)});
        common_[user] = 0;
    }
    const auto closer = [&](const Neighbor& a, const Neighbor& b) {
        poll();
        return a.similarity != b.similarity ? a.similarity > b.similarity : a.user < b.user;
    };
    if (neighbors_.size() > k_) {
        std::nth_element(neighbors_.begin(), neighbors_.begin() + static_cast<std::ptrdiff_t>(k_), neighbors_.end(), closer);
        neighbors_.resize(k_);
    }
    std::sort(neighbors_.begin(), neighbors_.end(), closer);
}

SimilarUsers::Reason SimilarUsers::because(std::uint32_t item, Host& host) {
    PollEvery poll(host);
    share_.assign(history_.size(), 0.0);
    users_.assign(history_.size(), 0);
    for (const Neighbor& n : neighbors_) {
        const std::uint32_t* const begin = histories_.user_items.data() + histories_.user_begin[n.user];
        const std::uint32_t* const end = histories_.user_items.data() + histories_.user_begin[n.user + 1];
        poll();
        if (!std::binary_search(begin, end, item)) continue;
        poll(static_cast<std::size_t>(end - begin) + history_.size());
        const std::uint32_t* at = begin;
        for (std::size_t place = 0; place < history_.size() && at != end;) {
            if (*at < history_[place]) {
                ++at;
            } else if (history_[place] < *at) {
                ++place;
            } else {
                share_[place] += n.similarity;
                ++users_[place];
                ++place;
                ++at;
            }
        }
    }
    const auto best = static_cast<std::size_t>(std::max_element(share_.begin(), share_.end()) - share_.begin());
    return {history_[best], users_[best]};
}

}  // namespace ecom::core
