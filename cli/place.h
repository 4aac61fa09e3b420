/* Where a connection may lead: a socket address, of the kernel's side or the engine's. */
#ifndef TCPCTL_PLACE_H
#define TCPCTL_PLACE_H

#include <socket.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct place {
    struct sockaddr_storage address;
    socklen_t length;
};

enum { PLACE_TEXT_MAX = 128 };

/* From what the kernel or getaddrinfo(3) says. IPv4 within IPv6 becomes IPv4. */
struct place place_of(const struct sockaddr *address, socklen_t length);
struct place place_of_engine(const struct socket_address *address);
/* False: a path. */
bool place_for_engine(const struct place *place, struct socket_address *ret_address);
/* False: too long. */
bool place_set_path(struct place *place, const char *path);
uint16_t place_port(const struct place *place);
void place_set_port(struct place *place, uint16_t port);
/* "10.0.0.2", "2001:db8::2"; "": a path. Into ret_text, of PLACE_TEXT_MAX, and so do the others. */
const char *place_host_text(const struct place *place, char *ret_text);
/* "10.0.0.2:80", "[2001:db8::2]:80", "*:80", "/path". */
const char *place_text(const struct place *place, char *ret_text);

#endif
