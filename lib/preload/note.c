#include "note.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "settings.h"
#include "sys.h"

#define NOTE_BYTES_MAX 256
#define STANDARD_ERROR 2

static dev_t error_device;
static ino_t error_inode;

__attribute__((constructor)) static void note_remember_standard_error(void)
{
    struct stat status;
    if (sys_fstat(STANDARD_ERROR, &status) == 0) {
        error_device = status.st_dev;
        error_inode = status.st_ino;
    }
}

static bool has_standard_error(void)
{
    struct stat status;
    return error_inode != 0 && sys_fstat(STANDARD_ERROR, &status) == 0 &&
           status.st_dev == error_device && status.st_ino == error_inode;
}

static void write_line(const char *format, va_list arguments)
{
    char line[NOTE_BYTES_MAX];
    int saved = errno;
    if (has_standard_error()) {
        int start = snprintf(line, sizeof(line), "tcpengine-run: ");
        int length = vsnprintf(line + start, sizeof(line) - (size_t)start, format, arguments);
        size_t count = (size_t)start + (length > 0 ? (size_t)length : 0);
        if (count > sizeof(line) - 1)
            count = sizeof(line) - 1;
        line[count] = '\n';
        sys_write(STANDARD_ERROR, line, count + 1);
    }
    errno = saved;
}

void note(const char *format, ...)
{
    va_list arguments;
    if (!settings_get()->verbose)
        return;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}

void note_always(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(format, arguments);
    va_end(arguments);
}
