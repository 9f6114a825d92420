// Who had what: pairs of a user and an item, each with a weight and a time, collected row by row.
//
// A user is a customer, a basket or a session; an item a product or a category. The rows may come in any order and from any
// number of workers: what is made of them (matrix.hpp) is in the order of the ids.
//
// Memory: 24 bytes a row, and the tables of ids.
#pragma once

#include <cstdint>
#include <limits>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "core/recommend/id_table.hpp"

namespace ecom::core {

class Interactions final : public State {
public:
    static constexpr std::string_view kKind = "interactions";

    // The time of rows without one: earlier than any other.
    static constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

    struct Row {
        std::uint32_t user;
        std::uint32_t item;
        double weight;
        std::int64_t at;  // microseconds since any fixed midnight
    };

    Interactions(IdType users, IdType items) : users_(users), items_(items) {}

    // Id is std::int64_t or std::string_view, as the tables are. Throws kNonFiniteInput for a weight that is NaN or infinite.
    template <typename User, typename Item>
    void add(User user, Item item, double weight, std::int64_t at, const Host& host) {
        check_weight(weight);
        const std::uint32_t u = users_.intern(user, host);
        const std::uint32_t i = items_.intern(item, host);
        push({u, i, weight, at}, host);
    }

    // Throws kInvalidArgument when the other state has other types of ids.
    void merge(const Interactions& other, Host& host);

    const IdTable& users() const { return users_; }
    const IdTable& items() const { return items_; }
    const ChunkedVector<Row>& rows() const { return rows_; }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static Interactions decode(Reader& in);

private:
    static void check_weight(double weight);
    void push(const Row& row, const Host& host) {
        if (rows_.will_grow()) charge(host);
        rows_.push_back(row);
    }
    void charge(const Host& host) const;

    IdTable users_;
    IdTable items_;
    ChunkedVector<Row> rows_;
};

}  // namespace ecom::core
