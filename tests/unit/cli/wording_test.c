/* No error of the daemon or of libtcpclient speaks of the protocol on the command line: all that
 * their sources say is tried. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "wording.h"

static const char *hint_for(const char *hint, const char *verb)
{
    struct tcpc_error error = {.code = TCPC_AGAIN};
    snprintf(error.hint, sizeof(error.hint), "%s", hint);
    static char text[sizeof(error.hint)];
    snprintf(text, sizeof(text), "%s", wording_hint(&error, verb));
    return text;
}

static void hints_depend_on_the_verb(void **state)
{
    (void)state;
    assert_string_equal(hint_for("ask again, with wait_ms", "accept"),
                        "allow more time with --wait SECONDS");
    assert_string_equal(hint_for("ask again, with wait_ms", "send"),
                        "allow more time with --timeout SECONDS");
    assert_string_equal(hint_for("does a program listen on that port?", "open"),
                        "does a program listen on that port?");
    assert_string_equal(hint_for("", "open"), "");
}

static void messages_lose_the_operation(void **state)
{
    (void)state;
    assert_string_equal(wording_message("Open: the daemon is stopping"), "the daemon is stopping");
    assert_string_equal(wording_message("Accept: deadline_ms has passed"),
                        "the daemon could not do it within the time allowed");
    assert_string_equal(wording_message("connection 3: refused"), "connection 3: refused");
    assert_string_equal(wording_message("Opening: x"), "Opening: x");
}

/* --- all that can come ------------------------------------------------------------------------ */

/* Operations and fields of the protocol; what a program's author may do about an error. Whoever
 * uses tcpctl has no use for these, or knows them by other names. */
static const char *const foreign[] = {
    "wait_ms",      "deadline_ms", "from_offset",  "after_seq",        "api_major",
    "keep_seconds", "client_name", "List names",   "History still",    "History shows",
    "Attach",       "Detach",      "Status ",      "DaemonStatus",     "Receive ",
    ".proto",       "new client",  "several requ", "daemon's version", "active open"};

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = calloc(1, 256 * 1024);
    assert_non_null(file);
    assert_non_null(text);
    assert_true(fread(text, 1, 256 * 1024 - 1, file) < 256 * 1024 - 1);
    fclose(file);
    return text;
}

static void check_text(const char *path, const char *text)
{
    const char *shown = hint_for(wording_message(text), "show");
    for (unsigned i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strstr(shown, foreign[i]) != NULL)
            fail_msg("%s: \"%s\" becomes \"%s\", which speaks of \"%s\"", path, text, shown,
                     foreign[i]);
    }
}

/* A sentence: it has a space, and is no format of parts. */
static bool is_sentence(const char *text)
{
    return strchr(text, ' ') != NULL && strchr(" %:", text[0]) == NULL;
}

/* Every string literal between from and to. */
static unsigned check_literals(const char *path, char *from, const char *to)
{
    unsigned count = 0;
    char *quote = strchr(from, '"');
    while (quote != NULL && quote < to) {
        char *end = strchr(quote + 1, '"');
        assert_non_null(end);
        *end = '\0';
        if (is_sentence(quote + 1)) {
            check_text(path, quote + 1);
            count++;
        }
        quote = strchr(end + 1, '"');
    }
    return count;
}

/* What RPC_FAIL(...), tcpci_error_set(...), and rows like {TE_ERR_X, ... "text", "hint"} say. */
static unsigned check_file(const char *path)
{
    static const char *const starts[] = {"RPC_FAIL(", "tcpci_error_set(", "{TE_ERR_", "{TCPC_"};
    unsigned count = 0;
    for (unsigned i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        char *text = read_file(path);
        for (char *at = strstr(text, starts[i]); at != NULL; at = strstr(at + 1, starts[i])) {
            char *end = strstr(at, starts[i][0] == '{' ? "}," : ");");
            count += end != NULL ? check_literals(path, at, end) : 0;
            at = end != NULL ? end : at;
        }
        free(text);
    }
    return count;
}

static unsigned check_folder(const char *name)
{
    char path[512];
    unsigned count = 0;
    struct dirent *entry;
    snprintf(path, sizeof(path), "%s/%s", TCPENGINE_SOURCE_DIR, name);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < 3 || strcmp(entry->d_name + len - 2, ".c") != 0)
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", TCPENGINE_SOURCE_DIR, name, entry->d_name);
        count += check_file(path);
    }
    closedir(folder);
    return count;
}

static void no_error_speaks_of_the_protocol(void **state)
{
    (void)state;
    assert_true(check_folder("daemon/rpc") > 80); /* it does find them */
    assert_true(check_folder("lib/client") > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_depend_on_the_verb),
        cmocka_unit_test(messages_lose_the_operation),
        cmocka_unit_test(no_error_speaks_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
