#include "listing.h"

#include "json_rows.h"

struct listing listing_begin(const struct cli *cli, const struct column *columns)
{
    return (struct listing){.table = cli->is_json ? NULL : table_new(cli, columns)};
}

int listing_end(const struct cli *cli, struct listing *listing, enum tcpc_code code,
                const struct tcpc_error *error)
{
    if (code != TCPC_OK) {
        table_free(listing->table);
        texts_done(&listing->json);
        return cli_fail(cli, error, "%s", cli->verb->name);
    }
    if (listing->table != NULL)
        table_print(listing->table);
    else
        json_rows_print(&listing->json);
    return EXIT_DONE;
}
