/* Generates the shipped tcpengined.conf: copies standard input, and replaces each line "@KEY@" by
 * the help, the possible values and the default of KEY, commented out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_keys.h"

#define LINE_MAX_BYTES 256
#define TEXT_COLUMNS 98

/* Wraps text into comment lines. */
static void print_comment(const char *text)
{
    while (*text != '\0') {
        size_t len = strlen(text);
        if (len > TEXT_COLUMNS)
            for (len = TEXT_COLUMNS; len > 1 && text[len] != ' ';)
                len--;
        printf("# %.*s\n", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

static void print_key(const struct config_key *key)
{
    struct config config;
    char range[CONFIG_VALUE_MAX], value[CONFIG_VALUE_MAX], text[2 * CONFIG_VALUE_MAX];
    config_init(&config);
    config_key_format_range(key, range);
    config_key_format(key, &config, value);
    snprintf(text, sizeof(text), "%s (%s)", key->row.help, range);
    print_comment(text);
    printf("#%s =%s%s\n", key->row.name, value[0] != '\0' ? " " : "", value);
}

int main(void)
{
    char line[LINE_MAX_BYTES], name[LINE_MAX_BYTES];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        int64_t scale;
        if (sscanf(line, "@%255[^@]@", name) != 1) {
            fputs(line, stdout);
            continue;
        }
        const struct config_key *key = config_key_find(name, &scale);
        if (key == NULL) {
            fprintf(stderr, "tcpengined.conf.in: there is no key %s\n", name);
            return EXIT_FAILURE;
        }
        print_key(key);
    }
    return EXIT_SUCCESS;
}
