#include "core/stats/correlation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/stats/confidence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Rows that a decoded state may claim: far beyond any table, and sums of many such states still fit.
constexpr std::int64_t kMostRows = std::int64_t{1} << 40;

// Doubled ranks take 32 bits.
constexpr std::size_t kMostRanked = std::size_t{1} << 31;

// Room for `rows` rows of values to rank, one column being moved at a time.
void require_columns(const Host& host, std::size_t rows, std::size_t moved, std::size_t variables) {
    if (rows > kMostRanked)
        throw Error(ErrorCode::kLimitExceeded, "more than 2^31 rows cannot be ranked",
                    "Correlate a sample, or use method pearson.");
    require_memory(host, mul_size(add_size(mul_size(rows, variables), moved), sizeof(double)),
                   "keeping " + std::to_string(rows) + " rows to rank");
}

double square(double x) { return x * x; }

// Fills in what follows from n, the sums of products and the method.
void conclude(Correlation& pair, double xx, double yy, double xy, CorrelationMethod method,
              double critical) {
    if (pair.n < 2) return;
    if (!std::isfinite(xx) || !std::isfinite(yy) || !std::isfinite(xy))
        throw Error(ErrorCode::kNonFiniteInput, "values are too large to be correlated",
                    "Divide the variables by a constant first: correlations do not change.");
    if (xx <= 0.0 || yy <= 0.0) return;
    // One root rounds less than two: proportional variables get exactly 1.
    const double product = xx * yy;
    const double scale = std::isnormal(product) ? std::sqrt(product) : std::sqrt(xx) * std::sqrt(yy);
    const double r = std::clamp(xy / scale, -1.0, 1.0);
    pair.r = r;
    if (pair.n < 3) return;
    const auto df = static_cast<double>(pair.n - 2);
    const double unexplained = (1.0 - r) * (1.0 + r);
    pair.p_value =
        unexplained > 0.0 ? student_t_p_value(r * std::sqrt(df / unexplained), df) : 0.0;
    if (pair.n < 4) return;
    const double variance = (method == CorrelationMethod::kSpearman ? 1.0 + square(r) / 2.0 : 1.0) /
                            static_cast<double>(pair.n - 3);
    const double half = critical * std::sqrt(variance);
    pair.low = std::tanh(std::atanh(r) - half);
    pair.high = std::tanh(std::atanh(r) + half);
}

std::size_t triangle(std::size_t row) { return row * (row + 1) / 2; }

// The rows that have a value, by ascending value.
std::vector<std::uint32_t> sorted_rows(const std::vector<double>& column, Host& host) {
    struct Entry {
        double value;
        std::uint32_t row;
    };
    std::vector<Entry> entries;
    entries.reserve(column.size());
    for (std::size_t row = 0; row < column.size(); ++row)
        if (!std::isnan(column[row]))
            entries.push_back({column[row], static_cast<std::uint32_t>(row)});
    PollEvery poll(host);
    std::sort(entries.begin(), entries.end(), [&poll](const Entry& a, const Entry& b) {
        poll();
        return a.value < b.value;
    });
    std::vector<std::uint32_t> rows;
    rows.reserve(entries.size());
    for (const Entry& entry : entries) rows.push_back(entry.row);
    return rows;
}

// Twice the mean rank of every row of `order` whose value in `partner` is present; returns their number.
std::int64_t doubled_ranks(const std::vector<double>& column, const std::vector<std::uint32_t>& order,
                           const std::vector<double>& partner, std::vector<std::uint32_t>& ranks,
                           Host& host) {
    PollEvery poll(host);
    std::uint32_t ranked = 0;
    for (std::size_t i = 0; i < order.size();) {
        const double value = column[order[i]];
        std::size_t end = i;
        std::uint32_t ties = 0;
        for (; end < order.size() && column[order[end]] == value; ++end) {
            poll();
            ties += !std::isnan(partner[order[end]]);
        }
        // Ranks ranked + 1 .. ranked + ties; twice their mean is the sum of the first and the last.
        const std::uint32_t doubled = 2 * ranked + ties + 1;
        for (; i < end; ++i) ranks[order[i]] = doubled;
        ranked += ties;
    }
    return ranked;
}

}  // namespace

