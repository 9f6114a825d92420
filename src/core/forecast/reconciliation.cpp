#include "core/forecast/reconciliation.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Tree {
    std::vector<std::vector<std::size_t>> children;
    std::vector<std::size_t> children_first;  // every node after those below it
    std::vector<std::size_t> parents;         // nodes with children
};

Tree tree_of(const std::vector<HierarchyNode>& nodes) {
    const std::size_t n = nodes.size();
    Tree tree;
    tree.children.resize(n);
    for (std::size_t i = 0; i < n; ++i) {
        if (!nodes[i].parent) {
            tree.children_first.push_back(i);
            continue;
        }
        if (*nodes[i].parent >= n)
            throw Error(ErrorCode::kInvalidArgument, "a node of the hierarchy has a parent that is no node of it",
                        "Give every parent a row of its own, with its own forecast.");
        tree.children[*nodes[i].parent].push_back(i);
    }
    // From the roots down, then turned round.
    for (std::size_t at = 0; at < tree.children_first.size(); ++at) {
        const auto& below = tree.children[tree.children_first[at]];
        tree.children_first.insert(tree.children_first.end(), below.begin(), below.end());
    }
    if (tree.children_first.size() != n)
        throw Error(ErrorCode::kInvalidArgument, "the hierarchy has a cycle",
                    "No node may be below itself: follow the parents of each up to one whose parent is NULL.");
    std::reverse(tree.children_first.begin(), tree.children_first.end());
    for (std::size_t i = 0; i < n; ++i)
        if (!tree.children[i].empty()) tree.parents.push_back(i);
    return tree;
}

std::size_t check_lengths(const std::vector<HierarchyNode>& nodes, bool with_residuals) {
    const std::size_t horizon = nodes[0].forecast.size();
    for (const HierarchyNode& node : nodes) {
        if (node.forecast.size() != horizon)
            throw Error(ErrorCode::kInvalidArgument,
                        "forecasts of the hierarchy have different lengths: " + std::to_string(horizon) + " and " +
                            std::to_string(node.forecast.size()),
                        "Forecast the same steps for every node.");
        for (const double value : node.forecast)
            if (!(std::fabs(value) <= 1e300))
                throw Error(ErrorCode::kNonFiniteInput, "forecasts must be finite and at most 1e300",
                            "Give a forecast for every node and step; naive forecasts where nothing better is known.");
        if (with_residuals && node.residuals.size() != nodes[0].residuals.size())
            throw Error(ErrorCode::kInvalidArgument,
                        "residuals of the hierarchy have different lengths: " +
                            std::to_string(nodes[0].residuals.size()) + " and " + std::to_string(node.residuals.size()),
                        "Give residuals of the same times for every node, NULL where there is none; or use the method "
                        "wls_struct, which needs none.");
    }
    return horizon;
}

// A column a node, a row a time at which every node has a residual.
MatrixXd complete_residuals(const std::vector<HierarchyNode>& nodes, PollEvery& poll) {
    std::vector<std::size_t> times;
    for (std::size_t t = 0; t < nodes[0].residuals.size(); ++t) {
        poll(nodes.size());
        const bool is_complete = std::all_of(nodes.begin(), nodes.end(),
                                             [&](const HierarchyNode& node) { return !std::isnan(node.residuals[t]); });
        if (is_complete) times.push_back(t);
    }
    if (times.size() < 2)
        throw Error(ErrorCode::kNotEnoughData, "fewer than two times at which every node has a residual",
                    "Give the residuals of the same times for every node, or use the method wls_struct, which needs none.");
    MatrixXd residuals(static_cast<Eigen::Index>(times.size()), static_cast<Eigen::Index>(nodes.size()));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        poll(times.size());
        for (std::size_t k = 0; k < times.size(); ++k) {
            const double value = nodes[i].residuals[times[k]];
            if (!(std::fabs(value) <= 1e150))
                throw Error(ErrorCode::kNonFiniteInput, "residuals must be finite and at most 1e150",
                            "Turn infinite residuals into NULL.");
            residuals(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(i)) = value;
        }
    }
    return residuals;
}

