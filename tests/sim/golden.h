/* The golden table: goodput of one transfer for each loss rate, round trip time and buffer size, in
 * virtual time, so that the same engine gives the same numbers on every machine. docs/golden.md
 * keeps it; golden_test.py compares. */
#ifndef SIM_GOLDEN_H
#define SIM_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>

/* Computes all cells in that many processes (0: one per processor) and prints them as tables. False
 * if a transfer failed, which its cell shows. */
bool golden_run(unsigned jobs, FILE *file);

#endif
