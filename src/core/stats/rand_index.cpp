#include "core/stats/rand_index.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Of a cell: its node in the table, its bucket, and its place in a sorted copy.
constexpr std::size_t kBytesPerCell = 64;

// Rows that a decoded cell may claim: sums over all cells and pairs of rows then stay exact.
constexpr std::int64_t kMostRows = std::int64_t{1} << 31;

using Wide = __int128;

Wide pairs_of(Wide n) { return n * (n - 1) / 2; }

}  // namespace

void ContingencyState::count(std::uint32_t a, std::uint32_t b, std::int64_t rows, const Host& host) {
    const std::uint64_t key = std::uint64_t{a} << 32 | b;
    const auto cell = cells_.find(key);
    if (cell != cells_.end()) {
        cell->second += rows;
        return;
    }
    require_memory(host, mul_size(cells_.size() + 1, kBytesPerCell),
                   "counting " + std::to_string(cells_.size() + 1) + " pairs of labels");
    cells_.emplace(key, rows);
}

void ContingencyState::add(std::string_view a, std::string_view b, const Host& host) {
    const std::uint32_t id = a_.id(a, host);
    count(id, b_.id(b, host), 1, host);
}

void ContingencyState::merge(const ContingencyState& other, Host& host) {
    const std::vector<std::uint32_t> a = a_.adopt(other.a_, host);
    const std::vector<std::uint32_t> b = b_.adopt(other.b_, host);
    PollEvery poll(host);
    for (const auto& [key, rows] : other.cells_) {
        poll();
        count(a[key >> 32], b[key & 0xffffffff], rows, host);
    }
}

double ContingencyState::adjusted_rand_index(Host& host) const {
    std::vector<std::int64_t> rows_of_a(a_.size());
    std::vector<std::int64_t> rows_of_b(b_.size());
    Wide total = 0, together = 0, together_a = 0, together_b = 0;
    PollEvery poll(host);
    for (const auto& [key, rows] : cells_) {
        poll();
        rows_of_a[key >> 32] += rows;
        rows_of_b[key & 0xffffffff] += rows;
        total += rows;
        together += pairs_of(rows);
    }
    for (const std::int64_t rows : rows_of_a) together_a += pairs_of(rows);
    for (const std::int64_t rows : rows_of_b) together_b += pairs_of(rows);
    // Equal partitions, among them one row, and one cluster against one cluster.
    if (together == together_a && together == together_b) return 1.0;
    const double expected =
        static_cast<double>(together_a) / static_cast<double>(pairs_of(total)) * static_cast<double>(together_b);
    const double most = 0.5 * static_cast<double>(together_a + together_b);
    return (static_cast<double>(together) - expected) / (most - expected);
}

void ContingencyState::encode(Writer& out) const {
    a_.encode(out);
    b_.encode(out);
    std::vector<std::pair<std::uint64_t, std::int64_t>> cells(cells_.begin(), cells_.end());
    std::sort(cells.begin(), cells.end());
    out.u32(static_cast<std::uint32_t>(cells.size()));
    for (const auto& [key, rows] : cells) {
        out.poll();
        out.u64(key);
        out.i64(rows);
    }
}

ContingencyState ContingencyState::decode(Reader& in) {
    ContingencyState state;
    state.a_ = LabelDictionary::decode(in);
    state.b_ = LabelDictionary::decode(in);
    const std::size_t cells = in.count(2 * sizeof(std::uint64_t));
    for (std::size_t i = 0; i < cells; ++i) {
        in.poll();
        const std::uint64_t key = in.u64();
        const std::int64_t rows = in.i64();
        const bool is_new = state.cells_.emplace(key, rows).second;
        if (!is_new || key >> 32 >= state.a_.size() || (key & 0xffffffff) >= state.b_.size() || rows < 1 ||
            rows > kMostRows)
            Reader::corrupt();
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
