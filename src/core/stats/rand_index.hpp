// How far two labellings of the same rows agree.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "core/base/host.hpp"
#include "core/base/state.hpp"
#include "core/stats/label_dictionary.hpp"

namespace ecom::core {

// The table of two labellings: how many rows have each pair of labels. Merging is exact.
class ContingencyState final : public State {
public:
    static constexpr std::string_view kKind = "contingency";

    void add(std::string_view a, std::string_view b, const Host& host);
    void merge(const ContingencyState& other, Host& host);

    // Adjusted Rand index (Hubert and Arabie, 1985): agreement on pairs of rows, 0 by chance, 1 for equal
    // partitions; names of labels do not matter. There must be a row.
    double adjusted_rand_index(Host& host) const;

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static ContingencyState decode(Reader& in);

private:
    void count(std::uint32_t a, std::uint32_t b, std::int64_t rows, const Host& host);

    LabelDictionary a_;
    LabelDictionary b_;
    std::unordered_map<std::uint64_t, std::int64_t> cells_;  // by a * 2^32 + b
};

}  // namespace ecom::core
