#include "one_id.h"

#include "json.h"

int one_id_run(struct cli *cli, int argc, char **argv, int (*do_it)(struct cli *cli, uint64_t id))
{
    uint64_t id;
    int status;
    if (!cli_arguments(cli, argc, argv, 1, 1, &status))
        return status;
    if (!cli_id_argument(cli, argv[optind], &id))
        return EXIT_USAGE;
    status = cli_connect(cli, TCPC_POLICY_NONE);
    return status != EXIT_DONE ? status : do_it(cli, id);
}

void one_id_print(const struct cli *cli, uint64_t id, enum tcpc_state state)
{
    if (!cli->is_json)
        return;
    json_t *object = json_object();
    json_put(object, "id", json_number(id));
    json_put(object, "state", json_state(state));
    json_print(object);
}
