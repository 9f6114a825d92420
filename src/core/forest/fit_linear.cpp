// Logistic regression by Newton's method and linear regression by the normal equations, on standardised columns; with a penalty
// on absolute values by coordinate descent.
//
// The design is encoded row by row in every pass: its memory is that of the Gram matrix, not of the rows.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/budget.hpp"
#include "core/base/eigen.hpp"
#include "core/forest/coordinate_descent.hpp"
#include "core/forest/fit.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

constexpr std::size_t kMaxTerms = 2000;
constexpr std::size_t kBlock = 64;  // rows encoded at a time
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Standardised columns of a block of rows, the intercept's ones first; columns without a scale are 0.
class Design {
public:
    Design(const TrainingRows& rows, LinearFit& fit, Host& host) : rows_(rows), fit_(fit), poll_(host) {
        for (std::size_t f = 0; f < rows.width(); ++f) add_terms(f);
        if (fit.terms.size() > kMaxTerms)
            throw Error(ErrorCode::kLimitExceeded, "features have " + std::to_string(fit.terms.size()) + " columns when encoded, at most 2000 are allowed",
                        "Group rare texts, or leave identifiers out of the features.");
        const std::size_t p = fit.terms.size() + 1;
        require_memory(host, add_size(2 * rows.bytes(), mul_size(mul_size(p, p), 6 * sizeof(double))), "a regression on " + std::to_string(p) + " columns");
        scale_.assign(fit.terms.size(), 0.0);
        find_scales();
        block_.resize(kBlock, static_cast<Eigen::Index>(p));
    }

    std::size_t width() const { return fit_.terms.size() + 1; }
    double scale(std::size_t term) const { return scale_[term]; }
    void drop(std::size_t term) { scale_[term] = 0; }

    // Calls visit(first row, rows, their columns) for one block after the other.
    template <typename F>
    void each_block(F&& visit) {
        const std::size_t n = rows_.size();
        for (std::size_t first = 0; first < n; first += kBlock) {
            const std::size_t here = std::min(kBlock, n - first);
            poll_(here * width());
            for (std::size_t i = 0; i < here; ++i) {
                const auto r = static_cast<Eigen::Index>(i);
                block_(r, 0) = 1;
                for (std::size_t t = 0; t < fit_.terms.size(); ++t) {
                    const LinearTerm& term = fit_.terms[t];
                    block_(r, static_cast<Eigen::Index>(t) + 1) =
                        scale_[t] > 0 ? (term_value(term, rows_.columns[term.feature][first + i], fit_.fill[term.feature]) - term.mean) / scale_[t] : 0.0;
                }
            }
            visit(first, here, block_.topRows(static_cast<Eigen::Index>(here)));
        }
    }

private:
    void add_terms(std::size_t f) {
        const auto feature = static_cast<std::uint32_t>(f);
        const std::vector<double>& column = rows_.columns[f];
        std::size_t missing = 0;
        double sum = 0;
        std::vector<std::size_t> count(rows_.categories[f].size(), 0);
        for (const double v : column) {
            poll_();
            if (std::isnan(v)) ++missing;
            else if (!count.empty()) ++count[static_cast<std::size_t>(v)];
            else sum += v;
        }
        const std::size_t present = column.size() - missing;
        fit_.fill.push_back(present > 0 && count.empty() ? sum / static_cast<double>(present) : 0.0);
        if (rows_.features[f].type == FeatureType::kCategory) {
            // The most frequent text is the reference that the others are compared with.
            const auto reference = static_cast<std::size_t>(std::max_element(count.begin(), count.end()) - count.begin());
            for (std::size_t level = 0; level < count.size(); ++level)
                if (level != reference) fit_.terms.push_back({feature, TermKind::kLevel, static_cast<std::uint32_t>(level), 0, 0, kNone});
        } else {
            fit_.terms.push_back({feature, TermKind::kValue, 0, 0, 0, kNone});
        }
        if (missing > 0) fit_.terms.push_back({feature, TermKind::kMissing, 0, 0, 0, kNone});
    }

