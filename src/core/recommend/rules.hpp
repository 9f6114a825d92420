// Association rules: antecedent => consequent, from frequent itemsets, with the field's measures.
//
// With n baskets, A, B and AB those that hold the antecedent, the consequent and both:
//     support AB/n   coverage A/n   confidence AB/A   lift n AB/(A B)   leverage AB/n - A B/n^2
//     conviction (1 - B/n)/(1 - confidence), infinite at confidence 1   jaccard AB/(A + B - AB)   cosine AB/sqrt(A B)
//     kulczynski (AB/A + AB/B)/2   imbalance |A - B|/(A + B - AB)
//     p: Fisher's exact test, one-sided, P(X >= AB), X hypergeometric (n, A, B)
//     q: p adjusted for the false discovery rate over all rules of the call (Benjamini and Hochberg, 1995)
// Antecedents have one or more items, consequents one, as in arules (Hahsler, Gruen and Hornik, 2005), where a rule
// with an empty antecedent also counts unless minlen = 2.
//
// Time O(rules * length), and for each p the length of its tail.
#pragma once

#include <cstdint>
#include <vector>

#include "core/recommend/itemsets.hpp"

namespace ecom::core {

struct RuleParams {
    ItemsetParams itemsets;
    double min_confidence = 0.3;
    double max_q = 1.0;  // of the adjusted p

    RuleParams() { itemsets.min_length = 2; }
    void check() const;
};

struct Rule {
    std::vector<std::uint32_t> antecedent;  // ascending
    std::uint32_t consequent;
    std::uint32_t count;             // AB
    std::uint32_t antecedent_count;  // A
    std::uint32_t consequent_count;  // B
    double support, coverage, confidence, lift, leverage, conviction, jaccard, cosine, kulczynski, imbalance;
    double p, q;
};

// By descending lift, then descending count, ascending length, antecedent and consequent.
std::vector<Rule> association_rules(const InteractionMatrix& baskets, const RuleParams& params, Host& host);

// P(X >= both) for X hypergeometric: of n, `a` are marked and `b` are drawn. a, b <= n; both <= min(a, b).
double hypergeometric_upper_tail(std::uint32_t both, std::uint32_t a, std::uint32_t b, std::uint32_t n);

// Benjamini-Hochberg adjusted p-values, in place of the order of the input.
std::vector<double> adjusted_p_values(const std::vector<double>& p);

}  // namespace ecom::core
