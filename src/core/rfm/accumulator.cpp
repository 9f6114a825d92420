#include "core/rfm/accumulator.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kFirstCapacity = 64;

std::uint64_t hash_of(std::int64_t id) {
    return mix64(static_cast<std::uint64_t>(id) + 0x9e3779b97f4a7c15ULL);
}

// Eight bytes at a time through the same mixer; the length keeps "a" and "a\0" apart.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = mix64(text.size() + 0x9e3779b97f4a7c15ULL);
    while (!text.empty()) {
        std::uint64_t word = 0;
        const std::size_t n = std::min(text.size(), sizeof word);
        std::memcpy(&word, text.data(), n);
        if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) word = __builtin_bswap64(word);
        hash = mix64(hash ^ word) * 0x9e3779b97f4a7c15ULL;
        text.remove_prefix(n);
    }
    return mix64(hash);
}

// Six-bit symbols of order ids in ASCII order: hyphen, digits, capital and small letters.
constexpr std::uint8_t kEnd = 0;

constexpr std::array<std::uint8_t, 256> make_symbols() {
    std::array<std::uint8_t, 256> symbols{};
    std::uint8_t next = kEnd;
    symbols['-'] = ++next;
    for (int c = '0'; c <= '9'; ++c) symbols[static_cast<std::size_t>(c)] = ++next;
    for (int c = 'A'; c <= 'Z'; ++c) symbols[static_cast<std::size_t>(c)] = ++next;
    for (int c = 'a'; c <= 'z'; ++c) symbols[static_cast<std::size_t>(c)] = ++next;
    return symbols;
}
constexpr std::array<std::uint8_t, 256> kSymbols = make_symbols();

// Throws when one more element would take the state beyond the host's memory limit. `held` is what
// the state holds already.
template <typename T>
void check_growth(const ChunkedVector<T>& items, std::size_t held, const Host& host,
                  const char* what) {
    require_memory(host, add_size(held, items.growth_bytes()),
                   "collecting " + std::to_string(items.size() + 1) + " " + what);
}

// A sum that left the range must not come back as another number.
void add_amount(ExactAmount& sum, ExactAmount amount) {
    if (__builtin_add_overflow(sum, amount, &sum))
        throw Error(ErrorCode::kNonFiniteInput, "sum of amounts is out of range",
                    "Filter wrong amounts out, for example with FILTER (WHERE ...).");
}

}  // namespace

ExactAmount exact_amount(double value) {
    constexpr double kLargest = 1e29;
    if (!(std::fabs(value) < kLargest))
        throw Error(ErrorCode::kNonFiniteInput, "amounts must be finite and smaller than 1e29",
                    "Filter NaN and infinite amounts out, for example with FILTER (WHERE ...).");
    // Below 2^53 units the product is rounded once, to a whole number of them. Above, the whole part
    // is exact on its own.
    constexpr double kLargestProduct = 9e7;
    if (std::fabs(value) < kLargestProduct)
        return static_cast<std::int64_t>(std::nearbyint(value * kUnitsPerWhole));
    const double whole = std::trunc(value);
    return static_cast<ExactAmount>(whole) * kUnitsPerWhole +
           static_cast<std::int64_t>(std::nearbyint((value - whole) * kUnitsPerWhole));
}

double amount_value(ExactAmount amount) {
    // Whole and fraction apart: both are exact, so the sum is rounded once. Amounts of up to 9e10
    // take the processor's own division.
    if (amount == static_cast<std::int64_t>(amount)) {
        const auto units = static_cast<std::int64_t>(amount);
        return static_cast<double>(units / kUnitsPerWhole) +
               static_cast<double>(units % kUnitsPerWhole) / kUnitsPerWhole;
    }
    const ExactAmount whole = amount / kUnitsPerWhole;
    return static_cast<double>(whole) +
           static_cast<double>(amount - whole * kUnitsPerWhole) / kUnitsPerWhole;
}

