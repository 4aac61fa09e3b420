/* Errors as programs see them: code, message, hint. ret_error may be NULL everywhere. */
#ifndef TCPCLIENT_ERROR_H
#define TCPCLIENT_ERROR_H

#include <stddef.h>
#include <tcpclient/tcpclient.h>

/* Fills *ret_error and returns code. */
enum tcpc_code tcpci_error_set(struct tcpc_error *ret_error, enum tcpc_code code, const char *hint,
                               const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The text of a code that the library itself finds; url for those that name the daemon. */
enum tcpc_code tcpci_error_set_code(struct tcpc_error *ret_error, enum tcpc_code code,
                                    const char *url);
void tcpci_error_clear(struct tcpc_error *ret_error);
enum tcpc_code tcpci_error_copy(struct tcpc_error *ret_error, const struct tcpc_error *error);
void tcpci_error_set_errno(struct tcpc_error *ret_error, int number);
/* Copies as much as fits, and always ends with NUL. */
void tcpci_text_copy(char *ret_text, size_t size, const char *text);

#endif
