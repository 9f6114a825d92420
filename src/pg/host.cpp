#include "pg/host.hpp"

extern "C" {
#include "access/parallel.h"
#include "optimizer/cost.h"
}

#include <algorithm>
#include <thread>

#include "pg/module.h"
#include "pg/progress.hpp"

namespace ecom::pg {

void BackendHost::poll() {
    if (INTERRUPTS_PENDING_CONDITION()) call([] { CHECK_FOR_INTERRUPTS(); });
}

std::size_t BackendHost::memory_limit() const {
    return static_cast<std::size_t>(ecom_setting_memory_limit) * 1024;
}

int BackendHost::max_threads() const {
    // A parallel worker is one of several already; threads on top would multiply.
    if (IsParallelWorker()) return 1;
    if (ecom_setting_max_threads > 0) return ecom_setting_max_threads;
    if (ecom_setting_max_threads == 0) return 1;
    const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    return std::min(max_parallel_workers_per_gather + 1, cores);
}

void BackendHost::progress(std::int64_t done, std::int64_t total) {
    report_progress_counts(done, total);
}

}  // namespace ecom::pg