std::uint64_t order_name(std::string_view order_id) {
    // The two top bits tell the three forms apart.
    constexpr std::uint64_t kBytes = std::uint64_t{1} << 62;
    constexpr std::uint64_t kHashed = std::uint64_t{2} << 62;
    constexpr std::size_t kMostSymbols = 10;
    if (order_id.size() <= kMostSymbols) {
        std::uint64_t name = 0;
        bool plain = true;
        for (std::size_t i = 0; i < kMostSymbols; ++i) {
            const std::uint8_t symbol =
                i < order_id.size() ? kSymbols[static_cast<unsigned char>(order_id[i])] : kEnd;
            plain = plain && (symbol != kEnd || i >= order_id.size());
            name = (name << 6) | symbol;
        }
        if (plain) return name;
    }
    if (order_id.size() > 7) return kHashed | (hash_of(order_id) >> 2);
    std::uint64_t name = 0;
    for (std::size_t i = 0; i < 7; ++i)
        name = (name << 8) | (i < order_id.size() ? static_cast<unsigned char>(order_id[i]) : 0U);
    // 56 bits of text and three of length.
    return kBytes | (name << 3) | order_id.size();
}

std::uint64_t order_name(std::int64_t order_id) {
    return static_cast<std::uint64_t>(order_id) ^ (std::uint64_t{1} << 63);
}

RfmAccumulator::RfmAccumulator(CustomerIds ids, Orders orders) : ids_(ids), orders_(orders) {}

void RfmAccumulator::add(std::string_view customer, std::uint64_t order, Timestamp64 at,
                         ExactAmount amount, Host& host) {
    apply(find_or_insert(customer, host), order, at, amount, host);
}

// Three passes over a batch: the first asks for the slots, the second finds each line's place among
// them and asks for the record, the third works on what has arrived in the meantime.
void RfmAccumulator::flush(Host& host) {
    if (pending_.empty()) return;
    host.poll();
    // The hash does not grow within the batch, so that places stay what they are.
    while (2 * (customers_.size() + pending_.size()) > slots_.size()) grow_customers(host);
    const std::size_t mask = slots_.size() - 1;
    std::uint64_t hashes[kBatch];
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        hashes[i] = hash_of(pending_[i].customer);
        __builtin_prefetch(&slots_[hashes[i] & mask]);
    }
    std::size_t places[kBatch];
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        std::size_t slot = hashes[i] & mask;
        while (slots_[slot] != 0 && slots_[slot] >> 32 != hashes[i] >> 32) slot = (slot + 1) & mask;
        if (slots_[slot] != 0) __builtin_prefetch(&customers_[(slots_[slot] & 0xffffffffU) - 1], 1);
        places[i] = slot;
    }
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        const Line& line = pending_[i];
        apply(find_or_insert(line.customer, hashes[i], places[i], host), line.order, line.at,
              line.amount, host);
    }
    pending_.clear();
}

void RfmAccumulator::apply(std::uint32_t index, std::uint64_t order, Timestamp64 at,
                           ExactAmount amount, Host& host) {
    Customer& customer = customers_[index];
    if (amount < 0) {
        add_amount(customer.returned, amount);
        return;
    }
    add_amount(customer.gross, amount);
    customer.last_at = std::max(customer.last_at, at);
    if (orders_ == Orders::kEveryLine) {
        ++customer.orders;
        return;
    }
    if (customer.orders > 0 && order == customer.last_order) return;
    if (customer.orders > 0 && order < customer.last_order) {
        mark_unsettled(customer);
    } else {
        ++customer.orders;
        customer.last_order = order;
    }
    log_order(index, order, host);
}

void RfmAccumulator::mark_unsettled(Customer& customer) {
    unsettled_ += !customer.unsettled;
    customer.unsettled = true;
}

void RfmAccumulator::log_order(std::uint32_t index, std::uint64_t order, Host& host) {
    if (log_.will_grow()) check_growth(log_, bytes(), host, "orders");
    log_.push_back({index, order});
}

