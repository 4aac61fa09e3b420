/* Verbs without arguments: one question, and the answer printed. */
#ifndef TCPCTL_INQUIRY_H
#define TCPCTL_INQUIRY_H

#include "cli.h"

struct inquiry {
    enum tcpc_code (*ask)(struct tcpc_client *client, struct tcpc_response **ret_response,
                          struct tcpc_error *ret_error);
    void (*print_json)(struct cli *cli, const struct tcpc_response *response);
    void (*print_text)(struct cli *cli, const struct tcpc_response *response);
};

/* Runs cli->verb. Returns the exit status. */
int inquiry_run(struct cli *cli, int argc, char **argv, const struct inquiry *inquiry);

#endif
