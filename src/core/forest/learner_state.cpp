#include "core/forest/learner_state.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/rng.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::uint64_t bits_of(double v) {
    std::uint64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return bits;
}

}  // namespace

LearnerState::LearnerState(std::vector<Feature> features, std::string options)
    : features_(std::move(features)), options_(std::move(options)), columns_(features_.size()), categories_(features_.size()) {
    if (features_.empty())
        throw Error(ErrorCode::kInvalidArgument, "row has no features", "Pass a row of at least one column.");
    if (features_.size() > kMaxRowFeatures)
        throw Error(ErrorCode::kLimitExceeded, "row has more than " + std::to_string(kMaxRowFeatures) + " features");
}

std::size_t LearnerState::held_bytes() const {
    std::size_t bytes = mul_size(columns_.size() + 1, labels_.bytes());
    for (const Categories& categories : categories_) bytes = add_size(bytes, categories.bytes());
    return bytes;
}

void LearnerState::add(double label, const FeatureValue* values, const Host& host) {
    if (!std::isfinite(label))
        throw Error(ErrorCode::kNonFiniteInput, "labels must be finite", "Filter rows with NaN or infinite labels out.");
    if (labels_.will_grow())
        require_memory(host, add_size(held_bytes(), mul_size(columns_.size() + 1, labels_.growth_bytes())),
                       "collecting " + std::to_string(labels_.size() + 1) + " rows of " +
                           std::to_string(features_.size()) + " features");
    for (std::size_t f = 0; f < features_.size(); ++f) {
        double v = kMissing;
        if (!values[f].missing) {
            if (features_[f].type == FeatureType::kCategory)
                v = categories_[f].add(values[f].text);
            else
                v = values[f].number + 0.0;  // -0 is 0
            if (std::isinf(v))
                throw Error(ErrorCode::kNonFiniteInput, "feature \"" + features_[f].name + "\" is infinite",
                            "Turn infinite values into NULL; NULL and NaN are read as missing.");
        }
        columns_[f].push_back(std::isnan(v) ? kMissing : v);
    }
    labels_.push_back(label + 0.0);
}

void LearnerState::merge(const LearnerState& other, Host& host) {
    if (other.features_ != features_ || other.options_ != options_)
        throw Error(ErrorCode::kInvalidArgument, "aggregate states with different features or options cannot be combined");
    require_memory(host, add_size(held_bytes(), other.held_bytes()), "combining training rows");
    PollEvery poll(host);
    for (std::size_t f = 0; f < features_.size(); ++f) {
        std::vector<double> number;
        for (const std::string& name : other.categories_[f].names()) number.push_back(categories_[f].add(name));
        other.columns_[f].for_each([&](double v) {
            poll();
            columns_[f].push_back(number.empty() || std::isnan(v) ? v : number[static_cast<std::size_t>(v)]);
        });
    }
    other.labels_.for_each([&](double v) {
        poll();
        labels_.push_back(v);
    });
}

