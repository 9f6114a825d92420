// How far the parameters of a fitted response curve, and whatever is computed from them, may be off.
#pragma once

#include <limits>
#include <optional>

#include "core/prescribe/channel_response.hpp"
#include "core/prescribe/response_problem.hpp"

namespace ecom::core {

struct ResponseErrors {
    std::optional<ResponseCovariance> covariance;  // none where the parameters cannot be told apart
    // By how much the squares of a curve with another carryover may exceed those of the best before the data refute it at 5 percent:
    // the squared normal quantile times the variance of the carryover over what it would be with equal, independent errors of
    // variance 1 (a profile likelihood adjusted as by Chandler and Bate, 2007). Infinite without a covariance.
    double carryover_allowance = std::numeric_limits<double>::infinity();
};

// (G'G)^-1 M (G'G)^-1 n / (n - k) for the weighted gradient G at the fitted parameters, the penalty being two rows of it with errors of the
// variance of all. M is the long-run variance of the products of gradient and error, with Bartlett's weights (Newey and West, 1987) over
// 1.3 sqrt(n) periods (Lazarus, Lewis, Stock and Watson, 2018), 100 at most. Such an M is too small by chance as often as it is too
// large, and times its errors: the whole is inflated so that normal intervals are those of the fixed-b distribution (Kiefer and Vogelsang,
// 2005). The problem is the one that the fit was asked for last. A carryover on a bound counts as free.
// O(periods * lags); 40 bytes a period.
ResponseErrors response_errors(const SpendSeries& series, const ResponseProblem& problem, const ChannelResponse& fit, double variance, Host& host);

}  // namespace ecom::core
