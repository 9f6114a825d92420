#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/clv/cox.hpp"
#include "core/optim/newton.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::int64_t kLeastLeft = 10;
constexpr std::size_t kMostBaselineTimes = 4096;
// Smallest eigenvalue of the correlations below which features count as linearly dependent.
constexpr double kLeastEigenvalue = 1e-10;

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Rows from the longest duration to the shortest, features standardised.
struct Sample {
    std::vector<double> time;
    std::vector<char> left;
    Rows x;
    Eigen::VectorXd mean, deviation;

    std::size_t size() const { return time.size(); }
    // The end of the rows that have the duration of row i.
    std::size_t group_end(std::size_t i) const {
        std::size_t end = i;
        while (end < time.size() && time[end] == time[i]) ++end;
        return end;
    }
};

Sample make_sample(const std::vector<double>& rows, const std::vector<std::string>& names, Host& host) {
    const std::size_t p = names.size(), width = p + 2, n = rows.size() / width;
    require_memory(host, mul_size(n, (width + 8) * sizeof(double)), "fitting " + std::to_string(n) + " durations");
    std::vector<std::uint32_t> order(n);
    std::iota(order.begin(), order.end(), 0U);
    PollEvery poll(host);
    // All values decide, so that sums do not depend on the order in which rows came.
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        poll();
        const double* ra = &rows[a * width];
        const double* rb = &rows[b * width];
        return std::lexicographical_compare(rb, rb + width, ra, ra + width);
    });
    Sample s;
    s.time.resize(n);
    s.left.resize(n);
    s.x.resize(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(p));
    for (std::size_t i = 0; i < n; ++i) {
        poll(width);
        const double* row = &rows[order[i] * width];
        s.time[i] = row[0];
        s.left[i] = row[1] > 0 ? 1 : 0;
        for (std::size_t k = 0; k < p; ++k) s.x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) = row[k + 2];
    }
    s.mean = s.x.colwise().mean().transpose();
    s.x.rowwise() -= s.mean.transpose();
    s.deviation = (s.x.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose();
    for (std::size_t k = 0; k < p; ++k) {
        const auto c = static_cast<Eigen::Index>(k);
        if (!(s.deviation[c] > 1e-12 * std::abs(s.mean[c])) || !std::isfinite(s.deviation[c]))
            throw Error(ErrorCode::kNumericFailure, "feature \"" + names[k] + "\" is the same in all rows",
                        "Leave it out: what does not differ tells nobody from anybody.");
        s.x.col(c) /= s.deviation[c];
    }
    const Eigen::MatrixXd correlations = s.x.transpose() * s.x / static_cast<double>(n);
    if (Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(correlations).eigenvalues()[0] < kLeastEigenvalue)
        throw Error(ErrorCode::kNumericFailure, "features are linearly dependent",
                    "Leave one out of those that the others determine, for example one of all indicators of a category.");
    return s;
}

// Efron's log partial likelihood. The risk set grows along the rows; a group of d who left at one time counts as if its
// members had left one after the other, each time the mean of them being gone.
Curvature partial_likelihood(const Sample& s, const Eigen::VectorXd& beta, Host& host) {
    const Eigen::Index p = beta.size();
    Curvature at{0, Eigen::VectorXd::Zero(p), Eigen::MatrixXd::Zero(p, p)};
    const Eigen::VectorXd score = s.x * beta;
    const double top = score.maxCoeff();
    double risk0 = 0;
    Eigen::VectorXd risk1 = Eigen::VectorXd::Zero(p), mean(p), left1(p);
    Eigen::MatrixXd risk2 = Eigen::MatrixXd::Zero(p, p), left2(p, p);
    PollEvery poll(host);
    for (std::size_t i = 0; i < s.size();) {
        const std::size_t end = s.group_end(i);
        double left0 = 0, count = 0;
        left1.setZero();
        left2.setZero();
        for (; i < end; ++i) {
            poll(static_cast<std::size_t>(1 + p));
            const auto row = static_cast<Eigen::Index>(i);
            const double w = std::exp(std::max(score[row] - top, -700.0));
            const auto x = s.x.row(row).transpose();
            risk0 += w;
            risk1 += w * x;
            risk2.selfadjointView<Eigen::Lower>().rankUpdate(x, w);
            if (!s.left[i]) continue;
            ++count;
            left0 += w;
            left1 += w * x;
            left2.selfadjointView<Eigen::Lower>().rankUpdate(x, w);
            at.value += score[row] - top;
            at.gradient += x;
        }
        for (double l = 0; l < count; ++l) {
            poll(static_cast<std::size_t>(1 + p));
            const double share = l / count, total = risk0 - share * left0;
            mean = (risk1 - share * left1) / total;
            at.value -= std::log(total);
            at.gradient -= mean;
            at.hessian.triangularView<Eigen::Lower>() -= (risk2 - share * left2) / total;
            at.hessian.selfadjointView<Eigen::Lower>().rankUpdate(mean, 1.0);
        }
    }
    at.hessian = at.hessian.selfadjointView<Eigen::Lower>();
    return at;
}

