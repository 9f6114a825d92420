#include "core/stats/distributions.hpp"

#include "core/base/boost_policy.hpp"

#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

using Normal = boost::math::normal_distribution<double, BoostPolicy>;
using ChiSquared = boost::math::chi_squared_distribution<double, BoostPolicy>;
using StudentT = boost::math::students_t_distribution<double, BoostPolicy>;
using Beta = boost::math::beta_distribution<double, BoostPolicy>;

}  // namespace

double normal_cdf(double x) { return boost::math::cdf(Normal(), x); }

double normal_quantile(double p) { return boost::math::quantile(Normal(), p); }

double chi_squared_cdf(double x, double df) { return boost::math::cdf(ChiSquared(df), x); }

double chi_squared_quantile(double p, double df) {
    return boost::math::quantile(ChiSquared(df), p);
}

double student_t_cdf(double x, double df) { return boost::math::cdf(StudentT(df), x); }

double student_t_quantile(double p, double df) { return boost::math::quantile(StudentT(df), p); }

double beta_cdf(double x, double a, double b) { return boost::math::cdf(Beta(a, b), x); }

double beta_quantile(double p, double a, double b) { return boost::math::quantile(Beta(a, b), p); }

}  // namespace ecom::core
