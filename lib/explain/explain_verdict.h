/* What to make of a situation, where that depends on how long it lasts. */
#ifndef TCPENGINE_EXPLAIN_VERDICT_H
#define TCPENGINE_EXPLAIN_VERDICT_H

#include "explain_words.h"

/* usual: the verdict of the situation's row. */
enum explain_verdict explain_judge(const struct te_explanation *facts, enum explain_verdict usual);

/* Since when a connection is established, and waits to be accepted; TE_NEVER: not known. */
int64_t explain_queued_at_us(const struct te_explanation *facts);

#endif
