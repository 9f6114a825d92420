#include "core/cluster/grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/parallel.hpp"
#include "core/cluster/kernels.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kPointsPerCell = 12;  // of a grid that the points fill evenly
constexpr std::size_t kMaxCells = std::size_t{1} << 18;
constexpr std::size_t kPiece = 16384;

struct Axis {
    double low;
    double scale;  // cells per unit
    std::size_t cells;

    std::size_t cell(double value) const {
        const double at = (value - low) * scale;
        if (!(at > 0.0)) return 0;
        return std::min(cells - 1, static_cast<std::size_t>(at));
    }
};

// Where most of a column lies: a few outliers must not leave all others in one cell. Counts do not
// depend on the order of the rows.
Axis axis_of(const std::vector<double>& column, std::size_t cells, Host& host) {
    constexpr std::size_t kBins = 4096;
    constexpr int kRounds = 4;
    const auto [least, greatest] = std::minmax_element(column.begin(), column.end());
    double low = *least;
    double high = *greatest;
    const std::size_t tail = column.size() / 500;
    for (int round = 0; round < kRounds && high > low; ++round) {
        const double scale = kBins / (high - low);
        std::vector<std::size_t> counts(kBins);
        std::size_t below = 0;
        std::size_t above = 0;
        for (std::size_t begin = 0; begin < column.size(); begin += kPiece) {
            host.poll();
            for (std::size_t i = begin; i < std::min(column.size(), begin + kPiece); ++i) {
                const double value = column[i];
                if (value < low)
                    ++below;
                else if (value > high)
                    ++above;
                else
                    ++counts[std::min(kBins - 1, static_cast<std::size_t>((value - low) * scale))];
            }
        }
        std::size_t first = 0;
        for (std::size_t seen = below; seen + counts[first] <= tail && first + 1 < kBins; ++first)
            seen += counts[first];
        std::size_t last = kBins - 1;
        for (std::size_t seen = above; seen + counts[last] <= tail && last > first; --last)
            seen += counts[last];
        const double width = (high - low) / kBins;
        const bool is_spread = (last - first + 1) * 8 > kBins;
        high = low + static_cast<double>(last + 1) * width;
        low += static_cast<double>(first) * width;
        if (is_spread) break;
    }
    const double scale = static_cast<double>(cells) / (high - low);
    return {low, std::isfinite(scale) ? scale : 0.0, cells};
}

struct Point {
    std::array<double, kMaxGridFeatures + 1> key;  // coordinates and weight
    std::uint32_t row;
    bool operator<(const Point& other) const { return key < other.key; }
};
using Points = std::vector<Point>::iterator;

// Where to part points so that either part lies closer together: at the median of the coordinate that is spread
// most, or of the next one if the former has too many equal values. `end` when no part would have enough points.
Points parting(Points begin, Points end, std::size_t d) {
    constexpr std::ptrdiff_t kLeastPart = 4;
    if (static_cast<std::size_t>(end - begin) <= 2 * kPointsPerCell) return end;
    std::array<double, kMaxGridFeatures> spread{};
    for (std::size_t j = 0; j < d; ++j) {
        const auto [low, high] = std::minmax_element(begin, end, [&](const Point& a, const Point& b) { return a.key[j] < b.key[j]; });
        spread[j] = high->key[j] - low->key[j];
    }
    for (std::size_t tried = 0; tried < d; ++tried) {
        const auto j = static_cast<std::size_t>(std::max_element(spread.begin(), spread.begin() + static_cast<std::ptrdiff_t>(d)) - spread.begin());
        if (!(spread[j] > 0.0)) break;
        spread[j] = 0.0;
        const Points middle = begin + (end - begin) / 2;
        std::nth_element(begin, middle, end, [&](const Point& a, const Point& b) { return a.key[j] < b.key[j]; });
        const double median = middle->key[j];
        for (const bool is_below : {true, false}) {
            const Points at = std::partition(begin, end, [&](const Point& p) { return is_below ? p.key[j] < median : p.key[j] <= median; });
            if (at - begin >= kLeastPart && end - at >= kLeastPart) return at;
        }
    }
    return end;
}

