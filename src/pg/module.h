/* Settings of the extension, shared by module.c and the C++ glue. */
#ifndef ECOM_MODULE_H
#define ECOM_MODULE_H

#ifdef __cplusplus
extern "C" {
#endif

extern int ecom_setting_memory_limit; /* kB */
extern int ecom_setting_max_threads;  /* -1: from max_parallel_workers_per_gather */
extern char *ecom_setting_mart;       /* default mart, or "" */

#ifdef __cplusplus
}
#endif

#endif
