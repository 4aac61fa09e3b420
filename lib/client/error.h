/* Errors as programs see them: code, message, hint, errno. Except where noted ret_error may be
 * NULL, then nothing is written. Texts are copied, and cut where they do not fit. */
#ifndef TCPCLIENT_ERROR_H
#define TCPCLIENT_ERROR_H

#include <stddef.h>
#include <tcpclient/tcpclient.h>

/* Fills in *ret_error, with the message in printf's format, a hint and code's usual
 * errno name. Returns code. */
enum tcpc_code tcpci_error_set(struct tcpc_error *ret_error, enum tcpc_code code,
                               enum tcpc_hint hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with code's own message and hint; url appears in those that name the daemon (NULL: left
 * out). Returns code. */
enum tcpc_code tcpci_error_set_code(struct tcpc_error *ret_error, enum tcpc_code code,
                                    const char *url);
/* TCPC_OK, and all texts empty. */
void tcpci_error_clear(struct tcpc_error *ret_error);
/* Returns error's code. */
enum tcpc_code tcpci_error_copy(struct tcpc_error *ret_error, const struct tcpc_error *error);
/* Replaces the errno name by that of number; 0 or unknown: none. */
void tcpci_error_set_errno(struct tcpc_error *ret_error, int number);
/* Copies as much of text as fits into size bytes (at least 1); always NUL-terminates. */
void tcpci_text_copy(char *ret_text, size_t size, const char *text);

#endif
