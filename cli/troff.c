#include "troff.h"

#include <stdio.h>

/* A backslash or a minus would mean something to troff. */
void troff_print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
    }
}

void troff_print_entry(const char *name, const char *remark, const char *sentence)
{
    printf(".TP\n.B ");
    troff_print(name);
    printf("\n\\&"); /* a leading dot would mean something, too */
    if (*remark)
        printf("(%s) ", remark);
    troff_print(sentence);
    printf(".\n");
}
