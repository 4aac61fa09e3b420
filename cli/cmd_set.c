/* tcpctl set: sets an option of a connection, or lists all options. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <tcpengine/conn.h>

#include "cli.h"
#include "json.h"
#include "parse.h"
#include "table.h"
#include "terminal.h"

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

/* "on, off" as ["on", "off"]; empty for a number. */
static json_t *values_json(const char *values)
{
    json_t *array = json_array();
    for (const char *word = values; *word;) {
        size_t len = strcspn(word, ",");
        json_append(array, json_stringn(word, len));
        word += len;
        word += strspn(word, ", ");
    }
    return array;
}

static void list_json(const struct tcpc_daemon_status *daemon)
{
    json_t *array = json_array();
    for (size_t i = 0; i < daemon->option_count; i++) {
        json_t *object = json_object();
        json_put(object, "name", json_text(daemon->options[i].name));
        json_put(object, "values", values_json(daemon->options[i].values));
        json_put(object, "help", json_text(daemon->options[i].help));
        json_append(array, object);
    }
    json_print(array);
}

static void list_text(const struct cli *cli, const struct tcpc_daemon_status *daemon)
{
    static const struct column columns[] = {
        {"Name", false}, {"Values", false}, {"Meaning", false}, {NULL, false}};
    struct table *table = table_new(cli, columns);
    for (size_t i = 0; i < daemon->option_count; i++) {
        const char *values = daemon->options[i].values;
        table_row(table);
        table_cell(table, "%s", daemon->options[i].name);
        table_cell(table, "%s", *values ? values : "number");
        table_cell(table, "%s", daemon->options[i].help);
    }
    table_print(table);
}

/* Asks the daemon for its options. */
static int list(struct cli *cli)
{
    struct tcpc_response *response = NULL;
    struct tcpc_error error;
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (tcpc_daemon_status(cli->client, &response, &error) != TCPC_OK)
        return cli_fail(cli, &error, "set --list");
    if (cli->is_json)
        list_json(&response->u.daemon);
    else
        list_text(cli, &response->u.daemon);
    tcpc_response_free(response);
    return EXIT_DONE;
}

static int set(struct cli *cli, char **argv)
{
    uint64_t id;
    int64_t value = 0;
    if (!cli_id_argument(cli, argv[0], &id))
        return EXIT_USAGE;
    bool is_algorithm = strcmp(argv[1], "congestion_control") == 0;
    if (!is_algorithm && !parse_value(argv[2], &value))
        return cli_usage(cli, "%s: must be on, off or a number", argv[2]);
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    return is_algorithm ? set_algorithm_and_print(cli, id, argv[2])
                        : set_and_print(cli, id, argv[1], value);
}

static int cmd_set(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{"list", no_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
    bool is_list = false;
    int option;
    while ((option = cli_next_option(cli, argc, argv, "", options)) >= 0) {
        if (option == '?')
            return EXIT_USAGE;
        is_list = true;
    }
    if (option == OPTION_STOP)
        return EXIT_DONE;
    int count = is_list ? 0 : 3;
    if (!cli_count_arguments(cli, argc, count, count))
        return EXIT_USAGE;
    return is_list ? list(cli) : set(cli, argv + optind);
}

/* The engine's list; the daemon's own, which "set --list" asks for, may be of another version. */
static void print_names(void)
{
    size_t count;
    const struct te_option_info *table = te_option_table(&count);
    size_t width = terminal_width();
    printf("\nNAME and VALUE:\n");
    for (size_t i = 0; i < count; i++) {
        printf("  %-26s%-8s", table[i].name, table[i].unit == 0 ? "on, off" : "number");
        printf("\n      ");
        terminal_print_wrapped(table[i].help, 6, width);
    }
    printf("  congestion_control       ");
    for (unsigned i = 0; te_cc_name(i) != NULL; i++)
        printf("%s %s", i > 0 ? "," : "", te_cc_name(i));
    printf("\n      Congestion control algorithm.\n");
}

const struct verb verb_set = {.name = "set",
                              .arguments = "ID NAME VALUE",
                              .summary = "Set an option of a connection",
                              .options = "      --list              list the options instead\n",
                              .print_details = print_names,
                              .run = cmd_set};