    void find_scales() {
        const auto n = static_cast<double>(rows_.size());
        for (std::size_t t = 0; t < fit_.terms.size(); ++t) {
            LinearTerm& term = fit_.terms[t];
            const std::vector<double>& column = rows_.columns[term.feature];
            const double fill = fit_.fill[term.feature];
            double sum = 0;
            for (const double v : column) {
                poll_();
                sum += term_value(term, v, fill);
            }
            term.mean = sum / n;
            double squares = 0;
            for (const double v : column) {
                poll_();
                const double d = term_value(term, v, fill) - term.mean;
                squares += d * d;
            }
            const double scale = std::sqrt(squares / n);
            scale_[t] = scale > 1e-12 * std::max(1e-300, std::abs(term.mean)) ? scale : 0.0;
        }
    }

    const TrainingRows& rows_;
    LinearFit& fit_;
    std::vector<double> scale_;
    MatrixXd block_;
    PollEvery poll_;
};

// Leaves out columns that those before them add up to, as R does: their coefficients are 0 without a standard error.
void drop_collinear(Design& design, MatrixXd gram, double n, Host& host) {
    const Eigen::Index p = gram.rows();
    PollEvery poll(host);
    for (Eigen::Index k = 1; k < p; ++k) {
        if (!(gram(k, k) > 1e-9 * n)) {
            if (design.scale(static_cast<std::size_t>(k) - 1) > 0) design.drop(static_cast<std::size_t>(k) - 1);
            gram.row(k).setZero();
            gram.col(k).setZero();
            continue;
        }
        for (Eigen::Index j = k + 1; j < p; ++j) {
            poll(static_cast<std::size_t>(p - k));
            const double factor = gram(j, k) / gram(k, k);
            if (factor != 0) gram.row(j).tail(p - k) -= factor * gram.row(k).tail(p - k);
        }
    }
}

// The solution of a positive definite system in which columns without a scale take no part, and its inverse if asked for.
VectorXd solve(MatrixXd matrix, const VectorXd& right, const Design& design, MatrixXd* inverse) {
    for (Eigen::Index k = 1; k < matrix.rows(); ++k)
        if (design.scale(static_cast<std::size_t>(k) - 1) == 0) matrix(k, k) = 1;
    const Eigen::LLT<MatrixXd> cholesky(matrix.selfadjointView<Eigen::Lower>());
    if (cholesky.info() != Eigen::Success)
        throw Error(ErrorCode::kNumericFailure, "the normal equations have no unique solution", R"(Use a ridge penalty: '{"l2": 1}'.)");
    if (inverse != nullptr) *inverse = cholesky.solve(MatrixXd::Identity(matrix.rows(), matrix.cols()));
    return cholesky.solve(right);
}

struct Pass {
    MatrixXd hessian;   // lower half
    VectorXd gradient;  // of the log-likelihood
    double log_likelihood = 0;
    double largest = 0;  // |log-odds|
};

Pass logistic_pass(Design& design, const std::vector<double>& labels, const VectorXd& beta) {
    const auto p = static_cast<Eigen::Index>(design.width());
    Pass out{MatrixXd::Zero(p, p), VectorXd::Zero(p)};
    VectorXd weight(kBlock), residual(kBlock);
    design.each_block([&](std::size_t first, std::size_t n, const auto& x) {
        const auto rows = static_cast<Eigen::Index>(n);
        const VectorXd eta = x * beta;
        for (Eigen::Index i = 0; i < rows; ++i) {
            const double z = eta[i], y = labels[first + static_cast<std::size_t>(i)];
            const double prob = 1 / (1 + std::exp(-z));
            out.log_likelihood += y * z - std::max(z, 0.0) - std::log1p(std::exp(-std::abs(z)));
            out.largest = std::max(out.largest, std::abs(z));
            weight[i] = std::sqrt(prob * (1 - prob));
            residual[i] = y - prob;
        }
        out.gradient.noalias() += x.transpose() * residual.head(rows);
        const MatrixXd weighted = weight.head(rows).asDiagonal() * x;
        out.hessian.selfadjointView<Eigen::Lower>().rankUpdate(weighted.transpose());
    });
    return out;
}

[[noreturn]] void separated() {
    throw Error(ErrorCode::kNumericFailure, "the features tell the labels apart without error: coefficients have no finite estimate",
                R"(Use a ridge penalty: '{"l2": 1}'.)");
}

