/* Owners of connections, as text and as JSON. */
#ifndef VIEW_OWNER_H
#define VIEW_OWNER_H

#include <jansson.h>
#include <tcpclient/tcpclient.h>

/* The program's name of 15 bytes, the pid, and what is around them. */
enum { OWNER_TEXT_MAX = 64 };

/* As ss -p has it: users:(("nc",pid=4711)), or (("nc",pid=4711,gone)) once the process has ended.
 * Nothing known: "". Returns text. */
const char *owner_users(const struct tcpc_owner *owner, char text[OWNER_TEXT_MAX]);
/* For sentences: nc (pid 4711), or nc (pid 4711, gone). Nothing known: "". Returns text. */
const char *owner_name(const struct tcpc_owner *owner, char text[OWNER_TEXT_MAX]);
/* {"uid","pid","program","session","gone"}: null for what is not known. */
json_t *owner_json(const struct tcpc_owner *owner);

#endif
