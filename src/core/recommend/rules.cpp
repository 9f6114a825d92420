#include "core/recommend/rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include <boost/math/special_functions/gamma.hpp>

#include "core/base/boost_policy.hpp"
#include "core/base/budget.hpp"
#include "core/base/parallel.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

double log_factorial(double n) { return boost::math::lgamma(n + 1.0, BoostPolicy()); }

double log_binomial(double n, double k) { return log_factorial(n) - log_factorial(k) - log_factorial(n - k); }

// The place of a set among those of its length, which are in lexicographic order.
class Lookup {
public:
    explicit Lookup(const Itemsets& sets) : sets_(sets) {
        for (std::size_t i = 0; i < sets.size(); ++i)
            while (first_.size() <= sets.length(i)) first_.push_back(i);
        first_.push_back(sets.size());
    }

    std::uint32_t count(const std::uint32_t* items, std::size_t length) const {
        std::size_t low = first_[length];
        std::size_t high = first_[length + 1];
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            const std::uint32_t* set = sets_.set(middle);
            if (std::lexicographical_compare(set, set + length, items, items + length))
                low = middle + 1;
            else
                high = middle;
        }
        return sets_.count[low];
    }

private:
    const Itemsets& sets_;
    std::vector<std::size_t> first_;  // by length
};

void measure(Rule& rule, double n) {
    const double a = rule.antecedent_count;
    const double b = rule.consequent_count;
    const double ab = rule.count;
    rule.support = ab / n;
    rule.coverage = a / n;
    rule.confidence = ab / a;
    rule.lift = n * ab / (a * b);
    rule.leverage = ab / n - a * b / (n * n);
    rule.conviction = ab == a ? std::numeric_limits<double>::infinity() : (1.0 - b / n) / (1.0 - rule.confidence);
    rule.jaccard = ab / (a + b - ab);
    rule.cosine = ab / std::sqrt(a * b);
    rule.kulczynski = 0.5 * (ab / a + ab / b);
    rule.imbalance = std::fabs(a - b) / (a + b - ab);
}

bool ranks_before(const Rule& a, const Rule& b) {
    if (a.lift != b.lift) return a.lift > b.lift;
    if (a.count != b.count) return a.count > b.count;
    if (a.antecedent.size() != b.antecedent.size()) return a.antecedent.size() < b.antecedent.size();
    if (a.antecedent != b.antecedent) return a.antecedent < b.antecedent;
    return a.consequent < b.consequent;
}

}  // namespace

void RuleParams::check() const {
    itemsets.check();
    if (!(min_confidence >= 0.0 && min_confidence <= 1.0))
        throw Error(ErrorCode::kInvalidArgument, "min_confidence must lie between 0 and 1", "Pass a share, for example 0.3.");
    if (!(max_q > 0.0 && max_q <= 1.0))
        throw Error(ErrorCode::kInvalidArgument, "max_q must be above 0 and at most 1", "Pass a false discovery rate, for example 0.05.");
}

double hypergeometric_upper_tail(std::uint32_t both, std::uint32_t a, std::uint32_t b, std::uint32_t n) {
    const std::uint32_t least = a + b > n ? a + b - n : 0;
    const std::uint32_t most = std::min(a, b);
    if (both <= least) return 1.0;
    const double da = a, db = b, dn = n;
    const auto log_mass = [&](double x) { return log_binomial(da, x) + log_binomial(dn - da, db - x) - log_binomial(dn, db); };
    // The shorter way: the tail itself, or one less the other one. Terms fall at least geometrically beyond the mean.
    const bool above_mean = static_cast<double>(both) * dn > da * db;
    double x = above_mean ? both : both - 1;
    double term = std::exp(log_mass(x));
    double sum = term;
    constexpr double kNegligible = 1e-17;
    if (above_mean) {
        for (; x < most && term > sum * kNegligible; x += 1.0) sum += term *= (da - x) * (db - x) / ((x + 1.0) * (dn - da - db + x + 1.0));
        return std::min(sum, 1.0);
    }
    for (; x > least && term > sum * kNegligible; x -= 1.0) sum += term *= x * (dn - da - db + x) / ((da - x + 1.0) * (db - x + 1.0));
    return std::clamp(1.0 - sum, 0.0, 1.0);
}

std::vector<double> adjusted_p_values(const std::vector<double>& p) {
    std::vector<std::size_t> order(p.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] > p[b] || (p[a] == p[b] && a < b); });
    std::vector<double> adjusted(p.size());
    double least = 1.0;
    const auto n = static_cast<double>(p.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        least = std::min(least, p[order[i]] * n / static_cast<double>(p.size() - i));
        adjusted[order[i]] = least;
    }
    return adjusted;
}

std::vector<Rule> association_rules(const InteractionMatrix& baskets, const RuleParams& params, Host& host) {
    params.check();
    const Itemsets sets = frequent_itemsets(baskets, params.itemsets, host);
    const Lookup lookup(sets);
    const double n = sets.baskets;
    std::vector<Rule> rules;
    PollEvery poll(host);
    for (std::size_t s = 0; s < sets.size(); ++s) {
        const std::size_t length = sets.length(s);
        if (length < 2 || length < static_cast<std::size_t>(params.itemsets.min_length)) continue;
        const std::uint32_t* set = sets.set(s);
        std::vector<std::uint32_t> antecedent(length - 1);
        for (std::size_t leave = 0; leave < length; ++leave) {
            poll(length);
            std::copy(set, set + leave, antecedent.begin());
            std::copy(set + leave + 1, set + length, antecedent.begin() + static_cast<std::ptrdiff_t>(leave));
            const std::uint32_t covered = lookup.count(antecedent.data(), length - 1);
            // Compared as a product, as the share would be rounded: 3 of 10 reach 0.3.
            if (sets.count[s] < params.min_confidence * covered * (1.0 - 1e-12)) continue;
            if (rules.size() == rules.capacity())
                require_memory(host, mul_size(rules.size(), 2 * (sizeof(Rule) + 16 * sizeof(std::uint32_t))), std::to_string(rules.size() + 1) + " rules");
            Rule rule{};
            rule.antecedent = antecedent;
            rule.consequent = set[leave];
            rule.count = sets.count[s];
            rule.antecedent_count = covered;
            rule.consequent_count = lookup.count(set + leave, 1);
            measure(rule, n);
            rules.push_back(std::move(rule));
        }
    }
    constexpr std::size_t kBlock = 256;
    parallel_for(host, (rules.size() + kBlock - 1) / kBlock, [&](std::size_t block) {
        for (std::size_t i = block * kBlock; i < std::min(rules.size(), (block + 1) * kBlock); ++i) {
            Rule& rule = rules[i];
            rule.p = hypergeometric_upper_tail(rule.count, rule.antecedent_count, rule.consequent_count, sets.baskets);
        }
    });
    std::vector<double> p;
    p.reserve(rules.size());
    for (const Rule& rule : rules) p.push_back(rule.p);
    const std::vector<double> q = adjusted_p_values(p);
    for (std::size_t i = 0; i < rules.size(); ++i) rules[i].q = q[i];
    rules.erase(std::remove_if(rules.begin(), rules.end(), [&](const Rule& rule) { return rule.q > params.max_q; }), rules.end());
    std::sort(rules.begin(), rules.end(), [&](const Rule& a, const Rule& b) {
        poll();
        return ranks_before(a, b);
    });
    return rules;
}

}  // namespace ecom::core
