#include "settings.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "socket.h"
#include "sys.h"

#define URL_PREFIX "ipc://"
#define DEFAULT_CONTROL "/run/tcpengine/control.sock"

/* No lock: the first call comes before there are threads, by the constructor at the latest; a
 * signal's handler that interrupts it writes the same bytes. */
static atomic_bool ready;
static struct settings settings;
static char rows[SETTING_COUNT][SETTING_TEXT_MAX];

static const char *const names[SETTING_COUNT] = {
#define X(name) [SETTING_##name##_ROW] = SETTING_##name,
    SETTING_LIST(X)
#undef X
};

/* --- reading ---------------------------------------------------------------------------------- */

static void keep_row(const char *row)
{
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(row, names[i], length) == 0 && row[length] == '=' &&
            strlen(row) < SETTING_TEXT_MAX)
            memcpy(rows[i], row, strlen(row) + 1);
    }
}

/* Rows end in NUL. One that is too long for a setting is passed over. */
static void keep_rows_of_file(int fd)
{
    char row[SETTING_TEXT_MAX];
    size_t length = 0;
    char byte[512];
    long count;
    while ((count = sys_read(fd, byte, sizeof(byte))) > 0) {
        for (long i = 0; i < count; i++) {
            if (length < sizeof(row))
                row[length++] = byte[i];
            if (byte[i] != '\0')
                continue;
            if (row[length - 1] == '\0')
                keep_row(row);
            length = 0;
        }
    }
}

/* Before the C library's own start, environ is not there; the kernel has it all the same. */
static void keep_rows(void)
{
    for (char **row = environ; row != NULL && *row != NULL; row++)
        keep_row(*row);
    if (environ != NULL)
        return;
    int fd = sys_open("/proc/self/environ");
    if (fd < 0)
        return;
    keep_rows_of_file(fd);
    sys_close(fd);
}

static const char *value_of(unsigned row)
{
    return rows[row][0] == '\0' ? NULL : rows[row] + strlen(names[row]) + 1;
}

static void set_requests_path(void)
{
    const char *url = value_of(SETTING_CONTROL_ROW);
    const char *path = url == NULL || *url == '\0' ? DEFAULT_CONTROL : url;
    if (strncmp(path, URL_PREFIX, sizeof(URL_PREFIX) - 1) == 0)
        path += sizeof(URL_PREFIX) - 1;
    size_t length = strlen(path);
    settings.requests.sun_family = AF_UNIX;
    settings.requests_length = sizeof(settings.requests);
    if (length + sizeof(SOCKET_PATH_SUFFIX) > sizeof(settings.requests.sun_path))
        return; /* no such socket: requests fail */
    memcpy(settings.requests.sun_path, path, length);
    memcpy(settings.requests.sun_path + length, SOCKET_PATH_SUFFIX, sizeof(SOCKET_PATH_SUFFIX));
}

static void set_networks(unsigned row, struct cidr_set *set)
{
    const char *value = value_of(row);
    if (value != NULL)
        cidr_set_parse(value, set); /* tcpengine-run has checked it */
}

const struct settings *settings_get(void)
{
    if (!atomic_load_explicit(&ready, memory_order_acquire)) {
        keep_rows();
        set_requests_path();
        set_networks(SETTING_ONLY_ROW, &settings.only);
        set_networks(SETTING_EXCEPT_ROW, &settings.except);
        settings.verbose = value_of(SETTING_VERBOSE_ROW) != NULL;
        atomic_store_explicit(&ready, true, memory_order_release);
    }
    return &settings;
}

void settings_forget(void)
{
    memset(&settings, 0, sizeof(settings));
    memset(rows, 0, sizeof(rows));
    ready = false;
}

const char *settings_row(unsigned row)
{
    settings_get();
    return rows[row][0] == '\0' ? NULL : rows[row];
}

const char *settings_library(void)
{
    settings_get();
    return value_of(SETTING_LIBRARY_ROW);
}

const char *settings_program(void)
{
    settings_get();
    return value_of(SETTING_PROGRAM_ROW);
}

/* --- whose an address is ---------------------------------------------------------------------- */

static bool engine_owns(const struct te_addr *address)
{
    const struct settings *now = settings_get();
    if (cidr_is_loopback(address) || cidr_set_holds(&now->except, address))
        return false;
    return now->only.count == 0 || cidr_set_holds(&now->only, address);
}

bool settings_engine_reaches(const struct sockaddr *address, socklen_t length)
{
    struct te_addr parsed;
    return cidr_address_of(address, length, &parsed) && !te_addr_is_unspecified(&parsed) &&
           engine_owns(&parsed);
}

bool settings_engine_holds(const struct sockaddr *address, socklen_t length)
{
    struct te_addr parsed;
    if (!cidr_address_of(address, length, &parsed))
        return false;
    if (te_addr_is_unspecified(&parsed))
        return !cidr_set_holds(&settings_get()->except, &parsed);
    return engine_owns(&parsed);
}

bool settings_engine_holds_wildcard(int family)
{
    struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
    return settings_engine_holds((const struct sockaddr *)&any, sizeof(any));
}
