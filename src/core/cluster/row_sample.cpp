#include "core/cluster/row_sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();

std::uint64_t mixed(std::uint64_t hash, double value) {
    value += 0.0;  // -0 and 0 are one value
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return mix64((hash ^ bits) + 0x9e3779b97f4a7c15ULL);
}

void push_counted(ChunkedVector<double>& values, double value, const Host& host, const char* what) {
    if (values.will_grow()) require_memory(host, add_size(values.bytes(), values.growth_bytes()), what);
    values.push_back(value);
}

struct Place {
    std::uint64_t hash;
    std::uint32_t row;
};

}  // namespace

std::uint64_t RowSample::hash(const double* row, double weight) const {
    std::uint64_t hash = 0;
    for (std::size_t j = 0; j < features(); ++j) hash = mixed(hash, row[j]);
    return is_weighted_ ? mixed(hash, weight) : hash;
}

void RowSample::push(const double* row, double weight, double count, const Host& host) {
    if (is_weighted_) push_counted(weights_, weight, host, "collecting weights");
    if (is_thinned()) push_counted(counts_, count, host, "counting equal rows");
    data_.add(row, host);
}

void RowSample::add(const double* row, double weight, const Host& host) {
    if (last_ != kEverything) {
        require_finite(row, features());
        if (hash(row, weight) > last_) {
            ++seen_;
            return;
        }
    }
    push(row, weight, 1.0, host);
    ++seen_;
}

void RowSample::merge(const RowSample& other, Host& host) {
    require_same_dimension(features(), other.features());
    PollEvery poll(host);
    if (other.is_thinned() && !is_thinned()) {
        for (std::size_t i = 0; i < rows(); ++i) poll(), push_counted(counts_, 1.0, host, "counting equal rows");
        is_thinned_ = true;
    }
    last_ = std::min(last_, other.last_);
    std::vector<double> row(features());
    for (std::size_t i = 0; i < other.rows(); ++i) {
        poll(features());
        for (std::size_t j = 0; j < features(); ++j) row[j] = other.data_.at(i, j);
        if (last_ != kEverything && hash(row.data(), other.weight(i)) > last_) continue;
        push(row.data(), other.weight(i), other.is_thinned() ? other.counts_[i] : 1.0, host);
    }
    seen_ += other.seen_;
}

std::vector<double> RowSample::weights(Host& host) const {
    std::vector<double> weights;
    weights.reserve(weights_.size());
    PollEvery poll(host);
    weights_.for_each([&](double weight) {
        poll();
        weights.push_back(weight);
    });
    return weights;
}

SampledRows RowSample::first_rows(std::size_t most, Host& host) const {
    const std::size_t n = rows();
    const std::size_t d = features();
    require_memory(host, add_size(mul_size(n, sizeof(Place)), mul_size(std::min(n, most), (d + 2) * sizeof(double))),
                   "putting " + std::to_string(n) + " rows in order");
    PollEvery poll(host);
    std::vector<double> row(d);
    const auto read = [&](std::size_t i) {
        for (std::size_t j = 0; j < d; ++j) row[j] = data_.at(i, j);
    };
    std::vector<Place> places;
    places.reserve(n);
    for (std::size_t i = 0; i < n; ++i) {
        poll(d);
        read(i);
        const std::uint64_t at = hash(row.data(), weight(i));
        if (at <= last_) places.push_back({at, static_cast<std::uint32_t>(i)});
    }
    // Rows whose hashes are equal are equal but for rare accidents, which their values put in order.
    const auto compare = [&](std::size_t a, std::size_t b) {
        for (std::size_t j = 0; j < d; ++j)
            if (data_.at(a, j) != data_.at(b, j)) return data_.at(a, j) < data_.at(b, j) ? -1 : 1;
        if (weight(a) != weight(b)) return weight(a) < weight(b) ? -1 : 1;
        return 0;
    };
    std::sort(places.begin(), places.end(), [&](const Place& a, const Place& b) {
        poll();
        return a.hash != b.hash ? a.hash < b.hash : compare(a.row, b.row) < 0;
    });
    SampledRows sample{FeatureRows(d), {}, {}};
    for (std::size_t p = 0; p < places.size(); ++p) {
        poll(d);
        const std::size_t i = places[p].row;
        const double count = is_thinned() ? counts_[i] : 1.0;
        if (p > 0 && places[p].hash == places[p - 1].hash && compare(i, places[p - 1].row) == 0) {
            sample.counts.back() += count;
            continue;
        }
        if (sample.counts.size() == most) break;
        read(i);
        sample.data.add(row.data(), host);
        sample.counts.push_back(count);
        if (is_weighted_) sample.weights.push_back(weight(i));
    }
    return sample;
}

void RowSample::thin(std::size_t most, Host& host) {
    SampledRows sample = first_rows(most, host);
    data_ = std::move(sample.data);
    weights_ = {};
    counts_ = {};
    is_thinned_ = true;
    PollEvery poll(host);
    for (std::size_t i = 0; i < sample.counts.size(); ++i) {
        poll();
        push_counted(counts_, sample.counts[i], host, "counting equal rows");
        if (is_weighted_) push_counted(weights_, sample.weights[i], host, "collecting weights");
    }
    if (rows() < most) return;
    std::vector<double> row(features());
    for (std::size_t j = 0; j < features(); ++j) row[j] = data_.at(rows() - 1, j);
    last_ = hash(row.data(), weight(rows() - 1));
}

void RowSample::encode(Writer& out) const {
    data_.encode(out);
    const auto write = [&](double value) {
        out.poll();
        out.f64(value);
    };
    weights_.for_each(write);
    if (!is_thinned()) return;
    counts_.for_each(write);
    out.u64(seen_);
    out.u64(last_);
}

RowSample RowSample::decode(Reader& in, bool is_weighted, bool is_thinned) {
    FeatureRows data = FeatureRows::decode(in);
    RowSample sample(data.features(), is_weighted);
    sample.data_ = std::move(data);
    for (std::size_t i = 0; is_weighted && i < sample.rows(); ++i) {
        in.poll();
        const double weight = in.f64();
        if (!(weight > 0.0 && weight <= kLargestWeight)) Reader::corrupt();
        sample.weights_.push_back(weight);
    }
    sample.seen_ = sample.rows();
    if (!is_thinned) return sample;
    sample.is_thinned_ = true;
    constexpr double kMostRows = 9007199254740992.0;  // 2^53: whole numbers of doubles
    double counted = 0.0;
    for (std::size_t i = 0; i < sample.rows(); ++i) {
        in.poll();
        const double count = in.f64();
        if (!(count >= 1.0 && count <= kMostRows && count == std::floor(count))) Reader::corrupt();
        sample.counts_.push_back(count);
        counted += count;
    }
    sample.seen_ = in.u64();
    sample.last_ = in.u64();
    const auto seen = static_cast<double>(sample.seen_);
    if (!(counted <= seen && seen <= kMostRows)) Reader::corrupt();
    return sample;
}

}  // namespace ecom::core
