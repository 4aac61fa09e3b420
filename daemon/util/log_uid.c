#include "util/log_uid.h"

#include <stdarg.h>
#include <stdio.h>
#include <tcpengine/units.h>

#include "util/clock.h"

static struct log_uids uids;

/* --- who has written how much ----------------------------------------------------------------- */

/* The row of uid: its own, a free one, one of whom nothing is to be told, or everybody else's. */
static struct log_uid *row_find(struct log_uids *table, uint32_t uid, int64_t second)
{
    struct log_uid *stale = NULL;
    for (unsigned i = 0; i < table->count; i++) {
        struct log_uid *row = &table->rows[i];
        if (row->uid == uid)
            return row;
        if (row->second != second && row->suppressed == 0)
            stale = row;
    }
    if (stale == NULL && table->count < LOG_UIDS_MAX - 1)
        stale = &table->rows[table->count++];
    if (stale == NULL)
        return &table->rows[LOG_UIDS_MAX - 1];
    *stale = (struct log_uid){.uid = uid, .second = second};
    return stale;
}

bool log_uids_allow(struct log_uids *table, uint32_t uid, int64_t now_us)
{
    int64_t second = now_us / TE_SECOND;
    struct log_uid *row = row_find(table, uid, second);
    if (row->second != second) {
        row->second = second;
        row->written = 0;
    }
    if (row->written < LOG_UID_BURST) {
        row->written++;
        return true;
    }
    row->suppressed++;
    table->suppressed++;
    return false;
}

const struct log_uid *log_uids_take(struct log_uids *table, int64_t now_us, unsigned *ret_count)
{
    int64_t second = now_us / TE_SECOND;
    for (unsigned i = 0; i < LOG_UIDS_MAX; i++) {
        struct log_uid *row = &table->rows[i];
        if (row->suppressed == 0 || row->second == second)
            continue;
        *ret_count = row->suppressed;
        row->suppressed = 0;
        return row;
    }
    return NULL;
}

/* --- the process's own ------------------------------------------------------------------------ */

void log_write_uid(uint32_t uid, enum log_level level, const char *format, ...)
{
    char text[LOG_LINE_MAX];
    va_list arguments;
    if (level > log_get_level() || !log_uids_allow(&uids, uid, clock_monotonic_us()))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    log_write(level, "%s", text);
}

void log_uid_tell(void)
{
    unsigned count;
    const struct log_uid *row;
    int64_t now_us = clock_monotonic_us();
    while ((row = log_uids_take(&uids, now_us, &count)) != NULL) {
        if (row == &uids.rows[LOG_UIDS_MAX - 1])
            log_write(LOG_LEVEL_WARNING, "%u more lines about further users were not logged",
                      count);
        else
            log_write(LOG_LEVEL_WARNING, "%u more lines about uid %u were not logged", count,
                      row->uid);
    }
}

uint64_t log_uid_suppressed(void)
{
    return uids.suppressed;
}