CorrelationMethod parse_correlation_method(std::string_view name) {
    if (name == "pearson") return CorrelationMethod::kPearson;
    if (name == "spearman") return CorrelationMethod::kSpearman;
    throw Error(ErrorCode::kInvalidArgument,
                "unknown correlation method \"" + std::string(name) + "\"",
                "Use pearson or spearman.");
}

void CorrelationState::PairMoments::add(double x, double y) {
    ++n;
    const auto count = static_cast<double>(n);
    const double dx = x - mean_x;
    const double dy = y - mean_y;
    const double weight = (count - 1.0) / count;
    mean_x += dx / count;
    mean_y += dy / count;
    xx += weight * dx * dx;
    yy += weight * dy * dy;
    xy += weight * dx * dy;
}

void CorrelationState::PairMoments::merge(const PairMoments& other) {
    if (other.n == 0) return;
    const auto a = static_cast<double>(n);
    const auto b = static_cast<double>(other.n);
    const double dx = other.mean_x - mean_x;
    const double dy = other.mean_y - mean_y;
    const double weight = a * b / (a + b);
    n += other.n;
    mean_x += dx * (b / (a + b));
    mean_y += dy * (b / (a + b));
    xx += other.xx + weight * dx * dx;
    yy += other.yy + weight * dy * dy;
    xy += other.xy + weight * dx * dy;
}

CorrelationState::CorrelationState(std::size_t variables, CorrelationMethod method)
    : variables_(variables), method_(method) {
    if (variables < kMinCorrelated || variables > kMaxCorrelated)
        throw Error(ErrorCode::kInvalidArgument,
                    std::to_string(variables) + " variables cannot be correlated",
                    "Pass an array of " + std::to_string(kMinCorrelated) + " to " +
                        std::to_string(kMaxCorrelated) + " values in every row.");
    if (method == CorrelationMethod::kSpearman) {
        columns_.resize(variables);
    } else {
        means_.resize(variables);
        products_.resize(triangle(variables));
    }
}

void CorrelationState::add(const double* values, const Host& host) {
    bool complete = true;
    for (std::size_t i = 0; i < variables_; ++i) {
        if (std::isinf(values[i]))
            throw Error(ErrorCode::kNonFiniteInput, "values to be correlated must be finite",
                        "Filter infinite values out, or turn them into NULL.");
        complete = complete && !std::isnan(values[i]);
    }
    if (method_ == CorrelationMethod::kSpearman)
        keep(values, host);
    else if (complete)
        add_complete(values);
    else
        add_incomplete(values, host);
}

void CorrelationState::add_complete(const double* values) {
    std::array<double, kMaxCorrelated> deviations;
    ++n_;
    const auto count = static_cast<double>(n_);
    const double weight = (count - 1.0) / count;
    for (std::size_t i = 0; i < variables_; ++i) {
        deviations[i] = values[i] - means_[i];
        means_[i] += deviations[i] / count;
    }
    double* product = products_.data();
    for (std::size_t i = 0; i < variables_; ++i) {
        const double weighted = weight * deviations[i];
        for (std::size_t j = 0; j <= i; ++j) *product++ += weighted * deviations[j];
    }
}

void CorrelationState::add_incomplete(const double* values, const Host& host) {
    if (incomplete_.empty()) {
        require_memory(host, mul_size(pairs(), sizeof(PairMoments)),
                       "correlating " + std::to_string(variables_) + " variables");
        incomplete_.resize(pairs());
    }
    auto pair = incomplete_.begin();
    for (std::size_t x = 0; x < variables_; ++x)
        for (std::size_t y = x + 1; y < variables_; ++y, ++pair)
            if (!std::isnan(values[x]) && !std::isnan(values[y])) pair->add(values[x], values[y]);
}

