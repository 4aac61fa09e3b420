#include "util/anchor.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    bool is_set;
    int fd;
    char directory[PATH_MAX]; /* with its slash; empty: where we are */
} anchors[ANCHOR_COUNT];

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool is_below(enum anchor anchor, const char *path)
{
    size_t len = strlen(anchors[anchor].directory);
    return anchor_fd(anchor) >= 0 && (size_t)(name_of(path) - path) == len &&
           memcmp(path, anchors[anchor].directory, len) == 0;
}

void anchor_set(enum anchor anchor, const char *path)
{
    size_t len = (size_t)(name_of(path) - path);
    if (anchors[anchor].is_set || len >= sizeof(anchors[anchor].directory))
        return;
    memcpy(anchors[anchor].directory, path, len);
    anchors[anchor].fd =
        open(len > 0 ? anchors[anchor].directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    anchors[anchor].is_set = true;
}

int anchor_open(enum anchor anchor, const char *path)
{
    if (!is_below(anchor, path))
        return open(path, O_RDONLY | O_CLOEXEC);
    return openat(anchors[anchor].fd, name_of(path), O_RDONLY | O_CLOEXEC);
}

int anchor_fd(enum anchor anchor)
{
    return anchors[anchor].is_set ? anchors[anchor].fd : -1;
}
