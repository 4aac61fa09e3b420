#include "config/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "util/anchor.h"
#include "util/version.h"

#define PROGRAM "tcpengined"
#define KEY_MAX 64
#define LISTS_MAX 3 /* address, gateway, route */

/* What getopt_long() returns: OPTION_KEY for options that just set the key of that name. */
enum { OPTION_KEY = 256, OPTION_CONFIG, OPTION_SET, OPTION_CHECK, OPTION_LIST, OPTION_KEYS };

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"tap", required_argument, NULL, OPTION_KEY},
    {"address", required_argument, NULL, OPTION_KEY},
    {"gateway", required_argument, NULL, OPTION_KEY},
    {"control", required_argument, NULL, OPTION_KEY},
    {"http", required_argument, NULL, OPTION_KEY},
    {"msl", required_argument, NULL, OPTION_KEY},
    {"mtu", required_argument, NULL, OPTION_KEY},
    {"log-level", required_argument, NULL, OPTION_KEY},
    {"set", required_argument, NULL, OPTION_SET},
    {"check-config", no_argument, NULL, OPTION_CHECK},
    {"list-config", no_argument, NULL, OPTION_LIST},
    {"help-keys", no_argument, NULL, OPTION_KEYS},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *const usage =
    "Usage: tcpengined [OPTION]...\n"
    "A TCP/IP engine in user space that owns a TAP interface and serves its connections over a\n"
    "socket. Runs in the foreground; SIGTERM ends it gracefully.\n"
    "\n"
    "  --config FILE       read settings from FILE; the options below override it\n"
    "  --tap NAME          TAP interface, created if it is missing\n"
    "  --address CIDR      address of the engine, e.g. 10.0.0.2/24; may be repeated\n"
    "  --gateway ADDRESS   default gateway; may be repeated, one per family\n"
    "  --control URL       control socket, ipc:///PATH\n"
    "  --http ADDR:PORT    metrics, health and live page, or off\n"
    "  --msl SECONDS       maximum segment lifetime; TIME_WAIT lasts twice that\n"
    "  --mtu N             size of IP packets\n"
    "  --set KEY=VALUE     any of the keys below; may be repeated\n"
    "  --check-config      check the configuration, say what is wrong, and exit\n"
    "  --list-config       print the reference of all keys in Markdown, and exit\n"
    "  --help-keys         print each key with its values, default and meaning, and exit\n"
    "  --log-level LEVEL   error, warning, notice, info or debug\n"
    "  --version           print the version, and exit\n"
    "  --help              print this, and exit\n"
    "\n"
    "Exit status: 0 after SIGTERM or SIGINT, 1 if it cannot run, 2 if an option or the\n"
    "configuration is wrong.\n"
    "\n"
    "Keys for --set and FILE:\n";

/* One walk over the arguments. */
struct options {
    struct config *config;
    FILE *output, *errors;
    const char *config_path;
    bool is_check, is_done;
    unsigned mistakes;
    char lists[LISTS_MAX][KEY_MAX]; /* lists that the command line has replaced */
    unsigned list_count;
};

/* The first item of a list on the command line replaces the file's list. */
static void list_begin(struct options *options, const char *key)
{
    const char *dot = strchr(key, '.');
    const char *name = dot != NULL ? dot + 1 : key;
    if (strcmp(name, "address") != 0 && strcmp(name, "gateway") != 0 && strcmp(name, "route") != 0)
        return;
    for (unsigned i = 0; i < options->list_count; i++)
        if (strcmp(options->lists[i], name) == 0)
            return;
    config_clear_list(options->config, name);
    snprintf(options->lists[options->list_count++], KEY_MAX, "%s", name);
}

static void key_set(struct options *options, const char *origin, const char *key, const char *value)
{
    char message[CONFIG_MESSAGE_MAX];
    list_begin(options, key);
    if (config_set(options->config, key, value, message))
        return;
    fprintf(options->errors, PROGRAM ": %s: %s\n", origin, message);
    options->mistakes++;
}

