#include "core/optim/newton.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

bool usable(const Curvature& c) {
    return std::isfinite(c.value) && c.gradient.allFinite() && c.hessian.allFinite();
}

struct Direction {
    Eigen::VectorXd step;
    double gain;     // that the quadratic model promises
    bool is_maximum; // the Hessian is negative definite
};

Direction ascent(const Curvature& at) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(-at.hessian);
    const Eigen::VectorXd& lambda = spectrum.eigenvalues();
    const double floor = std::max(1e-12 * lambda.cwiseAbs().maxCoeff(), 1e-300);
    const Eigen::VectorXd curvature = lambda.cwiseAbs().cwiseMax(floor);
    const Eigen::VectorXd along = spectrum.eigenvectors().transpose() * at.gradient;
    const Eigen::VectorXd scaled = along.cwiseQuotient(curvature);
    return {spectrum.eigenvectors() * scaled, 0.5 * along.dot(scaled), lambda.minCoeff() > floor};
}

}  // namespace

NewtonResult newton_maximize(const CurvedObjective& f, const Eigen::VectorXd& start,
                             const NewtonParams& params, Host& host) {
    constexpr int kMaxHalvings = 40;
    constexpr double kSufficientRise = 1e-4;
    host.poll();
    NewtonResult best{start, f(start), 0, 1, NewtonStatus::kMaxIterations};
    if (!usable(best.at))
        throw Error(ErrorCode::kNumericFailure, "likelihood is not finite at the start",
                    "Rescale the values, for example from seconds to days.");
    for (; best.iterations < params.max_iterations; ++best.iterations) {
        Direction next = ascent(best.at);
        const double length = next.step.lpNorm<Eigen::Infinity>();
        const double least_gain = params.gain_tolerance * std::max(1.0, std::abs(best.at.value));
        if (length < params.step_tolerance) {
            best.status = next.is_maximum ? NewtonStatus::kConverged : NewtonStatus::kFlat;
            return best;
        }
        if (length > params.step_cap) next.step *= params.step_cap / length;
        const double slope = next.step.dot(best.at.gradient);
        bool risen = false;
        double share = 1.0;
        for (int i = 0; i < kMaxHalvings && !risen; ++i, share *= 0.5) {
            host.poll();
            const Eigen::VectorXd x = best.x + share * next.step;
            Curvature at = f(x);
            ++best.evaluations;
            if (!usable(at)) continue;
            risen = at.value >= best.at.value + kSufficientRise * share * slope;
            // At the level of rounding the value says nothing any more; a smaller gradient does.
            const bool level = std::abs(at.value - best.at.value) <= 1e3 * least_gain;
            if (!risen && level && share == 1.0 && next.is_maximum)
                risen = at.gradient.norm() < 0.5 * best.at.gradient.norm();
            if (risen) {
                best.x = x;
                best.at = std::move(at);
            } else if (next.gain <= 1e3 * least_gain) {
                break;
            }
        }
        if (!risen || (next.gain < least_gain && length > 0.1)) {
            best.status = length < 1e-4 && next.is_maximum ? NewtonStatus::kConverged : NewtonStatus::kFlat;
            return best;
        }
    }
    return best;
}

}  // namespace ecom::core
