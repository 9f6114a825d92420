#include "core/forest/binning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kSampled = 200000;

// Categories by rising mean label; a category of few rows is drawn towards the mean of all.
std::vector<std::uint32_t> order_categories(const std::vector<double>& column, const std::vector<double>& labels,
                                            std::size_t count, Host& host) {
    constexpr double kPrior = 1.0;
    PollEvery poll(host);
    std::vector<double> sum(count, 0.0), n(count, 0.0);
    double total = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
        poll();
        total += labels[i];
        if (std::isnan(column[i])) continue;
        const auto c = static_cast<std::size_t>(column[i]);
        sum[c] += labels[i];
        n[c] += 1;
    }
    const double mean = total / static_cast<double>(std::max<std::size_t>(1, column.size()));
    std::vector<double> score(count);
    for (std::size_t c = 0; c < count; ++c) score[c] = (sum[c] + kPrior * mean) / (n[c] + kPrior);
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return score[a] < score[b]; });
    return order;
}

BinnedColumn make_grid(std::vector<double> sample, int bins, Host& host) {
    PollEvery poll(host);
    std::sort(sample.begin(), sample.end(), [&](double a, double b) {
        poll();
        return a < b;
    });
    BinnedColumn grid;
    std::vector<double> distinct(sample);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const auto middle = [](double a, double b) {
        const double m = a + (b - a) / 2;
        return m < b ? m : a;  // neighbouring doubles have nothing between them
    };
    if (distinct.size() <= static_cast<std::size_t>(bins)) {
        for (std::size_t i = 1; i < distinct.size(); ++i) grid.cuts.push_back(middle(distinct[i - 1], distinct[i]));
        grid.values = std::move(distinct);
        return grid;
    }
    for (int b = 1; b < bins; ++b) {
        const std::size_t at = sample.size() * static_cast<std::size_t>(b) / static_cast<std::size_t>(bins);
        const double low = sample[at - 1];
        const auto next = std::upper_bound(sample.begin() + static_cast<std::ptrdiff_t>(at) - 1, sample.end(), low);
        if (next == sample.end()) break;
        const double cut = middle(low, *next);
        if (grid.cuts.empty() || cut > grid.cuts.back()) grid.cuts.push_back(cut);
    }
    return grid;
}

std::size_t code_of(const std::vector<double>& cuts, double v) {
    if (std::isnan(v)) return 0;
    const double* base = cuts.data();
    std::size_t n = cuts.size();
    if (n == 0) return 1;
    while (n > 1) {
        const std::size_t half = n / 2;
        base += base[half - 1] < v ? half : 0;
        n -= half;
    }
    return 1 + static_cast<std::size_t>(base - cuts.data()) + (*base < v ? 1 : 0);
}

template <typename Code>
void fill_codes(const std::vector<double>& column, const std::vector<double>& cuts, std::vector<Code>& codes,
                Host& host) {
    PollEvery poll(host);
    codes.resize(column.size());
    for (std::size_t i = 0; i < column.size(); ++i) {
        poll();
        codes[i] = static_cast<Code>(code_of(cuts, column[i]));
    }
}

}  // namespace

double BinnedColumn::threshold(std::size_t left, std::size_t right) const {
    if (right >= codes()) return std::numeric_limits<double>::infinity();  // only missing values go right
    if (values.empty()) return cuts[(left + right) / 2 - 1];
    const double a = values[left - 1], b = values[right - 1];
    const double m = a + (b - a) / 2;
    return m < b ? m : a;
}

std::size_t binning_bytes(std::size_t rows, std::size_t features, int bins, int threads) {
    const std::size_t code = bins > kMaxHistogramBins ? 2 : 1;
    // Every thread ranks, samples and sorts one column at a time.
    return mul_size(rows, add_size(mul_size(features, code), mul_size(static_cast<std::size_t>(threads), 3 * sizeof(double))));
}

BinnedRows bin_rows(const TrainingRows& rows, int bins, Host& host) {
    BinnedRows out;
    out.n = rows.size();
    out.columns.resize(rows.width());
    out.category_order.resize(rows.width());
    const bool narrow = bins <= kMaxHistogramBins;
    (narrow ? out.narrow.resize(rows.width()) : out.wide.resize(rows.width()));
    parallel_for(host, rows.width(), [&](std::size_t f, Host& worker) {
        PollEvery poll(worker);
        std::vector<double> ranked;
        const std::vector<double>* column = &rows.columns[f];
        if (rows.features[f].type == FeatureType::kCategory) {
            auto& order = out.category_order[f];
            order = order_categories(*column, rows.labels, rows.categories[f].size(), worker);
            std::vector<double> rank(order.size());
            for (std::size_t r = 0; r < order.size(); ++r) rank[order[r]] = static_cast<double>(r);
            ranked.reserve(column->size());
            for (const double v : *column) {
                poll();
                ranked.push_back(std::isnan(v) ? v : rank[static_cast<std::size_t>(v)]);
            }
            column = &ranked;
        }
        std::vector<double> sample;
        const std::size_t looked_at = narrow ? std::min(column->size(), kSampled) : column->size();
        sample.reserve(looked_at);
        for (std::size_t i = 0; i < looked_at; ++i) {
            poll();
            if (!std::isnan((*column)[i])) sample.push_back((*column)[i]);
        }
        out.columns[f] = make_grid(std::move(sample), bins, worker);
        if (looked_at < column->size()) out.columns[f].values.clear();
        if (narrow)
            fill_codes(*column, out.columns[f].cuts, out.narrow[f], worker);
        else
            fill_codes(*column, out.columns[f].cuts, out.wide[f], worker);
    });
    return out;
}

}  // namespace ecom::core