VectorXd fit_logistic(Design& design, const std::vector<double>& labels, double l2, Pass& at, Host& host) {
    const auto p = static_cast<Eigen::Index>(design.width());
    VectorXd penalty = VectorXd::Constant(p, l2);
    penalty[0] = 0;
    VectorXd beta = VectorXd::Zero(p);
    const double mean = std::accumulate(labels.begin(), labels.end(), 0.0) / static_cast<double>(labels.size());
    beta[0] = std::log(mean / (1 - mean));
    const auto value = [&](const Pass& pass, const VectorXd& b) { return pass.log_likelihood - 0.5 * b.dot(penalty.cwiseProduct(b)); };
    at = logistic_pass(design, labels, beta);
    for (int iteration = 0; iteration < 100; ++iteration) {
        host.poll();
        const VectorXd gradient = at.gradient - penalty.cwiseProduct(beta);
        MatrixXd hessian = at.hessian;
        hessian.diagonal() += penalty;
        if (l2 == 0 && at.largest > 30) separated();
        const VectorXd step = solve(hessian, gradient, design, nullptr);
        const double gain = gradient.dot(step);  // twice what the quadratic model promises
        if (gain < 1e-12 * (1 + std::abs(at.log_likelihood)) && step.cwiseAbs().maxCoeff() < 1e-8) return beta;
        double length = 1;
        for (;; length /= 2) {
            Pass tried = logistic_pass(design, labels, beta + length * step);
            if (value(tried, beta + length * step) >= value(at, beta) + 1e-4 * length * gain - 1e-10 * (1 + std::abs(at.log_likelihood))) {
                beta += length * step;
                at = std::move(tried);
                break;
            }
            if (length < 1e-8) return beta;  // nothing but rounding is left
        }
    }
    if (l2 == 0) separated();
    throw Error(ErrorCode::kNumericFailure, "logistic regression did not converge", "Raise the penalty l2.");
}

// What is added to half the sum of squares, or to the loss: l1 |b| + l2 b^2 / 2 for every coefficient but the intercept.
struct Penalty {
    double l1, l2;

    bool exists() const { return l1 > 0 || l2 > 0; }
    double of(const VectorXd& beta) const {
        const auto slopes = beta.tail(beta.size() - 1);
        return l1 * slopes.lpNorm<1>() + l2 / 2 * slopes.squaredNorm();
    }
};

VectorXd quadratic_net(const MatrixXd& lower, const VectorXd& right, const Penalty& penalty, double scale, VectorXd start, Host& host) {
    const MatrixXd matrix = lower.selfadjointView<Eigen::Lower>();
    QuadraticNet net{matrix.data(), right.data(), static_cast<std::size_t>(right.size())};
    net.l1 = penalty.l1;
    net.l2 = penalty.l2;
    net.scale = scale;
    minimise(net, start.data(), host);
    return start;
}

// Newton steps that keep the penalty as it is: each is a quadratic problem for coordinate descent, and shortened where it is too long.
VectorXd fit_logistic_net(Design& design, const std::vector<double>& labels, const Penalty& penalty, Pass& at, Host& host) {
    const auto n = static_cast<double>(labels.size());
    const double mean = std::accumulate(labels.begin(), labels.end(), 0.0) / n;
    VectorXd beta = VectorXd::Zero(static_cast<Eigen::Index>(design.width()));
    beta[0] = std::log(mean / (1 - mean));
    at = logistic_pass(design, labels, beta);
    for (int iteration = 0; iteration < 200; ++iteration) {
        host.poll();
        const MatrixXd hessian = at.hessian.selfadjointView<Eigen::Lower>();
        const VectorXd next = quadratic_net(hessian, at.gradient + hessian * beta, penalty, n, beta, host);
        const VectorXd step = next - beta;
        const double gain = at.gradient.dot(step) + penalty.of(beta) - penalty.of(next);
        if (gain < 1e-12 * (1 + std::abs(at.log_likelihood)) && step.cwiseAbs().maxCoeff() < 1e-8) return next;
        const double value = at.log_likelihood - penalty.of(beta);
        double length = 1;
        for (;; length /= 2) {
            const VectorXd tried_beta = beta + length * step;
            Pass tried = logistic_pass(design, labels, tried_beta);
            if (tried.log_likelihood - penalty.of(tried_beta) >= value + 1e-4 * length * gain - 1e-10 * (1 + std::abs(value))) {
                beta = length == 1 ? next : tried_beta;
                at = std::move(tried);
                break;
            }
            if (length < 1e-8) return beta;  // nothing but rounding is left
        }
    }
    throw Error(ErrorCode::kNumericFailure, "logistic regression did not converge", "Raise the penalty.");
}

