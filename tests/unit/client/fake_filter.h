/* The filters of lists, as far as tests use them: states, ports, and the peer's address. */
#ifndef TESTS_CLIENT_FAKE_FILTER_H
#define TESTS_CLIENT_FAKE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <tcpengine/v1/tcpengine.pb-c.h>

struct fake_subject {
    unsigned state;
    const Tcpengine__V1__Endpoint *local, *remote;
};

/* Whether the last of the nodes is true; none: everything is. */
bool fake_filter_matches(Tcpengine__V1__FilterNode **nodes, size_t count,
                         const struct fake_subject *subject);

#endif