void CorrelationState::keep(const double* values, const Host& host) {
    const std::size_t rows = columns_[0].size();
    if (rows == columns_[0].capacity()) {
        const std::size_t grown = std::max<std::size_t>(16, 2 * rows);
        require_columns(host, grown, rows, variables_);
        for (auto& column : columns_) column.reserve(grown);
    }
    for (std::size_t i = 0; i < variables_; ++i) columns_[i].push_back(values[i]);
}

void CorrelationState::merge(const CorrelationState& other, const Host& host) {
    if (other.variables_ != variables_ || other.method_ != method_)
        throw Error(ErrorCode::kInvalidArgument,
                    "aggregate states with different parameters cannot be combined");
    if (method_ == CorrelationMethod::kSpearman) {
        const std::size_t mine = columns_[0].size();
        require_columns(host, mine + other.columns_[0].size(), mine, variables_);
        for (std::size_t i = 0; i < variables_; ++i)
            columns_[i].insert(columns_[i].end(), other.columns_[i].begin(), other.columns_[i].end());
        return;
    }

    if (other.n_ > 0) {
        const auto a = static_cast<double>(n_);
        const auto b = static_cast<double>(other.n_);
        const double weight = a * b / (a + b);
        std::array<double, kMaxCorrelated> deltas;
        for (std::size_t i = 0; i < variables_; ++i) {
            deltas[i] = other.means_[i] - means_[i];
            means_[i] += deltas[i] * (b / (a + b));
        }
        std::size_t place = 0;
        for (std::size_t i = 0; i < variables_; ++i)
            for (std::size_t j = 0; j <= i; ++j, ++place)
                products_[place] += other.products_[place] + weight * deltas[i] * deltas[j];
        n_ += other.n_;
    }
    if (incomplete_.empty()) {
        incomplete_ = other.incomplete_;
    } else if (!other.incomplete_.empty()) {
        for (std::size_t i = 0; i < incomplete_.size(); ++i)
            incomplete_[i].merge(other.incomplete_[i]);
    }
}

CorrelationState::PairMoments CorrelationState::complete_moments(std::size_t x, std::size_t y) const {
    return {n_,
            means_[x],
            means_[y],
            products_[triangle(x) + x],
            products_[triangle(y) + y],
            products_[triangle(y) + x]};  // x < y
}

std::vector<Correlation> CorrelationState::correlations(double level, Host& host) const {
    check_level(level);
    return method_ == CorrelationMethod::kSpearman ? spearman(level, host) : pearson(level, host);
}

std::vector<Correlation> CorrelationState::pearson(double level, Host& host) const {
    const double critical = normal_critical(level);
    std::vector<Correlation> result;
    for (std::size_t x = 0; x < variables_; ++x) {
        host.poll();
        for (std::size_t y = x + 1; y < variables_; ++y) {
            PairMoments moments = complete_moments(x, y);
            if (!incomplete_.empty()) moments.merge(incomplete_[result.size()]);
            Correlation& pair = result.emplace_back(Correlation{x, y, moments.n, {}, {}, {}, {}});
            conclude(pair, moments.xx, moments.yy, moments.xy, method_, critical);
        }
    }
    return result;
}