std::uint32_t RfmAccumulator::find_or_insert(std::int64_t id, std::uint64_t hash, std::size_t slot,
                                             Host& host) {
    const std::size_t mask = slots_.size() - 1;
    for (;; slot = (slot + 1) & mask) {
        const std::uint64_t entry = slots_[slot];
        if (entry == 0) return append(id, slot, hash, host);
        const auto index = static_cast<std::uint32_t>(entry) - 1;
        if (entry >> 32 == hash >> 32 && customers_[index].id == id) return index;
    }
}

std::uint32_t RfmAccumulator::find_or_insert(std::string_view id, Host& host) {
    if (slots_.empty()) grow_customers(host);
    const std::uint64_t hash = hash_of(id);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
        const std::uint64_t entry = slots_[slot];
        if (entry == 0) {
            const auto length = static_cast<std::uint32_t>(id.size());
            const std::size_t place = arena_.size();
            if (place + sizeof length + id.size() > arena_.capacity())
                require_memory(host, add_size(bytes(), 2 * arena_.capacity() + id.size()),
                               "collecting customer ids");
            arena_.append(reinterpret_cast<const char*>(&length), sizeof length);
            arena_.append(id);
            return append(static_cast<std::int64_t>(place), slot, hash, host);
        }
        const auto index = static_cast<std::uint32_t>(entry) - 1;
        if (entry >> 32 == hash >> 32 && text_id(customers_[index]) == id) return index;
    }
}

std::uint32_t RfmAccumulator::append(std::int64_t id, std::size_t slot, std::uint64_t hash,
                                     Host& host) {
    const auto index = static_cast<std::uint32_t>(customers_.size());
    if (customers_.will_grow()) check_growth(customers_, bytes(), host, "customers");
    customers_.push_back({id, std::numeric_limits<Timestamp64>::min(), 0, 0, 0, 0, false});
    slots_[slot] = (hash & 0xffffffff00000000ULL) | (index + 1);
    if (customers_.size() * 2 > slots_.size()) grow_customers(host);
    return index;
}

void RfmAccumulator::grow_customers(Host& host) {
    const std::size_t count = std::max(2 * kFirstCapacity, 2 * slots_.size());
    if (count / 2 > std::numeric_limits<std::uint32_t>::max() - 1)
        throw Error(ErrorCode::kLimitExceeded, "more than 2^32 customers in one aggregate");
    require_memory(host, add_size(bytes(), mul_size(count, sizeof(std::uint64_t))),
                   "collecting " + std::to_string(customers_.size() + 1) + " customers");
    rebuild_slots(count, PollEvery(host));
}

template <typename Poll>
void RfmAccumulator::rebuild_slots(std::size_t count, Poll poll) {
    auto slots = zeros<std::uint64_t>(count, poll);
    for (std::size_t i = 0; i < customers_.size(); ++i) {
        poll();
        const std::uint64_t hash = ids_ == CustomerIds::kInteger ? hash_of(customers_[i].id)
                                                                 : hash_of(text_id(customers_[i]));
        std::size_t slot = hash & (count - 1);
        while (slots[slot] != 0) slot = (slot + 1) & (count - 1);
        slots[slot] = (hash & 0xffffffff00000000ULL) | (i + 1);
    }
    slots_ = std::move(slots);
}

