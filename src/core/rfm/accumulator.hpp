// Order lines to one record per customer, in one pass.
//
// Per customer: number of distinct orders, time of the last one, gross and returned amount. Lines
// with a negative amount are returns: they lower the net amount but are neither an order nor a
// purchase date. Amounts are summed exactly in units of 10^-8, so that the result is the same for
// any row order and any split among workers.
//
// Method
// - Customers: an open-addressing hash of 8 bytes a slot (half a hash, half an index) over 64-byte
//   records, load at most 1/2; integer lines are taken in batches so that memory latency overlaps.
// - Distinct orders: an order equal to the customer's last one is the same order; a larger one is
//   new, because nothing seen so far was larger. Only a smaller one is undecided: it marks the
//   customer, and marked customers are settled from a log when the result is read. Data in time
//   order, the common case, never needs that.
//
// Memory: 64 bytes a customer, 16 to 32 bytes a customer for the hash, 12 bytes an order for the log,
// and the texts of customer ids where they are texts.
// Time: O(lines) expected; settling adds O(s log s) for the s log entries of marked customers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/huge_pages.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// Amounts in units of 10^-8.
using ExactAmount = __int128;
constexpr std::int64_t kUnitsPerWhole = 100'000'000;

// Nearest exact amount; throws kNonFiniteInput for NaN, infinities and |value| >= 1e29.
ExactAmount exact_amount(double value);
double amount_value(ExactAmount amount);

// A 64-bit name for an order id: exact for texts of up to ten letters, digits and hyphens and for
// any text of up to seven bytes, which then sort as their bytes do; a 62-bit hash for longer ones.
// Names are only compared within one customer, so that even a customer with 10,000 hashed orders
// meets a false match with probability below 10^-10.
std::uint64_t order_name(std::string_view order_id);
std::uint64_t order_name(std::int64_t order_id);

// Microseconds since any fixed midnight.
using Timestamp64 = std::int64_t;
constexpr std::int64_t kMicrosecondsPerDay = 86'400'000'000;

// Whole days since that midnight, rounded down.
constexpr std::int64_t day_of(Timestamp64 at) {
    return at / kMicrosecondsPerDay - (at % kMicrosecondsPerDay < 0 ? 1 : 0);
}

class RfmAccumulator final : public State {
public:
    static constexpr std::string_view kKind = "rfm";

    enum class CustomerIds : std::uint8_t { kInteger = 0, kText = 1 };

    // How orders are told apart: by an id, or every line with a non-negative amount is one.
    enum class Orders : std::uint8_t { kById = 0, kEveryLine = 1 };

    RfmAccumulator(CustomerIds ids, Orders orders);

    // `order` is an order_name(), ignored with kEveryLine.
    void add(std::int64_t customer, std::uint64_t order, Timestamp64 at, ExactAmount amount,
             Host& host) {
        pending_.push_back({customer, order, at, amount});
        if (pending_.size() == kBatch) flush(host);
    }
    void add(std::string_view customer, std::uint64_t order, Timestamp64 at, ExactAmount amount,
             Host& host);

    // Throws kInvalidArgument when the other state has other kinds of ids.
    void merge(RfmAccumulator& other, Host& host);

    // Brings the records up to date with every line added; the methods below need it.
    void settle(Host& host);

    struct Customer {
        std::int64_t id;  // the integer id, or the place of the text in the arena
        Timestamp64 last_at;
        ExactAmount gross;
        ExactAmount returned;  // negative or zero
        std::uint64_t last_order;
        std::uint32_t orders;
        bool unsettled;  // orders has to be counted from the log
    };
    static_assert(sizeof(Customer) == 64, "one cache line a customer");

    CustomerIds ids() const { return ids_; }
    std::size_t size() const { return customers_.size(); }
    const Customer& operator[](std::size_t i) const { return customers_[i]; }
    std::string_view text_id(const Customer& customer) const;

    // Time of the latest order of all customers; none when nobody has ordered.
    std::optional<Timestamp64> last_order_at(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static RfmAccumulator decode(Reader& in);

private:
    struct Line {
        std::int64_t customer;
        std::uint64_t order;
        Timestamp64 at;
        ExactAmount amount;
    };

    struct __attribute__((packed)) LoggedOrder {
        std::uint32_t customer;
        std::uint64_t order;
    };

    static constexpr std::size_t kBatch = 256;

    void flush(Host& host);
    void apply(std::uint32_t index, std::uint64_t order, Timestamp64 at, ExactAmount amount,
               Host& host);
    void mark_unsettled(Customer& customer);
    void log_order(std::uint32_t index, std::uint64_t order, Host& host);
    // slot: where to begin, the hash's own slot or a later one that the search would come to.
    std::uint32_t find_or_insert(std::int64_t id, std::uint64_t hash, std::size_t slot, Host& host);
    std::uint32_t find_or_insert(std::string_view id, Host& host);
    std::uint32_t append(std::int64_t id, std::size_t slot, std::uint64_t hash, Host& host);
    void grow_customers(Host& host);
    template <typename Poll>
    void rebuild_slots(std::size_t count, Poll poll);
    std::size_t bytes() const;

    CustomerIds ids_;
    Orders orders_;
    ChunkedVector<Customer> customers_;
    LargeVector<std::uint64_t> slots_;  // 0: empty; else high half of the hash, index + 1
    std::string arena_;                 // text ids, each with its 4-byte length before it
    ChunkedVector<LoggedOrder> log_;
    std::vector<Line> pending_;
    std::size_t unsettled_ = 0;  // customers marked so
};

}  // namespace ecom::core