// Coefficients and errors of the columns as they were, from those of the standardised ones.
void unscale(LinearFit& fit, const Design& design, const VectorXd& beta, const MatrixXd* covariance) {
    const auto p = static_cast<Eigen::Index>(design.width());
    VectorXd shift = VectorXd::Zero(p);  // the intercept in terms of the standardised coefficients
    shift[0] = 1;
    fit.intercept = beta[0];
    for (std::size_t t = 0; t < fit.terms.size(); ++t) {
        LinearTerm& term = fit.terms[t];
        const auto k = static_cast<Eigen::Index>(t) + 1;
        if (design.scale(t) == 0) continue;
        term.coefficient = beta[k] / design.scale(t);
        shift[k] = -term.mean / design.scale(t);
        fit.intercept += beta[k] * shift[k];
        if (covariance != nullptr) term.error = std::sqrt((*covariance)(k, k)) / design.scale(t);
    }
    if (covariance != nullptr) fit.intercept_error = std::sqrt(shift.dot(*covariance * shift));
}

// Shares of the standard deviations of what features contribute.
void set_importance(LinearFit& fit, const MatrixXd& gram, const VectorXd& beta, double n) {
    fit.importance.assign(fit.features.size(), 0.0);
    for (std::size_t a = 0; a < fit.terms.size(); ++a)
        for (std::size_t b = 0; b < fit.terms.size(); ++b) {
            if (fit.terms[a].feature != fit.terms[b].feature) continue;
            const auto i = static_cast<Eigen::Index>(a) + 1, j = static_cast<Eigen::Index>(b) + 1;
            fit.importance[fit.terms[a].feature] += beta[i] * beta[j] * gram(std::max(i, j), std::min(i, j)) / n;
        }
    double total = 0;
    for (double& share : fit.importance) total += share = std::sqrt(std::max(0.0, share));
    if (total > 0)
        for (double& share : fit.importance) share /= total;
}

}  // namespace

