/* A build without sanitizers needs no more. */
#include "util/sandbox.h"

const int sandbox_more_calls[] = {SANDBOX_CALLS_END};
