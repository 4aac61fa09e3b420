#include "forward_rule.h"

#include <string.h>

#include "address.h"

enum { FIELDS_MAX = 4 };

struct fields {
    char words[FIELDS_MAX][FORWARD_HOST_MAX]; /* without brackets */
    unsigned count;
};

static bool add(struct fields *fields, const char *word, size_t len)
{
    if (fields->count == FIELDS_MAX || len >= FORWARD_HOST_MAX)
        return false;
    memcpy(fields->words[fields->count], word, len);
    fields->words[fields->count++][len] = '\0';
    return true;
}

/* The length of the field that text begins with, brackets included; they hold colons. */
static size_t field_len(const char *text)
{
    const char *end = *text == '[' ? strchr(text, ']') : NULL;
    size_t skipped = end != NULL ? (size_t)(end - text) : 0;
    return skipped + strcspn(text + skipped, ":");
}

/* False: too many fields, or too long ones, or brackets that do not match. */
static bool split(const char *text, struct fields *ret_fields)
{
    ret_fields->count = 0;
    for (;;) {
        size_t len = field_len(text);
        bool has_brackets = *text == '[';
        if (has_brackets && (len < 2 || text[len - 1] != ']'))
            return false;
        if (!add(ret_fields, text + has_brackets, has_brackets ? len - 2 : len))
            return false;
        if (text[len] == '\0')
            return true;
        text += len + 1;
    }
}

static bool copy_word(char *ret_word, const char *word)
{
    memcpy(ret_word, word, strlen(word) + 1);
    return true;
}

static bool is_path(const char *word)
{
    return word[0] == '/';
}

/* Where to listen, from the first of words; *ret_used of them. */
static bool read_listener(const struct fields *fields, unsigned count,
                          struct forward_rule *ret_rule, const char **ret_why)
{
    const char *port = fields->words[count - 1];
    if (count == 1 && is_path(port))
        return ret_rule->has_bind = copy_word(ret_rule->bind, port);
    *ret_why = "must be PORT, or BIND:PORT, with an IPv6 address in brackets";
    if (count > 2 || (count == 2 && is_path(fields->words[0])))
        return false;
    if (count == 2)
        ret_rule->has_bind = copy_word(ret_rule->bind, fields->words[0]);
    *ret_why = "the port to listen on must be 0 to 65535, or the name of a service";
    return strcmp(port, "0") == 0 || address_port(port, &ret_rule->port);
}

/* Where to go, from the last words: how many they are, 0: not so. */
static unsigned read_target(const struct fields *fields, struct forward_rule *ret_rule,
                            const char **ret_why)
{
    const char *last = fields->words[fields->count - 1];
    *ret_why = "must be [BIND:]PORT:HOST:HOSTPORT, with IPv6 addresses in brackets";
    if (fields->count >= 2 && is_path(last))
        return copy_word(ret_rule->host, last);
    if (fields->count < 3 || !*fields->words[fields->count - 2] ||
        is_path(fields->words[fields->count - 2]))
        return 0;
    copy_word(ret_rule->host, fields->words[fields->count - 2]);
    *ret_why = "HOSTPORT must be 1 to 65535, or the name of a service";
    return address_port(last, &ret_rule->host_port) ? 2 : 0;
}

bool forward_rule_parse(const char *text, struct forward_rule *ret_rule, const char **ret_why)
{
    struct fields fields;
    struct forward_rule rule = {.has_bind = false};
    *ret_why = "must be [BIND:]PORT:HOST:HOSTPORT, with IPv6 addresses in brackets";
    if (!split(text, &fields))
        return false;
    unsigned used = read_target(&fields, &rule, ret_why);
    if (used == 0 || !read_listener(&fields, fields.count - used, &rule, ret_why))
        return false;
    *ret_rule = rule;
    return true;
}

bool forward_rule_parse_listener(const char *text, struct forward_rule *ret_rule,
                                 const char **ret_why)
{
    struct fields fields;
    struct forward_rule rule = {.has_bind = false};
    *ret_why = "must be PORT, or BIND:PORT, with an IPv6 address in brackets";
    if (!split(text, &fields) || !read_listener(&fields, fields.count, &rule, ret_why))
        return false;
    *ret_rule = rule;
    return true;
}
