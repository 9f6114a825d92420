#include "core/stats/cluster_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require_finite_result(double value) {
    if (!std::isfinite(value))
        throw Error(ErrorCode::kNonFiniteInput, "values are too large for their distances",
                    "Scale the features first, for example with ecom.scaler_fit.");
}

// Centroids of the clusters, one after the other.
std::vector<double> centroids(const ClusteredRows& rows, Host& host) {
    std::vector<double> centres(rows.clusters() * rows.features());
    PollEvery poll(host);
    for (std::size_t c = 0; c < rows.clusters(); ++c)
        for (std::size_t f = 0; f < rows.features(); ++f) {
            // Deviations from the first row lose nothing to a large offset.
            const double* column = rows.column(f);
            const double first = column[rows.start(c)];
            double sum = 0.0;
            for (std::size_t i = rows.start(c); i < rows.start(c + 1); ++i) {
                poll();
                sum += column[i] - first;
            }
            centres[c * rows.features() + f] = first + sum / static_cast<double>(rows.start(c + 1) - rows.start(c));
        }
    return centres;
}

// Squared distance of each row of a cluster to its centroid, through `visit`.
template <typename Visit>
void visit_deviations(const ClusteredRows& rows, const std::vector<double>& centres, std::size_t c, Host& host,
                      Visit visit) {
    PollEvery poll(host);
    for (std::size_t i = rows.start(c); i < rows.start(c + 1); ++i) {
        poll(rows.features());
        double square = 0.0;
        for (std::size_t f = 0; f < rows.features(); ++f) {
            const double deviation = rows.column(f)[i] - centres[c * rows.features() + f];
            square += deviation * deviation;
        }
        visit(square);
    }
}

}  // namespace

std::size_t ClusteredRows::bytes_needed(std::size_t rows, std::size_t features) {
    return mul_size(rows, add_size(mul_size(features, sizeof(double)), 2 * sizeof(std::size_t)));
}

ClusteredRows::ClusteredRows(const std::vector<double>& values, std::size_t features,
                             const std::vector<std::uint32_t>& labels, std::size_t clusters, Host& host)
    : features_(features) {
    const std::size_t n = labels.size();
    require_memory(host, add_size(bytes_needed(n, features), mul_size(clusters, sizeof(std::size_t))),
                   "ordering " + std::to_string(n) + " rows by cluster");
    source_.resize(n);
    std::iota(source_.begin(), source_.end(), std::size_t{0});
    PollEvery poll(host);
    std::sort(source_.begin(), source_.end(), [&](std::size_t a, std::size_t b) {
        poll();
        if (labels[a] != labels[b]) return labels[a] < labels[b];
        const double* x = values.data() + a * features;
        const double* y = values.data() + b * features;
        return std::lexicographical_compare(x, x + features, y, y + features);
    });
    for (std::size_t i = 0; i < n; ++i)
        if (i == 0 || labels[source_[i]] != labels[source_[i - 1]]) starts_.push_back(i);
    starts_.push_back(n);
    require_clusters();
    columns_.resize(n * features);
    for (std::size_t f = 0; f < features; ++f)
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            columns_[f * n + i] = values[source_[i] * features + f];
        }
}

void ClusteredRows::require_clusters() const {
    if (clusters() < 2 || clusters() >= rows())
        throw Error(ErrorCode::kNotEnoughData,
                    "number of clusters " + std::to_string(clusters()) + " is out of range for " +
                        std::to_string(rows()) + " rows",
                    "There must be at least two clusters, and fewer clusters than rows.");
}

ClusteredRows ClusteredRows::sample(std::size_t size, std::uint64_t seed, Host& host) const {
    const std::size_t n = rows();
    size = std::min(size, n);
    require_memory(host, add_size(bytes_needed(n, features_), bytes_needed(size, features_)),
                   "a sample of " + std::to_string(size) + " rows");
    Rng random(seed, 0);
    std::vector<std::size_t> chosen;
    chosen.reserve(size);
    ClusteredRows result(features_);
    PollEvery poll(host);
    for (std::size_t c = 0; c < clusters(); ++c) {
        const std::size_t before = chosen.size();
        for (std::size_t i = starts_[c]; i < starts_[c + 1]; ++i) {
            poll();
            if (random.below(n - i) < size - chosen.size()) chosen.push_back(i);
        }
        if (chosen.size() > before) result.starts_.push_back(before);
    }
    result.starts_.push_back(size);
    result.source_.resize(size);
    std::iota(result.source_.begin(), result.source_.end(), std::size_t{0});
    result.require_clusters();
    result.columns_.reserve(size * features_);
    for (std::size_t f = 0; f < features_; ++f)
        for (const std::size_t i : chosen) {
            poll();
            result.columns_.push_back(column(f)[i]);
        }
    return result;
}

