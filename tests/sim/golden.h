/* The golden table: goodput of one transfer for each loss, round trip and buffer size, in virtual
 * time, so that the same engine gives the same numbers on every machine. docs/golden.md keeps it;
 * golden_test.py compares. */
#ifndef SIM_GOLDEN_H
#define SIM_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>

/* Computes all cells in that many processes (0: one for each processor) and prints them as tables.
 * False when a transfer failed, which is said in its cell. */
bool golden_run(unsigned jobs, FILE *file);

#endif
