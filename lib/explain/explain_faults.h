/* What injected faults do (tcpengine/fault.h), in words. */
#ifndef TCPENGINE_EXPLAIN_FAULTS_H
#define TCPENGINE_EXPLAIN_FAULTS_H

#include <stddef.h>

#include "explain_words.h"

/* "fault 3 drops the ACK of our FIN (2 of 2 hits, the last 3.2 s ago); it is over", without a full
 * stop. Writes to ret_text, size bytes, and returns it. */
char *explain_fault(const struct explain_fault *fault, char *ret_text, size_t size);
/* Adds what there is to say of the subject's faults to its words. */
void explain_say_faults(const struct explain_subject *subject, struct explain_words *words);

#endif
