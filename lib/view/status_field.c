#include "status_field.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "json.h"

const struct status_field *status_fields(size_t *ret_count)
{
#define FIELD(kind, name, line, phrase, help)                                                      \
    {#name, STATUS_##kind, STATUS_LINE_##line, phrase, offsetof(struct tcpc_status, name)},
#define AGE(name, moment_us, line, phrase, help) FIELD(DURATION_US, name, line, phrase, help)
    static const struct status_field fields[] = {TE_STATUS_LIST(FIELD) TE_STATUS_AGE_LIST(AGE)};
#undef FIELD
#undef AGE
    *ret_count = sizeof(fields) / sizeof(fields[0]);
    return fields;
}

/* --- values ----------------------------------------------------------------------------------- */

static const void *value_at(const struct status_field *field, const struct tcpc_status *status)
{
    return (const char *)status + field->offset;
}

static const char *word_of(const struct status_field *field, const struct tcpc_status *status)
{
    return *(const char *const *)value_at(field, status);
}

/* For all kinds except WORD. */
static uint64_t number_of(const struct status_field *field, const struct tcpc_status *status)
{
    const void *value = value_at(field, status);
    switch (field->kind) {
    case STATUS_FLAG:
        return *(const bool *)value;
    case STATUS_NUMBER:
    case STATUS_BYTES:
        return *(const uint32_t *)value;
    case STATUS_TOTAL:
    case STATUS_TOTAL_BYTES:
        return *(const uint64_t *)value;
    case STATUS_DURATION_US:
        return (uint64_t) * (const int64_t *)value;
    case STATUS_WORD:
        break;
    }
    return 0;
}

/* An entry of TIME_WAIT keeps little of its connection, which never had an MSS of 0. */
static bool is_forgotten(const struct tcpc_status *status)
{
    return status->time_wait != NULL && status->mss == 0;
}

static bool is_unknown(const struct status_field *field, const struct tcpc_status *status)
{
    if (field->kind == STATUS_FLAG || field->kind == STATUS_WORD)
        return false;
    if (field->kind == STATUS_DURATION_US && (int64_t)number_of(field, status) < 0)
        return true;
    return is_forgotten(status) && number_of(field, status) == 0;
}

json_t *status_field_json(const struct status_field *field, const struct tcpc_status *status)
{
    if (is_unknown(field, status))
        return json_null();
    switch (field->kind) {
    case STATUS_FLAG:
        return json_boolean(number_of(field, status));
    case STATUS_WORD:
        return json_text(word_of(field, status));
    default:
        return json_number(number_of(field, status));
    }
}

/* --- text ------------------------------------------------------------------------------------- */

static const char *label_of(enum status_line line)
{
#define LABEL(line, label) [STATUS_LINE_##line] = label,
    static const char *const labels[] = {TE_STATUS_LINE_LIST(LABEL)};
#undef LABEL
    return labels[line];
}

static bool is_something(const struct status_field *field, const struct tcpc_status *status)
{
    return field->kind == STATUS_WORD ? *word_of(field, status) != '\0'
                                      : number_of(field, status) != 0;
}

/* A false flag and an empty word say nothing; a 0 does, next to other numbers. */
static bool is_printed(const struct status_field *field, const struct tcpc_status *status)
{
    bool is_number = field->kind != STATUS_FLAG && field->kind != STATUS_WORD;
    return is_number ? !is_unknown(field, status) : is_something(field, status);
}

static const char *format_value(const struct status_field *field, const struct tcpc_status *status,
                                char *ret_text)
{
    uint64_t number = number_of(field, status);
    switch (field->kind) {
    case STATUS_BYTES:
        return number == UINT32_MAX ? "none yet" : format_bytes(number, ret_text);
    case STATUS_TOTAL_BYTES:
        return format_bytes(number, ret_text);
    case STATUS_DURATION_US:
        return format_duration((int64_t)number, ret_text);
    case STATUS_WORD:
        return word_of(field, status);
    default:
        snprintf(ret_text, FORMAT_MAX, "%" PRIu64, number);
        return ret_text;
    }
}

static void print_phrase(const struct status_field *field, const struct tcpc_status *status)
{
    char text[FORMAT_MAX];
    size_t before = strcspn(field->phrase, "#");
    printf("%.*s", (int)before, field->phrase);
    if (field->phrase[before] == '#')
        printf("%s%s", format_value(field, status, text), field->phrase + before + 1);
}

static bool line_is_empty(enum status_line line, const struct tcpc_status *status)
{
    size_t count;
    const struct status_field *fields = status_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (fields[i].line == line && is_printed(&fields[i], status) &&
            is_something(&fields[i], status))
            return false;
    }
    return true;
}

void status_line_print(enum status_line line, const char *start, const struct tcpc_status *status)
{
    size_t count;
    const struct status_field *fields = status_fields(&count);
    const char *separator = start != NULL ? ", " : "";
    if (start == NULL && line_is_empty(line, status))
        return;
    printf("%-12s %s", label_of(line), start != NULL ? start : "");
    for (size_t i = 0; i < count; i++) {
        if (fields[i].line != line || !is_printed(&fields[i], status))
            continue;
        fputs(separator, stdout);
        print_phrase(&fields[i], status);
        separator = ", ";
    }
    putchar('\n');
}
