/* The key table for people: --help and docs/configuration.md. */
#include <string.h>

#include "config/config_keys.h"

#define SECTION_COUNT 4

/* The sections, in the order of the reference. */
static const struct {
    const char *name, *title;
} sections[SECTION_COUNT] = {
    {"daemon", "The process, its control socket, its metrics"},
    {"link", "The TAP interface and the addresses on it"},
    {"tcp", "TCP itself: timers, retries, buffers, options"},
    {"limits", "How large tables and queues may become, and how often things may happen"},
};

static void default_format(const struct config_key *key, char *ret_text)
{
    struct config config;
    config_init(&config);
    config_key_format(key, &config, ret_text);
}

/* Calls print for the keys of one section, in the table's order. */
static void each_key(FILE *stream, const char *section,
                     void (*print)(FILE *stream, const struct config_key *key))
{
    size_t count;
    const struct config_key *table = config_key_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].row.section, section) == 0)
            print(stream, &table[i]);
}

static void print_key(FILE *stream, const struct config_key *key)
{
    char value[CONFIG_VALUE_MAX];
    default_format(key, value);
    fprintf(stream, "  %-26s %s\n", key->row.name, key->row.help);
    if (value[0] != '\0')
        fprintf(stream, "  %-26s default: %s\n", "", value);
}

void config_print_keys(FILE *stream)
{
    for (size_t i = 0; i < SECTION_COUNT; i++) {
        fprintf(stream, "\n[%s]\n", sections[i].name);
        each_key(stream, sections[i].name, print_key);
    }
}

/* "tcp.msl = 30s", and below it the possible values and the meaning. */
static void print_key_whole(FILE *stream, const struct config_key *key)
{
    char value[CONFIG_VALUE_MAX], values[CONFIG_VALUE_MAX];
    default_format(key, value);
    config_key_format_values(key, values);
    fprintf(stream, "%s.%s =%s%s\n    %s\n    %s\n", key->row.section, key->row.name,
            value[0] != '\0' ? " " : "", value, values, key->row.help);
}

void config_print_keys_whole(FILE *stream)
{
    for (size_t i = 0; i < SECTION_COUNT; i++)
        each_key(stream, sections[i].name, print_key_whole);
}

static void print_row(FILE *stream, const struct config_key *key)
{
    char value[CONFIG_VALUE_MAX], range[CONFIG_VALUE_MAX];
    default_format(key, value);
    config_key_format_range(key, range);
    const char *quote = value[0] != '\0' ? "`" : "";
    fprintf(stream, "| `%s` | %s%s%s | %s | %s |\n", key->row.name, quote, value, quote, range,
            key->row.help);
}

static void print_section(FILE *stream, size_t section)
{
    fprintf(stream, "\n## [%s]\n\n%s.\n\n", sections[section].name, sections[section].title);
    fprintf(stream, "| key | default | values | meaning |\n|---|---|---|---|\n");
    each_key(stream, sections[section].name, print_row);
}

static const char *const introduction =
    "# Configuration of tcpengined\n"
    "\n"
    "This page is generated from the tables of keys (`tcpengine/config_list.h`, `config_keys.c`),\n"
    "and a test compares it with them. To regenerate it:\n"
    "`build/daemon/tcpengined --list-config > docs/configuration.md`.\n"
    "\n"
    "Settings come from the file of `--config FILE` and from the command line, which overrides "
    "the\n"
    "file: `--set KEY=VALUE` works for every key below, and the most common ones have options of\n"
    "their own (`--tap`, `--address`, `--gateway`, `--control`, `--http`, `--msl`, `--mtu`,\n"
    "`--log-level`). `--check-config` reads everything, says what is wrong, and exits.\n"
    "\n"
    "The file has lines `key = value` under `[section]` headings. `#` and `;` begin a comment. A "
    "key\n"
    "that may be repeated is a list; a list on the command line replaces the file's. Every name "
    "is\n"
    "unique, so `--set` needs no section (`--set mtu=9000`), but accepts one (`--set\n"
    "link.mtu=9000`).\n"
    "\n"
    "A duration is a number with `us`, `ms`, `s`, `min` or `h`; a plain number is seconds. "
    "Decimals\n"
    "are allowed. The name may carry the unit instead: `rto_min_ms = 200` is `rto_min = 200ms`\n"
    "(`_us`, `_ms`, `_s`). A size is a number of bytes with `K`, `M` or `G` (powers of 1024), and\n"
    "the name may end in `_bytes`. Switches are `yes` or `no`.\n";

void config_print_reference(FILE *stream)
{
    fputs(introduction, stream);
    for (size_t i = 0; i < SECTION_COUNT; i++)
        print_section(stream, i);
}
