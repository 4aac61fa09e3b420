/* Theory of operation: every value goes through key_set(), whether it comes from a file or from the
 * command line, so that both give the same messages. inih splits the file into lines, sections,
 * names and values. The reader below counts the lines, since inih's handler is not told the number,
 * and removes indentation, so that an indented line is a line and not the continuation of the one
 * before. A mistake does not stop the reading: all of a file's are reported at once. */
#include "config/config.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

#include "config/config_keys.h"
#include "rpc/event_log.h"
#include "util/anchor.h"

/* Most keys in the table, for finding those that a file sets twice. */
#define KEYS_MAX 128
#define SECTION_MAX 32

void config_init(struct config *config)
{
    memset(config, 0, sizeof(*config));
    te_config_init(&config->engine);
    rpc_options_init(&config->rpc);
    config_keys_init(config);
    /* The engine's own defaults are for hosts of which nothing is known; here the kernel, or tap.c,
     * says what a TAP cannot do. */
    config->engine.checksum_offload = true;
    config->engine.gso = true;
}

/* --- one key ---------------------------------------------------------------------------------- */

static void message_add_suggestion(char *message, const char *name)
{
    size_t len = strlen(message);
    if (name != NULL)
        snprintf(message + len, CONFIG_MESSAGE_MAX - len, "; did you mean %s?", name);
    else
        snprintf(message + len, CONFIG_MESSAGE_MAX - len, "; tcpengined --help lists all");
}

static const struct config_key *key_find(const char *name, int64_t *ret_scale, char *ret_message)
{
    const struct config_key *key = config_key_find(name, ret_scale);
    if (key == NULL) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "unknown key");
        message_add_suggestion(ret_message, config_key_suggest(name));
    }
    return key;
}

static bool section_check(const struct config_key *key, const char *section, char *ret_message)
{
    if (section[0] == '\0' || strcmp(section, key->row.section) == 0)
        return true;
    if (config_section_exists(section)) {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "is not in section [%s]; put it into [%s]",
                 section, key->row.section);
    } else {
        snprintf(ret_message, CONFIG_MESSAGE_MAX, "unknown section [%.32s]", section);
        message_add_suggestion(ret_message, config_section_suggest(section));
    }
    return false;
}

static bool key_set(struct config *config, const char *section, const char *name, const char *value,
                    char *ret_message)
{
    int64_t scale;
    const struct config_key *key = key_find(name, &scale, ret_message);
    if (key == NULL || !section_check(key, section, ret_message) ||
        !config_key_set(key, config, value, scale, ret_message))
        return false;
    if (strcmp(key->row.name, "gso") == 0)
        config->gso_is_set = true;
    return true;
}

bool config_set(struct config *config, const char *key, const char *value, char *ret_message)
{
    char section[SECTION_MAX] = "";
    const char *dot = strchr(key, '.');
    if (dot != NULL) {
        snprintf(section, sizeof(section), "%.*s", (int)(dot - key), key);
        key = dot + 1;
    }
    return key_set(config, section, key, value, ret_message);
}

void config_clear_list(struct config *config, const char *name)
{
    int64_t scale;
    const char *dot = strchr(name, '.');
    const struct config_key *key = config_key_find(dot != NULL ? dot + 1 : name, &scale);
    if (key != NULL && key->clear != NULL)
        key->clear(config);
}

/* --- one file --------------------------------------------------------------------------------- */

struct file_reader {
    struct config *config;
    FILE *stream, *errors;
    const char *name;
    unsigned line, mistakes;
    unsigned first_line[KEYS_MAX]; /* where each key of the table was set; 0: not yet */
};

static void mistake_tell(struct file_reader *reader, const char *key, const char *message)
{
    reader->mistakes++;
    fprintf(reader->errors, "%s:%u: %s%s%s\n", reader->name, reader->line, key,
            key[0] != '\0' ? ": " : "", message);
}

static void skip_line(FILE *stream)
{
    int c;
    do {
        c = getc(stream);
    } while (c != '\n' && c != EOF);
}

/* fgets() for inih. A line that does not fit is a mistake and counts as empty. */
static char *line_read(char *ret_line, int size, void *ctx)
{
    struct file_reader *reader = ctx;
    if (fgets(ret_line, size, reader->stream) == NULL)
        return NULL;
    reader->line++;
    size_t len = strlen(ret_line);
    if (len + 1 >= (size_t)size && ret_line[len - 1] != '\n') {
        skip_line(reader->stream);
        mistake_tell(reader, "", "the line is too long; write one key and one value per line");
        snprintf(ret_line, (size_t)size, "\n");
        return ret_line;
    }
    size_t indent = strspn(ret_line, " \t");
    memmove(ret_line, ret_line + indent, len + 1 - indent);
    return ret_line;
}

/* Setting a key twice is a slip, unless it is a list: one of the two would be ignored. */
static bool is_repeated(struct file_reader *reader, const char *name)
{
    int64_t scale;
    size_t count;
    char message[CONFIG_MESSAGE_MAX];
    const struct config_key *table = config_key_table(&count);
    const struct config_key *key = config_key_find(name, &scale);
    if (key == NULL || key->clear != NULL || (size_t)(key - table) >= KEYS_MAX)
        return false;
    unsigned *first_line = &reader->first_line[key - table];
    if (*first_line == 0) {
        *first_line = reader->line;
        return false;
    }
    snprintf(message, sizeof(message), "was set on line %u before; keep one of the two",
             *first_line);
    mistake_tell(reader, name, message);
    return true;
}

static int key_read(void *ctx, const char *section, const char *name, const char *value)
{
    struct file_reader *reader = ctx;
    char message[CONFIG_MESSAGE_MAX];
    if (!is_repeated(reader, name) && !key_set(reader->config, section, name, value, message))
        mistake_tell(reader, name, message);
    return 1; /* reported already; inih need not know */
}

unsigned config_load_stream(struct config *config, FILE *stream, const char *name, FILE *errors)
{
    static char comment_prefixes[] = ";#";
    struct file_reader reader = {
        .config = config, .stream = stream, .errors = errors, .name = name};
    ini_inline_comment_prefixes = comment_prefixes;
    int bad_line = ini_parse_stream(line_read, &reader, key_read, &reader);
    if (bad_line > 0) {
        reader.line = (unsigned)bad_line;
        mistake_tell(&reader, "", "not a line of this format; write [section] or key = value");
    }
    if (ferror(stream))
        mistake_tell(&reader, "", "cannot be read to its end");
    return reader.mistakes;
}

unsigned config_load_file(struct config *config, const char *path, FILE *errors)
{
    int fd = anchor_open(ANCHOR_CONFIG, path);
    FILE *stream = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (stream == NULL) {
        fprintf(errors, "%s: cannot be opened: %s; give the path of a readable file\n", path,
                strerror(errno));
        return 1;
    }
    unsigned mistakes = config_load_stream(config, stream, path, errors);
    fclose(stream);
    return mistakes;
}
