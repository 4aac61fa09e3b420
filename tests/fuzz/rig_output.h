/* Reads every frame that a stack sends. */
#ifndef FUZZ_RIG_OUTPUT_H
#define FUZZ_RIG_OUTPUT_H

#include "rig.h"

/* Fails if the frame cannot be parsed, or has a wrong checksum, length or payload byte. Records
 * what the peer must know about it, and the neighbours the stack asks for. */
void rig_on_output(struct rig *rig, const struct te_output *output);

#endif
