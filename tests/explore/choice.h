/* What can happen next. */
#ifndef EXPLORE_CHOICE_H
#define EXPLORE_CHOICE_H

#include "search.h"

#define CHOICES_MAX (3 * FRAMES_MAX + 3 * SIDES)

/* All distinct choices, in a fixed order. */
unsigned choice_list(const struct world *world, struct choice *ret_choices);
/* False, with no effect, if it cannot be made now. */
bool choice_make(struct world *world, struct choice choice);
/* Equal for equivalent choices in moments with the same fingerprint. */
uint64_t choice_key(const struct world *world, struct choice choice);

#endif
