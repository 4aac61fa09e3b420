/* Text of ours in a manual page. */
#ifndef TCPCTL_TROFF_H
#define TCPCTL_TROFF_H

/* Prints text so that troff takes nothing in it for a request or an escape. */
void troff_print(const char *text);
/* Prints an entry of a list: a bold name, a remark beside it ("": none), a sentence without its
 * full stop. */
void troff_print_entry(const char *name, const char *remark, const char *sentence);

#endif
