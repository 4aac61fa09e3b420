/* The files of the live page: what assets/ holds, and Chart.js, inside the program. */
#ifndef TCPENGINED_ASSET_H
#define TCPENGINED_ASSET_H

#include <stddef.h>

struct asset {
    const char *name;
    const unsigned char *bytes;
    size_t len;
};

/* All of them: *ret_count rows, static. The build makes them (embed.cmake). */
const struct asset *assets(size_t *ret_count);
/* NULL: there is none of that name. */
const struct asset *asset_find(const char *name);
/* By the end of its name. Static. */
const char *asset_type(const struct asset *asset);

#endif
