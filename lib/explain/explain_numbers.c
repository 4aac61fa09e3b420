#include "explain_numbers.h"

#include <tcpengine/units.h>

static int64_t since_ms(const struct te_explanation *facts, int64_t moment_us)
{
    return moment_us == TE_NEVER ? -1 : (facts->now_us - moment_us) / TE_MS;
}

static int64_t until_ms(const struct te_explanation *facts, int64_t moment_us)
{
    return moment_us == TE_NEVER ? -1 : (moment_us - facts->now_us + TE_MS - 1) / TE_MS;
}

void explain_numbers(const struct te_explanation *facts,
                     struct explain_number ret_numbers[EXPLAIN_NUMBER_COUNT])
{
    const struct te_explanation *f = facts;
#define FILL_NUMBER(name, expression, help)                                                        \
    ret_numbers[EXPLAIN_NUMBER_##name] = (struct explain_number){#name, (expression)};
    EXPLAIN_NUMBER_LIST(FILL_NUMBER)
#undef FILL_NUMBER
}