void RfmAccumulator::merge(RfmAccumulator& other, Host& host) {
    if (other.ids_ != ids_ || other.orders_ != orders_)
        throw Error(ErrorCode::kInvalidArgument,
                    "RFM states of different kinds of ids cannot be combined",
                    "Build all of them from the same columns.");
    flush(host);
    other.flush(host);
    std::vector<std::uint32_t> places;
    require_memory(host, add_size(bytes(), mul_size(other.size(), sizeof(std::uint32_t))),
                   "combining " + std::to_string(size() + other.size()) + " customers");
    places.reserve(other.size());
    if (slots_.empty()) grow_customers(host);
    PollEvery poll(host);
    for (std::size_t i = 0; i < other.size(); ++i) {
        poll();
        const Customer& theirs = other.customers_[i];
        std::uint32_t index;
        if (ids_ == CustomerIds::kInteger) {
            const std::uint64_t hash = hash_of(theirs.id);
            index = find_or_insert(theirs.id, hash, hash & (slots_.size() - 1), host);
        } else {
            index = find_or_insert(other.text_id(theirs), host);
        }
        places.push_back(index);
        Customer& mine = customers_[index];
        // Which of their orders are ours too is only known from both logs.
        if (orders_ == Orders::kById &&
            (theirs.unsettled || (mine.orders > 0 && theirs.orders > 0)))
            mark_unsettled(mine);
        mine.last_at = std::max(mine.last_at, theirs.last_at);
        add_amount(mine.gross, theirs.gross);
        add_amount(mine.returned, theirs.returned);
        mine.last_order = mine.orders > 0 && theirs.orders > 0
                              ? std::max(mine.last_order, theirs.last_order)
                              : mine.orders > 0 ? mine.last_order : theirs.last_order;
        mine.orders += theirs.orders;
    }
    other.log_.for_each([&](const LoggedOrder& entry) {
        poll();
        log_order(places[entry.customer], entry.order, host);
    });
}

void RfmAccumulator::settle(Host& host) {
    flush(host);
    if (unsettled_ == 0) return;
    // Log entries of marked customers, brought together by counting: a customer has few orders, so
    // sorting them one customer at a time is linear in practice. One bit a customer stays in the
    // cache while the log streams past; the records would not.
    PollEvery poll(host);
    std::vector<bool> marked(size());
    for (std::size_t i = 0; i < size(); ++i) {
        poll();
        marked[i] = customers_[i].unsettled;
    }
    std::size_t entries = 0;
    log_.for_each([&](const LoggedOrder& entry) {
        poll();
        entries += marked[entry.customer];
    });
    require_memory(host,
                   add_size(bytes(), add_size(mul_size(entries, sizeof(std::uint64_t)),
                                              mul_size(size() + 1, sizeof(std::size_t)))),
                   "counting the orders of " + std::to_string(size()) + " customers");
    auto end = zeros<std::size_t>(size() + 1, poll);
    log_.for_each([&](const LoggedOrder& entry) {
        poll();
        if (marked[entry.customer]) ++end[entry.customer + 1];
    });
    for (std::size_t i = 0; i < size(); ++i) {
        poll();
        end[i + 1] += end[i];
    }
    auto orders = zeros<std::uint64_t>(entries, poll);
    // Each entry moves its customer's start; what was the start of customer i is the end of i - 1.
    log_.for_each([&](const LoggedOrder& entry) {
        poll();
        if (marked[entry.customer]) orders[end[entry.customer]++] = entry.order;
    });
    std::size_t begin = 0;
    for (std::size_t i = 0; i < size(); ++i) {
        poll();
        const auto first = orders.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto last = orders.begin() + static_cast<std::ptrdiff_t>(end[i]);
        begin = end[i];
        if (!marked[i]) continue;
        std::sort(first, last, [&](std::uint64_t a, std::uint64_t b) {
            poll();
            return a < b;
        });
        customers_[i].orders = static_cast<std::uint32_t>(std::unique(first, last) - first);
    }
}

std::string_view RfmAccumulator::text_id(const Customer& customer) const {
    std::uint32_t length;
    std::memcpy(&length, arena_.data() + customer.id, sizeof length);
    return {arena_.data() + customer.id + sizeof length, length};
}

std::optional<Timestamp64> RfmAccumulator::last_order_at(Host& host) const {
    std::optional<Timestamp64> last;
    PollEvery poll(host);
    customers_.for_each([&](const Customer& customer) {
        poll();
        if (customer.orders > 0 && (!last || customer.last_at > *last)) last = customer.last_at;
    });
    return last;
}

std::size_t RfmAccumulator::bytes() const {
    return customers_.bytes() + slots_.capacity() * sizeof(std::uint64_t) + log_.bytes() +
           arena_.capacity();
}

