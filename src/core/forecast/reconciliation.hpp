// Forecasts of a hierarchy that add up: a total is the sum of its parts, at every level and at every step.
//
// Base forecasts, made for every node by itself, do not. Reconciled ones are y - W C' (C W C')^-1 C y: C y says by how much
// nodes differ from the sums of their children, W is the covariance of the base forecasts' errors. That is the unbiased
// linear combination with the least trace of error variance (MinT; Wickramasuriya, Athanasopoulos and Hyndman, 2019), in the
// form that solves for as many unknowns as there are nodes with children, and that needs no inverse of W.
//
// - bottom_up: leaves as they are, the others are their sums
// - ols: W = I
// - wls_struct: W = number of leaves below a node, on the diagonal (Athanasopoulos et al., 2017)
// - wls_var: W = mean square of the node's residuals, on the diagonal
// - mint_shrink: W = second moments of the residuals, their correlations shrunk towards 0 by the intensity of Schaefer and
//   Strimmer (2005), as MinT(covariance = "shr") of R's hts
//
// O(m^3 + n m + T n^2) time for n nodes, m of them with children, and T residuals; mint_shrink holds 3 n^2 numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"

namespace ecom::core {

enum class Reconciliation { kBottomUp, kOls, kWlsStruct, kWlsVar, kMintShrink };

// bottom_up, ols, wls_struct, wls_var or mint_shrink; throws kInvalidArgument for anything else.
Reconciliation parse_reconciliation(std::string_view name);

struct HierarchyNode {
    std::optional<std::size_t> parent;  // index of another node; none: a root
    std::vector<double> forecast;       // of the same length at every node
    // One step ahead, in the order of time, NaN where there is none; wls_var and mint_shrink need them, of the same length
    // at every node. Times at which a node has none count for no node.
    std::vector<double> residuals;
};

struct ReconciliationParams {
    Reconciliation method = Reconciliation::kMintShrink;
    // Leaves below 0 are set to 0 before they are summed (Di Fonzo and Girolimetto, 2023).
    bool nonnegative = false;
};

struct Reconciled {
    std::vector<std::vector<double>> forecast;  // of every node
    double shrinkage = 0.0;                     // mint_shrink: 0 keeps the correlations, 1 drops them
};

// Throws kInvalidArgument for a parent that is no node, a cycle, or forecasts or residuals of different lengths;
// kNonFiniteInput for forecasts that are not finite; kNotEnoughData for fewer than two times with residuals everywhere.
Reconciled reconcile(const std::vector<HierarchyNode>& nodes, const ReconciliationParams& params, Host& host);

}  // namespace ecom::core
