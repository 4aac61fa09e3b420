/* All algorithms by name: the rows of TE_CC_LIST. */
#include <string.h>

#include "tcp/cc/congestion.h"

#define ALGORITHM(name) &te_cc_##name,
static const struct te_cc_ops *const algorithms[] = {TE_CC_LIST(ALGORITHM)};
#undef ALGORITHM

const char *te_cc_name(unsigned index)
{
    return index < TE_CC_COUNT ? algorithms[index]->name : NULL;
}

const struct te_cc_ops *te_cc_find(const char *name)
{
    for (unsigned i = 0; i < TE_CC_COUNT; i++) {
        if (strcmp(algorithms[i]->name, name) == 0)
            return algorithms[i];
    }
    return NULL;
}
