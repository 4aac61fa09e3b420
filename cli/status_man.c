/* Completes tcpctl.1: copies it from stdin to stdout, replacing the line MARK by the fields of a
 * connection's status, so that no field lacks a description. */
#include <stdio.h>
#include <string.h>
#include <tcpengine/status_list.h>

#include "troff.h"

#define MARK ".\\\" the fields of a connection's status\n"

/* How JSON writes a value of each kind; numbers need no remark. */
#define REMARK_FLAG "true or false"
#define REMARK_NUMBER ""
#define REMARK_BYTES ""
#define REMARK_TOTAL ""
#define REMARK_TOTAL_BYTES ""
#define REMARK_DURATION_US ""
#define REMARK_WORD "text, or null"

static void print_fields(void)
{
#define ENTRY(kind, name, line, phrase, help) troff_print_entry(#name, REMARK_##kind, help);
#define AGE_ENTRY(name, moment_us, line, phrase, help) troff_print_entry(#name, "", help);
    TE_STATUS_LIST(ENTRY)
    TE_STATUS_AGE_LIST(AGE_ENTRY)
#undef ENTRY
#undef AGE_ENTRY
}

int main(void)
{
    char line[1024];
    unsigned marks = 0;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (strcmp(line, MARK) != 0) {
            fputs(line, stdout);
            continue;
        }
        print_fields();
        marks++;
    }
    if (marks == 1)
        return 0;
    fprintf(stderr, "status_man: the page has %u lines %s", marks, MARK);
    return 1;
}
