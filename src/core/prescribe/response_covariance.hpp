// How far the parameters of a fitted response curve, and whatever is computed from them, may be off.
#pragma once

#include <optional>

#include "core/prescribe/channel_response.hpp"
#include "core/prescribe/response_problem.hpp"

namespace ecom::core {

// (G'G)^-1 M (G'G)^-1 n / (n - k) for the weighted gradient G at the fitted parameters, the penalty being two rows of it with errors of the
// variance of all. M is the long-run variance of the products of gradient and error, with Bartlett's weights (Newey and West, 1987) over
// 1.3 sqrt(n) periods (Lazarus, Lewis, Stock and Watson, 2018), 100 at most. The problem is the one that the fit was asked for last.
// None where the parameters cannot be told apart. O(periods * lags); 48 bytes a period.
std::optional<ResponseCovariance> response_covariance(const SpendSeries& series, const ResponseProblem& problem, const ChannelResponse& fit,
                                                      double variance, Host& host);

}  // namespace ecom::core
