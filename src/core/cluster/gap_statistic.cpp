#include "core/cluster/gap_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/budget.hpp"
#include "core/stats/pca.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr int kStarts = 10;
constexpr std::uint64_t kStream = 0x6a9;  // apart from those of the starts

// ln(inertia) for k_min .. k_max clusters; NaN where it is 0 or there are fewer different rows.
std::vector<double> log_inertias(const FeatureColumns& columns, int k_min, int k_max, KmeansParams params, Host& host) {
    const auto engine = make_engine(columns, {}, host);
    const std::size_t distinct = engine->distinct_points(static_cast<std::size_t>(k_max), host);
    std::vector<double> result;
    for (int k = k_min; k <= k_max; ++k) {
        params.clusters = k;
        const double inertia = static_cast<std::size_t>(k) <= distinct ? kmeans(*engine, columns, params, host).inertia : 0.0;
        result.push_back(inertia > 0.0 ? std::log(inertia) : std::numeric_limits<double>::quiet_NaN());
    }
    return result;
}

// A box along the principal components, from which rows are drawn.
class Box {
public:
    Box(const FeatureColumns& columns, Host& host)
        : pca_(axes_of(columns, host)),
          lows_(pca_.components(), std::numeric_limits<double>::infinity()),
          highs_(pca_.components(), -std::numeric_limits<double>::infinity()) {
        PollEvery poll(host);
        std::vector<double> row(columns.size());
        std::vector<double> scores(pca_.components());
        for (std::size_t i = 0; i < columns[0].size(); ++i) {
            poll(columns.size() * scores.size());
            for (std::size_t j = 0; j < row.size(); ++j) row[j] = columns[j][i];
            pca_.apply(row.data(), scores.data());
            for (std::size_t c = 0; c < scores.size(); ++c) {
                lows_[c] = std::min(lows_[c], scores[c]);
                highs_[c] = std::max(highs_[c], scores[c]);
            }
        }
    }

    FeatureColumns draw(std::size_t rows, Rng rng, Host& host) const {
        FeatureColumns columns(pca_.features(), std::vector<double>(rows));
        PollEvery poll(host);
        std::vector<double> row(columns.size());
        std::vector<double> scores(pca_.components());
        for (std::size_t i = 0; i < rows; ++i) {
            poll(columns.size() * scores.size());
            for (std::size_t c = 0; c < scores.size(); ++c) scores[c] = rng.uniform(lows_[c], highs_[c]);
            pca_.invert(scores.data(), row.data());
            for (std::size_t j = 0; j < row.size(); ++j) columns[j][i] = row[j];
        }
        return columns;
    }

private:
    static Pca axes_of(const FeatureColumns& columns, Host& host) {
        CovarianceAccumulator data(columns.size(), host);
        PollEvery poll(host);
        std::vector<double> row(columns.size());
        for (std::size_t i = 0; i < columns[0].size(); ++i) {
            poll(columns.size());
            for (std::size_t j = 0; j < row.size(); ++j) row[j] = columns[j][i];
            data.add(row.data());
        }
        return Pca::fit(std::move(data), std::nullopt, host);
    }

    Pca pca_;
    std::vector<double> lows_;
    std::vector<double> highs_;
};

bool is_constant(const std::vector<double>& column) {
    return std::all_of(column.begin(), column.end(), [&](double value) { return value == column.front(); });
}

}  // namespace

std::vector<std::optional<Gap>> gap_statistic(const FeatureColumns& columns, int k_min, int k_max, int references,
                                              const KmeansParams& params, Host& host) {
    KmeansParams one = params;
    one.n_init = kStarts;
    one.clusters = k_max;
    const std::size_t rows = columns[0].size();
    std::vector<std::optional<Gap>> gaps(static_cast<std::size_t>(k_max - k_min + 1));
    if (std::all_of(columns.begin(), columns.end(), is_constant)) return gaps;
    require_memory(host, add_size(mul_size(rows, columns.size() * sizeof(double)),
                                  kmeans_bytes(rows, columns.size(), one, host.max_threads())),
                   "the gap statistic of " + std::to_string(rows) + " rows");
    const std::vector<double> own = log_inertias(columns, k_min, k_max, one, host);
    const Box box(columns, host);
    std::vector<std::vector<double>> drawn;
    for (int r = 0; r < references; ++r)
        drawn.push_back(log_inertias(box.draw(rows, Rng(params.seed, kStream + static_cast<std::uint64_t>(r) * 0x10000), host),
                                     k_min, k_max, one, host));
    const auto count = static_cast<double>(references);
    for (std::size_t at = 0; at < gaps.size(); ++at) {
        double mean = 0.0, squares = 0.0;
        for (const auto& of : drawn) mean += of[at] / count;
        for (const auto& of : drawn) squares += (of[at] - mean) * (of[at] - mean);
        const Gap gap{mean - own[at], std::sqrt(squares / count * (1.0 + 1.0 / count))};
        if (std::isfinite(gap.gap)) gaps[at] = gap;
    }
    return gaps;
}

std::size_t first_gap(const std::vector<std::optional<Gap>>& gaps) {
    for (std::size_t at = 0; at + 1 < gaps.size(); ++at)
        if (gaps[at] && (!gaps[at + 1] || gaps[at]->gap >= gaps[at + 1]->gap - gaps[at + 1]->error)) return at;
    return gaps.back() ? gaps.size() - 1 : 0;
}

}  // namespace ecom::core
