// How Boost.Math behaves everywhere in the core.
//
// - Plain double arithmetic: promotion to long double would give other digits on other machines.
// - An argument outside a function's domain throws std::domain_error, which the boundary reports
//   as an invalid parameter.
// - Overflow and underflow return what the arithmetic gives (infinity, zero): likelihoods run into
//   both on their way to the optimum.
#pragma once

#include <boost/math/policies/policy.hpp>

namespace ecom::core {

using BoostPolicy = boost::math::policies::policy<
    boost::math::policies::promote_double<false>,
    boost::math::policies::domain_error<boost::math::policies::throw_on_error>,
    boost::math::policies::pole_error<boost::math::policies::throw_on_error>,
    boost::math::policies::evaluation_error<boost::math::policies::throw_on_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::underflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::denorm_error<boost::math::policies::ignore_error>>;

}  // namespace ecom::core
