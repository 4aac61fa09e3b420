#include "ids.h"

#include <limits.h>
#include <stdio.h>

#include "json.h"

static bool are_ids(const struct cli *cli, int count, char **words)
{
    uint64_t id;
    for (int i = 0; i < count; i++) {
        if (!cli_id_argument(cli, words[i], &id))
            return false;
    }
    return true;
}

/* One of several: what it prints goes into array, if that is not NULL. */
static int do_one(struct cli *cli, const char *word, ids_action do_it, void *ctx, json_t *array)
{
    uint64_t id;
    size_t before = json_array_size(array);
    if (!cli_id_argument(cli, word, &id))
        return EXIT_USAGE;
    int status = do_it(cli, id, ctx);
    if (array != NULL && json_array_size(array) == before)
        json_append(array, json_null());
    return status;
}

static int do_several(struct cli *cli, int count, char **words, ids_action do_it, void *ctx)
{
    int worst = EXIT_DONE;
    json_t *array = cli->is_json ? json_array() : NULL;
    json_gather(array);
    for (int i = 0; i < count; i++) {
        if (i > 0 && cli->separates_ids && !cli->is_json)
            putchar('\n');
        int status = do_one(cli, words[i], do_it, ctx, array);
        worst = status > worst ? status : worst;
    }
    json_gather(NULL);
    if (array != NULL)
        json_print(array);
    return worst;
}

int ids_each(struct cli *cli, int count, char **words, ids_action do_it, void *ctx)
{
    if (!are_ids(cli, count, words))
        return EXIT_USAGE;
    int status = cli_connect(cli, TCPC_POLICY_NONE);
    if (status != EXIT_DONE)
        return status;
    if (count == 1)
        return do_one(cli, words[0], do_it, ctx, NULL);
    return do_several(cli, count, words, do_it, ctx);
}

int ids_run(struct cli *cli, int argc, char **argv, ids_action do_it)
{
    int status;
    if (!cli_arguments(cli, argc, argv, 1, INT_MAX, &status))
        return status;
    return ids_each(cli, argc - optind, argv + optind, do_it, NULL);
}

void ids_print(const struct cli *cli, uint64_t id, enum tcpc_state state)
{
    if (!cli->is_json)
        return;
    json_t *object = json_object();
    json_put(object, "id", json_number(id));
    json_put(object, "state", json_state(state));
    json_print(object);
}
