// Points sorted into the cells of a grid.
#pragma once

#include <cstdint>
#include <vector>

#include "core/cluster/engine.hpp"

namespace ecom::core {

struct GridOrder {
    std::vector<std::uint32_t> rows;    // by cell, within a cell by coordinates and weight
    std::vector<std::uint32_t> starts;  // of each cell that has points, and the end
    FeatureColumns columns;             // in this order, padded to whole lanes
    std::vector<double> weights;        // the same; empty if none were given
};

// The order follows from the values alone: rows that are equal in all are interchangeable.
GridOrder grid_order(const FeatureColumns& columns, const std::vector<double>& weights, Host& host);

}  // namespace ecom::core
