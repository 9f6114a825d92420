#include "core/stats/quantile_bins.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/stats/quantile.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void check_bins(int bins) {
    if (bins < kMinBins || bins > kMaxBins)
        throw Error(ErrorCode::kInvalidArgument,
                    "number of bins " + std::to_string(bins) + " is out of range",
                    "Use " + std::to_string(kMinBins) + " to " + std::to_string(kMaxBins) +
                        " bins; 5 is usual.");
}

QuantileBins::QuantileBins(std::vector<double> cuts, bool left_closed, bool descending,
                           std::int64_t n, double min, double max)
    : cuts_(std::move(cuts)),
      left_closed_(left_closed),
      descending_(descending),
      n_(n),
      min_(min),
      max_(max) {
    check_bins(bins());
    const bool finite = std::all_of(cuts_.begin(), cuts_.end(), [](double c) { return std::isfinite(c); });
    if (!finite || !std::is_sorted(cuts_.begin(), cuts_.end()))
        throw Error(ErrorCode::kInvalidArgument, "cut points must be finite and ascending");
}

QuantileBins QuantileBins::fit(std::vector<double>& values, int bins, CutRule rule,
                               bool descending, Host& host) {
    const Range range = range_of(values, host);
    std::vector<double> cuts = quantile_cuts(values, bins, host);
    if (rule == CutRule::kRfmR)
        for (double& cut : cuts) cut += 1.0;
    return QuantileBins(std::move(cuts), rule != CutRule::kQuantile, descending,
                        static_cast<std::int64_t>(values.size()), range.min, range.max);
}

Document QuantileBins::body() const {
    return Document::object()
        .set("cuts", Document(cuts_))
        .set("left_closed", Document(left_closed_))
        .set("descending", Document(descending_))
        .set("rows", Document(n_))
        .set("min", Document(min_))
        .set("max", Document(max_));
}

Document QuantileBins::summary() const {
    Document summary = Document::object();
    summary.set("bins", Document(static_cast<std::int64_t>(bins())));
    const Document fields = body();
    for (const auto& [name, field] : fields.as_fields()) summary.set(name, field);
    return summary;
}

std::unique_ptr<Model> QuantileBins::decode(const Document& body, int) {
    try {
        return std::make_unique<QuantileBins>(
            body.at("cuts").as_doubles(), body.at("left_closed").as_bool(),
            body.at("descending").as_bool(), body.at("rows").as_int(), body.at("min").as_double(),
            body.at("max").as_double());
    } catch (const Error& e) {
        throw Error(ErrorCode::kCorruptValue, e.what(),
                    "Restore the model from a backup, or fit it again.");
    }
}

QuantileBinsState::QuantileBinsState(int bins, bool descending)
    : bins_(bins), descending_(descending) {
    check_bins(bins);
}

void QuantileBinsState::add(double value, const Host& host) {
    if (!std::isfinite(value))
        throw Error(ErrorCode::kNonFiniteInput, "values to be cut into bins must be finite",
                    "Filter NaN and infinite values out, for example with FILTER (WHERE ...).");
    if (values_.will_grow())
        require_memory(host, add_size(values_.bytes(), values_.growth_bytes()),
                       "collecting " + std::to_string(values_.size() + 1) + " values");
    values_.push_back(value);
}

void QuantileBinsState::merge(const QuantileBinsState& other, Host& host) {
    if (other.bins_ != bins_ || other.descending_ != descending_)
        throw Error(ErrorCode::kInvalidArgument,
                    "aggregate states with different parameters cannot be combined");
    const std::size_t total = values_.size() + other.values_.size();
    require_memory(host, mul_size(total, sizeof(double)),
                   "combining " + std::to_string(total) + " values");
    PollEvery poll(host);
    other.values_.for_each([&](double v) {
        poll();
        values_.push_back(v);
    });
}

QuantileBins QuantileBinsState::fit(Host& host) const {
    require_memory(host, mul_size(2 * values_.size(), sizeof(double)),
                   "cutting " + std::to_string(values_.size()) + " values");
    std::vector<double> values;
    values.reserve(values_.size());
    PollEvery poll(host);
    values_.for_each([&](double v) {
        poll();
        values.push_back(v);
    });
    return QuantileBins::fit(values, bins_, CutRule::kQuantile, descending_, host);
}

void QuantileBinsState::encode(Writer& out) const {
    out.reserve(64 + 8 * values_.size());
    out.u8(static_cast<std::uint8_t>(bins_));
    out.u8(descending_ ? 1 : 0);
    out.u32(static_cast<std::uint32_t>(values_.size()));
    values_.for_each([&](double v) {
        out.poll();
        out.f64(v);
    });
}

QuantileBinsState QuantileBinsState::decode(Reader& in) {
    const int bins = in.u8();
    const bool descending = in.u8() != 0;
    if (bins < kMinBins || bins > kMaxBins) Reader::corrupt();
    QuantileBinsState state(bins, descending);
    const std::size_t count = in.count(sizeof(double));
    for (std::size_t i = 0; i < count; ++i) {
        in.poll();
        const double v = in.f64();
        if (!std::isfinite(v)) Reader::corrupt();
        state.values_.push_back(v);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
