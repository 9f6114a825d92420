#include "core/stats/symmetric_eigen.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/eigen.hpp"
#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Q T Q' of a symmetric matrix: diagonal and subdiagonal of T (its last element is 0), and Q.
struct Tridiagonal {
    VectorXd diagonal;
    VectorXd below;
    MatrixXd q;
};

Tridiagonal tridiagonalised(MatrixXd a, Host& host) {
    const Index n = a.rows();
    Tridiagonal t{VectorXd(n), VectorXd::Zero(n), MatrixXd::Identity(n, n)};
    VectorXd taus = VectorXd::Zero(n);
    for (Index k = 0; k + 1 < n; ++k) {
        host.poll();
        const Index rest = n - k - 1;
        auto column = a.col(k).tail(rest);
        double tau, beta;
        column.makeHouseholderInPlace(tau, beta);
        t.below[k] = beta;
        taus[k] = tau;
        column[0] = 1.0;
        // A becomes H A H with H = 1 - tau v v', a change of rank two.
        auto trailing = a.bottomRightCorner(rest, rest);
        VectorXd p = trailing.selfadjointView<Eigen::Lower>() * (tau * column);
        p -= (0.5 * tau * p.dot(column)) * column;
        trailing.selfadjointView<Eigen::Lower>().rankUpdate(column, p, -1.0);
    }
    t.diagonal = a.diagonal();
    for (Index k = n - 2; k >= 0; --k) {
        host.poll();
        const Index rest = n - k - 1;
        const auto v = a.col(k).tail(rest);
        auto trailing = t.q.bottomRightCorner(rest, rest);
        const Eigen::RowVectorXd projections = taus[k] * (v.transpose() * trailing);
        trailing.noalias() -= v * projections;
    }
    return t;
}

// Turns T into a diagonal by rotations, which Q takes part in.
void diagonalise(Tridiagonal& t, Host& host) {
    constexpr int kMostSweeps = 60;  // per eigenvalue; two are usual
    const Index n = t.diagonal.size();
    VectorXd& d = t.diagonal;
    VectorXd& e = t.below;
    // Relative to the whole matrix: among eigenvalues of zero nothing is small relative to its neighbours.
    const double negligible = std::numeric_limits<double>::epsilon() * (d.cwiseAbs() + e.cwiseAbs()).maxCoeff();
    for (Index first = 0; first < n; ++first) {
        for (int sweep = 0;; ++sweep) {
            host.poll();
            Index last = first;
            while (last + 1 < n && std::fabs(e[last]) > negligible) ++last;
            if (last == first) break;
            if (sweep == kMostSweeps)
                throw Error(ErrorCode::kNumericFailure, "eigenvalues did not converge",
                            "Scale the features first, for example with ecom.scaler_fit.");
            // Wilkinson's shift.
            const double half = (d[first + 1] - d[first]) / (2.0 * e[first]);
            double g = d[last] - d[first] + e[first] / (half + std::copysign(std::hypot(half, 1.0), half));
            double s = 1.0, c = 1.0, p = 0.0;
            bool split = false;
            for (Index i = last - 1; i >= first; --i) {
                const double f = s * e[i];
                const double b = c * e[i];
                const double r = std::hypot(f, g);
                e[i + 1] = r;
                if (r == 0.0) {
                    d[i + 1] -= p;
                    e[last] = 0.0;
                    split = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                const double turned = (d[i] - g) * s + 2.0 * c * b;
                p = s * turned;
                d[i + 1] = g + p;
                g = c * turned - b;
                t.q.applyOnTheRight(i, i + 1, Eigen::JacobiRotation<double>(c, s));
                if (i % 64 == 0) host.poll();
            }
            if (split) continue;
            d[first] -= p;
            e[first] = g;
            e[last] = 0.0;
        }
    }
}

}  // namespace

SymmetricEigen symmetric_eigen(const std::vector<double>& matrix, std::size_t n, Host& host) {
    MatrixXd a = Eigen::Map<const MatrixXd>(matrix.data(), static_cast<Index>(n), static_cast<Index>(n));
    a.triangularView<Eigen::StrictlyUpper>() = a.transpose();
    // Relative to its largest element nothing overflows.
    const double largest = a.cwiseAbs().maxCoeff();
    const double scale = largest > 0.0 ? largest : 1.0;
    a /= scale;
    Tridiagonal t = tridiagonalised(std::move(a), host);
    diagonalise(t, host);

    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) {
        return t.diagonal[static_cast<Index>(x)] > t.diagonal[static_cast<Index>(y)];
    });
    SymmetricEigen result;
    result.vectors.reserve(n * n);
    for (const std::size_t i : order) {
        host.poll();
        result.values.push_back(scale * t.diagonal[static_cast<Index>(i)]);
        const auto vector = t.q.col(static_cast<Index>(i));
        result.vectors.insert(result.vectors.end(), vector.data(), vector.data() + n);
    }
    return result;
}

}  // namespace ecom::core
