// How alike two items are, by the users that had both: one family of measures over counts.
//
// n_i users had item i, n_ij both i and j, N users had anything, u_c items are of user c, M items exist. With the sum
// c_ij of w_c over the users c of both:
//     cosine      n_ij / (sqrt(n_i n_j) + shrink)                               (Sarwar et al., 2001)
//     jaccard     n_ij / (n_i + n_j - n_ij + shrink)
//     confidence  n_ij / (n_i + shrink), the chance of j given i
//     lift        (n_ij + shrink) / (n_i n_j / N + shrink): shrunk towards 1 as in DuMouchel (1999); shrink = 0 is the raw
//                 lift, which ranks pairs seen once above all others
//     tfidf       cosine of columns weighted w_c = (ln M - ln(1 + u_c))^2
//     bm25        w_c as in tfidf, times s_i s_j, s_i = (K1 + 1) / (K1 (1 - B + B n_i / mean n) + 1), K1 1.2, B 0.75
//                 (Robertson and Zaragoza, 2009; the weights of the library implicit)
//     linear      c_ij / (n_i^a n_j^b), w_c = u_c^-damping: a graph filter (Shen et al., 2021, GF-CF)
//     rp3beta     sum over c of (1 / n_i)^alpha (1 / u_c)^alpha / n_j^beta: a random walk with the popular items held
//                 down (Paudel et al., 2017)
//
// A pair counts when at least min_users had both. Neighbours of an item: the k best, ties by the order of the items.
//
// Time O(sum of u_c^2) for all items, which max_history of the matrix bounds; memory 12 bytes an item and thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/host.hpp"
#include "core/recommend/matrix.hpp"

namespace ecom::core {

enum class Similarity { kCosine, kJaccard, kConfidence, kLift, kTfidf, kBm25, kLinear, kRp3beta };

// Throws kInvalidArgument with the names that there are.
Similarity parse_similarity(std::string_view name);
std::string_view similarity_name(Similarity similarity);

// Shrink of lift where none is asked for: raw lift does not rank.
constexpr double kLiftShrink = 20.0;

struct SimilarityParams {
    Similarity similarity = Similarity::kCosine;
    std::int32_t k = 50;         // neighbours of an item
    std::int32_t min_users = 1;  // that had both
    double shrink = 0.0;
    double damping = 1.0;  // linear: exponent of u_c; rp3beta: alpha
    double own_power = 0.5;    // linear: a
    double other_power = 0.5;  // linear: b; rp3beta: beta

    void check() const;
};

struct Neighbor {
    std::uint32_t item;
    std::uint32_t users;  // that had both
    double score;
};

// Neighbours of item i: all[begin[i] .. begin[i + 1]), best first.
struct Neighbors {
    std::vector<std::size_t> begin{0};
    std::vector<Neighbor> all;
};

Neighbors item_neighbors(const InteractionMatrix& matrix, const SimilarityParams& params, Host& host);

}  // namespace ecom::core
