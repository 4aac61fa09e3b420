/* What was dropped lately, in words: it may be why a connection does not get on. */
#ifndef TCPENGINE_EXPLAIN_DROP_H
#define TCPENGINE_EXPLAIN_DROP_H

#include "explain_words.h"

/* Adds to the reason the last segment of the peer that was dropped, if that was within the last
 * minute and for a reason that matters. */
void explain_say_drop(const struct explain_subject *subject, struct explain_words *words);

#endif
