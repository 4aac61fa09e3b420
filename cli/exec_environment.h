/* What a process that serves a connection finds in its environment: the names of UCSPI (tcpserver)
 * and of socat, and the connection's id. */
#ifndef TCPCTL_EXEC_ENVIRONMENT_H
#define TCPCTL_EXEC_ENVIRONMENT_H

#include "door.h"

enum { EXEC_VARIABLES_MAX = 10, EXEC_VARIABLE_MAX = PLACE_TEXT_MAX + 32 };

struct exec_environment {
    char texts[EXEC_VARIABLES_MAX][EXEC_VARIABLE_MAX];
    unsigned count;
    char **variables; /* for execve(2) */
};

/* Ours, and those of inherited that have none of these names. */
void exec_environment_make(struct exec_environment *environment, const struct arrival *arrival,
                           char **inherited);
void exec_environment_free(struct exec_environment *environment);

#endif
