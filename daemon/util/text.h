/* Text from outside, for people: names that clients and administrators give. */
#ifndef TCPENGINED_TEXT_H
#define TCPENGINED_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Replaces in place, byte by byte, whatever is not printable UTF-8 (RFC 3629) by '?': control
 * characters of both kinds (and with them the escapes of terminals), what is no UTF-8 at all, and
 * characters that show as nothing or turn the direction of others. */
void text_make_printable(char *text, size_t len);

#endif
