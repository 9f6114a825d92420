#include "core/stats/labelled_rows.hpp"

#include <string>
#include <vector>

#include "core/base/budget.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Which rows a sample holds is not a matter of choice: the same question has the same answer.
constexpr std::uint64_t kSampleSeed = 1;

bool is_sample(std::int64_t sample) { return sample >= kMinSample && sample <= kMaxSample; }

}  // namespace

LabelledRowsState::LabelledRowsState(std::size_t features, std::optional<std::int32_t> sample)
    : sample_(sample), data_(features) {
    if (sample && !is_sample(*sample))
        throw Error(ErrorCode::kInvalidArgument, "sample size " + std::to_string(*sample) + " is out of range",
                    "Use " + std::to_string(kMinSample) + " to " + std::to_string(kMaxSample) +
                        " rows; silhouettes take time with the square of their number.");
}

void LabelledRowsState::add(const double* row, std::string_view label, const Host& host) {
    data_.add(row, host);
    if (labels_.will_grow())
        require_memory(host, add_size(labels_.bytes(), labels_.growth_bytes()),
                       "collecting " + std::to_string(labels_.size() + 1) + " labels");
    labels_.push_back(dictionary_.id(label, host));
}

void LabelledRowsState::merge(const LabelledRowsState& other, Host& host) {
    if (other.sample_ != sample_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different parameters cannot be combined");
    data_.merge(other.data_, host);
    const std::vector<std::uint32_t> ids = dictionary_.adopt(other.dictionary_, host);
    PollEvery poll(host);
    other.labels_.for_each([&](std::uint32_t label) {
        poll();
        labels_.push_back(ids[label]);
    });
}

ClusteredRows LabelledRowsState::clustered(Host& host) const {
    require_memory(host,
                   add_size(mul_size(2, mul_size(data_.rows(), data_.features() * sizeof(double))),
                            add_size(ClusteredRows::bytes_needed(data_.rows(), data_.features()),
                                     mul_size(2 * labels_.size(), sizeof(std::uint32_t)))),
                   "judging clusters of " + std::to_string(data_.rows()) + " rows");
    const std::vector<std::uint32_t> places = dictionary_.canonical_order();
    std::vector<std::uint32_t> labels;
    labels.reserve(labels_.size());
    labels_.for_each([&](std::uint32_t label) { labels.push_back(places[label]); });
    return ClusteredRows(data_.row_major(host), data_.features(), labels, dictionary_.size(), host);
}

double LabelledRowsState::silhouette(Host& host) const {
    const ClusteredRows rows = clustered(host);
    if (!sample_) return *silhouettes(rows, host).mean;
    return *silhouettes(rows.sample(static_cast<std::size_t>(*sample_), kSampleSeed, host), host).mean;
}

std::vector<double> LabelledRowsState::silhouettes_of_rows(Host& host) const {
    if (data_.rows() > kMaxSilhouettes)
        throw Error(ErrorCode::kLimitExceeded,
                    "silhouettes of " + std::to_string(data_.rows()) + " rows are too many, the limit is " + std::to_string(kMaxSilhouettes),
                    "Judge a random sample of the rows, or take the simplified silhouette of ecom.kmeans_assign.");
    return silhouettes(clustered(host), host).values;
}

void LabelledRowsState::encode(Writer& out) const {
    out.u32(static_cast<std::uint32_t>(sample_.value_or(0)));
    data_.encode(out);
    dictionary_.encode(out);
    labels_.for_each([&](std::uint32_t label) {
        out.poll();
        out.u32(label);
    });
}

LabelledRowsState LabelledRowsState::decode(Reader& in) {
    const std::uint32_t sample = in.u32();
    if (sample != 0 && !is_sample(sample)) Reader::corrupt();
    LabelledRowsState state(FeatureRows::decode(in), std::nullopt);
    if (sample != 0) state.sample_ = static_cast<std::int32_t>(sample);
    state.dictionary_ = LabelDictionary::decode(in);
    for (std::size_t i = 0; i < state.data_.rows(); ++i) {
        in.poll();
        const std::uint32_t label = in.u32();
        if (label >= state.dictionary_.size()) Reader::corrupt();
        state.labels_.push_back(label);
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
