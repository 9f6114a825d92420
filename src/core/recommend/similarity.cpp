#include "core/recommend/similarity.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/recommend/cooccurrence.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

struct Name {
    std::string_view name;
    Similarity similarity;
};
constexpr Name kNames[] = {{"cosine", Similarity::kCosine},         {"jaccard", Similarity::kJaccard},
                           {"confidence", Similarity::kConfidence}, {"lift", Similarity::kLift},
                           {"tfidf", Similarity::kTfidf},           {"bm25", Similarity::kBm25},
                           {"linear", Similarity::kLinear},         {"rp3beta", Similarity::kRp3beta}};

// What the measure needs of users and items, computed once.
class Measure {
public:
    Measure(const InteractionMatrix& matrix, const SimilarityParams& params) : similarity_(params.similarity), shrink_(params.shrink) {
        for (std::uint32_t u = 0; u < matrix.users(); ++u) users_ += matrix.items_of(u) > 0 ? 1.0 : 0.0;
        const double items = matrix.items();
        if (weighted()) {
            user_weight_.resize(matrix.users());
            for (std::uint32_t u = 0; u < matrix.users(); ++u) {
                const double n = std::max(1.0, static_cast<double>(matrix.items_of(u)));
                if (similarity_ == Similarity::kTfidf || similarity_ == Similarity::kBm25) {
                    const double idf = std::log(items) - std::log1p(n);
                    user_weight_[u] = idf * idf;
                } else {
                    user_weight_[u] = std::pow(n, -params.damping);
                }
            }
        }
        own_.resize(matrix.items(), 0.0);
        other_.resize(matrix.items(), 0.0);
        double mean = 0.0;
        if (items > 0) mean = static_cast<double>(matrix.entries()) / items;
        for (std::uint32_t i = 0; i < matrix.items(); ++i) {
            const double n = matrix.users_of(i);
            if (n == 0.0) continue;
            own_[i] = other_[i] = n;
            switch (similarity_) {
                case Similarity::kTfidf: {
                    double squares = 0.0;
                    for (const std::uint32_t* u = matrix.users_begin(i); u != matrix.users_end(i); ++u) squares += user_weight_[*u];
                    own_[i] = other_[i] = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
                    break;
                }
                case Similarity::kBm25: {
                    constexpr double kK1 = 1.2;
                    constexpr double kB = 0.75;
                    own_[i] = other_[i] = (kK1 + 1.0) / (kK1 * (1.0 - kB + kB * n / mean) + 1.0);
                    break;
                }
                case Similarity::kLinear:
                    own_[i] = std::pow(n, -params.own_power);
                    other_[i] = std::pow(n, -params.other_power);
                    break;
                case Similarity::kRp3beta:
                    own_[i] = std::pow(n, -params.damping);
                    other_[i] = std::pow(n, -params.other_power);
                    break;
                default: break;
            }
        }
    }

    bool weighted() const { return similarity_ >= Similarity::kTfidf; }
    const std::vector<double>& user_weights() const { return user_weight_; }

    double score(std::uint32_t i, std::uint32_t j, double both, double sum) const {
        switch (similarity_) {
            case Similarity::kCosine: return both / (std::sqrt(own_[i] * own_[j]) + shrink_);
            case Similarity::kJaccard: return both / (own_[i] + own_[j] - both + shrink_);
            case Similarity::kConfidence: return both / (own_[i] + shrink_);
            case Similarity::kLift: return (both + shrink_) / (own_[i] * own_[j] / users_ + shrink_);
            default: return sum * own_[i] * other_[j];
        }
    }

private:
    Similarity similarity_;
    double shrink_;
    double users_ = 0.0;
    std::vector<double> user_weight_;
    std::vector<double> own_;
    std::vector<double> other_;
};

bool better(const Neighbor& a, const Neighbor& b) { return a.score != b.score ? a.score > b.score : a.item < b.item; }

}  // namespace

Similarity parse_similarity(std::string_view name) {
    std::string names;
    for (const Name& n : kNames) {
        if (n.name == name) return n.similarity;
        names.append(names.empty() ? "" : ", ").append(n.name);
    }
    throw Error(ErrorCode::kInvalidArgument, "similarity \"" + std::string(name) + "\" is not known", "Use one of: " + names + ".");
}

std::string_view similarity_name(Similarity similarity) {
    for (const Name& n : kNames)
        if (n.similarity == similarity) return n.name;
    return {};
}

void SimilarityParams::check() const {
    constexpr std::int32_t kMost = 10000;
    if (k < 1 || k > kMost)
        throw Error(ErrorCode::kInvalidArgument, "number of neighbours must be 1 to 10000, but is " + std::to_string(k), "Pass for example 50.");
    if (min_users < 1)
        throw Error(ErrorCode::kInvalidArgument, "min_users must be at least 1, but is " + std::to_string(min_users), "Pass for example 3.");
    if (!(shrink >= 0.0 && std::isfinite(shrink)))
        throw Error(ErrorCode::kInvalidArgument, "shrink must be a finite number of 0 or more", "Pass 0 for none, or for example 10.");
    for (const double power : {damping, own_power, other_power})
        if (!(power >= 0.0 && power <= 10.0))
            throw Error(ErrorCode::kInvalidArgument, "exponents must lie between 0 and 10", "Pass for example 0.5.");
}

Neighbors item_neighbors(const InteractionMatrix& matrix, const SimilarityParams& params, Host& host) {
    params.check();
    const Measure measure(matrix, params);
    const std::size_t items = matrix.items();
    const std::size_t k = std::min<std::size_t>(static_cast<std::size_t>(params.k), items);
    require_memory(host, mul_size(mul_size(items, k), 2 * sizeof(Neighbor)),
                   std::to_string(k) + " neighbours of each of " + std::to_string(items) + " items");
    std::vector<std::vector<Neighbor>> rows(items);
    for_each_cooccurrence_row(matrix, measure.user_weights(), host, [&](std::uint32_t i, const CooccurrenceRow& row, Host&) {
        std::vector<Neighbor> found;
        found.reserve(row.items.size());
        for (const std::uint32_t j : row.items) {
            if (j == i || row.users[j] < static_cast<std::uint32_t>(params.min_users)) continue;
            found.push_back({j, row.users[j], measure.score(i, j, row.users[j], measure.weighted() ? row.sum[j] : 0.0)});
        }
        if (found.size() > k) {
            std::nth_element(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(k), found.end(), better);
            found.resize(k);
        }
        std::sort(found.begin(), found.end(), better);
        rows[i].assign(found.begin(), found.end());
    });

    Neighbors result;
    for (auto& row : rows) {
        result.all.insert(result.all.end(), row.begin(), row.end());
        result.begin.push_back(result.all.size());
        std::vector<Neighbor>().swap(row);
    }
    return result;
}

}  // namespace ecom::core
