#include "core/recommend/itemsets.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// The rest of a basket behind the prefix.
struct Occurrence {
    const std::uint32_t* at;
    const std::uint32_t* end;
};

// Baskets with their frequent items only, as ranks by ascending frequency, each basket ascending.
struct Database {
    std::vector<std::uint32_t> item;  // by rank
    std::vector<std::uint32_t> count;
    LargeVector<std::uint32_t> ranks;
    // What follows each rank in its baskets: occurrences[begin[rank] .. begin[rank + 1]).
    std::vector<std::size_t> begin;
    LargeVector<Occurrence> occurrences;
};

// A sink takes each set as the ranks of its items, and says whether the search goes on.
struct Found {
    std::vector<std::uint32_t> items;
    std::vector<std::uint32_t> lengths;
    std::vector<std::uint32_t> counts;
    std::size_t bytes() const { return (items.capacity() + lengths.capacity() + counts.capacity()) * sizeof(std::uint32_t); }

    bool take(const Database& database, const std::vector<std::uint32_t>& ranks, std::uint32_t count, Host& host) {
        if (items.size() + ranks.size() > items.capacity()) require_memory(host, mul_size(bytes(), 2), "the frequent itemsets of one item");
        for (const std::uint32_t rank : ranks) items.push_back(database.item[rank]);
        lengths.push_back(static_cast<std::uint32_t>(ranks.size()));
        counts.push_back(count);
        return true;
    }
};

// Counts sets, all threads together, and ends the search beyond a limit.
class Count {
public:
    explicit Count(std::size_t limit) : limit_(limit) {}
    bool take(const Database&, const std::vector<std::uint32_t>&, std::uint32_t, Host&) { return ++count_ <= limit_; }
    bool within_limit() const { return count_ <= limit_; }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> count_{0};
};

template <typename Sink>
class Miner {
public:
    Miner(const Database& database, std::uint32_t least, std::size_t max_length, Sink& sink, Host& host)
        : database_(database), least_(least), max_length_(max_length), sink_(sink), host_(host), poll_(host),
          levels_(std::min(max_length, database.item.size()) + 1), count_(database.item.size(), 0) {}

    void mine(std::uint32_t first) {
        prefix_ = {first};
        if (!sink_.take(database_, prefix_, database_.count[first], host_)) return;
        const Occurrence* const all = database_.occurrences.data();
        extend(all + database_.begin[first], all + database_.begin[first + 1], 1);
    }

private:
    struct Level {
        std::vector<std::uint32_t> items;
        std::vector<std::uint32_t> counts;
        std::vector<std::size_t> begin;
        std::vector<Occurrence> occurrences;
    };

    // False ends the search, and with it the use of this object.
    bool extend(const Occurrence* begin, const Occurrence* end, std::size_t depth) {
        if (depth >= max_length_ || static_cast<std::size_t>(end - begin) < least_) return true;
        Level& level = levels_[depth];
        level.items.clear();
        level.counts.clear();
        for (const Occurrence* o = begin; o != end; ++o) {
            poll_(static_cast<std::size_t>(o->end - o->at));
            for (const std::uint32_t* p = o->at; p != o->end; ++p)
                if (count_[*p]++ == 0) level.items.push_back(*p);
        }
        // The frequent ones stay; of each, where its occurrences begin.
        std::size_t kept = 0;
        for (const std::uint32_t rank : level.items) {
            if (count_[rank] >= least_)
                level.items[kept++] = rank;
            else
                count_[rank] = 0;
        }
        level.items.resize(kept);
        std::sort(level.items.begin(), level.items.end());
        level.begin.assign(1, 0);
        for (const std::uint32_t rank : level.items) {
            level.counts.push_back(count_[rank]);
            level.begin.push_back(level.begin.back() + count_[rank]);
        }
        if (kept > 1 && depth + 1 < max_length_) deliver(level, begin, end);
        for (const std::uint32_t rank : level.items) count_[rank] = 0;
        for (std::size_t i = 0; i < kept; ++i) {
            // A level is written again only when its own loop has ended.
            prefix_.push_back(level.items[i]);
            if (!sink_.take(database_, prefix_, level.counts[i], host_)) return false;
            if (kept > 1 && depth + 1 < max_length_ &&
                !extend(level.occurrences.data() + level.begin[i], level.occurrences.data() + level.begin[i + 1], depth + 1))
                return false;
            prefix_.pop_back();
        }
        return true;
    }

