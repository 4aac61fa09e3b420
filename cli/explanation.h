/* Explanations as text: a name on the left of each line, words behind it. */
#ifndef TCPCTL_EXPLANATION_H
#define TCPCTL_EXPLANATION_H

#include <stdio.h>
#include <tcpclient/tcpclient.h>

enum { EXPLANATION_INDENT = 11 }; /* where the words begin */

/* Lines of any length. */
void explanation_print(FILE *out, const struct tcpc_explanation *explanation);
/* One of them; nothing if text is empty. */
void explanation_print_line(FILE *out, const char *name, const char *text);

#endif