// Points of one cell into parts of some kPointsPerCell points, each sorted; their sizes go to `parts`.
void part_and_sort(Points begin, Points end, std::size_t d, PollEvery& poll, std::vector<std::uint32_t>& parts) {
    poll(static_cast<std::size_t>(end - begin));
    const Points at = parting(begin, end, d);
    if (at != end) {
        part_and_sort(begin, at, d, poll, parts);
        part_and_sort(at, end, d, poll, parts);
        return;
    }
    std::sort(begin, end, [&](const Point& a, const Point& b) {
        poll();
        return a < b;
    });
    parts.push_back(static_cast<std::uint32_t>(end - begin));
}

// Where many points share a cell of the grid, the cell is parted further.
GridOrder sorted_cells(GridOrder order, const FeatureColumns& columns, const std::vector<double>& weights, Host& host) {
    constexpr std::size_t kCellsPerTask = 256;
    const std::size_t d = columns.size();
    const std::size_t cells = order.starts.size() - 1;
    const std::size_t tasks = (cells + kCellsPerTask - 1) / kCellsPerTask;
    std::vector<std::vector<std::uint32_t>> parts(tasks);
    order.columns.assign(d, std::vector<double>(order.rows.size() + kLanes));
    if (!weights.empty()) order.weights.resize(order.rows.size() + kLanes);
    parallel_for(host, tasks, [&](std::size_t task, Host& worker) {
        PollEvery poll(worker);
        std::vector<Point> points;
        for (std::size_t cell = task * kCellsPerTask; cell < std::min(cells, (task + 1) * kCellsPerTask); ++cell) {
            points.clear();
            for (std::uint32_t i = order.starts[cell]; i < order.starts[cell + 1]; ++i) {
                poll();
                Point point{};
                point.row = order.rows[i];
                for (std::size_t j = 0; j < d; ++j) point.key[j] = columns[j][point.row];
                if (!weights.empty()) point.key[kMaxGridFeatures] = weights[point.row];
                points.push_back(point);
            }
            part_and_sort(points.begin(), points.end(), d, poll, parts[task]);
            for (std::size_t i = 0; i < points.size(); ++i) {
                const std::size_t at = order.starts[cell] + i;
                order.rows[at] = points[i].row;
                for (std::size_t j = 0; j < d; ++j) order.columns[j][at] = points[i].key[j];
                if (!weights.empty()) order.weights[at] = points[i].key[kMaxGridFeatures];
            }
        }
    });
    order.starts.assign(1, 0);
    for (const auto& of_task : parts)
        for (const std::uint32_t size : of_task) order.starts.push_back(order.starts.back() + size);
    return order;
}

}  // namespace

GridOrder grid_order(const FeatureColumns& columns, const std::vector<double>& weights, Host& host) {
    const std::size_t n = columns[0].size();
    const std::size_t d = columns.size();
    const double wanted = static_cast<double>(std::clamp(n / kPointsPerCell, std::size_t{1}, kMaxCells));
    const auto per_axis = std::max(std::size_t{1}, static_cast<std::size_t>(std::pow(wanted, 1.0 / static_cast<double>(d)) + 0.5));

    std::vector<Axis> axes(d);
    std::size_t all_cells = 1;
    for (std::size_t j = 0; j < d; ++j) {
        axes[j] = axis_of(columns[j], per_axis, host);
        all_cells *= per_axis;
    }
    std::vector<std::uint32_t> cell_of(n);
    std::vector<std::uint32_t> next(all_cells + 1);
    for (std::size_t begin = 0; begin < n; begin += kPiece) {
        host.poll();
        for (std::size_t i = begin; i < std::min(n, begin + kPiece); ++i) {
            std::size_t cell = 0;
            for (std::size_t j = 0; j < d; ++j) cell = cell * per_axis + axes[j].cell(columns[j][i]);
            cell_of[i] = static_cast<std::uint32_t>(cell);
            ++next[cell + 1];
        }
    }
    GridOrder result;
    result.starts.push_back(0);
    for (std::size_t c = 0; c < all_cells; ++c) {
        if (next[c + 1] > 0) result.starts.push_back(next[c] + next[c + 1]);
        next[c + 1] += next[c];
    }
    result.rows.resize(n);
    for (std::size_t begin = 0; begin < n; begin += kPiece) {
        host.poll();
        for (std::size_t i = begin; i < std::min(n, begin + kPiece); ++i)
            result.rows[next[cell_of[i]]++] = static_cast<std::uint32_t>(i);
    }

    cell_of = {};
    return sorted_cells(std::move(result), columns, weights, host);
}

}  // namespace ecom::core
