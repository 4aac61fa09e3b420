/* tcpctl(1) names the options and algorithms that the engine has, and no others. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tcpengine/tcpengine.h>

#include "support/test.h"

enum { PAGE_MAX = 1 << 16 };

/* The paragraph of `set`, without the backslashes before hyphens. */
static char *set_paragraph(void)
{
    static char page[PAGE_MAX];
    FILE *file = fopen(TCPENGINE_SOURCE_DIR "/cli/man/tcpctl.1", "re");
    assert_non_null(file);
    size_t len = fread(page, 1, PAGE_MAX - 1, file);
    assert_true(len > 0 && len < PAGE_MAX - 1);
    page[len] = '\0';
    fclose(file);
    char *start = strstr(page, ".BI set \" ID NAME VALUE\"");
    assert_non_null(start);
    char *end = strstr(start, "\n.TP");
    assert_non_null(end);
    *end = '\0';
    return start;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += len)
        if (!is_word(at[-1]) && !is_word(at[len]))
            return true;
    return false;
}

static void options_are_in_the_manual(void **state)
{
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    const char *text = set_paragraph();
    (void)state;
    for (size_t i = 0; i < count; i++)
        if (!has_word(text, table[i].name))
            fail_msg("tcpctl.1: set: %s is missing", table[i].name);
}

static void algorithms_are_in_the_manual(void **state)
{
    const char *text = set_paragraph();
    (void)state;
    for (unsigned i = 0; te_cc_name(i) != NULL; i++)
        if (!has_word(text, te_cc_name(i)))
            fail_msg("tcpctl.1: set: %s is missing", te_cc_name(i));
}

static bool is_option(const char *name)
{
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return true;
    return strcmp(name, "congestion_control") == 0;
}

/* Every word with an underscore in that paragraph is an option that exists. */
static void the_manual_has_no_other_options(void **state)
{
    (void)state;
    for (char *word = strtok(set_paragraph(), " ,()\n"); word; word = strtok(NULL, " ,()\n"))
        if (strchr(word, '_') && !is_option(word))
            fail_msg("tcpctl.1: set: there is no option %s", word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_in_the_manual),
        cmocka_unit_test(algorithms_are_in_the_manual),
        cmocka_unit_test(the_manual_has_no_other_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