Silhouettes silhouettes(const ClusteredRows& rows, Host& host) {
    const std::size_t n = rows.rows();
    require_memory(host, add_size(ClusteredRows::bytes_needed(n, rows.features()), mul_size(n, 2 * sizeof(double))),
                   "silhouettes of " + std::to_string(n) + " rows");
    std::vector<const double*> columns;
    for (std::size_t f = 0; f < rows.features(); ++f) columns.push_back(rows.column(f));
    std::vector<std::uint32_t> cluster_of(n);
    for (std::size_t c = 0; c < rows.clusters(); ++c)
        std::fill(cluster_of.begin() + static_cast<std::ptrdiff_t>(rows.start(c)),
                  cluster_of.begin() + static_cast<std::ptrdiff_t>(rows.start(c + 1)), static_cast<std::uint32_t>(c));
    const Silhouettes ordered = std::move(silhouettes(columns, n, {cluster_of}, host).front());
    Silhouettes result{ordered.mean, std::vector<double>(n)};
    for (std::size_t i = 0; i < n; ++i) result.values[rows.source(i)] = ordered.values[i];
    return result;
}

double davies_bouldin(const ClusteredRows& rows, Host& host) {
    const std::size_t k = rows.clusters();
    const std::size_t features = rows.features();
    const std::vector<double> centres = centroids(rows, host);
    std::vector<double> spreads(k);
    for (std::size_t c = 0; c < k; ++c) {
        visit_deviations(rows, centres, c, host, [&](double square) { spreads[c] += std::sqrt(square); });
        spreads[c] /= static_cast<double>(rows.start(c + 1) - rows.start(c));
        require_finite_result(spreads[c]);
    }
    PollEvery poll(host);
    double sum = 0.0;
    for (std::size_t a = 0; a < k; ++a) {
        double worst = 0.0;
        for (std::size_t b = 0; b < k; ++b) {
            poll(features);
            double square = 0.0;
            for (std::size_t f = 0; f < features; ++f) {
                const double difference = centres[a * features + f] - centres[b * features + f];
                square += difference * difference;
            }
            require_finite_result(square);
            if (square > 0.0) worst = std::max(worst, (spreads[a] + spreads[b]) / std::sqrt(square));
        }
        sum += worst;
    }
    return sum / static_cast<double>(k);
}

double calinski_harabasz(const ClusteredRows& rows, Host& host) {
    const std::size_t k = rows.clusters();
    const std::size_t features = rows.features();
    const std::vector<double> centres = centroids(rows, host);
    const auto n = static_cast<double>(rows.rows());
    double within = 0.0;
    double between = 0.0;
    for (std::size_t c = 0; c < k; ++c) {
        // Summed by cluster first: many small terms do not meet a large sum.
        double inside = 0.0;
        visit_deviations(rows, centres, c, host, [&](double square) { inside += square; });
        within += inside;
    }
    PollEvery poll(host);
    for (std::size_t f = 0; f < features; ++f) {
        const double origin = centres[f];
        double mean = 0.0;
        for (std::size_t c = 0; c < k; ++c) {
            const auto size = static_cast<double>(rows.start(c + 1) - rows.start(c));
            mean += size / n * (centres[c * features + f] - origin);
        }
        for (std::size_t c = 0; c < k; ++c) {
            poll();
            const auto size = static_cast<double>(rows.start(c + 1) - rows.start(c));
            const double difference = centres[c * features + f] - origin - mean;
            between += size * difference * difference;
        }
    }
    require_finite_result(within + between);
    if (within == 0.0) return 1.0;
    return between * (n - static_cast<double>(k)) / (within * static_cast<double>(k - 1));
}

}  // namespace ecom::core
