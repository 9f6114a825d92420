#include "core/forest/feature_model.hpp"

#include <limits>

#include "core/base/firewall.hpp"

namespace ecom::core {

double FeatureModel::category(std::size_t feature, std::string_view text) const {
    const auto& numbers = number_of_[feature];
    const auto place = numbers.find(text);
    return place == numbers.end() ? std::numeric_limits<double>::quiet_NaN() : place->second;
}

void FeatureModel::index_categories() {
    number_of_.resize(width());
    for (std::size_t f = 0; f < width(); ++f)
        for (std::size_t i = 0; i < categories()[f].size(); ++i)
            number_of_[f].emplace(categories()[f][i], static_cast<double>(i));
}

}  // namespace ecom::core