void RfmAccumulator::encode(Writer& out) const {
    out.reserve(64 + customers_.size() * 72 + log_.size() * sizeof(LoggedOrder) + arena_.size() +
                pending_.size() * sizeof(Line));
    out.u8(static_cast<std::uint8_t>(ids_));
    out.u8(static_cast<std::uint8_t>(orders_));
    out.u32(static_cast<std::uint32_t>(customers_.size()));
    customers_.for_each([&](const Customer& customer) {
        out.poll();
        if (ids_ == CustomerIds::kInteger)
            out.i64(customer.id);
        else
            out.string(text_id(customer));
        out.i64(customer.last_at);
        out.i128(customer.gross);
        out.i128(customer.returned);
        out.u64(customer.last_order);
        out.u32(customer.orders);
        out.u8(customer.unsettled ? 1 : 0);
    });
    out.u32(static_cast<std::uint32_t>(log_.size()));
    log_.for_each([&](const LoggedOrder& entry) {
        out.poll();
        out.u32(entry.customer);
        out.u64(entry.order);
    });
    out.u32(static_cast<std::uint32_t>(pending_.size()));
    for (const Line& line : pending_) {
        out.i64(line.customer);
        out.u64(line.order);
        out.i64(line.at);
        out.i128(line.amount);
    }
}

RfmAccumulator RfmAccumulator::decode(Reader& in) {
    const std::uint8_t ids = in.u8();
    const std::uint8_t orders = in.u8();
    if (ids > 1 || orders > 1) Reader::corrupt();
    RfmAccumulator state(static_cast<CustomerIds>(ids), static_cast<Orders>(orders));

    constexpr std::size_t kFixedBytes = 8 + 16 + 16 + 8 + 4 + 1;
    const std::size_t customers = in.count(kFixedBytes + 4);
    for (std::size_t i = 0; i < customers; ++i) {
        in.poll();
        Customer customer{};
        if (state.ids_ == CustomerIds::kInteger) {
            customer.id = in.i64();
        } else {
            const std::string_view id = in.string();
            const auto length = static_cast<std::uint32_t>(id.size());
            customer.id = static_cast<std::int64_t>(state.arena_.size());
            state.arena_.append(reinterpret_cast<const char*>(&length), sizeof length);
            state.arena_.append(id);
        }
        customer.last_at = in.i64();
        customer.gross = in.i128();
        customer.returned = in.i128();
        if (customer.gross < 0 || customer.returned > 0) Reader::corrupt();
        customer.last_order = in.u64();
        customer.orders = in.u32();
        customer.unsettled = in.u8() != 0;
        state.unsettled_ += customer.unsettled;
        state.customers_.push_back(customer);
    }
    const std::size_t logged = in.count(sizeof(LoggedOrder));
    for (std::size_t i = 0; i < logged; ++i) {
        in.poll();
        LoggedOrder entry{};
        entry.customer = in.u32();
        entry.order = in.u64();
        if (entry.customer >= customers) Reader::corrupt();
        state.log_.push_back(entry);
    }
    const std::size_t pending = in.count(8 + 8 + 8 + 16);
    // Text ids are never batched: a pending id would be taken for a place in the arena.
    if (pending >= kBatch || (pending > 0 && state.ids_ == CustomerIds::kText)) Reader::corrupt();
    for (std::size_t i = 0; i < pending; ++i) {
        Line line{};
        line.customer = in.i64();
        line.order = in.u64();
        line.at = in.i64();
        line.amount = in.i128();
        state.pending_.push_back(line);
    }
    in.expect_end();

    // The hash is rebuilt, not stored: it cannot disagree with the records.
    std::size_t slots = 2 * kFirstCapacity;
    while (slots < 2 * customers) slots *= 2;
    state.rebuild_slots(slots, [&](std::size_t steps = 1) { in.poll(steps); });
    return state;
}

}  // namespace ecom::core
