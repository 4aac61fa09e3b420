#include "util/note_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/conn.h>
#include <tcpengine/units.h>

__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
    size_t len = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + len, NOTE_TEXT_MAX - len, format, arguments);
    va_end(arguments);
}

static void add_duration(char *text, int64_t us)
{
    if (us < TE_MS)
        add(text, "%" PRId64 " us", us);
    else if (us < TE_SECOND)
        add(text, "%" PRId64 " ms", us / TE_MS);
    else
        add(text, "%" PRId64 ".%" PRId64 " s", us / TE_SECOND, us % TE_SECOND / (TE_SECOND / 10));
}

/* Each feature that the set turned on or off. */
static void add_features(const struct te_note *note, char *text)
{
    size_t count;
    const char *separator = "";
    const struct te_option_info *table = te_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].option != TE_OPTION_FEATURES || (note->seq & table[i].feature) == 0)
            continue;
        bool is_on = ((uint32_t)note->value & table[i].feature) != 0;
        add(text, "%s%s = %s", separator, table[i].name, is_on ? "on" : "off");
        separator = ", ";
    }
    if (separator[0] == '\0')
        add(text, "features as before");
}

static void add_option(const struct te_note *note, char *text)
{
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    add(text, ": ");
    if (note->count == TE_OPTION_FEATURES) {
        add_features(note, text);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if ((uint32_t)table[i].option != note->count)
            continue;
        if (table[i].unit == 0)
            add(text, "%s = %s", table[i].name, note->value != 0 ? "on" : "off");
        else
            add(text, "%s = %" PRId64, table[i].name, note->value / table[i].unit);
    }
}

static void add_value(const struct te_note_info *info, int64_t value, char *text)
{
    if (info->unit == TE_NOTE_NOTHING)
        return;
    add(text, ", %s ", info->label);
    if (info->unit == TE_NOTE_US)
        add_duration(text, value);
    else
        add(text, "%" PRId64 "%s", value, info->unit == TE_NOTE_BYTES ? " bytes" : "");
}

static void add_range(const struct te_note *note, char *text)
{
    if (note->len_bytes > 0)
        add(text, ": %" PRIu32 " byte%s from %" PRIu32, note->len_bytes,
            note->len_bytes == 1 ? "" : "s", note->seq);
}

static void add_hits(const struct te_note *note, char *text)
{
    if (note->count > 1)
        add(text, ", %" PRIu32 " hits in a row%s", note->count,
            note->len_bytes > 0 ? ", the last" : "");
    add_range(note, text);
}

const char *note_text_format_fault(const struct te_note *note, const struct te_fault_spec *spec,
                                   char ret_text[NOTE_TEXT_MAX])
{
    char kind[TE_FAULT_WORDS_MAX], aim[TE_FAULT_WORDS_MAX];
    te_fault_format_kind(spec, kind);
    te_fault_format_aim(spec, aim);
    ret_text[0] = '\0';
    add(ret_text, "Fault %" PRId64 ": %s", note->value, kind);
    if (strcmp(aim, "any") != 0)
        add(ret_text, " %s", aim);
    add(ret_text, " (%s)", te_fault_ways_name(spec->ways));
    add_hits(note, ret_text);
    return ret_text;
}

const char *note_text_format(const struct te_note *note, char ret_text[NOTE_TEXT_MAX])
{
    const struct te_note_info *info = te_note_info(note->kind);
    ret_text[0] = '\0';
    add(ret_text, "%s", info->text);
    if (note->kind == TE_NOTE_OPTION_SET) {
        add_option(note, ret_text);
        return ret_text;
    }
    if (note->kind == TE_NOTE_FAULT) {
        add_value(info, note->value, ret_text);
        add_hits(note, ret_text);
        return ret_text;
    }
    if (note->count > 0)
        add(ret_text, " %" PRIu32, note->count);
    add_value(info, note->value, ret_text);
    add_range(note, ret_text);
    return ret_text;
}
