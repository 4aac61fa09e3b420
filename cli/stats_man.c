/* Prints tcpctl-stats.7 from the engine's table of counters, so that none lacks a description. */
#include <stdio.h>
#include <tcpengine/counters.h>

#include "troff.h"

int main(void)
{
    size_t count;
    const struct te_counter_info *table = te_counter_table(&count);
    printf(".TH TCPCTL-STATS 7 \"\" tcpengine \"tcpengine manual\"\n"
           ".SH NAME\ntcpctl-stats \\- the counters of tcpengine\n"
           ".SH DESCRIPTION\n"
           "The counters that\n.B tcpctl stats\n"
           "prints and that the daemon exports as metrics. They start at 0 with the\n"
           "daemon and never decrease.\n"
           ".SH COUNTERS\n");
    for (size_t i = 0; i < count; i++)
        troff_print_entry(table[i].name, "", table[i].help);
    printf(".SH SEE ALSO\n.BR tcpctl (1),\n.BR tcpengined (8)\n");
    return 0;
}
