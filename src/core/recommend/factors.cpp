#include "core/recommend/factors.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/rng.hpp"
#include "core/recommend/scratch.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

// Sums in eight lanes that the compiler keeps in registers; the order of the additions is fixed.
constexpr std::size_t kLanes = 8;
constexpr int kGradientSteps = 3;
constexpr std::size_t kRowsPerTask = 64;

double dot(const double* a, const double* b, std::size_t n) {
    double lane[kLanes] = {};
    for (std::size_t i = 0; i < n; i += kLanes)
        for (std::size_t l = 0; l < kLanes; ++l) lane[l] += a[i + l] * b[i + l];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) + ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}

void add_scaled(double* to, double factor, const double* from, std::size_t n) {
    for (std::size_t i = 0; i < n; i += kLanes)
        for (std::size_t l = 0; l < kLanes; ++l) to[i + l] += factor * from[i + l];
}

// Sum over rows of v v', by blocks of rows whose sums are added in their order.
std::vector<double> gram_of(const std::vector<double>& rows, std::size_t width, Host& host) {
    constexpr std::size_t kBlock = 1024;
    const std::size_t n = rows.size() / width;
    const std::size_t blocks = (n + kBlock - 1) / kBlock;
    std::vector<std::vector<double>> sums(blocks);
    parallel_for(host, blocks, [&](std::size_t b, Host& worker) {
        PollEvery poll(worker);
        std::vector<double>& sum = sums[b];
        sum.assign(width * width, 0.0);
        for (std::size_t r = b * kBlock; r < std::min(n, (b + 1) * kBlock); ++r) {
            poll(width);
            const double* v = rows.data() + r * width;
            for (std::size_t i = 0; i < width; ++i)
                if (v[i] != 0.0) add_scaled(sum.data() + i * width, v[i], v, width);
        }
    });
    std::vector<double> gram(width * width, 0.0);
    for (const auto& sum : sums) add_scaled(gram.data(), 1.0, sum.data(), sum.size());
    return gram;
}

// What one side's rows are solved against.
struct Fixed {
    const std::vector<double>& rows;
    const std::vector<double>& gram;
    std::size_t width;
    double lambda;
    double unobserved_weight;

    double penalty(std::size_t entries) const {
        return lambda * (static_cast<double>(entries) + unobserved_weight * static_cast<double>(rows.size() / width));
    }
};

struct Scratch {
    std::vector<double> residual, direction, product;
};

// product = A v, A = a G + penalty I + sum over the entries of y y'
void multiply(const Fixed& fixed, const std::uint32_t* begin, const std::uint32_t* end, const double* v, double* product) {
    const std::size_t width = fixed.width;
    const double penalty = fixed.penalty(static_cast<std::size_t>(end - begin));
    for (std::size_t i = 0; i < width; ++i) product[i] = fixed.unobserved_weight * dot(fixed.gram.data() + i * width, v, width) + penalty * v[i];
    for (const std::uint32_t* e = begin; e != end; ++e) {
        const double* y = fixed.rows.data() + std::size_t{*e} * width;
        add_scaled(product, dot(y, v, width), y, width);
    }
}

void improve(const Fixed& fixed, const std::uint32_t* begin, const std::uint32_t* end, double* x, Scratch& scratch) {
    const std::size_t width = fixed.width;
    for (auto* vector : {&scratch.residual, &scratch.direction, &scratch.product}) vector->assign(width, 0.0);
    double* const r = scratch.residual.data();
    double* const p = scratch.direction.data();
    double* const product = scratch.product.data();
    multiply(fixed, begin, end, x, product);
    for (const std::uint32_t* e = begin; e != end; ++e) add_scaled(r, 1.0, fixed.rows.data() + std::size_t{*e} * width, width);
    add_scaled(r, -1.0, product, width);
    std::copy(r, r + width, p);
    double norm = dot(r, r, width);
    constexpr double kSolved = 1e-20;
    for (int step = 0; step < kGradientSteps && norm > kSolved; ++step) {
        multiply(fixed, begin, end, p, product);
        const double length = norm / dot(p, product, width);
        add_scaled(x, length, p, width);
        add_scaled(r, -length, product, width);
        const double next = dot(r, r, width);
        for (std::size_t i = 0; i < width; ++i) p[i] = r[i] + next / norm * p[i];
        norm = next;
    }
}

// entries(row): begin and end of the numbers on the other side.
template <typename Entries>
void improve_all(std::vector<double>& rows, const std::vector<double>& others, const FactorParams& params, std::size_t width, Host& host, const Entries& entries) {
    const std::vector<double> gram = gram_of(others, width, host);
    const Fixed fixed{others, gram, width, params.lambda, params.unobserved_weight};
    const std::size_t n = rows.size() / width;
    ScratchPool<Scratch> pool;
    parallel_for(host, (n + kRowsPerTask - 1) / kRowsPerTask, [&](std::size_t task, Host& worker) {
        PollEvery poll(worker);
        auto scratch = pool.take();
        for (std::size_t row = task * kRowsPerTask; row < std::min(n, (task + 1) * kRowsPerTask); ++row) {
            const auto [begin, end] = entries(static_cast<std::uint32_t>(row));
            poll((static_cast<std::size_t>(end - begin) + width) * width / 8);
            if (begin != end) improve(fixed, begin, end, rows.data() + row * width, *scratch);
        }
        pool.give_back(std::move(scratch));
    });
}

}  // namespace

