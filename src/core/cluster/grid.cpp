#include "core/cluster/grid.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/parallel.hpp"
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

    struct Point {
        std::array<double, kMaxGridFeatures + 1> key;
        std::uint32_t row;
        bool operator<(const Point& other) const { return key < other.key; }
    };
    constexpr std::size_t kCellsPerTask = 256;
    const std::size_t cells = result.starts.size() - 1;
    parallel_for(host, (cells + kCellsPerTask - 1) / kCellsPerTask, [&](std::size_t task, Host& worker) {
        PollEvery poll(worker);
        std::vector<Point> points;
        for (std::size_t cell = task * kCellsPerTask; cell < std::min(cells, (task + 1) * kCellsPerTask); ++cell) {
            const auto first = result.rows.begin() + result.starts[cell];
            const std::size_t count = result.starts[cell + 1] - result.starts[cell];
            points.clear();
            for (std::size_t i = 0; i < count; ++i) {
                const std::uint32_t row = first[static_cast<std::ptrdiff_t>(i)];
                Point point{};
                for (std::size_t j = 0; j < d; ++j) point.key[j] = columns[j][row];
                if (!weights.empty()) point.key[kMaxGridFeatures] = weights[row];
                point.row = row;
                points.push_back(point);
            }
            std::sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
                poll();
                return a < b;
            });
            for (std::size_t i = 0; i < count; ++i) first[static_cast<std::ptrdiff_t>(i)] = points[i].row;
        }
    });
    return result;
}

}  // namespace ecom::core