TrainingRows LearnerState::rows(Host& host) const {
    const std::size_t n = size();
    require_memory(host, add_size(held_bytes(), mul_size(n, mul_size(features_.size() + 4, sizeof(double)))),
                   "ordering " + std::to_string(n) + " rows");
    if (n > std::numeric_limits<std::uint32_t>::max() / 2)
        throw Error(ErrorCode::kLimitExceeded, "more than 2147483647 rows to fit on", "Fit on a sample.");
    PollEvery poll(host);
    TrainingRows out;
    out.features = features_;
    out.categories.resize(features_.size());
    out.columns.resize(features_.size());

    // Categories by name, so that their numbers do not depend on which came first.
    std::vector<std::vector<double>> renumbered(features_.size());
    for (std::size_t f = 0; f < features_.size(); ++f) {
        const auto& names = categories_[f].names();
        std::vector<std::uint32_t> order(names.size());
        std::iota(order.begin(), order.end(), 0U);
        std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
            poll();
            return names[a] < names[b];
        });
        renumbered[f].resize(names.size());
        for (std::size_t i = 0; i < order.size(); ++i) {
            renumbered[f][order[i]] = static_cast<double>(i);
            out.categories[f].push_back(names[order[i]]);
        }
    }
    const auto value = [&](std::size_t f, std::size_t i) {
        const double v = columns_[f][i];
        return renumbered[f].empty() || std::isnan(v) ? v : renumbered[f][static_cast<std::size_t>(v)];
    };

    // Rows by the hash of all they hold: rows that tie are equal, so their order means nothing.
    struct Keyed {
        std::uint64_t hash;
        std::uint32_t row;
    };
    std::vector<Keyed> keys(n);
    for (std::size_t i = 0; i < n; ++i) {
        poll();
        keys[i] = {mix64(bits_of(labels_[i]) + 1), static_cast<std::uint32_t>(i)};
    }
    for (std::size_t f = 0; f < features_.size(); ++f)
        for (std::size_t i = 0; i < n; ++i) {
            poll();
            keys[i].hash = mix64(keys[i].hash * 0x9e3779b97f4a7c15ULL + bits_of(value(f, i)));
        }
    std::sort(keys.begin(), keys.end(), [&](const Keyed& a, const Keyed& b) {
        poll();
        return a.hash < b.hash;
    });
    for (std::size_t f = 0; f < features_.size(); ++f) {
        out.columns[f].reserve(n);
        for (const Keyed& key : keys) {
            poll();
            out.columns[f].push_back(value(f, key.row));
        }
    }
    out.labels.reserve(n);
    for (const Keyed& key : keys) {
        poll();
        out.labels.push_back(labels_[key.row]);
    }
    return out;
}

void LearnerState::encode(Writer& out) const {
    out.string(options_);
    out.u32(static_cast<std::uint32_t>(features_.size()));
    for (std::size_t f = 0; f < features_.size(); ++f) {
        out.string(features_[f].name);
        out.u8(static_cast<std::uint8_t>(features_[f].type));
        out.u32(static_cast<std::uint32_t>(categories_[f].names().size()));
        for (const std::string& name : categories_[f].names()) out.string(name);
    }
    out.u32(static_cast<std::uint32_t>(labels_.size()));
    const auto put = [&](double v) {
        out.poll();
        out.f64(v);
    };
    labels_.for_each(put);
    for (const auto& column : columns_) column.for_each(put);
}

LearnerState LearnerState::decode(Reader& in) {
    std::string options(in.string());
    const std::size_t width = in.count(9);
    if (width == 0 || width > kMaxRowFeatures) Reader::corrupt();
    std::vector<Feature> features;
    std::vector<Categories> categories(width);
    for (std::size_t f = 0; f < width; ++f) {
        std::string name(in.string());
        const std::uint8_t type = in.u8();
        if (type > static_cast<std::uint8_t>(FeatureType::kCategory)) Reader::corrupt();
        features.push_back({std::move(name), static_cast<FeatureType>(type)});
        const std::size_t count = in.count(4);
        if (count > kMaxCategories) Reader::corrupt();
        for (std::size_t i = 0; i < count; ++i)
            if (categories[f].add(in.string()) != i) Reader::corrupt();
    }
    LearnerState state(std::move(features), std::move(options));
    state.categories_ = std::move(categories);
    const std::size_t n = in.count(8 * (width + 1));
    for (std::size_t i = 0; i < n; ++i) {
        in.poll();
        const double v = in.f64();
        if (!std::isfinite(v)) Reader::corrupt();
        state.labels_.push_back(v);
    }
    for (std::size_t f = 0; f < width; ++f) {
        const bool is_category = state.features_[f].type == FeatureType::kCategory;
        const auto count = static_cast<double>(state.categories_[f].names().size());
        for (std::size_t i = 0; i < n; ++i) {
            in.poll();
            const double v = in.f64();
            if (std::isinf(v) || (is_category && !std::isnan(v) && !(v >= 0 && v < count && v == std::floor(v))))
                Reader::corrupt();
            state.columns_[f].push_back(std::isnan(v) ? kMissing : v);
        }
    }
    in.expect_end();
    return state;
}

}  // namespace ecom::core
