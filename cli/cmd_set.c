/* tcpctl set */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "json.h"
#include "parse.h"

static int set_and_print(struct cli *cli, uint64_t id, const char *name, int64_t value)
{
    struct tcpc_error error;
    if (tcpc_set_option(cli->client, id, name, value, &error) != TCPC_OK)
        return cli_fail(cli, &error, "set %" PRIu64 " %s", id, name);
    if (!cli->is_json)
        return EXIT_DONE;
    json_t *object = json_object();
    json_put(object, "id", json_number(id));
    json_put(object, "name", json_text(name));
    json_put(object, "value", json_integer(value));
    json_print(object);
    return EXIT_DONE;
}

static int set_algorithm_and_print(struct cli *cli, uint64_t id, const char *algorithm)
{
    struct tcpc_error error;
    if (tcpc_set_congestion_control(cli->client, id, algorithm, &error) != TCPC_OK)
        return cli_fail(cli, &error, "set %" PRIu64 " congestion_control", id);
    if (!cli->is_json)
        return EXIT_DONE;
    json_t *object = json_object();
    json_put(object, "id", json_number(id));
    json_put(object, "name", json_text("congestion_control"));
    json_put(object, "value", json_text(algorithm));
    json_print(object);
    return EXIT_DONE;
}

int cmd_set(struct cli *cli, int argc, char **argv)
{
    uint64_t id;
    int64_t value = 0;
    int status;
    if (!cli_arguments(cli, argc, argv, 3, 3, &status))
        return status;
    if (!cli_id_argument(cli, argv[optind], &id))
        return EXIT_USAGE;
    bool is_algorithm = strcmp(argv[optind + 1], "congestion_control") == 0;
    if (!is_algorithm && !parse_value(argv[optind + 2], &value))
        return cli_usage(cli, "%s: on, off or a number is expected", argv[optind + 2]);
    status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    return is_algorithm ? set_algorithm_and_print(cli, id, argv[optind + 2])
                        : set_and_print(cli, id, argv[optind + 1], value);
}
