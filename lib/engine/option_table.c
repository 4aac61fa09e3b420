#include <tcpengine/conn.h>

const struct te_option_info *te_option_table(size_t *ret_count)
{
#define OPTION_ROW(number, NAME, name, unit, help) {#name, TE_OPTION_##NAME, unit, 0, help},
#define FEATURE_ROW(bit, NAME, name, is_on, help)                                                  \
    {#name, TE_OPTION_FEATURES, 0, TE_FEATURE_##NAME, help},
    static const struct te_option_info table[] = {TE_OPTION_LIST(OPTION_ROW)
                                                      TE_FEATURE_LIST(FEATURE_ROW)};
#undef OPTION_ROW
#undef FEATURE_ROW
    *ret_count = sizeof(table) / sizeof(table[0]);
    return table;
}
