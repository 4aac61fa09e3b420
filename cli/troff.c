#include "troff.h"

#include <stdio.h>

/* To troff a backslash begins an escape, and a plain hyphen may become a typographic one. */
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
    printf("\n\\&"); /* a leading dot would be a request */
    if (*remark)
        printf("(%s) ", remark);
    troff_print(sentence);
    printf(".\n");
}
