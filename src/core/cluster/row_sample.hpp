// Rows of features as k-means collects them: all of them, or a random sample within a given number of rows.
//
// A row's place in a random order is the hash of its values, and the sample is the different rows that come first in
// it, each with the number of times it was added (a bottom-k sketch; Cohen and Kaplan, 2007). So the sample depends on
// the set of rows alone, and the sample of a whole follows from those of its parts.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/codec.hpp"
#include "core/base/host.hpp"
#include "core/stats/feature_rows.hpp"

namespace ecom::core {

// Weights stay where their products with squared distances are finite, summed over many rows.
constexpr double kLargestWeight = 1e20;

// Different rows in their random order.
struct SampledRows {
    FeatureRows data;
    std::vector<double> weights;  // empty, or one a row
    std::vector<double> counts;   // how often each row was added
};

class RowSample {
public:
    RowSample(std::size_t features, bool is_weighted) : data_(features), is_weighted_(is_weighted) {}

    std::size_t features() const { return data_.features(); }
    bool is_weighted() const { return is_weighted_; }
    std::size_t rows() const { return data_.rows(); }  // held
    std::uint64_t seen() const { return seen_; }        // added
    bool is_thinned() const { return is_thinned_; }  // equal rows are counted, others may be left out

    // All rows in the order that they were added in, unless they were thinned.
    const FeatureRows& data() const { return data_; }
    std::vector<double> weights(Host& host) const;

    // Throws kNonFiniteInput for NaN and infinities. The weight is ignored where rows have none.
    void add(const double* row, double weight, const Host& host);
    void merge(const RowSample& other, Host& host);

    // Keeps the first `most` different rows.
    void thin(std::size_t most, Host& host);
    SampledRows first_rows(std::size_t most, Host& host) const;

    void encode(Writer& out) const;
    // What encode() wrote of rows with or without weights.
    static RowSample decode(Reader& in, bool is_weighted, bool is_thinned);

private:
    std::uint64_t hash(const double* row, double weight) const;
    void push(const double* row, double weight, double count, const Host& host);
    double weight(std::size_t row) const { return is_weighted_ ? weights_[row] : 1.0; }

    FeatureRows data_;
    bool is_weighted_;
    ChunkedVector<double> weights_;
    bool is_thinned_ = false;
    ChunkedVector<double> counts_;  // once rows are thinned, one each
    std::uint64_t seen_ = 0;
    // Rows with larger hashes are left out.
    std::uint64_t last_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace ecom::core