// Cumulative hazard by Efron's weights, of a customer with score 0.
void baseline(const Sample& s, const Eigen::VectorXd& score, CoxFit& fit, Host& host) {
    std::vector<double> times, increments;
    double risk = 0;
    PollEvery poll(host);
    for (std::size_t i = 0; i < s.size();) {
        const std::size_t end = s.group_end(i);
        double left = 0, count = 0, increment = 0;
        const double time = s.time[i];
        for (; i < end; ++i) {
            poll();
            const double w = std::exp(std::clamp(score[static_cast<Eigen::Index>(i)], -700.0, 700.0));
            risk += w;
            if (s.left[i]) left += w, ++count;
        }
        for (double l = 0; l < count; ++l) increment += 1 / (risk - l / count * left);
        if (count == 0) continue;
        times.push_back(time);
        increments.push_back(increment);
    }
    std::reverse(times.begin(), times.end());
    std::reverse(increments.begin(), increments.end());
    std::partial_sum(increments.begin(), increments.end(), increments.begin());
    const std::size_t stride = (times.size() + kMostBaselineTimes - 1) / kMostBaselineTimes;
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (stride > 1 && i % stride != 0 && i + 1 != times.size()) continue;
        fit.baseline_times.push_back(times[i]);
        fit.baseline_hazard.push_back(std::min(increments[i], 1e300));
    }
}

// Counts by rank with sums of prefixes, each in O(log n) (Fenwick, 1994).
class Counts {
public:
    explicit Counts(std::size_t n) : tree_(n + 1, 0) {}
    void add(std::size_t rank) {
        for (std::size_t i = rank + 1; i < tree_.size(); i += i & (~i + 1)) ++tree_[i];
        ++total_;
    }
    std::int64_t below(std::size_t rank) const {
        std::int64_t sum = 0;
        for (std::size_t i = rank; i > 0; i -= i & (~i + 1)) sum += tree_[i];
        return sum;
    }
    std::int64_t total() const { return total_; }

private:
    std::vector<std::int64_t> tree_;
    std::int64_t total_ = 0;
};

// Of the pairs in which one customer is known to have stayed longer, the share in which that one's score is lower.
double concordance(const Sample& s, const Eigen::VectorXd& score, Host& host) {
    std::vector<double> values(score.data(), score.data() + score.size());
    PollEvery poll(host);
    std::sort(values.begin(), values.end(), [&](double a, double b) {
        poll();
        return a < b;
    });
    values.erase(std::unique(values.begin(), values.end()), values.end());
    const auto rank = [&](std::size_t i) {
        return static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), score[static_cast<Eigen::Index>(i)]) - values.begin());
    };
    Counts longer(values.size());
    double foretold = 0, pairs = 0;
    for (std::size_t i = 0; i < s.size();) {
        const std::size_t begin = i, end = s.group_end(i);
        for (i = begin; i < end; ++i)
            if (!s.left[i]) longer.add(rank(i));
        for (i = begin; i < end; ++i) {
            poll(16);
            if (!s.left[i]) continue;
            const std::size_t r = rank(i);
            const std::int64_t lower = longer.below(r);
            foretold += static_cast<double>(lower) + 0.5 * static_cast<double>(longer.below(r + 1) - lower);
            pairs += static_cast<double>(longer.total());
        }
        for (i = begin; i < end; ++i)
            if (s.left[i]) longer.add(rank(i));
    }
    return pairs > 0 ? foretold / pairs : 0.5;
}

}  // namespace

CoxFit fit_cox(const std::vector<double>& rows, const std::vector<std::string>& names, Host& host) {
    const std::size_t p = names.size(), width = p + 2;
    CoxFit fit{};
    fit.names = names;
    fit.customers = static_cast<std::int64_t>(rows.size() / width);
    for (std::size_t i = 1; i < rows.size(); i += width) fit.left += rows[i] > 0 ? 1 : 0;
    const std::int64_t needed = std::max(kLeastLeft, static_cast<std::int64_t>(p) + 1);
    if (fit.left < needed)
        throw Error(ErrorCode::kNotEnoughData,
                    "too few customers who left: " + std::to_string(fit.left) + ", at least " + std::to_string(needed) + " are needed",
                    "Take fewer features or a longer history.");
    const Sample sample = make_sample(rows, names, host);
    const auto likelihood = [&](const Eigen::VectorXd& beta) { return partial_likelihood(sample, beta, host); };
    const Eigen::VectorXd zero = Eigen::VectorXd::Zero(static_cast<Eigen::Index>(p));
    const NewtonResult result = newton_maximize(likelihood, zero, NewtonParams{}, host);
    if (result.status != NewtonStatus::kConverged)
        throw Error(ErrorCode::kNumericFailure, "coefficients run to infinity",
                    "A combination of the features foretells who leaves without fail: leave out what is known only afterwards.");
    const Eigen::MatrixXd covariance = Eigen::LDLT<Eigen::MatrixXd>(-result.at.hessian)
                                           .solve(Eigen::MatrixXd::Identity(zero.size(), zero.size()));
    for (Eigen::Index k = 0; k < zero.size(); ++k) {
        fit.coefficients.push_back(result.x[k] / sample.deviation[k]);
        fit.standard_errors.push_back(std::sqrt(covariance(k, k)) / sample.deviation[k]);
        fit.means.push_back(sample.mean[k]);
    }
    fit.log_likelihood = result.at.value;
    fit.null_log_likelihood = likelihood(zero).value;
    const Eigen::VectorXd score = sample.x * result.x;
    fit.concordance = concordance(sample, score, host);
    baseline(sample, score, fit, host);
    return fit;
}

}  // namespace ecom::core
