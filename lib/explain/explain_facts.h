/* The facts that a text may name in braces. */
#ifndef TCPENGINE_EXPLAIN_FACTS_H
#define TCPENGINE_EXPLAIN_FACTS_H

#include <stddef.h>

#include "explain_words.h"

/* Writes the text with its facts filled in to ret_text, size bytes, final NUL included. */
void explain_fill(const char *text, const struct explain_subject *subject, char *ret_text,
                  size_t size);
/* Whether the len bytes of name are a fact's. */
bool explain_is_fact(const char *name, size_t len);

#endif
