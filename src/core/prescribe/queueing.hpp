// How many people answer so many calls: Erlang's formulas for a queue with several servers.
//
// Arrivals are a Poisson stream, handling times exponential, nobody gives up waiting (M/M/c). The
// offered load is arrivals per unit of time x mean handling time, in erlangs.
//
// Formulas: Erlang (1917); the recursion B(0) = 1, B(k) = A B(k-1) / (k + A B(k-1)) is stable for any
// load (Gans, Koole and Mandelbaum, 2003, "Telephone call centers", M&SOM 5:2, section 3).
// Complexity: O(servers). Memory: O(1). Deterministic.
#pragma once

#include <cstdint>

namespace ecom::core {

constexpr std::int64_t kMaxServers = 1'000'000;

// Probability that all of `servers` are busy when none may wait. Throws kInvalidArgument for a load
// that is negative or not finite, or servers outside 0 .. kMaxServers.
double erlang_b(double load, std::int64_t servers);

// Probability that an arrival has to wait; 1 when the servers cannot keep up (load >= servers).
double erlang_c(double load, std::int64_t servers);

struct StaffingParams {
    double arrivals_per_hour = 0.0;
    double handle_seconds = 0.0;      // mean time that one arrival takes
    double service_level = 0.8;       // share to be answered within target_seconds, 0 < x < 1
    double target_seconds = 20.0;     // >= 0
    double max_occupancy = 1.0;       // share of their time that people are busy at most, 0 < x <= 1

    void check() const;
};

struct Staffing {
    std::int64_t agents;
    double offered_load;       // erlangs
    double occupancy;          // load / agents
    double wait_probability;
    double service_level;      // share answered within target_seconds
    double mean_wait_seconds;
};

// The fewest agents that reach the service level within the occupancy; none for no arrivals.
Staffing staffing(const StaffingParams& params);

}  // namespace ecom::core