    // Occurrences of every frequent item, side by side.
    void deliver(Level& level, const Occurrence* begin, const Occurrence* end) {
        const std::size_t total = level.begin.back();
        if (total > level.occurrences.capacity())
            require_memory(host_, mul_size(total, 2 * sizeof(Occurrence)), "the projected baskets of frequent itemsets");
        level.occurrences.resize(total);
        place_.resize(count_.size());
        for (std::size_t i = 0; i < level.items.size(); ++i) place_[level.items[i]] = level.begin[i];
        for (const Occurrence* o = begin; o != end; ++o) {
            poll_(static_cast<std::size_t>(o->end - o->at));
            for (const std::uint32_t* p = o->at; p != o->end; ++p)
                if (count_[*p] != 0) level.occurrences[place_[*p]++] = {p + 1, o->end};
        }
    }

    const Database& database_;
    const std::uint32_t least_;
    const std::size_t max_length_;
    Sink& sink_;
    Host& host_;
    PollEvery poll_;
    std::vector<Level> levels_;
    std::vector<std::uint32_t> count_;   // zero between calls
    std::vector<std::size_t> place_;
    std::vector<std::uint32_t> prefix_;
};

std::uint32_t filled_baskets(const InteractionMatrix& baskets) {
    std::uint32_t filled = 0;
    for (std::uint32_t b = 0; b < baskets.users(); ++b) filled += baskets.items_of(b) > 0 ? 1 : 0;
    return filled;
}

Database make_database(const InteractionMatrix& baskets, std::uint32_t least, Host& host) {
    require_memory(host, mul_size(baskets.entries(), 2 * sizeof(std::uint32_t) + sizeof(Occurrence)), "the baskets of frequent items");
    PollEvery poll(host);
    Database database;
    for (std::uint32_t i = 0; i < baskets.items(); ++i)
        if (baskets.users_of(i) >= least) database.item.push_back(i);
    std::stable_sort(database.item.begin(), database.item.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return baskets.users_of(a) < baskets.users_of(b); });
    constexpr std::uint32_t kRare = ~std::uint32_t{0};
    std::vector<std::uint32_t> rank(baskets.items(), kRare);
    for (std::uint32_t r = 0; r < database.item.size(); ++r) {
        rank[database.item[r]] = r;
        database.count.push_back(baskets.users_of(database.item[r]));
    }
    std::vector<std::size_t> basket_end;
    for (std::uint32_t b = 0; b < baskets.users(); ++b) {
        const auto begin = static_cast<std::ptrdiff_t>(database.ranks.size());
        for (const auto* e = baskets.begin(b); e != baskets.end(b); ++e) {
            poll();
            if (rank[e->item] != kRare) database.ranks.push_back(rank[e->item]);
        }
        std::sort(database.ranks.begin() + begin, database.ranks.end());
        basket_end.push_back(database.ranks.size());
    }
    database.begin.push_back(0);
    for (const std::uint32_t count : database.count) database.begin.push_back(database.begin.back() + count);
    database.occurrences.resize(database.ranks.size());
    std::vector<std::size_t> next(database.begin.begin(), database.begin.end() - 1);
    const std::uint32_t* at = database.ranks.data();
    for (const std::size_t end : basket_end)
        for (const std::uint32_t* const stop = database.ranks.data() + end; at != stop; ++at) {
            poll();
            database.occurrences[next[*at]++] = {at + 1, stop};
        }
    return database;
}

}  // namespace

