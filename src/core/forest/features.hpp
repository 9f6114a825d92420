// Rows of named, typed features as learners collect and read them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

// What the values of a feature are. Numbers of every SQL type are kNumber; dates and time stamps are
// days since 2000-01-01, so that a model reads the one where it was fitted on the other.
enum class FeatureType : std::uint8_t { kNumber = 0, kBoolean = 1, kTime = 2, kCategory = 3 };

std::string_view feature_type_name(FeatureType type);
FeatureType parse_feature_type(std::string_view name);  // throws kCorruptValue

struct Feature {
    std::string name;
    FeatureType type;

    bool operator==(const Feature& o) const { return name == o.name && type == o.type; }
};

constexpr std::size_t kMaxRowFeatures = 1600;  // columns that a row of PostgreSQL may have
constexpr std::size_t kMaxCategories = 65000;

// Distinct texts, numbered as they come.
class Categories {
public:
    std::uint32_t add(std::string_view text);
    std::int64_t find(std::string_view text) const;  // -1 where it was not seen
    const std::vector<std::string>& names() const { return names_; }
    std::size_t bytes() const { return bytes_; }  // about

private:
    std::size_t bytes_ = 0;
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::uint32_t> number_of_;
};

// What a learner is fitted on, in an order that depends on the rows and not on how they came.
struct TrainingRows {
    std::vector<Feature> features;
    std::vector<std::vector<double>> columns;          // per feature; NaN is missing
    std::vector<std::vector<std::string>> categories;  // per feature, ascending; values index them
    std::vector<double> labels;                        // 0 and 1 for classes

    std::size_t size() const { return labels.size(); }
    std::size_t width() const { return features.size(); }
    std::size_t bytes() const { return size() * (width() + 1) * sizeof(double); }
    TrainingRows subset(const std::vector<std::uint32_t>& rows, Host& host) const;
};

}  // namespace ecom::core
