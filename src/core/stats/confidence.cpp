#include "core/stats/confidence.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/stats/distributions.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {

void check_level(double level) {
    if (!(level > 0.0 && level < 1.0))
        throw Error(ErrorCode::kInvalidArgument, "confidence level must be between 0 and 1",
                    "Use 0.95 for 95 percent.");
}

// Quantiles and tails are taken on the lower side, where they keep their digits.
double normal_critical(double level) { return -normal_quantile((1.0 - level) / 2.0); }

double student_t_critical(double level, double df) {
    return -student_t_quantile((1.0 - level) / 2.0, df);
}

double normal_p_value(double z) { return 2.0 * normal_cdf(-std::fabs(z)); }

double student_t_p_value(double t, double df) { return 2.0 * student_t_cdf(-std::fabs(t), df); }

}  // namespace ecom::core
