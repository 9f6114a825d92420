// Differences between PostgreSQL 15 and 18, written in the newest version's style.
#pragma once

#if PG_VERSION_NUM < 150000
#error "ecom_analytics needs PostgreSQL 15 or later"
#endif

extern "C" {
// varatt.h was split out of postgres.h in 16 (commit d952373a987).
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "utils/backend_status.h"
#include "utils/datetime.h"
}

namespace ecom::pg {

// 16 renamed the accessor when local backend entries got their own index (commit d7e39d72ca1).
inline LocalPgBackendStatus* backend_entry(int index) {
#if PG_VERSION_NUM >= 160000
    return pgstat_get_local_beentry_by_index(index);
#else
    return pgstat_fetch_stat_local_beentry(index);
#endif
}

// 16 added error details to the parsers of date and time (commit bcc704b5247).
inline int decode_date_time(char** field, int* ftype, int nf, int* dtype, struct pg_tm* tm,
                            fsec_t* fsec, int* tzp) {
#if PG_VERSION_NUM >= 160000
    DateTimeErrorExtra extra;
    return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp, &extra);
#else
    return DecodeDateTime(field, ftype, nf, dtype, tm, fsec, tzp);
#endif
}

}  // namespace ecom::pg
