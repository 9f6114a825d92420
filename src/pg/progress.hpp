// Progress of long calls, in the backend's own status slot.
//
// A slot holds a command number, an object id and twenty integers, readable by every session; it
// needs neither shared memory of ours nor preloading. Our command number lies outside the built-in
// ones, so no pg_stat_progress_* view shows our rows and ours shows no other's.
#pragma once

#include <cstdint>

namespace ecom::pg {

// Updates done and total of the step being reported, if there is one; a total of 0 leaves the one
// that is shown. Never raises.
void report_progress_counts(std::int64_t done, std::int64_t total);

}  // namespace ecom::pg
