/* Shared by all benchmark programs. */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

/* Prints "what: why" on stderr and exits with 1. */
_Noreturn void bench_die(const char *what, const char *why);

/* Sets the congestion control of a kernel connection, since the default differs between machines.
 * Does nothing where it is not available. */
void bench_use_cubic(int fd);

/* As many open descriptors as this process may have. */
void bench_allow_descriptors(void);

/* Nanoseconds on the monotonic clock. */
double bench_now_ns(void);

/* For qsort(): the smallest first. */
int bench_compare_doubles(const void *a, const void *b);

#endif