// Mean squares of the columns. A node without any error would be divided by: it gets a billionth of the mean instead.
VectorXd mean_squares(const MatrixXd& residuals) {
    VectorXd squares = residuals.colwise().squaredNorm().transpose() / static_cast<double>(residuals.rows());
    const double mean = squares.mean();
    if (!(mean > 0.0)) return VectorXd::Ones(squares.size());
    return squares.cwiseMax(1e-9 * mean);
}

// Columns i of W for nodes with an error covariance of their own.
class Covariance {
public:
    explicit Covariance(VectorXd diagonal) : diagonal_(std::move(diagonal)) {}
    Covariance(VectorXd diagonal, MatrixXd full) : diagonal_(std::move(diagonal)), full_(std::move(full)) {}

    void add_column(std::size_t i, double factor, Eigen::Ref<VectorXd> to) const {
        const auto at = static_cast<Eigen::Index>(i);
        if (full_.size() > 0)
            to += factor * full_.col(at);
        else
            to(at) += factor * diagonal_(at);
    }

private:
    VectorXd diagonal_;
    MatrixXd full_;
};

// The intensity of shrinkage: the variance of the correlations over their squares, between 0 and 1. One pass over the pairs.
double shrinkage_of(const MatrixXd& scaled, const MatrixXd& correlation, Host& host) {
    const auto times = static_cast<double>(scaled.rows());
    double variance = 0.0;
    double squares = 0.0;
    for (Eigen::Index i = 0; i < scaled.cols(); ++i) {
        host.poll();
        for (Eigen::Index j = 0; j < i; ++j) {
            const double products = scaled.col(i).cwiseProduct(scaled.col(j)).squaredNorm();
            const double sum = times * correlation(i, j);
            variance += (products - sum * sum / times) / (times * (times - 1.0));
            squares += correlation(i, j) * correlation(i, j);
        }
    }
    if (!(squares > 0.0)) return 1.0;
    return std::clamp(variance / squares, 0.0, 1.0);
}

Covariance shrunk_covariance(const MatrixXd& residuals, double& shrinkage, Host& host) {
    const Eigen::Index n = residuals.cols();
    const auto times = static_cast<double>(residuals.rows());
    const VectorXd squares = mean_squares(residuals);
    const VectorXd deviation = squares.cwiseSqrt();
    const MatrixXd scaled = residuals * deviation.cwiseInverse().asDiagonal();
    MatrixXd covariance(n, n);
    for (Eigen::Index i = 0; i < n; ++i) {
        host.poll();
        covariance.col(i).noalias() = scaled.transpose() * scaled.col(i) / times;
    }
    shrinkage = shrinkage_of(scaled, covariance, host);
    for (Eigen::Index i = 0; i < n; ++i) {
        host.poll();
        for (Eigen::Index j = 0; j < n; ++j)
            covariance(j, i) = i == j ? squares(i) : (1.0 - shrinkage) * covariance(j, i) * deviation(i) * deviation(j);
    }
    return Covariance(squares, std::move(covariance));
}

Covariance covariance_of(const std::vector<HierarchyNode>& nodes, const Tree& tree, Reconciliation method, double& shrinkage,
                         Host& host) {
    const auto n = static_cast<Eigen::Index>(nodes.size());
    PollEvery poll(host);
    switch (method) {
        case Reconciliation::kWlsStruct: {
            VectorXd leaves = VectorXd::Zero(n);
            for (const std::size_t i : tree.children_first) {
                if (tree.children[i].empty()) leaves(static_cast<Eigen::Index>(i)) = 1.0;
                for (const std::size_t child : tree.children[i])
                    leaves(static_cast<Eigen::Index>(i)) += leaves(static_cast<Eigen::Index>(child));
            }
            return Covariance(leaves);
        }
        case Reconciliation::kWlsVar: return Covariance(mean_squares(complete_residuals(nodes, poll)));
        case Reconciliation::kMintShrink: return shrunk_covariance(complete_residuals(nodes, poll), shrinkage, host);
        case Reconciliation::kOls:
        case Reconciliation::kBottomUp: break;
    }
    return Covariance(VectorXd::Ones(n));
}

