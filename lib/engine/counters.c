#include <tcpengine/counters.h>

const struct te_counter_info *te_counter_table(size_t *ret_count)
{
#define TE_COUNTER_ROW(name, help) {#name, help, offsetof(struct te_counters, name)},
    static const struct te_counter_info table[] = {TE_COUNTER_LIST(TE_COUNTER_ROW)};
#undef TE_COUNTER_ROW
    *ret_count = sizeof(table) / sizeof(table[0]);
    return table;
}
