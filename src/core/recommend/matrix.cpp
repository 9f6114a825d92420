#include "core/recommend/matrix.hpp"

#include <algorithm>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

std::vector<std::uint32_t> ranks(const std::vector<std::uint32_t>& order) {
    std::vector<std::uint32_t> rank(order.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
    return rank;
}

struct Line {
    std::uint32_t item;
    double weight;
    std::int64_t at;
};

// Ties in weight and time are equal in all that is read, so that their order cannot show.
bool before(const Line& a, const Line& b) {
    if (a.item != b.item) return a.item < b.item;
    if (a.at != b.at) return a.at < b.at;
    return a.weight < b.weight;
}

}  // namespace

void MatrixParams::check() const {
    if (max_history < 0)
        throw Error(ErrorCode::kInvalidArgument, "max_history must not be negative, but is " + std::to_string(max_history),
                    "Pass a number of items, or 0 for all.");
}

InteractionMatrix::InteractionMatrix(const Interactions& interactions, const MatrixParams& params, Host& host) {
    params.check();
    const std::size_t rows = interactions.rows().size();
    const std::size_t ids = add_size(interactions.users().size(), interactions.items().size());
    require_memory(host, add_size(mul_size(rows, 2 * sizeof(Line) + 2 * sizeof(std::uint32_t)), mul_size(ids, 24)),
                   "the matrix of " + std::to_string(rows) + " pairs of user and item");
    user_order_ = (params.transposed ? interactions.items() : interactions.users()).order(host);
    item_order_ = (params.transposed ? interactions.users() : interactions.items()).order(host);
    fill(interactions.rows(), params, host);
    transpose(host);
}

void InteractionMatrix::fill(const ChunkedVector<Interactions::Row>& rows, const MatrixParams& params, Host& host) {
    PollEvery poll(host);
    const auto user_of = [&](const Interactions::Row& row) { return params.transposed ? row.item : row.user; };
    const auto item_of = [&](const Interactions::Row& row) { return params.transposed ? row.user : row.item; };
    const std::vector<std::uint32_t> user_rank = ranks(user_order_);
    const std::vector<std::uint32_t> item_rank = ranks(item_order_);

    user_begin_.assign(user_order_.size() + 1, 0);
    rows.for_each([&](const Interactions::Row& row) {
        poll();
        ++user_begin_[user_rank[user_of(row)] + 1];
    });
    for (std::size_t u = 0; u < user_order_.size(); ++u) user_begin_[u + 1] += user_begin_[u];

    LargeVector<Line> lines;
    lines.resize(rows.size());
    std::vector<std::size_t> next(user_begin_.begin(), user_begin_.end() - 1);
    constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
    first_at_ = kLatest;
    rows.for_each([&](const Interactions::Row& row) {
        poll();
        if (row.at != Interactions::kNoTime) first_at_ = std::min(first_at_, row.at);
        last_at_ = std::max(last_at_, row.at);
        lines[next[user_rank[user_of(row)]]++] = {item_rank[item_of(row)], row.weight, row.at};
    });

    if (first_at_ == kLatest) first_at_ = Interactions::kNoTime;

    // User by user: sorted, equal items joined, the history cut.
    std::vector<Entry> history;
    entries_.reserve(rows.size());
    std::size_t begin = 0;
    for (std::size_t u = 0; u < user_order_.size(); ++u) {
        const std::size_t end = user_begin_[u + 1];
        std::sort(lines.begin() + static_cast<std::ptrdiff_t>(begin), lines.begin() + static_cast<std::ptrdiff_t>(end),
                  [&](const Line& a, const Line& b) {
                      poll();
                      return before(a, b);
                  });
        history.clear();
        for (std::size_t i = begin; i < end;) {
            poll();
            Entry entry{lines[i].item, 0, 0.0, Interactions::kNoTime};
            for (; i < end && lines[i].item == entry.item; ++i) {
                ++entry.rows;
                entry.weight += lines[i].weight;
                entry.last_at = lines[i].at;
            }
            if (entry.weight > 0.0) history.push_back(entry);
        }
        const auto most = static_cast<std::size_t>(params.max_history);
        if (most > 0 && history.size() > most) {
            std::nth_element(history.begin(), history.begin() + static_cast<std::ptrdiff_t>(most), history.end(),
                             [](const Entry& a, const Entry& b) {
                                 return a.last_at != b.last_at ? a.last_at > b.last_at : a.item < b.item;
                             });
            history.resize(most);
            std::sort(history.begin(), history.end(), [](const Entry& a, const Entry& b) { return a.item < b.item; });
        }
        entries_.insert(entries_.end(), history.begin(), history.end());
        user_begin_[u + 1] = entries_.size();
        begin = end;
    }
}

void InteractionMatrix::transpose(Host& host) {
    PollEvery poll(host);
    item_begin_.assign(item_order_.size() + 1, 0);
    user_items_.reserve(entries_.size());
    for (const Entry& entry : entries_) {
        poll();
        ++item_begin_[entry.item + 1];
        user_items_.push_back(entry.item);
    }
    for (std::size_t i = 0; i < item_order_.size(); ++i) item_begin_[i + 1] += item_begin_[i];
    item_users_.resize(entries_.size());
    std::vector<std::size_t> next(item_begin_.begin(), item_begin_.end() - 1);
    for (std::uint32_t u = 0; u < users(); ++u)
        for (const Entry* e = begin(u); e != end(u); ++e) {
            poll();
            item_users_[next[e->item]++] = u;
        }
}

}  // namespace ecom::core
