/* Options and arguments: what is taken, and what is said about the rest. */
#include <stdio.h>
#include <string.h>

#include "captured_output.h"
#include "cli.h"
#include "support/test.h"

enum { WORDS_MAX = 16, LONG_OWN = 0x100 };

static const struct verb verb = {.name = "dance",
                                 .arguments = "ID [FILE]",
                                 .summary = "Dance",
                                 .options = "  -o N   own\n",
                                 .details = "More about it.\n"};
static const struct option own[] = {{"own", required_argument, NULL, 'o'},
                                    {"flag", no_argument, NULL, LONG_OWN},
                                    {NULL, 0, NULL, 0}};

struct line {
    struct cli cli;
    char words[256];
    char *argv[WORDS_MAX];
    int argc;
};

static struct captured_output captured;

/* "dance" and the words of text. */
static void begin(struct line *line, const char *text)
{
    *line = (struct line){.cli.verb = &verb, .argc = 1};
    line->argv[0] = (char *)"dance";
    strcpy(line->words, text);
    for (char *word = strtok(line->words, " "); word != NULL; word = strtok(NULL, " "))
        line->argv[line->argc++] = word;
    optind = 0;
}

static int next(struct line *line)
{
    return cli_next_option(&line->cli, line->argc, line->argv, "o:", own);
}

/* What stderr says about the first option of text. */
static const char *complaint(const char *text)
{
    static struct line line;
    begin(&line, text);
    capture_begin(&captured, 2);
    int option = next(&line);
    capture_end(&captured);
    assert_int_equal(option, '?');
    return captured.text;
}

static void own_options_are_returned(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "-o 1 file --own=2 --flag --own 3");
    assert_int_equal(next(&line), 'o');
    assert_string_equal(optarg, "1");
    assert_int_equal(next(&line), 'o');
    assert_string_equal(optarg, "2");
    assert_int_equal(next(&line), LONG_OWN);
    assert_int_equal(next(&line), 'o');
    assert_string_equal(optarg, "3");
    assert_int_equal(next(&line), OPTION_END);
    assert_int_equal(optind, line.argc - 1);
    assert_string_equal(line.argv[optind], "file");
}

static void global_options_are_taken_wherever_they_are(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "7 -j --control ipc:///x -o 1 --timeout 0.25 -H");
    assert_int_equal(next(&line), 'o');
    assert_true(line.cli.is_json);
    assert_false(line.cli.is_headerless);
    assert_int_equal(next(&line), OPTION_END);
    assert_string_equal(line.cli.control_url, "ipc:///x");
    assert_int_equal(line.cli.timeout_ms, 250);
    assert_true(line.cli.is_headerless);
    begin(&line, "--json --no-header");
    assert_int_equal(next(&line), OPTION_END);
    assert_true(line.cli.is_json && line.cli.is_headerless);
}

static void a_plus_stops_at_the_verb(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "-j ls -H");
    assert_int_equal(cli_next_option(&line.cli, line.argc, line.argv, "+", NULL), OPTION_END);
    assert_string_equal(line.argv[optind], "ls");
    assert_true(line.cli.is_json);
    assert_false(line.cli.is_headerless);
}

static void wrong_options_are_named(void **state)
{
    (void)state;
    assert_string_equal(complaint("--nonsense"),
                        "tcpctl: dance: unknown option --nonsense; see tcpctl dance --help\n");
    assert_string_equal(complaint("-x"),
                        "tcpctl: dance: unknown option -x; see tcpctl dance --help\n");
    assert_string_equal(complaint("-jx"),
                        "tcpctl: dance: unknown option -x; see tcpctl dance --help\n");
    assert_string_equal(complaint("-o"),
                        "tcpctl: dance: -o needs a value; see tcpctl dance --help\n");
    assert_string_equal(complaint("--control"),
                        "tcpctl: dance: --control needs a value; see tcpctl dance --help\n");
}

