// Implicit alternating least squares: users and items as short vectors whose products say who takes what.
//
// With C the pairs that occur, minimised are (Hu, Koren and Volinsky, 2008, in the form of Rendle, Krichene, Zhang and Koren, 2022)
//     sum over C of (1 - x_u y_i)^2 + a sum over all pairs of (x_u y_i)^2 + lambda (sum over u of (n_u + a I) |x_u|^2
//         + sum over i of (n_i + a U) |y_i|^2)
// a: weight of a pair that does not occur; n: entries of a row; I, U: items, users. One side is fixed while the rows of the other are
// improved, each by a few steps of the conjugate gradient from where it was (Takacs, Pilaszy and Tikk, 2011).
//
// Rows are improved on all threads, each by sums in a fixed order, and start from streams of the seed and the item's number: results are
// the same for any number of threads and order of rows. Time of a round: entries * factors + (users + items) * factors^2.
// Memory: 8 bytes a user or item and factor, checked before it starts.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

struct FactorParams {
    std::int32_t factors = 64;
    std::int32_t iterations = 15;
    double lambda = 0.01;
    double unobserved_weight = 0.3;
    std::int64_t seed = 42;

    void check() const;
};

struct ItemFactors {
    std::uint32_t items = 0;
    std::uint32_t width = 0;  // factors, rounded up to a multiple of 8 by zeros
    double lambda = 0.0;
    double unobserved_weight = 0.0;
    std::vector<double> all;   // of item i: all[i * width ..]
    std::vector<double> gram;  // sum over items of y y'; width^2, derived

    bool empty() const { return width == 0; }
    const double* of(std::uint32_t item) const { return all.data() + std::size_t{item} * width; }
    void derive(Host& host);  // gram from all
};

ItemFactors fit_factors(const InteractionMatrix& matrix, const FactorParams& params, Host& host);

// A history folded in: the x_u that a user with these items would have, exactly, and how much each of them contributes to a score:
// score = sum over the items i of the history of y_j' A^-1 y_i, A the system of x_u (Hu, Koren and Volinsky, 2008, section 5).
class FoldedHistory {
public:
    explicit FoldedHistory(const ItemFactors& factors) : factors_(factors) {}

    void fold(const std::vector<std::uint32_t>& history, Host& host);
    double score(std::uint32_t item) const;
    // Place in the history of the item that contributes most to the score of another; the first of equal ones. History not empty.
    std::size_t because(std::uint32_t item, Host& host);

private:
    void solve(double* vector) const;

    const ItemFactors& factors_;
    std::vector<std::uint32_t> history_;
    std::vector<double> cholesky_;  // lower triangle by rows
    std::vector<double> user_;
    std::vector<double> parts_;     // A^-1 y_i by place in the history, made when first asked for
};

}  // namespace ecom::core
