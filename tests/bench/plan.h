/* What a client of the benchmarks is told to do: MODE ADDRESS PORT AMOUNT [key=value]...
 *
 *   bulk_out     AMOUNT bytes to the peer, which confirms them
 *   bulk_in      AMOUNT bytes from the peer
 *   bulk_in_place  the same, without a copy in the application; the peer's mode is bulk_in
 *   latency      64 bytes there and back, AMOUNT times
 *   connections  open, one byte from the peer, close, AMOUNT times
 *   requests     open, 64 bytes there and back, close, AMOUNT times
 *   hold         AMOUNT open connections, until standard input ends; by turns to ports=N ports from
 *                PORT on; with use=1 each has had 64 bytes there and back
 *
 * Keys: clients=N at a time, seconds=S after which it ends even if less was done, fill=N TIME_WAITs
 * made before the clock starts, by way of the ports from fill_port=PORT on, during fill_seconds=S
 * at most; url=URL of the daemon, tap=NAME of an interface. */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_REQUEST_BYTES 64u
#define PLAN_CLIENTS_MAX 64u
/* 100,000 TIME_WAITs need more ports than one remote endpoint offers. */
#define PLAN_FILL_PORTS 4u

struct plan {
    const char *mode, *address, *url, *tap;
    uint16_t port, fill_port;
    uint64_t amount, fill;
    unsigned clients, ports, use;
    double seconds, fill_seconds;
};

/* words[0] is the mode. False if a word is missing or makes no sense. */
bool plan_parse(struct plan *ret_plan, int count, char **words);

/* Seconds of CLOCK_MONOTONIC. */
double plan_now(void);

/* Prints one line of JSON with the processor time of this process in it. what is "bytes" or
 * "count"; fill is how many TIME_WAITs were made. */
void plan_report(double seconds, const char *what, uint64_t amount, uint64_t fill);

/* Sorts the times, and prints as plan_report() does, with their median and 99th percentile. */
void plan_report_times(double seconds, double *times, uint64_t count);

#endif
