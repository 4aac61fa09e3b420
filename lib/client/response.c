/* Frees a response: all its memory is in one arena. */
#include <stdlib.h>
#include <tcpclient/tcpclient.h>

#include "arena.h"

void tcpc_response_free(struct tcpc_response *response)
{
    if (response == NULL)
        return;
    tcpci_arena_free(response->memory);
    free(response);
}
