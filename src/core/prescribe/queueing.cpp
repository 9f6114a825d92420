#include "core/prescribe/queueing.hpp"

#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/firewall.hpp"

namespace ecom::core {
namespace {

void require(bool holds, const std::string& message, const std::string& hint) {
    if (!holds) throw Error(ErrorCode::kInvalidArgument, message, hint);
}

void check_load(double load, std::int64_t servers) {
    require(std::isfinite(load) && load >= 0, "offered load must be a number from 0",
            "Pass arrivals per hour times handling time in hours.");
    require(servers >= 0 && servers <= kMaxServers,
            "number of servers " + std::to_string(servers) + " is out of range",
            "Use 0 to " + std::to_string(kMaxServers) + ".");
}

double c_from_b(double b, double load, double servers) {
    if (load >= servers) return 1.0;
    return b / (1.0 - load / servers * (1.0 - b));
}

}  // namespace

double erlang_b(double load, std::int64_t servers) {
    check_load(load, servers);
    double b = 1.0;
    for (std::int64_t k = 1; k <= servers; ++k) b = load * b / (static_cast<double>(k) + load * b);
    return b;
}

double erlang_c(double load, std::int64_t servers) {
    return c_from_b(erlang_b(load, servers), load, static_cast<double>(servers));
}

void StaffingParams::check() const {
    require(std::isfinite(arrivals_per_hour) && arrivals_per_hour >= 0,
            "arrivals per hour must be a number from 0", "Pass what a forecast expects.");
    require(std::isfinite(handle_seconds) && handle_seconds > 0,
            "handling time must be a positive number of seconds", "Pass the mean time that one arrival takes.");
    require(service_level > 0 && service_level < 1, "service level must lie between 0 and 1",
            "Write 80 percent as 0.8; everybody at once would take infinitely many people.");
    require(std::isfinite(target_seconds) && target_seconds >= 0,
            "target time must be a number of seconds from 0", "80 percent within 20 seconds is usual.");
    require(max_occupancy > 0 && max_occupancy <= 1, "occupancy must lie above 0 and be at most 1",
            "Write 85 percent as 0.85.");
}

Staffing staffing(const StaffingParams& params) {
    params.check();
    const double load = params.arrivals_per_hour * params.handle_seconds / 3600.0;
    require(load < 0.9 * static_cast<double>(kMaxServers) * params.max_occupancy, "offered load is out of range",
            "Pass arrivals per hour and seconds.");
    if (load == 0.0) return {0, 0.0, 0.0, 0.0, 1.0, 0.0};
    double b = 1.0;
    for (std::int64_t k = 1; k <= kMaxServers; ++k) {
        const auto agents = static_cast<double>(k);
        b = load * b / (agents + load * b);
        if (agents <= load || load / agents > params.max_occupancy) continue;
        const double wait = c_from_b(b, load, agents);
        const double level = 1.0 - wait * std::exp(-(agents - load) * params.target_seconds / params.handle_seconds);
        if (level < params.service_level) continue;
        return {k, load, load / agents, wait, level, wait * params.handle_seconds / (agents - load)};
    }
    throw Error(ErrorCode::kNumericFailure, "no number of agents reaches the service level",
                "Lower the service level or allow a longer wait.");
}

}  // namespace ecom::core