static void option_key(struct options *options, const char *name, const char *value)
{
    char key[KEY_MAX], origin[KEY_MAX + 2];
    snprintf(key, sizeof(key), "%s", name);
    snprintf(origin, sizeof(origin), "--%s", name);
    for (char *c = key; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
    key_set(options, origin, key, value);
}

static void option_set(struct options *options, const char *argument)
{
    char key[KEY_MAX], origin[KEY_MAX + 8];
    const char *equals = strchr(argument, '=');
    if (equals == NULL) {
        fprintf(options->errors, PROGRAM ": --set %s: no value; write --set KEY=VALUE\n", argument);
        options->mistakes++;
        return;
    }
    snprintf(key, sizeof(key), "%.*s", (int)(equals - argument), argument);
    snprintf(origin, sizeof(origin), "--set %s", key);
    key_set(options, origin, key, equals + 1);
}

static void option_wrong(struct options *options, int answer, const char *argument)
{
    fprintf(options->errors, PROGRAM ": %s: %s; " PROGRAM " --help lists all options\n", argument,
            answer == ':' ? "needs a value" : "unknown option, or one that takes no value");
    options->mistakes++;
}

/* Options that take effect before any configuration is read. */
static void option_early(struct options *options, int answer)
{
    if (answer == OPTION_CONFIG)
        options->config_path = optarg;
    else if (answer == OPTION_CHECK)
        options->is_check = true;
    else if (answer == 'h') {
        fputs(usage, options->output);
        config_print_keys(options->output);
    } else if (answer == 'V')
        fprintf(options->output, PROGRAM " %s\n", TCPENGINE_VERSION);
    else if (answer == OPTION_LIST)
        config_print_reference(options->output);
    else if (answer == OPTION_KEYS)
        config_print_keys_whole(options->output);
    options->is_done =
        answer == 'h' || answer == 'V' || answer == OPTION_LIST || answer == OPTION_KEYS;
}

static void walk_early(struct options *options, int argc, char **argv)
{
    int answer;
    optind = 0; /* glibc: start afresh, whatever was parsed before */
    opterr = 0;
    while (!options->is_done &&
           (answer = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1) {
        if (answer == '?' || answer == ':')
            option_wrong(options, answer, argv[optind - 1]);
        else
            option_early(options, answer);
    }
    if (!options->is_done && optind < argc) {
        fprintf(options->errors, PROGRAM ": %s: not an option; " PROGRAM " --help lists all\n",
                argv[optind]);
        options->mistakes++;
    }
}

static void walk_keys(struct options *options, int argc, char **argv)
{
    int answer, index = 0;
    optind = 0;
    while ((answer = getopt_long(argc, argv, ":hV", long_options, &index)) != -1) {
        if (answer == OPTION_KEY)
            option_key(options, long_options[index].name, optarg);
        else if (answer == OPTION_SET)
            option_set(options, optarg);
    }
}

static enum options_action finish(struct options *options)
{
    const char *path = options->config_path;
    if (options->mistakes == 0)
        options->mistakes =
            config_finish(options->config, path != NULL ? path : PROGRAM, options->errors);
    if (options->mistakes > 0)
        return OPTIONS_FAILED;
    if (!options->is_check)
        return OPTIONS_RUN;
    fprintf(options->output, "%s%sthe configuration is right\n", path != NULL ? path : "",
            path != NULL ? ": " : "");
    return OPTIONS_DONE;
}

enum options_action options_load(int argc, char **argv, struct config *config, FILE *output,
                                 FILE *errors)
{
    struct options options = {.config = config, .output = output, .errors = errors};
    config_init(config);
    walk_early(&options, argc, argv);
    if (options.mistakes > 0)
        return OPTIONS_FAILED;
    if (options.is_done)
        return OPTIONS_DONE;
    if (options.config_path != NULL) {
        anchor_set(ANCHOR_CONFIG, options.config_path);
        options.mistakes += config_load_file(config, options.config_path, errors);
    }
    walk_keys(&options, argc, argv);
    return finish(&options);
}