std::vector<Correlation> CorrelationState::spearman(double level, Host& host) const {
    const std::size_t rows = columns_[0].size();
    // The kept values, an order of each column and its ranks, and what sorting one column takes.
    constexpr std::size_t kSorting = 16;
    require_memory(host,
                   mul_size(rows, add_size(mul_size(variables_, sizeof(double) + 8), kSorting + 8)),
                   "ranking " + std::to_string(rows) + " rows");
    std::vector<std::vector<std::uint32_t>> orders;
    std::vector<std::vector<std::uint32_t>> full_ranks(variables_);
    for (std::size_t i = 0; i < variables_; ++i) {
        orders.push_back(sorted_rows(columns_[i], host));
        if (orders[i].size() < rows) continue;
        full_ranks[i].resize(rows);
        doubled_ranks(columns_[i], orders[i], columns_[i], full_ranks[i], host);
    }

    const double critical = normal_critical(level);
    std::vector<std::uint32_t> ranks_x(rows);
    std::vector<std::uint32_t> ranks_y(rows);
    std::vector<Correlation> result;
    PollEvery poll(host);
    for (std::size_t x = 0; x < variables_; ++x)
        for (std::size_t y = x + 1; y < variables_; ++y) {
            const bool complete = !full_ranks[x].empty() && !full_ranks[y].empty();
            auto n = static_cast<std::int64_t>(rows);
            if (!complete) {
                n = doubled_ranks(columns_[x], orders[x], columns_[y], ranks_x, host);
                doubled_ranks(columns_[y], orders[y], columns_[x], ranks_y, host);
            }
            const auto& a = complete ? full_ranks[x] : ranks_x;
            const auto& b = complete ? full_ranks[y] : ranks_y;
            __int128 xx = 0;
            __int128 yy = 0;
            __int128 xy = 0;
            for (std::size_t row = 0; row < rows; ++row) {
                poll();
                if (!complete && (std::isnan(columns_[x][row]) || std::isnan(columns_[y][row])))
                    continue;
                // The mean of the doubled ranks is n + 1.
                const std::int64_t dx = std::int64_t{a[row]} - (n + 1);
                const std::int64_t dy = std::int64_t{b[row]} - (n + 1);
                xx += static_cast<__int128>(dx) * dx;
                yy += static_cast<__int128>(dy) * dy;
                xy += static_cast<__int128>(dx) * dy;
            }
            Correlation& pair = result.emplace_back(Correlation{x, y, n, {}, {}, {}, {}});
            conclude(pair, static_cast<double>(xx), static_cast<double>(yy), static_cast<double>(xy),
                     method_, critical);
        }
    return result;
}

void CorrelationState::encode(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(method_));
    out.u16(static_cast<std::uint16_t>(variables_));
    if (method_ == CorrelationMethod::kSpearman) {
        out.reserve(64 + 8 * variables_ * columns_[0].size());
        out.u32(static_cast<std::uint32_t>(columns_[0].size()));
        for (const auto& column : columns_)
            for (const double value : column) {
                out.poll();
                out.f64(value);
            }
        return;
    }
    out.i64(n_);
    for (const double mean : means_) out.f64(mean);
    for (const double product : products_) out.f64(product);
    out.u8(incomplete_.empty() ? 0 : 1);
    for (const PairMoments& pair : incomplete_) {
        out.i64(pair.n);
        for (const double value : {pair.mean_x, pair.mean_y, pair.xx, pair.yy, pair.xy}) out.f64(value);
    }
}

CorrelationState CorrelationState::decode(Reader& in) {
    const std::uint8_t method = in.u8();
    const std::size_t variables = in.u16();
    if (method > 1 || variables < kMinCorrelated || variables > kMaxCorrelated) Reader::corrupt();
    const auto row_count = [&] {
        const std::int64_t n = in.i64();
        if (n < 0 || n > kMostRows) Reader::corrupt();
        return n;
    };

    CorrelationState state(variables, static_cast<CorrelationMethod>(method));
    if (state.method_ == CorrelationMethod::kSpearman) {
        const std::size_t rows = in.count(sizeof(double) * variables);
        for (auto& column : state.columns_) {
            column.resize(rows);
            for (double& value : column) {
                in.poll();
                value = in.f64();
                if (std::isinf(value)) Reader::corrupt();
            }
        }
        in.expect_end();
        return state;
    }

    // Sums may have overflown; that is told when they are read.
    state.n_ = row_count();
    for (double& mean : state.means_) mean = in.f64();
    for (double& product : state.products_) product = in.f64();
    if (in.u8() != 0) {
        if (in.remaining() / 48 < state.pairs()) Reader::corrupt();
        state.incomplete_.resize(state.pairs());
        for (PairMoments& pair : state.incomplete_) {
            pair.n = row_count();
            for (double* value : {&pair.mean_x, &pair.mean_y, &pair.xx, &pair.yy, &pair.xy})
                *value = in.f64();
        }
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
