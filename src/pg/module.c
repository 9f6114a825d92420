/*
 * Library entry: magic block and settings.
 *
 * C on purpose: newer magic blocks use designated initializers in a form that C++17 lacks.
 * No thread is ever created here: a preloading postmaster must stay single-threaded.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "utils/guc.h"

#include "pg/module.h"

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "ecom_analytics");
#else
PG_MODULE_MAGIC;
#endif

int ecom_setting_memory_limit = 1024 * 1024;
int ecom_setting_max_threads = -1;
char *ecom_setting_mart = NULL;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomIntVariable("ecom_analytics.memory_limit",
							"Memory that one analytic computation may hold.",
							"A computation that needs more stops before it allocates, and says how much it needs.",
							&ecom_setting_memory_limit,
							1024 * 1024, 1024, INT_MAX,
							PGC_USERSET, GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("ecom_analytics.max_threads",
							"Threads that one analytic computation may use.",
							"-1 means max_parallel_workers_per_gather + 1, at most the number of processors. Results do not depend on it.",
							&ecom_setting_max_threads,
							-1, -1, 256,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("ecom_analytics.mart",
							   "Mart that mart functions use when their mart argument is NULL.",
							   NULL,
							   &ecom_setting_mart,
							   "",
							   PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("ecom_analytics");
}
