/* Base64 (RFC 4648 4), for bytes in JSON. */
#ifndef TCPCTL_BASE64_H
#define TCPCTL_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* A new NUL-terminated text, the caller's to free. Without memory the program ends. */
char *base64_encode(const uint8_t *bytes, size_t len);

#endif
