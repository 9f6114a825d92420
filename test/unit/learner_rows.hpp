// Rows of features by formula for tests of learners.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/rng.hpp"
#include "core/forest/learner_state.hpp"
#include "fakes.hpp"

namespace ecom::test {

struct LearnerRow {
    double label;
    double x, y, z;        // y is missing (NaN) in a tenth of the rows
    std::string colour;    // "" is missing
};

// Half of the label is noise; what is not comes from x, from the colour, and from y being missing.
inline std::vector<LearnerRow> learner_rows(std::size_t n, bool classes, std::uint64_t seed = 1) {
    static const char* const kColours[] = {"red", "green", "blue", "grey", ""};
    std::vector<LearnerRow> rows;
    core::Rng rng(seed, 0);
    for (std::size_t i = 0; i < n; ++i) {
        LearnerRow row;
        row.x = rng.uniform(-2, 2);
        row.y = rng.uniform() < 0.1 ? std::nan("") : rng.uniform(-2, 2);
        row.z = std::floor(rng.uniform(0, 5));
        const std::size_t colour = rng.below(5);
        row.colour = kColours[colour];
        const double score = row.x + (std::isnan(row.y) ? 1.0 : 0.5 * row.y) + (colour == 2 ? 1.5 : -0.3);
        row.label = classes ? (rng.uniform() < 1 / (1 + std::exp(-score)) ? 1.0 : 0.0) : score + rng.uniform(-1, 1);
        rows.push_back(row);
    }
    return rows;
}

inline core::LearnerState learner_state(const std::vector<LearnerRow>& rows, const core::Host& host, bool reversed = false) {
    using core::FeatureType;
    core::LearnerState state({{"x", FeatureType::kNumber}, {"y", FeatureType::kNumber}, {"z", FeatureType::kNumber}, {"colour", FeatureType::kCategory}},
                             "forest class\n{}");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const LearnerRow& row = rows[reversed ? rows.size() - 1 - i : i];
        const core::FeatureValue values[] = {{false, row.x, {}}, {std::isnan(row.y), row.y, {}}, {false, row.z, {}}, {row.colour.empty(), 0, row.colour}};
        state.add(row.label, values, host);
    }
    return state;
}

}  // namespace ecom::test
