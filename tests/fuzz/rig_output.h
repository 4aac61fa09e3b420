/* Reads every frame that a stack sends. */
#ifndef FUZZ_RIG_OUTPUT_H
#define FUZZ_RIG_OUTPUT_H

#include "rig.h"

/* Fails when the frame cannot be read, or has a checksum, a length or a payload byte wrong. Notes
 * what the peer must know of it, and the stack's questions for neighbours. */
void rig_on_output(struct rig *rig, const struct te_output *output);

#endif
