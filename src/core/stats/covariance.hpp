// The covariance matrix of several features in one pass over the rows.
//
// Rows are collected in blocks; a block's mean and sums of products of deviations join those of the rows before by
// the formulas of Chan, Golub and LeVeque (1979), as does the state of another worker: neither a large mean nor the
// split of the rows costs digits. The order of the rows changes the last digits only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/codec.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

class CovarianceAccumulator {
public:
    // Throws kInvalidArgument for a number of features that check_features() refuses, kLimitExceeded when the
    // matrix does not fit.
    CovarianceAccumulator(std::size_t features, const Host& host);

    std::size_t features() const { return features_; }
    std::int64_t rows() const;

    // `row` has features() elements. Throws kNonFiniteInput for NaN and infinities.
    void add(const double* row);
    void merge(const CovarianceAccumulator& other);

    // Takes the rows that are still collected into the sums.
    void flush();

    // After flush(): means, and the lower triangle (by columns, features() x features()) of the sums of products
    // of deviations. They have overflown where they are not finite.
    const std::vector<double>& means() const { return means_; }
    const std::vector<double>& products() const { return products_; }

    void encode(Writer& out) const;
    static CovarianceAccumulator decode(Reader& in);

private:
    explicit CovarianceAccumulator(std::size_t features);

    std::size_t features_;
    std::int64_t n_ = 0;  // without the rows of block_
    std::vector<double> means_;
    std::vector<double> products_;
    std::vector<double> block_;  // rows one after the other
};

}  // namespace ecom::core
