/* Every algorithm there is; a new one is one row here. */
#include "tcp/cc/congestion.h"

#include <string.h>

static const struct te_cc_ops *const algorithms[] = {&te_cc_cubic, &te_cc_reno, &te_cc_bbr};

const struct te_cc_ops *te_cc_find(const char *name)
{
    for (unsigned i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (strcmp(algorithms[i]->name, name) == 0)
            return algorithms[i];
    }
    return NULL;
}
