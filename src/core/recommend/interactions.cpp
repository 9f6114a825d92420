#include "core/recommend/interactions.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

std::vector<std::uint32_t> translated(const IdTable& from, IdTable& to, Host& host) {
    std::vector<std::uint32_t> numbers(from.size());
    PollEvery poll(host);
    for (std::uint32_t i = 0; i < from.size(); ++i) {
        poll();
        numbers[i] = from.type() == IdType::kInteger ? to.intern(from.integer(i), host) : to.intern(from.text(i), host);
    }
    return numbers;
}

}  // namespace

void Interactions::check_weight(double weight) {
    if (!std::isfinite(weight))
        throw Error(ErrorCode::kNonFiniteInput, "weights must be finite",
                    "Filter NaN and infinite weights out, for example with FILTER (WHERE ...).");
}

void Interactions::charge(const Host& host) const {
    require_memory(host, add_size(add_size(rows_.bytes(), rows_.growth_bytes()), users_.bytes() + items_.bytes()),
                   "collecting " + std::to_string(rows_.size() + 1) + " pairs of user and item");
}

void Interactions::merge(const Interactions& other, Host& host) {
    if (other.users_.type() != users_.type() || other.items_.type() != items_.type())
        throw Error(ErrorCode::kInvalidArgument, "states have different types of ids",
                    "Merge states that were collected with the same types of user and item.");
    const auto users = translated(other.users_, users_, host);
    const auto items = translated(other.items_, items_, host);
    PollEvery poll(host);
    other.rows_.for_each([&](const Row& row) {
        poll();
        push({users[row.user], items[row.item], row.weight, row.at}, host);
    });
}

void Interactions::encode(Writer& out) const {
    users_.encode(out);
    items_.encode(out);
    out.u32(static_cast<std::uint32_t>(rows_.size()));
    rows_.for_each([&](const Row& row) {
        out.poll();
        out.u32(row.user);
        out.u32(row.item);
        out.f64(row.weight);
        out.i64(row.at);
    });
}

Interactions Interactions::decode(Reader& in) {
    IdTable users = IdTable::decode(in);
    IdTable items = IdTable::decode(in);
    Interactions state(users.type(), items.type());
    state.users_ = std::move(users);
    state.items_ = std::move(items);
    constexpr std::size_t kRowBytes = 24;
    const std::size_t n = in.count(kRowBytes);
    for (std::size_t i = 0; i < n; ++i) {
        in.poll();
        Row row;
        row.user = in.u32();
        row.item = in.u32();
        row.weight = in.f64();
        row.at = in.i64();
        if (row.user >= state.users_.size() || row.item >= state.items_.size() || !std::isfinite(row.weight)) Reader::corrupt();
        state.rows_.push_back(row);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
