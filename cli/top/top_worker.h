/* Asks the daemon in a thread of its own, so that keys are heard while an answer takes its time. */
#ifndef TCPCTL_TOP_WORKER_H
#define TCPCTL_TOP_WORKER_H

#include "top_fetch.h"

struct top_worker;

/* fetch is the worker's from now on. NULL: no thread. */
struct top_worker *top_worker_new(struct top_fetch *fetch);
/* Asks; a question that still waits is replaced. */
void top_worker_ask(struct top_worker *worker, const struct top_question *question);
/* The answer to the last question that was answered; NULL: none since the last call. */
struct top_frame *top_worker_take(struct top_worker *worker);
/* A question waits, or is being answered. */
bool top_worker_is_busy(struct top_worker *worker);
/* Readable when there is something to take. */
int top_worker_descriptor(const struct top_worker *worker);
/* Ends the thread, and frees the worker, if that takes no time. False: it waits for the daemon; the
 * process has to end without it. */
bool top_worker_free(struct top_worker *worker);

#endif
