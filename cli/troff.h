/* Plain text in a manual page. */
#ifndef TCPCTL_TROFF_H
#define TCPCTL_TROFF_H

/* Prints text, which begins in the middle of a line, so that troff takes nothing in it for an
 * escape. */
void troff_print(const char *text);
/* Prints an entry of a list: a bold name, a remark ("": none), and a sentence, to which it adds the
 * full stop. */
void troff_print_entry(const char *name, const char *remark, const char *sentence);

#endif