// Takes W C' (C W C')^-1 C y from y.
void project(MatrixXd& forecast, const Tree& tree, const Covariance& covariance, Host& host) {
    const auto n = forecast.rows();
    const auto m = static_cast<Eigen::Index>(tree.parents.size());
    // C x: a node less the sum of its children.
    const auto gap = [&](std::size_t node, const auto& column) {
        double difference = column(static_cast<Eigen::Index>(node));
        for (const std::size_t child : tree.children[node]) difference -= column(static_cast<Eigen::Index>(child));
        return difference;
    };
    MatrixXd spread = MatrixXd::Zero(n, m);  // W C'
    MatrixXd inner(m, m);                    // C W C'
    MatrixXd gaps(m, forecast.cols());       // C y
    for (Eigen::Index k = 0; k < m; ++k) {
        host.poll();
        const std::size_t node = tree.parents[static_cast<std::size_t>(k)];
        covariance.add_column(node, 1.0, spread.col(k));
        for (const std::size_t child : tree.children[node]) covariance.add_column(child, -1.0, spread.col(k));
        for (Eigen::Index h = 0; h < forecast.cols(); ++h) gaps(k, h) = gap(node, forecast.col(h));
        for (Eigen::Index j = 0; j < m; ++j) inner(j, k) = gap(tree.parents[static_cast<std::size_t>(j)], spread.col(k));
    }
    const Eigen::LDLT<MatrixXd> solver(inner);
    if (solver.info() != Eigen::Success || !solver.isPositive())
        throw Error(ErrorCode::kNumericFailure, "errors of the hierarchy are too much alike to weigh them",
                    "Use the method wls_struct or bottom_up.");
    forecast -= spread * solver.solve(gaps);
}

}  // namespace

Reconciliation parse_reconciliation(std::string_view name) {
    if (name == "bottom_up") return Reconciliation::kBottomUp;
    if (name == "ols") return Reconciliation::kOls;
    if (name == "wls_struct") return Reconciliation::kWlsStruct;
    if (name == "wls_var") return Reconciliation::kWlsVar;
    if (name == "mint_shrink") return Reconciliation::kMintShrink;
    throw Error(ErrorCode::kInvalidArgument, "reconciliation method \"" + std::string(name) + "\" is not known",
                "Use bottom_up, ols, wls_struct, wls_var or mint_shrink.");
}

Reconciled reconcile(const std::vector<HierarchyNode>& nodes, const ReconciliationParams& params, Host& host) {
    Reconciled result;
    if (nodes.empty()) return result;
    const bool with_residuals =
        params.method == Reconciliation::kWlsVar || params.method == Reconciliation::kMintShrink;
    const std::size_t horizon = check_lengths(nodes, with_residuals);
    const Tree tree = tree_of(nodes);
    const std::size_t n = nodes.size();
    const std::size_t m = tree.parents.size();
    std::size_t numbers = add_size(mul_size(n, mul_size(2, horizon)), mul_size(m, add_size(n, mul_size(2, m))));
    if (with_residuals) numbers = add_size(numbers, mul_size(mul_size(2, n), nodes[0].residuals.size()));
    if (params.method == Reconciliation::kMintShrink) numbers = add_size(numbers, mul_size(n, n));
    require_memory(host, mul_size(numbers, sizeof(double)),
                   "reconciling the forecasts of " + std::to_string(n) + " nodes");

    MatrixXd forecast(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(horizon));
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t h = 0; h < horizon; ++h)
            forecast(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(h)) = nodes[i].forecast[h];
    if (params.method != Reconciliation::kBottomUp && m > 0)
        project(forecast, tree, covariance_of(nodes, tree, params.method, result.shrinkage, host), host);

    // Sums of the leaves: what rounding leaves of the differences goes, too.
    PollEvery poll(host);
    for (const std::size_t i : tree.children_first) {
        poll(horizon);
        const auto row = static_cast<Eigen::Index>(i);
        if (tree.children[i].empty()) {
            if (params.nonnegative) forecast.row(row) = forecast.row(row).cwiseMax(0.0).eval();
            continue;
        }
        forecast.row(row).setZero();
        for (const std::size_t child : tree.children[i]) forecast.row(row) += forecast.row(static_cast<Eigen::Index>(child));
    }
    for (std::size_t i = 0; i < n; ++i) {
        const VectorXd row = forecast.row(static_cast<Eigen::Index>(i)).transpose();
        result.forecast.emplace_back(row.data(), row.data() + row.size());
    }
    return result;
}

}  // namespace ecom::core
