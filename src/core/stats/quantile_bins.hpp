// A column cut into bins at its quantiles: fitted once, applied to any value later.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/chunked_vector.hpp"
#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/base/state.hpp"

namespace ecom::core {

// How cut points are placed and which side of a cut a value equal to it falls on.
enum class CutRule {
    kQuantile,  // type-7 quantiles, right-closed (q[i-1], q[i]]: as pandas.qcut
    kRfmR,      // type-7 quantiles plus one, left-closed [lo, hi): as R package rfm
    kFixed,     // given thresholds, left-closed [lo, hi)
};

// Equal values always fall into the same bin. When quantiles coincide (many ties) the bins between
// them stay empty; the scale is kept, so that the largest values always reach the top bin.
class QuantileBins final : public Model {
public:
    static constexpr std::string_view kKind = "quantile_bins";

    // Cut points ascending, k - 1 of them. Throws kInvalidArgument when they are not.
    QuantileBins(std::vector<double> cuts, bool left_closed, bool descending, std::int64_t n,
                 double min, double max);

    // values: finite, not empty, reordered. `descending`: the smallest values get the top bin.
    static QuantileBins fit(std::vector<double>& values, int bins, CutRule rule, bool descending,
                            Host& host);

    static std::unique_ptr<Model> decode(const Document& body, int version);

    // Bin of a value, 1 .. bins(). The value must not be NaN.
    int bin(double value) const noexcept {
        int below = 0;
        if (left_closed_)
            for (const double cut : cuts_) below += value >= cut;
        else
            for (const double cut : cuts_) below += value > cut;
        return descending_ ? bins() - below : 1 + below;
    }

    int bins() const noexcept { return static_cast<int>(cuts_.size()) + 1; }
    const std::vector<double>& cuts() const noexcept { return cuts_; }
    bool left_closed() const noexcept { return left_closed_; }
    bool descending() const noexcept { return descending_; }
    std::int64_t rows() const noexcept { return n_; }
    double min() const noexcept { return min_; }
    double max() const noexcept { return max_; }

    std::string_view kind() const override { return kKind; }
    int version() const override { return 1; }
    Document body() const override;
    Document summary() const override;

private:
    std::vector<double> cuts_;
    bool left_closed_;
    bool descending_;
    std::int64_t n_;
    double min_;
    double max_;
};

// Number of bins that scores may have.
constexpr int kMinBins = 2;
constexpr int kMaxBins = 10;
void check_bins(int bins);

// The values of a column while an aggregate collects them. Merging is exact: the cut points depend
// on the set of values, not on their order.
class QuantileBinsState final : public State {
public:
    static constexpr std::string_view kKind = "quantile_bins";

    QuantileBinsState(int bins, bool descending);

    // Throws kNonFiniteInput for NaN and infinities.
    void add(double value, const Host& host);
    void merge(const QuantileBinsState& other, Host& host);
    QuantileBins fit(Host& host) const;
    bool empty() const { return values_.empty(); }

    std::string_view kind() const override { return kKind; }
    void encode(Writer& out) const override;
    static QuantileBinsState decode(Reader& in);

private:
    int bins_;
    bool descending_;
    ChunkedVector<double> values_;
};

}  // namespace ecom::core
