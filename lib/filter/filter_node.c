#include "filter_node.h"

#include <string.h>

bool filter_number_is(uint64_t value, uint32_t op, uint64_t bound)
{
    switch (op) {
    case FILTER_EQUAL:
        return value == bound;
    case FILTER_NOT_EQUAL:
        return value != bound;
    case FILTER_GREATER:
        return value > bound;
    case FILTER_LESS:
        return value < bound;
    case FILTER_GREATER_EQUAL:
        return value >= bound;
    case FILTER_LESS_EQUAL:
        return value <= bound;
    default:
        return false;
    }
}

bool filter_text_is(const char *text, const char *wanted)
{
    size_t len = strlen(wanted);
    if (len > 0 && wanted[len - 1] == '*')
        return strncmp(text, wanted, len - 1) == 0;
    return strcmp(text, wanted) == 0;
}