static void a_timeout_is_more_than_nothing(void **state)
{
    static const char *const bad[] = {"0", "-1", "soon", "1s", ""};
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[64] = "--timeout=";
        strcat(text, bad[i]);
        assert_non_null(strstr(complaint(text), "must be a number of seconds above 0"));
    }
}

static void help_names_own_and_global_options(void **state)
{
    struct line line;
    (void)state;
    begin(&line, "--help");
    capture_begin(&captured, 1);
    assert_int_equal(next(&line), OPTION_STOP);
    const char *text = capture_end(&captured);
    assert_memory_equal(text, "Usage: tcpctl dance [OPTIONS] ID [FILE]\nDance.\n", 47);
    assert_non_null(strstr(text, "  -o N   own\n"));
    assert_non_null(strstr(text, "--control URL"));
    assert_non_null(strstr(text, TCPC_DEFAULT_URL));
    assert_string_equal(strstr(text, "\n\nMore"), "\n\nMore about it.\n");
}

static const char *count_complaint(const char *text, int min, int max)
{
    static struct line line;
    int status = -1;
    begin(&line, text);
    capture_begin(&captured, 2);
    bool is_good = cli_arguments(&line.cli, line.argc, line.argv, min, max, &status);
    capture_end(&captured);
    assert_int_equal(is_good, captured.text[0] == '\0');
    if (!is_good)
        assert_int_equal(status, EXIT_USAGE);
    return captured.text;
}

static void arguments_are_counted(void **state)
{
    (void)state;
    assert_string_equal(count_complaint("1", 1, 2), "");
    assert_string_equal(count_complaint("1 -j file", 1, 2), "");
    assert_string_equal(count_complaint("-j", 1, 2), "tcpctl: dance: missing argument: expected ID "
                                                     "[FILE]; see tcpctl dance --help\n");
    assert_string_equal(count_complaint("1 2 3", 1, 2),
                        "tcpctl: dance: too many arguments: expected "
                        "only ID [FILE]; see tcpctl dance --help\n");
    assert_string_equal(count_complaint("1", 0, 0), "tcpctl: dance: too many arguments: expected "
                                                    "none; see tcpctl dance --help\n");
    assert_string_equal(count_complaint("-- -5", 1, 1), "");
}

static void ids_are_checked(void **state)
{
    const struct cli cli = {.verb = &verb};
    uint64_t id = 5;
    (void)state;
    assert_true(cli_id_argument(&cli, "9007199254740991", &id));
    assert_true(id == UINT64_C(9007199254740991));
    capture_begin(&captured, 2);
    assert_false(cli_id_argument(&cli, "0", &id));
    assert_false(cli_id_argument(&cli, "x", &id));
    assert_string_equal(strchr(capture_end(&captured), '\n'),
                        "\ntcpctl: dance: x: must be an id, as tcpctl ls prints them; see tcpctl "
                        "dance --help\n");
    assert_true(id == UINT64_C(9007199254740991));
}

static void counts_are_checked(void **state)
{
    const struct cli cli = {.verb = &verb};
    static char *const bad[] = {(char *)"0", (char *)"17", (char *)"-1", (char *)"x", (char *)""};
    unsigned count = 5;
    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char expected[128];
        optarg = bad[i];
        capture_begin(&captured, 2);
        assert_false(cli_count_option(&cli, "most", 16, &count));
        snprintf(expected, sizeof(expected),
                 "tcpctl: dance: --most %s: must be 1 to 16; see tcpctl dance --help\n", bad[i]);
        assert_string_equal(capture_end(&captured), expected);
        assert_int_equal(count, 5);
    }
    optarg = (char *)"16";
    assert_true(cli_count_option(&cli, "most", 16, &count));
    assert_int_equal(count, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_options_are_returned),
        cmocka_unit_test(global_options_are_taken_wherever_they_are),
        cmocka_unit_test(a_plus_stops_at_the_verb),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(a_timeout_is_more_than_nothing),
        cmocka_unit_test(help_names_own_and_global_options),
        cmocka_unit_test(arguments_are_counted),
        cmocka_unit_test(ids_are_checked),
        cmocka_unit_test(counts_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
