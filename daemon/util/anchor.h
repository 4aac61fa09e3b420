/* Anchors: directories kept open, so that certain files in them can be opened once the daemon may
 * open nothing by path (util/sandbox). Like the log, they belong to the process. */
#ifndef TCPENGINED_ANCHOR_H
#define TCPENGINED_ANCHOR_H

enum anchor {
    ANCHOR_CONFIG,    /* of the configuration file, for SIGHUP */
    ANCHOR_PROC,      /* /proc/self, for metrics */
    ANCHOR_PROCESSES, /* /proc, for whose a connection is */
    ANCHOR_COUNT
};

/* Opens the directory of path; without effect if the anchor is set already. */
void anchor_set(enum anchor anchor, const char *path);

/* Opens path for reading: relative to the anchor if its directory is the anchor's, else by the
 * whole path. Returns a descriptor, the caller's, or -1 with errno. */
int anchor_open(enum anchor anchor, const char *path);

/* The directory's descriptor; -1 if it is not set. */
int anchor_fd(enum anchor anchor);

#endif
