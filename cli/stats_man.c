/* Prints tcpctl-stats.7 from the engine's own table of counters, so that no counter lacks a line.
 */
#include <stdio.h>

#include <tcpengine/counters.h>

/* A leading dot, a backslash or a minus would mean something to troff. */
static void print_escaped(const char *text)
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

int main(void)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    printf(".TH TCPCTL-STATS 7 \"\" tcpengine \"tcpengine manual\"\n"
           ".SH NAME\ntcpctl-stats \\- the counters of tcpengine\n"
           ".SH DESCRIPTION\n"
           "What\n.B tcpctl stats\n"
           "prints, and what the daemon's metrics are made of. Counters start at 0 with the\n"
           "daemon and never go back.\n"
           ".SH COUNTERS\n");
    for (size_t i = 0; i < count; i++) {
        printf(".TP\n.B ");
        print_escaped(table[i].name);
        printf("\n\\&");
        print_escaped(table[i].help);
        printf(".\n");
    }
    printf(".SH SEE ALSO\n.BR tcpctl (1),\n.BR tcpengined (8)\n");
    return 0;
}
