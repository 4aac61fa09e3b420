#include "rpc/rpc_hint.h"

const char *rpc_hint_text(pb_hint code)
{
#define ROW(name, text) [PB_HINT(name)] = text,
    static const char *const texts[] = {RPC_HINT_LIST(ROW)};
#undef ROW
    return texts[code];
}
