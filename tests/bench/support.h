/* What every program of the benchmarks needs. */
#ifndef BENCH_SUPPORT_H
#define BENCH_SUPPORT_H

/* "what: why" on stderr, and exit 1. */
_Noreturn void bench_die(const char *what, const char *why);

/* The congestion control that both ends of a kernel connection use: the default of some machines
 * is another one. Does nothing where it is not available. */
void bench_use_cubic(int fd);

#endif
