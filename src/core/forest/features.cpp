#include "core/forest/features.hpp"

#include "core/base/codec.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::string_view kTypeNames[] = {"number", "boolean", "time", "category"};

}  // namespace

std::string_view feature_type_name(FeatureType type) { return kTypeNames[static_cast<int>(type)]; }

FeatureType parse_feature_type(std::string_view name) {
    for (int i = 0; i < 4; ++i)
        if (kTypeNames[i] == name) return static_cast<FeatureType>(i);
    Reader::corrupt();
}

std::uint32_t Categories::add(std::string_view text) {
    const auto [place, is_new] =
        number_of_.emplace(std::string(text), static_cast<std::uint32_t>(names_.size()));
    if (is_new) {
        if (names_.size() >= kMaxCategories)
            throw Error(ErrorCode::kLimitExceeded,
                        "feature has more than " + std::to_string(kMaxCategories) + " distinct texts",
                        "Leave identifiers out of the features, or group rare values.");
        names_.emplace_back(text);
        bytes_ += 2 * text.size() + 128;  // both strings and the entry
    }
    return place->second;
}

std::int64_t Categories::find(std::string_view text) const {
    const auto place = number_of_.find(std::string(text));
    return place == number_of_.end() ? -1 : place->second;
}

TrainingRows TrainingRows::subset(const std::vector<std::uint32_t>& rows, Host& host) const {
    PollEvery poll(host);
    TrainingRows out;
    out.features = features;
    out.categories = categories;
    out.columns.resize(width());
    for (std::size_t f = 0; f < width(); ++f) {
        out.columns[f].reserve(rows.size());
        for (const std::uint32_t r : rows) {
            poll();
            out.columns[f].push_back(columns[f][r]);
        }
    }
    out.labels.reserve(rows.size());
    for (const std::uint32_t r : rows) out.labels.push_back(labels[r]);
    return out;
}

}  // namespace ecom::core
