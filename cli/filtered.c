#include "filtered.h"

#include <limits.h>

int filtered_run(struct cli *cli, int argc, char **argv, uint32_t states,
                 int (*do_it)(struct cli *cli, const struct filter *filter))
{
    struct filter filter;
    char why[FILTER_ERROR_MAX];
    int status;
    if (!cli_arguments(cli, argc, argv, 0, INT_MAX, &status))
        return status;
    if (!filter_parse_words(argc - optind, argv + optind, &filter, why))
        return cli_usage(cli, "%s", why);
    if (!filter_is_answerable(&filter, states, why))
        return cli_usage(cli, "%s", why);
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : do_it(cli, &filter);
}