void FactorParams::check() const {
    if (factors < 1 || factors > 1024) throw Error(ErrorCode::kInvalidArgument, "number of factors must be 1 to 1024, but is " + std::to_string(factors), "Pass for example 64.");
    if (iterations < 1 || iterations > 1000)
        throw Error(ErrorCode::kInvalidArgument, "iterations must be 1 to 1000, but is " + std::to_string(iterations), "Pass for example 15.");
    if (!(lambda > 0.0 && std::isfinite(lambda))) throw Error(ErrorCode::kInvalidArgument, "lambda must be a finite number above 0", "Pass for example 0.01.");
    if (!(unobserved_weight > 0.0 && unobserved_weight <= 100.0))
        throw Error(ErrorCode::kInvalidArgument, "unobserved_weight must be above 0 and at most 100", "Pass for example 0.3.");
}

void ItemFactors::derive(Host& host) { gram = gram_of(all, width, host); }

ItemFactors fit_factors(const InteractionMatrix& matrix, const FactorParams& params, Host& host) {
    params.check();
    const std::size_t width = (static_cast<std::size_t>(params.factors) + kLanes - 1) / kLanes * kLanes;
    const std::size_t rows = add_size(matrix.users(), matrix.items());
    // Factors, and the blocks' sums of products, which are one for 1,024 rows.
    require_memory(host, mul_size(mul_size(rows, width) + mul_size(rows / 1024 + 4, mul_size(width, width)), sizeof(double)),
                   std::to_string(params.factors) + " factors of " + std::to_string(matrix.users()) + " users and " + std::to_string(matrix.items()) + " items");
    ItemFactors result;
    result.items = matrix.items();
    result.width = static_cast<std::uint32_t>(width);
    result.lambda = params.lambda;
    result.unobserved_weight = params.unobserved_weight;
    result.all.assign(std::size_t{matrix.items()} * width, 0.0);
    const double deviation = 0.1 / std::sqrt(params.factors);
    PollEvery poll(host);
    for (std::uint32_t i = 0; i < matrix.items(); ++i) {
        if (matrix.users_of(i) == 0) continue;
        Rng rng(static_cast<std::uint64_t>(params.seed), i);
        for (std::int32_t f = 0; f < params.factors; ++f) {
            poll();
            result.all[i * width + static_cast<std::size_t>(f)] = deviation * rng.normal();
        }
    }
    std::vector<double> users(std::size_t{matrix.users()} * width, 0.0);
    for (std::int32_t round = 0; round < params.iterations; ++round) {
        improve_all(users, result.all, params, width, host, [&](std::uint32_t u) { return std::make_pair(matrix.items_begin(u), matrix.items_end(u)); });
        improve_all(result.all, users, params, width, host, [&](std::uint32_t i) { return std::make_pair(matrix.users_begin(i), matrix.users_end(i)); });
    }
    result.derive(host);
    return result;
}

void FoldedHistory::fold(const std::vector<std::uint32_t>& history, Host& host) {
    PollEvery poll(host);
    history_ = history;
    parts_.clear();
    const std::size_t width = factors_.width;
    cholesky_ = factors_.gram;
    for (double& value : cholesky_) value *= factors_.unobserved_weight;
    const double penalty = factors_.lambda * (static_cast<double>(history.size()) + factors_.unobserved_weight * factors_.items);
    for (std::size_t i = 0; i < width; ++i) cholesky_[i * width + i] += penalty;
    user_.assign(width, 0.0);
    for (const std::uint32_t item : history) {
        const double* y = factors_.of(item);
        poll(width * width);
        add_scaled(user_.data(), 1.0, y, width);
        for (std::size_t i = 0; i < width; ++i) add_scaled(cholesky_.data() + i * width, y[i], y, width);
    }
    // In place by rows: the diagonal is positive by the penalty.
    for (std::size_t i = 0; i < width; ++i) {
        poll(i * i);
        double* const row = cholesky_.data() + i * width;
        for (std::size_t j = 0; j <= i; ++j) {
            const double* const other = cholesky_.data() + j * width;
            double sum = row[j];
            for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
            row[j] = i == j ? std::sqrt(sum) : sum / other[j];
        }
    }
    solve(user_.data());
}

void FoldedHistory::solve(double* vector) const {
    const std::size_t width = factors_.width;
    for (std::size_t i = 0; i < width; ++i) {
        const double* const row = cholesky_.data() + i * width;
        double sum = vector[i];
        for (std::size_t k = 0; k < i; ++k) sum -= row[k] * vector[k];
        vector[i] = sum / row[i];
    }
    for (std::size_t i = width; i-- > 0;) {
        const double* const row = cholesky_.data() + i * width;
        vector[i] /= row[i];
        for (std::size_t k = 0; k < i; ++k) vector[k] -= row[k] * vector[i];
    }
}

double FoldedHistory::score(std::uint32_t item) const { return dot(factors_.of(item), user_.data(), factors_.width); }

std::size_t FoldedHistory::because(std::uint32_t item, Host& host) {
    PollEvery poll(host);
    const std::size_t width = factors_.width;
    if (parts_.empty()) {
        for (const std::uint32_t i : history_) parts_.insert(parts_.end(), factors_.of(i), factors_.of(i) + width);
        for (std::size_t place = 0; place < history_.size(); ++place) {
            poll(width * width);
            solve(parts_.data() + place * width);
        }
    }
    std::size_t best = 0;
    double most = dot(parts_.data(), factors_.of(item), width);
    for (std::size_t place = 1; place < history_.size(); ++place) {
        const double part = dot(parts_.data() + place * width, factors_.of(item), width);
        if (part > most) {
            most = part;
            best = place;
        }
    }
    return best;
}

}  // namespace ecom::core
