#include "core/recommend/local_ridge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/base/eigen.hpp"
#include "core/recommend/cooccurrence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Candidate {
    std::uint32_t item;
    std::uint32_t users;
    double value;   // of the Gram matrix
    double cosine;
};

bool better(const Candidate& a, const Candidate& b) { return a.cosine != b.cosine ? a.cosine > b.cosine : a.item < b.item; }

// The Gram matrix, dense or sparse by what it costs.
class Gram {
public:
    Gram(const InteractionMatrix& matrix, Host& host) : items_(matrix.items()) {
        const std::size_t dense_bytes = mul_size(mul_size(items_, items_ + 1) / 2, sizeof(float));
        std::size_t pairs = 0;
        for (std::uint32_t i = 0; i < matrix.items(); ++i) {
            std::size_t row = 0;
            for (const std::uint32_t* u = matrix.users_begin(i); u != matrix.users_end(i) && row < items_; ++u) row += matrix.items_of(*u);
            pairs += std::min(row, items_);
        }
        const std::size_t sparse_bytes = mul_size(pairs, sizeof(Cell));
        dense_ = dense_bytes <= sparse_bytes || dense_bytes <= host.memory_limit() / 2;
        require_memory(host, dense_ ? dense_bytes : sparse_bytes, "the co-occurrences of " + std::to_string(items_) + " items");
        PollEvery poll(host);
        if (dense_)
            triangle_ = zeros<float>(items_ * (items_ + 1) / 2, poll);
        else
            rows_.resize(items_);
    }

    // Row i as it was counted; rows may come from several threads.
    template <typename Value>
    void put(std::uint32_t i, const std::vector<std::uint32_t>& items, Value value) {
        if (dense_) {
            float* row = triangle_.data() + std::size_t{i} * (i + 1) / 2;
            for (const std::uint32_t j : items)
                if (j <= i) row[j] = static_cast<float>(value(j));
        } else {
            rows_[i].reserve(items.size());
            for (const std::uint32_t j : items) rows_[i].push_back({j, static_cast<float>(value(j))});
        }
    }

    // The lower triangle of G_SS; S ascending. place: by item, -1 everywhere, and left so.
    void gather(const std::vector<Candidate>& s, std::vector<std::int32_t>& place, Eigen::MatrixXd& system) const {
        const auto n = static_cast<Eigen::Index>(s.size());
        if (dense_) {
            for (Eigen::Index b = 0; b < n; ++b)
                for (Eigen::Index a = b; a < n; ++a) {
                    const std::size_t high = s[static_cast<std::size_t>(a)].item;
                    system(a, b) = triangle_[high * (high + 1) / 2 + s[static_cast<std::size_t>(b)].item];
                }
            return;
        }
        system.setZero(n, n);
        place.resize(items_, -1);
        for (std::size_t a = 0; a < s.size(); ++a) place[s[a].item] = static_cast<std::int32_t>(a);
        for (std::size_t b = 0; b < s.size(); ++b)
            for (const Cell& cell : rows_[s[b].item])
                if (place[cell.item] >= 0) system(place[cell.item], static_cast<Eigen::Index>(b)) = cell.value;
        for (const Candidate& c : s) place[c.item] = -1;
    }

private:
    struct Cell {
        std::uint32_t item;
        float value;
    };

    std::size_t items_;
    bool dense_;
    LargeVector<float> triangle_;
    std::vector<std::vector<Cell>> rows_;
};

struct Solver {
    Eigen::MatrixXd system;
    Eigen::VectorXd right;
    std::vector<std::int32_t> place;
};

}  // namespace

void LocalRidgeParams::check() const {
    constexpr std::int32_t kMost = 2000;
    if (k < 1 || k > kMost) throw Error(ErrorCode::kInvalidArgument, "number of neighbours must be 1 to 2000, but is " + std::to_string(k), "Pass for example 100.");
    if (!(lambda > 0.0 && std::isfinite(lambda))) throw Error(ErrorCode::kInvalidArgument, "lambda must be a finite number above 0", "Pass for example 200.");
    if (!(damping >= 0.0 && damping <= 2.0)) throw Error(ErrorCode::kInvalidArgument, "damping must lie between 0 and 2", "Pass 0, or for example 0.5.");
    if (min_users < 1) throw Error(ErrorCode::kInvalidArgument, "min_users must be at least 1, but is " + std::to_string(min_users), "Pass for example 3.");
}

ItemWeights fit_local_ridge(const InteractionMatrix& matrix, const LocalRidgeParams& params, Host& host) {
    params.check();
    const std::size_t items = matrix.items();
    const auto k = std::min(static_cast<std::size_t>(params.k), items);
    require_memory(host, add_size(mul_size(items, mul_size(k, sizeof(Candidate) + sizeof(SourceWeight))),
                                  mul_size(static_cast<std::size_t>(host.max_threads()), mul_size(mul_size(k, k), 2 * sizeof(double)))),
                   "local ridge with " + std::to_string(k) + " neighbours of " + std::to_string(items) + " items");
    const std::vector<double> user_weight = damped_user_weights(matrix, params.damping);
    std::vector<double> diagonal(items, 0.0);
    for (std::uint32_t i = 0; i < items; ++i)
        for (const std::uint32_t* u = matrix.users_begin(i); u != matrix.users_end(i); ++u) diagonal[i] += user_weight.empty() ? 1.0 : user_weight[*u];

    Gram gram(matrix, host);
    std::vector<std::vector<Candidate>> chosen(items);
    for_each_cooccurrence_row(matrix, user_weight, host, [&](std::uint32_t j, const CooccurrenceRow& row, Host&) {
        const auto value = [&](std::uint32_t i) { return user_weight.empty() ? static_cast<double>(row.users[i]) : row.sum[i]; };
        gram.put(j, row.items, value);
        std::vector<Candidate> found;
        found.reserve(row.items.size());
        for (const std::uint32_t i : row.items)
            if (i != j && row.users[i] >= static_cast<std::uint32_t>(params.min_users))
                found.push_back({i, row.users[i], value(i), value(i) / std::sqrt(diagonal[i] * diagonal[j])});
        if (found.size() > k) {
            std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(k), found.end(), better);
            found.resize(k);
        }
        std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) { return a.item < b.item; });
        chosen[j].assign(found.begin(), found.end());
    });

    std::vector<std::vector<SourceWeight>> by_target(items);
    ScratchPool<Solver> pool;
    parallel_for(host, items, [&](std::size_t j) {
        const std::vector<Candidate>& s = chosen[j];
        if (s.empty()) return;
        auto solver = pool.take();
        const auto n = static_cast<Eigen::Index>(s.size());
        solver->system.resize(n, n);
        gram.gather(s, solver->place, solver->system);
        solver->system.diagonal().array() += params.lambda;
        solver->right.resize(n);
        for (Eigen::Index a = 0; a < n; ++a) solver->right[a] = s[static_cast<std::size_t>(a)].value;
        // In place: the matrix is positive definite by lambda.
        Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>, Eigen::Lower> cholesky(solver->system);
        cholesky.solveInPlace(solver->right);
        by_target[j].reserve(s.size());
        for (Eigen::Index a = 0; a < n; ++a)
            by_target[j].push_back({s[static_cast<std::size_t>(a)].item, s[static_cast<std::size_t>(a)].users, solver->right[a]});
        pool.give_back(std::move(solver));
    });
    return by_source(by_target, host);
}

}  // namespace ecom::core