void ItemsetParams::check() const {
    if (!(min_support > 0.0 && min_support <= 1.0))
        throw Error(ErrorCode::kInvalidArgument, "min_support must be above 0 and at most 1", "Pass a share of the baskets, for example 0.01.");
    if (min_length < 1 || max_length < min_length || max_length > 1000)
        throw Error(ErrorCode::kInvalidArgument, "min_length " + std::to_string(min_length) + " and max_length " + std::to_string(max_length) +
                                                     " are not a range within 1 to 1000",
                    "Pass 1 <= min_length <= max_length <= 1000.");
}

std::uint32_t min_baskets(const ItemsetParams& params, std::uint32_t baskets) {
    // A product that is a whole number but for rounding is that number: 0.001 * 9000 is 9.
    const double exact = params.min_support * baskets;
    return static_cast<std::uint32_t>(std::max(1.0, std::ceil(exact * (1.0 - 1e-12))));
}

Itemsets frequent_itemsets(const InteractionMatrix& baskets, const ItemsetParams& params, Host& host) {
    params.check();
    Itemsets result;
    result.baskets = filled_baskets(baskets);
    const std::uint32_t least = min_baskets(params, result.baskets);
    const Database database = make_database(baskets, least, host);

    std::vector<Found> found(database.item.size());
    parallel_for(host, found.size(), [&](std::size_t first, Host& worker) {
        Miner<Found>(database, least, static_cast<std::size_t>(params.max_length), found[first], worker).mine(static_cast<std::uint32_t>(first));
    });

    struct Place {
        const std::uint32_t* items;
        std::uint32_t length;
        std::uint32_t count;
    };
    std::size_t total = 0;
    std::size_t bytes = 0;
    for (const Found& f : found) {
        total += f.counts.size();
        bytes += f.bytes();
    }
    require_memory(host, add_size(2 * bytes, mul_size(total, sizeof(Place))), std::to_string(total) + " frequent itemsets");
    std::vector<Place> places;
    places.reserve(total);
    PollEvery poll(host);
    for (Found& f : found) {
        std::uint32_t* at = f.items.data();
        for (std::size_t i = 0; i < f.counts.size(); ++i) {
            poll(f.lengths[i]);
            std::sort(at, at + f.lengths[i]);
            places.push_back({at, f.lengths[i], f.counts[i]});
            at += f.lengths[i];
        }
    }
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
        poll();
        if (a.length != b.length) return a.length < b.length;
        return std::lexicographical_compare(a.items, a.items + a.length, b.items, b.items + b.length);
    });
    for (const Place& place : places) {
        poll(place.length);
        result.items.insert(result.items.end(), place.items, place.items + place.length);
        result.begin.push_back(result.items.size());
        result.count.push_back(place.count);
    }
    return result;
}

double affordable_support(const InteractionMatrix& baskets, const ItemsetParams& params, std::size_t max_itemsets, Host& host) {
    params.check();
    if (max_itemsets < 1) throw Error(ErrorCode::kInvalidArgument, "max_itemsets must be 1 or more", "Pass for example 20000.");
    const std::uint32_t filled = filled_baskets(baskets);
    const auto affordable = [&](std::uint32_t least) {
        const Database database = make_database(baskets, least, host);
        Count count(max_itemsets);
        parallel_for(host, database.item.size(), [&](std::size_t first, Host& worker) {
            if (count.within_limit())
                Miner<Count>(database, least, static_cast<std::size_t>(params.max_length), count, worker).mine(static_cast<std::uint32_t>(first));
        });
        return count.within_limit();
    };
    std::uint32_t low = min_baskets(params, filled);
    if (filled == 0 || affordable(low)) return params.min_support;
    // More are found at low than allowed, and at high not.
    std::uint32_t high = filled + 1;
    for (std::uint32_t step = low; low + step < high; step *= 2) {
        if (affordable(low + step)) {
            high = low + step;
            break;
        }
        low += step;
    }
    while (high - low > 1) {
        const std::uint32_t middle = low + (high - low) / 2;
        (affordable(middle) ? high : low) = middle;
    }
    return std::min(1.0, static_cast<double>(high) / filled);
}

}  // namespace ecom::core
