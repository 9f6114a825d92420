#include "core/recommend/ease.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/eigen.hpp"
#include "core/recommend/cooccurrence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr Eigen::Index kBlock = 128;

template <typename Scalar>
using Matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

template <typename Scalar>
using View = Eigen::Map<Matrix<Scalar>>;

// The lower triangle of a positive definite matrix becomes that of minus its inverse.
template <typename Scalar>
void sweep(View<Scalar>& a, Host& host) {
    const Eigen::Index n = a.rows();
    const Eigen::Index blocks = (n + kBlock - 1) / kBlock;
    const auto start = [](Eigen::Index block) { return block * kBlock; };
    const auto size = [&](Eigen::Index block) { return std::min(kBlock, n - start(block)); };
    Matrix<Scalar> column(n, kBlock);  // the block column as it was, above the diagonal by symmetry
    Matrix<Scalar> scaled(n, kBlock);  // times the inverse of the pivot
    for (Eigen::Index k = 0; k < blocks; ++k) {
        host.poll();
        host.progress(k, blocks);
        const Eigen::Index at = start(k);
        const Eigen::Index width = size(k);
        Matrix<Scalar> pivot = a.block(at, at, width, width).template selfadjointView<Eigen::Lower>();
        const Eigen::LLT<Matrix<Scalar>> cholesky(pivot);
        if (cholesky.info() != Eigen::Success)
            throw Error(ErrorCode::kNumericFailure, "co-occurrence matrix is not positive definite", "Raise lambda.");
        const Matrix<Scalar> inverse = cholesky.solve(Matrix<Scalar>::Identity(width, width));
        column.topLeftCorner(at, width) = a.block(at, 0, width, at).transpose();
        column.block(at + width, 0, n - at - width, width) = a.block(at + width, at, n - at - width, width);
        parallel_for(host, static_cast<std::size_t>(blocks), [&](std::size_t i) {
            const auto row = static_cast<Eigen::Index>(i);
            if (row != k) scaled.block(start(row), 0, size(row), width).noalias() = column.block(start(row), 0, size(row), width) * inverse;
        });
        // Block rows of the lower triangle in pairs of a long and a short one, so that tasks are alike.
        parallel_for(host, static_cast<std::size_t>(blocks), [&](std::size_t i, Host& worker) {
            const auto row = static_cast<Eigen::Index>(i % 2 == 0 ? i / 2 : static_cast<std::size_t>(blocks) - 1 - i / 2);
            if (row == k) return;
            for (Eigen::Index other = 0; other <= row; ++other) {
                worker.poll();
                if (other == k) continue;
                a.block(start(row), start(other), size(row), size(other)).noalias() -=
                    scaled.block(start(row), 0, size(row), width) * column.block(start(other), 0, size(other), width).transpose();
            }
        });
        a.block(at, 0, width, at) = scaled.topLeftCorner(at, width).transpose();
        a.block(at + width, at, n - at - width, width) = scaled.block(at + width, 0, n - at - width, width);
        a.block(at, at, width, width) = -inverse;
    }
}

struct Kept {
    std::uint32_t source;
    double weight;
};

bool larger(const Kept& a, const Kept& b) {
    const double x = std::fabs(a.weight);
    const double y = std::fabs(b.weight);
    return x != y ? x > y : a.source < b.source;
}

template <typename Scalar>
std::vector<std::vector<Kept>> kept_weights(const InteractionMatrix& matrix, const EaseParams& params, Host& host) {
    const std::size_t items = matrix.items();
    PollEvery poll(host);
    LargeVector<Scalar> memory = zeros<Scalar>(items * items, poll);
    View<Scalar> gram(memory.data(), static_cast<Eigen::Index>(items), static_cast<Eigen::Index>(items));
    for_each_cooccurrence_row(matrix, damped_user_weights(matrix, params.damping), host, [&](std::uint32_t j, const CooccurrenceRow& row, Host&) {
        for (const std::uint32_t i : row.items)
            if (i >= j) gram(i, j) = static_cast<Scalar>(row.sum.empty() ? row.users[i] : row.sum[i]);
        gram(j, j) += static_cast<Scalar>(params.lambda);
    });
    sweep(gram, host);

    const auto k = std::min(static_cast<std::size_t>(params.k), items - 1);
    std::vector<std::vector<Kept>> kept(items);
    parallel_for(host, items, [&](std::size_t j) {
        if (matrix.users_of(static_cast<std::uint32_t>(j)) == 0) return;
        const auto column = static_cast<Eigen::Index>(j);
        std::vector<Kept> all;
        all.reserve(items);
        for (std::size_t i = 0; i < items; ++i) {
            if (i == j || matrix.users_of(static_cast<std::uint32_t>(i)) == 0) continue;
            const auto row = static_cast<Eigen::Index>(i);
            const double value = i > j ? gram(row, column) : gram(column, row);
            // Both carry the sign of the sweep: it falls out.
            all.push_back({static_cast<std::uint32_t>(i), -value / static_cast<double>(gram(column, column))});
        }
        if (all.size() > k) {
            std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(k), all.end(), larger);
            all.resize(k);
        }
        std::sort(all.begin(), all.end(), [](const Kept& a, const Kept& b) { return a.source < b.source; });
        kept[j].assign(all.begin(), all.end());
    });
    return kept;
}

}  // namespace

void EaseParams::check() const {
    if (!(lambda > 0.0 && std::isfinite(lambda))) throw Error(ErrorCode::kInvalidArgument, "lambda must be a finite number above 0", "Pass for example 200.");
    if (!(damping >= 0.0 && damping <= 2.0)) throw Error(ErrorCode::kInvalidArgument, "damping must lie between 0 and 2", "Pass 0, or for example 0.5.");
    if (k < 1) throw Error(ErrorCode::kInvalidArgument, "number of neighbours must be at least 1, but is " + std::to_string(k), "Pass for example 100.");
    if (max_items < 1) throw Error(ErrorCode::kInvalidArgument, "max_items must be at least 1, but is " + std::to_string(max_items), "Pass for example 10000.");
}

std::size_t ease_bytes(std::size_t items) {
    return mul_size(mul_size(items, items), items <= EaseParams::kDoubleItems ? sizeof(double) : sizeof(float));
}

ItemWeights fit_ease(const InteractionMatrix& matrix, const EaseParams& params, Host& host) {
    params.check();
    const std::size_t items = matrix.items();
    if (items > static_cast<std::size_t>(params.max_items))
        throw Error(ErrorCode::kLimitExceeded, std::to_string(items) + " items are more than the " + std::to_string(params.max_items) + " that EASE may have",
                    "Use the method local_ridge, which grows linearly with the items, or raise max_items.");
    require_memory(host, add_size(ease_bytes(items), mul_size(items, mul_size(static_cast<std::size_t>(params.k), sizeof(Kept) + sizeof(SourceWeight)))),
                   "EASE of " + std::to_string(items) + " items");
    if (items == 0) return {};
    const auto kept = items <= EaseParams::kDoubleItems ? kept_weights<double>(matrix, params, host) : kept_weights<float>(matrix, params, host);

    std::vector<std::vector<SourceWeight>> by_target(items);
    for_each_cooccurrence_row(matrix, {}, host, [&](std::uint32_t j, const CooccurrenceRow& row, Host&) {
        by_target[j].reserve(kept[j].size());
        for (const Kept& w : kept[j]) by_target[j].push_back({w.source, row.users[w.source], w.weight});
    });
    return by_source(by_target, host);
}

}  // namespace ecom::core
