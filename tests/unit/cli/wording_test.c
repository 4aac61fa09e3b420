/* No error of the daemon or of libtcpclient speaks of the protocol on the command line: all that
 * their sources say is tried. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "rpc/rpc_hint.h"
#include "support/test.h"
#include "wording.h"

static const char *hint_for(enum tcpc_hint code, const char *sent, const char *verb)
{
    static struct tcpc_error error;
    error.hint_code = code;
    snprintf(error.hint, sizeof(error.hint), "%s", sent);
    return wording_hint(&error, verb);
}

static void hints_depend_on_the_verb(void **state)
{
    (void)state;
    assert_string_equal(hint_for(TCPC_HINT_WAIT, "ask again, with wait_ms", "accept"),
                        "allow more time with --wait SECONDS");
    assert_string_equal(hint_for(TCPC_HINT_WAIT, "ask again, with wait_ms", "send"),
                        "allow more time with --timeout SECONDS");
    assert_string_equal(hint_for(TCPC_HINT_PEER_LISTENS, "does a program listen?", "open"),
                        "does a program listen?");
    assert_string_equal(hint_for(TCPC_HINT_NONE, "", "open"), "");
}

/* The code decides: the daemon may change its words. */
static void a_hint_goes_by_its_code(void **state)
{
    (void)state;
    assert_string_equal(hint_for(TCPC_HINT_LIST_IDS, "List has them all", "show"),
                        "see tcpctl ls, or tcpctl history for what has ended");
    assert_string_equal(hint_for(TCPC_HINT_ALGORITHMS, "cubic, reno", "set"), "cubic, reno");
    assert_false(wording_has_hint((enum tcpc_hint)99));
    assert_string_equal(hint_for((enum tcpc_hint)99, "of a later daemon", "show"),
                        "of a later daemon");
    assert_string_equal(hint_for((enum tcpc_hint) - 1, "of a bad daemon", "show"),
                        "of a bad daemon");
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

static void check_shown(const char *path, const char *text, const char *shown)
{
    for (unsigned i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strstr(shown, foreign[i]) != NULL)
            fail_msg("%s: \"%s\" becomes \"%s\", which speaks of \"%s\"", path, text, shown,
                     foreign[i]);
    }
}

static void check_text(const char *path, const char *text)
{
    check_shown(path, text, wording_message(text));
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
            if (strncmp(at, "{TCPC_HINT_", 11) == 0)
                continue; /* hints are tried by their codes */
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

/* "NextEvents" of the request's field next_events. False: the field is no operation. */
static bool operation_name(const ProtobufCFieldDescriptor *field, char *ret_name)
{
    bool is_start = true;
    for (const char *at = field->name; *at; at++) {
        if (*at != '_')
            *ret_name++ = is_start ? (char)toupper((unsigned char)*at) : *at;
        is_start = *at == '_';
    }
    *ret_name = '\0';
    return field->type == PROTOBUF_C_TYPE_MESSAGE;
}

/* None is a word of what is shown. */
static void check_operations(const char *shown)
{
    const ProtobufCMessageDescriptor *request = &tcpengine__v1__request__descriptor;
    for (unsigned i = 0; i < request->n_fields; i++) {
        char name[64];
        if (!operation_name(&request->fields[i], name))
            continue;
        const char *at = strstr(shown, name);
        if (at != NULL && !isalpha((unsigned char)at[strlen(name)]))
            fail_msg("\"%s\" speaks of %s", shown, name);
    }
}

static void check_hint(const char *name, enum tcpc_hint code, const char *sent)
{
    static const char *const verbs[] = {"show", "send", "accept", "connect"};
    if (!wording_has_hint(code))
        fail_msg("HINT_%s has no words", name);
    for (unsigned i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        const char *shown = hint_for(code, sent, verbs[i]);
        assert_true((*sent == '\0') == (*shown == '\0'));
        check_shown(name, sent, shown);
        check_operations(shown);
    }
}

/* The daemon's, by its list, which has all of the protocol's. Returns how many. */
static unsigned check_daemon_hints(void)
{
    unsigned count = 0;
#define CHECK(name, text)                                                                          \
    check_hint(#name, (enum tcpc_hint)TCPENGINE__V1__HINT__HINT_##name, text);                     \
    count++;
    RPC_HINT_LIST(CHECK)
#undef CHECK
    assert_int_equal(count, tcpengine__v1__hint__descriptor.n_values);
    return count;
}

static void every_hint_has_words(void **state)
{
    (void)state;
    assert_true(check_daemon_hints() > 50);
    for (unsigned i = 0; i <= TCPC_CANCELLED; i++) { /* those that the library finds itself */
        struct tcpc_error error;
        tcpci_error_set_code(&error, (enum tcpc_code)i, "ipc:///x");
        check_hint(tcpc_code_name((enum tcpc_code)i), error.hint_code, error.hint);
    }
#define CHECK(name, number) assert_true(wording_has_hint(TCPC_HINT_##name));
    TCPC_DAEMON_HINT_LIST(CHECK)
    TCPC_LIBRARY_HINT_LIST(CHECK)
#undef CHECK
}

static void every_operation_is_left_out(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *request = &tcpengine__v1__request__descriptor;
    unsigned count = 0;
    for (unsigned i = 0; i < request->n_fields; i++) {
        char name[64], text[80];
        if (!operation_name(&request->fields[i], name))
            continue;
        snprintf(text, sizeof(text), "%s: no memory", name);
        assert_string_equal(wording_message(text), "no memory");
        count++;
    }
    assert_true(count > 15);
}

static void no_error_speaks_of_the_protocol(void **state)
{
    (void)state;
    unsigned messages = check_folder("daemon/rpc");
    assert_true(messages > 40);
    assert_true(messages + check_daemon_hints() > 80); /* it does find them */
    assert_true(check_folder("lib/client") > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hints_depend_on_the_verb),
        cmocka_unit_test(a_hint_goes_by_its_code),
        cmocka_unit_test(every_hint_has_words),
        cmocka_unit_test(every_operation_is_left_out),
        cmocka_unit_test(messages_lose_the_operation),
        cmocka_unit_test(no_error_speaks_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
