#include "core/stats/feature_rows.hpp"

#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void check_features(std::size_t features) {
    if (features < 1 || features > kMaxFeatures)
        throw Error(ErrorCode::kInvalidArgument, "a row of " + std::to_string(features) + " features is not supported",
                    "Pass an array of 1 to " + std::to_string(kMaxFeatures) + " numbers in every row.");
}

void require_same_dimension(std::size_t expected, std::size_t got) {
    if (expected != got)
        throw Error(ErrorCode::kInvalidArgument,
                    "rows have different numbers of features: " + std::to_string(expected) + " and " +
                        std::to_string(got),
                    "Pass an array of the same length in every row.");
}

void require_finite(const double* row, std::size_t features) {
    for (std::size_t i = 0; i < features; ++i)
        if (!std::isfinite(row[i]))
            throw Error(ErrorCode::kNonFiniteInput, "feature " + std::to_string(i + 1) + " is not finite",
                        "Filter rows with NaN and infinite values out, or replace them.");
}

FeatureRows::FeatureRows(std::size_t features) : features_(features) { check_features(features); }

void FeatureRows::add(const double* row, const Host& host) {
    require_finite(row, features_);
    for (std::size_t i = 0; i < features_; ++i) {
        if (values_.will_grow())
            require_memory(host, add_size(values_.bytes(), values_.growth_bytes()),
                           "collecting " + std::to_string(rows() + 1) + " rows of " + std::to_string(features_) +
                               " features");
        values_.push_back(row[i]);
    }
}

void FeatureRows::merge(const FeatureRows& other, Host& host) {
    require_same_dimension(features_, other.features_);
    require_memory(host, mul_size(add_size(values_.size(), other.values_.size()), sizeof(double)),
                   "combining " + std::to_string(rows() + other.rows()) + " rows of features");
    PollEvery poll(host);
    other.values_.for_each([&](double v) {
        poll();
        values_.push_back(v);
    });
}

std::vector<double> FeatureRows::column(std::size_t feature, Host& host) const {
    std::vector<double> column;
    const std::size_t n = rows();
    column.reserve(n);
    PollEvery poll(host);
    for (std::size_t row = 0; row < n; ++row) {
        poll();
        column.push_back(at(row, feature));
    }
    return column;
}

std::vector<double> FeatureRows::row_major(Host& host) const {
    std::vector<double> all;
    all.reserve(values_.size());
    PollEvery poll(host);
    values_.for_each([&](double v) {
        poll();
        all.push_back(v);
    });
    return all;
}

void FeatureRows::encode(Writer& out) const {
    out.reserve(64 + 8 * values_.size());
    out.u32(static_cast<std::uint32_t>(features_));
    out.u64(rows());
    values_.for_each([&](double v) {
        out.poll();
        out.f64(v);
    });
}

FeatureRows FeatureRows::decode(Reader& in) {
    const std::size_t features = in.u32();
    if (features < 1 || features > kMaxFeatures) Reader::corrupt();
    const std::uint64_t rows = in.u64();
    if (rows > in.remaining() / (features * sizeof(double))) Reader::corrupt();
    FeatureRows result(features);
    for (std::uint64_t i = 0; i < rows * features; ++i) {
        in.poll();
        const double v = in.f64();
        if (!std::isfinite(v)) Reader::corrupt();
        result.values_.push_back(v);
    }
    return result;
}

}  // namespace ecom::core
