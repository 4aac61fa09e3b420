/* Log lines that clients can cause: a few per user and second, so that nobody can fill the log, or
 * bury in it what concerns others. The rest is counted, and one line says how many it was. */
#ifndef TCPENGINED_LOG_UID_H
#define TCPENGINED_LOG_UID_H

#include "util/log.h"

/* Lines per second of one uid; uids that are kept apart, beyond which the others share. */
#define LOG_UID_BURST 5
#define LOG_UIDS_MAX 64

struct log_uid {
    uint32_t uid;
    int64_t second; /* that written counts in */
    unsigned written, suppressed;
};

struct log_uids {
    struct log_uid rows[LOG_UIDS_MAX]; /* the last one is everybody else's */
    unsigned count;
    uint64_t suppressed;
};

/* Writes a line that a client of uid has caused, or counts it. */
void log_write_uid(uint32_t uid, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* To be called once per second: writes a line per uid of which lines were left out. */
void log_uid_tell(void);
/* Lines that were left out since the start. */
uint64_t log_uid_suppressed(void);

/* The pure parts. Whether a line of uid may be written at now_us; if not, it is counted. */
bool log_uids_allow(struct log_uids *uids, uint32_t uid, int64_t now_us);
/* The next row with lines left out before this second; NULL: none. Its count is *ret_count, and
 * starts anew. */
const struct log_uid *log_uids_take(struct log_uids *uids, int64_t now_us, unsigned *ret_count);

#endif