LinearFit fit_linear(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    const auto n = static_cast<double>(rows.size());
    LinearFit fit;
    fit.classify = params.classify;
    fit.features = rows.features;
    fit.categories = rows.categories;
    fit.rows = static_cast<std::int64_t>(rows.size());
    const double weight = n * params.penalty;
    const Penalty penalty{weight * params.l1_ratio, params.lambda + weight * (1 - params.l1_ratio)};
    if (params.penalty > 0) fit.parameters.set("penalty", Document(params.penalty)).set("l1_ratio", Document(params.l1_ratio));
    else fit.parameters.set("l2", Document(params.lambda));
    const double sum = std::accumulate(rows.labels.begin(), rows.labels.end(), 0.0);
    if (params.classify && (sum == 0 || sum == n))
        throw Error(ErrorCode::kNotEnoughData, "labels are of one class only", "Fit on rows of both.");
    Design design(rows, fit, host);
    const auto p = static_cast<Eigen::Index>(design.width());
    MatrixXd gram = MatrixXd::Zero(p, p);
    VectorXd moments = VectorXd::Zero(p);
    design.each_block([&](std::size_t first, std::size_t count, const auto& x) {
        gram.template selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
        moments.noalias() += x.transpose() * Eigen::Map<const VectorXd>(rows.labels.data() + first, static_cast<Eigen::Index>(count));
    });
    if (!penalty.exists()) {
        MatrixXd full = gram;
        full.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
        drop_collinear(design, std::move(full), n, host);
        for (std::size_t t = 0; t < fit.terms.size(); ++t)
            if (design.scale(t) == 0) {
                const auto k = static_cast<Eigen::Index>(t) + 1;
                gram.row(k).setZero();
                gram.col(k).setZero();
                moments[k] = 0;
            }
    }
    double used = 1;
    for (std::size_t t = 0; t < fit.terms.size(); ++t) used += design.scale(t) > 0 ? 1 : 0;
    if (!penalty.exists() && used >= n)
        throw Error(ErrorCode::kNotEnoughData, std::to_string(rows.size()) + " rows are too few for " + std::to_string(static_cast<int>(used)) + " coefficients",
                    R"(Use more rows or fewer features, or a ridge penalty: '{"l2": 1}'.)");
    MatrixXd covariance;
    VectorXd beta;
    if (params.classify) {
        Pass at;
        beta = penalty.l1 > 0 ? fit_logistic_net(design, rows.labels, penalty, at, host) : fit_logistic(design, rows.labels, penalty.l2, at, host);
        if (!penalty.exists()) solve(at.hessian, VectorXd::Zero(p), design, &covariance);
        const double rate = sum / n, null = n * (rate * std::log(rate) + (1 - rate) * std::log(1 - rate));
        fit.metrics.set("log_likelihood", Document(at.log_likelihood)).set("null_log_likelihood", Document(null))
            .set("log_loss", Document(-at.log_likelihood / n)).set("baseline_log_loss", Document(-null / n))
            .set("pseudo_r2", Document(1 - at.log_likelihood / null));
        if (!penalty.exists()) fit.metrics.set("aic", Document(2 * used - 2 * at.log_likelihood));
    } else {
        if (penalty.l1 > 0) {
            const double squares = std::inner_product(rows.labels.begin(), rows.labels.end(), rows.labels.begin(), 0.0);
            // Of the variation; the rest is what rounding may leave of a large mean.
            const double scale = std::max(0.0, squares - sum * sum / n) + 1e-9 * squares;
            beta = quadratic_net(gram, moments, penalty, scale, VectorXd::Zero(p), host);
        } else {
            MatrixXd penalised = gram;
            penalised.diagonal().tail(p - 1).array() += penalty.l2;
            beta = solve(std::move(penalised), moments, design, penalty.exists() ? nullptr : &covariance);
        }
        double residual = 0, total = 0;
        design.each_block([&](std::size_t first, std::size_t count, const auto& x) {
            const VectorXd fitted = x * beta;
            for (std::size_t i = 0; i < count; ++i) {
                const double y = rows.labels[first + i], e = y - fitted[static_cast<Eigen::Index>(i)];
                residual += e * e;
                total += (y - sum / n) * (y - sum / n);
            }
        });
        if (!penalty.exists()) {
            fit.residual_df = n - used;
            covariance *= residual / fit.residual_df;
            fit.metrics.set("residual_standard_error", Document(std::sqrt(residual / fit.residual_df)));
        }
        fit.metrics.set("rmse", Document(std::sqrt(residual / n))).set("baseline_rmse", Document(std::sqrt(total / n)));
        if (total > 0) fit.metrics.set("r2", Document(1 - residual / total));
    }
    if (penalty.l1 > 0)
        // From this penalty on, with this l1_ratio, no feature is left: where a search for a good one begins.
        fit.metrics.set("nonzero_coefficients", Document(static_cast<std::int64_t>((beta.tail(p - 1).array() != 0).count())))
            .set("largest_penalty", Document(moments.tail(p - 1).lpNorm<Eigen::Infinity>() / (n * params.l1_ratio)));
    set_importance(fit, gram, beta, n);
    unscale(fit, design, beta, penalty.exists() ? nullptr : &covariance);
    return fit;
}

std::unique_ptr<FeatureModel> fit_learner(const TrainingRows& rows, const LearnerParams& params, Host& host) {
    if (params.learner != Learner::kLinear) return std::make_unique<TreeModel>(fit_trees(rows, params, host));
    if (rows.size() < 2) throw Error(ErrorCode::kNotEnoughData, "a model needs at least 2 rows to be fitted on", "Fit on more rows.");
    return std::make_unique<LinearModel>(fit_linear(rows, params, host));
}

}  // namespace ecom::core
