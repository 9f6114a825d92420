#include "core/stats/silhouette.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/base/error.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kRowsPerTask = 64;
constexpr std::size_t kStrip = 256;

// A labelling with what is asked of it for every row.
struct Labeling {
    Labeling(const std::vector<std::uint32_t>& of, PollEvery& poll) : labels(of.data()) {
        for (const std::uint32_t label : of) {
            poll();
            if (label >= sizes.size()) sizes.resize(label + std::size_t{1});
            ++sizes[label];
        }
        for (std::size_t begin = 0; begin < of.size(); begin += kStrip) {
            poll(kStrip);
            const auto first = of.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto last = of.begin() + static_cast<std::ptrdiff_t>(std::min(of.size(), begin + kStrip));
            is_pure.push_back(std::all_of(first, last, [&](std::uint32_t label) { return label == *first; }));
        }
    }

    std::size_t clusters() const {
        return static_cast<std::size_t>(std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
    }

    double silhouette(std::size_t own, const std::vector<double>& sums) const {
        if (sizes[own] < 2) return 0.0;
        const double inside = sums[own] / static_cast<double>(sizes[own] - 1);
        double nearest = std::numeric_limits<double>::infinity();
        for (std::size_t c = 0; c < sizes.size(); ++c)
            if (c != own && sizes[c] > 0) nearest = std::min(nearest, sums[c] / static_cast<double>(sizes[c]));
        const double larger = std::max(inside, nearest);
        return larger > 0.0 ? (nearest - inside) / larger : 0.0;
    }

    const std::uint32_t* labels;
    std::vector<std::size_t> sizes;
    std::vector<char> is_pure;  // of each strip: all its rows are of one cluster
};

}  // namespace

std::vector<Silhouettes> silhouettes(const std::vector<const double*>& columns, std::size_t rows,
                                     const std::vector<std::vector<std::uint32_t>>& labelings, Host& host) {
    require_memory(host, silhouette_bytes(rows, labelings.size()), "silhouettes of " + std::to_string(rows) + " rows");
    std::vector<Labeling> asked;
    std::vector<Silhouettes> results;
    PollEvery reading(host);
    for (const auto& of : labelings) {
        asked.emplace_back(of, reading);
        results.push_back({std::nullopt, std::vector<double>(rows)});
    }
    parallel_for(host, (rows + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, Host& worker) {
        // Strips start at fixed rows and lie in aligned memory, so that the order of additions depends on nothing else.
        Eigen::Array<double, kStrip, 1> strip;
        std::vector<std::vector<double>> sums(asked.size());
        PollEvery poll(worker);
        for (std::size_t i = task * kRowsPerTask; i < std::min(rows, (task + 1) * kRowsPerTask); ++i) {
            for (std::size_t s = 0; s < asked.size(); ++s) sums[s].assign(asked[s].sizes.size(), 0.0);
            for (std::size_t begin = 0; begin < rows; begin += kStrip) {
                const std::size_t count = std::min(kStrip, rows - begin);
                poll(1 + count * columns.size() / 2);
                auto distances = strip.head(static_cast<Eigen::Index>(count));
                distances.setZero();
                for (const double* const column : columns) {
                    const Eigen::Map<const Eigen::ArrayXd> part(column + begin, static_cast<Eigen::Index>(count));
                    distances += (part - column[i]).square();
                }
                distances = distances.sqrt();
                for (std::size_t s = 0; s < asked.size(); ++s) {
                    const std::uint32_t* const labels = asked[s].labels + begin;
                    if (asked[s].is_pure[begin / kStrip]) {
                        sums[s][labels[0]] += distances.sum();
                    } else {
                        for (std::size_t j = 0; j < count; ++j) sums[s][labels[j]] += strip[static_cast<Eigen::Index>(j)];
                    }
                }
            }
            for (std::size_t s = 0; s < asked.size(); ++s) {
                for (const double sum : sums[s]) {
                    if (std::isfinite(sum)) continue;
                    throw Error(ErrorCode::kNonFiniteInput, "values are too large for their distances",
                                "Scale the features first, for example with ecom.scaler_fit.");
                }
                results[s].values[i] = asked[s].silhouette(asked[s].labels[i], sums[s]);
            }
        }
    });
    for (std::size_t s = 0; s < asked.size(); ++s) {
        if (asked[s].clusters() < 2) continue;
        double sum = 0.0;
        for (const double value : results[s].values) sum += value;
        results[s].mean = sum / static_cast<double>(rows);
    }
    return results;
}

std::size_t silhouette_bytes(std::size_t rows, std::size_t labelings) {
    return mul_size(rows, mul_size(labelings, sizeof(std::uint32_t) + sizeof(double) + 1));
}

std::vector<std::uint32_t> sample_places(std::size_t rows, std::size_t count, std::uint64_t seed, Host& host) {
    // Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S).
    constexpr std::uint64_t kStream = 0x5a3b1e;  // apart from those that models draw from
    Rng rng(seed, kStream);
    PollEvery poll(host);
    std::vector<std::uint32_t> places;
    std::size_t wanted = std::min(rows, count);
    places.reserve(wanted);
    for (std::size_t i = 0; wanted > 0; ++i) {
        poll();
        if (rng.below(rows - i) >= wanted) continue;
        places.push_back(static_cast<std::uint32_t>(i));
        --wanted;
    }
    return places;
}

}  // namespace ecom::core
