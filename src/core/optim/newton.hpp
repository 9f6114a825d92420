// Maximum of a smooth function of a few variables with known gradient and Hessian.
//
// Method: Newton's, on the spectrum of the negative Hessian: eigenvalues enter by their absolute value, so
// that the direction always ascends (Nocedal and Wright, 2006, 3.4), steps are capped, and halved until the
// value rises. Deterministic for a deterministic f. O(n^3) an iteration besides f.
#pragma once

#include <functional>

#include "core/base/eigen.hpp"
#include "core/base/host.hpp"

namespace ecom::core {

struct Curvature {
    double value;
    Eigen::VectorXd gradient;
    Eigen::MatrixXd hessian;
};

using CurvedObjective = std::function<Curvature(const Eigen::VectorXd& x)>;

struct NewtonParams {
    int max_iterations = 200;
    double step_cap = 2.0;          // largest change of a variable in one iteration
    double step_tolerance = 1e-9;   // converged: the next full step is smaller, at a maximum
    double gain_tolerance = 1e-13;  // flat: the next step would gain less, relative to |f|
};

enum class NewtonStatus {
    kConverged,
    kFlat,  // the value no longer rises although the steps are long: the maximum is at infinity
    kMaxIterations,
};

struct NewtonResult {
    Eigen::VectorXd x;
    Curvature at;
    int iterations;
    int evaluations;
    NewtonStatus status;
};

// Throws kNumericFailure when f is not finite at `start`. Polls before every call of f.
NewtonResult newton_maximize(const CurvedObjective& f, const Eigen::VectorXd& start,
                             const NewtonParams& params, Host& host);

}  // namespace ecom::core
