// Rows of features, all of one dimension, as an aggregate collects them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/codec.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

constexpr std::size_t kMaxFeatures = 10000;

// Throws kInvalidArgument for a number of features outside 1 .. kMaxFeatures.
void check_features(std::size_t features);

// Throws kInvalidArgument unless the two dimensions are the same.
void require_same_dimension(std::size_t expected, std::size_t got);

// Throws kNonFiniteInput, naming the first feature that is NaN or infinite.
void require_finite(const double* row, std::size_t features);

class FeatureRows {
public:
    explicit FeatureRows(std::size_t features);

    std::size_t features() const noexcept { return features_; }
    std::size_t rows() const noexcept { return values_.size() / features_; }
    double at(std::size_t row, std::size_t feature) const noexcept { return values_[row * features_ + feature]; }

    // `row` has features() elements. Throws kNonFiniteInput for NaN and infinities.
    void add(const double* row, const Host& host);
    void merge(const FeatureRows& other, Host& host);

    // One feature of all rows.
    std::vector<double> column(std::size_t feature, Host& host) const;

    // All rows, one after the other.
    std::vector<double> row_major(Host& host) const;

    void encode(Writer& out) const;
    static FeatureRows decode(Reader& in);

private:
    std::size_t features_;
    ChunkedVector<double> values_;
};

}  // namespace ecom::core
