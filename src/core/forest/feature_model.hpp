// A model of rows of features: what scoring and explaining need to know of it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/host.hpp"
#include "core/base/model.hpp"
#include "core/forest/features.hpp"

namespace ecom::core {

class FeatureModel : public Model {
public:
    static constexpr std::string_view kKind = "learner";  // named where a model of another kind is refused

    FeatureModel() = default;
    FeatureModel(const FeatureModel&) = delete;  // the index points into the categories
    FeatureModel& operator=(const FeatureModel&) = delete;

    virtual const std::vector<Feature>& features() const = 0;
    virtual const std::vector<std::vector<std::string>>& categories() const = 0;  // by feature
    virtual bool classifies() const = 0;
    virtual const std::vector<double>& importance() const = 0;  // by feature, sum 1, or all 0

    // values: one a feature, NaN is missing, categories by their numbers. A class's probability, or the
    // value of a regression.
    virtual double predict(const double* values) const = 0;

    // The scale on which features add up; contributions and the returned base value sum to it.
    virtual double raw(const double* values) const = 0;
    virtual double explain(const double* values, double* contributions, Host& host) const = 0;

    std::size_t width() const { return features().size(); }

    // The number of a category, NaN where it was not seen when fitting.
    double category(std::size_t feature, std::string_view text) const;

protected:
    void index_categories();

private:
    std::vector<std::unordered_map<std::string_view, double>> number_of_;
};

}  // namespace ecom::core
