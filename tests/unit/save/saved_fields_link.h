/* The fields of what keeps us on a link, for saved_fields_test.c. */
#ifndef TESTS_SAVE_SAVED_FIELDS_LINK_H
#define TESTS_SAVE_SAVED_FIELDS_LINK_H

#define FIELDS_OF_te_local(F, I)                                                                   \
    F(MAY_CHANGE, enum te_local_state, te_local, state)                                            \
    F(MAY_CHANGE, uint8_t, te_local, step)                                                         \
    F(MAY_CHANGE, int64_t, te_local, step_at_us)                                                   \
    F(MAY_CHANGE, bool, te_local, was_defended)                                                    \
    F(MAY_CHANGE, int64_t, te_local, defended_at_us)                                               \
    F(MAY_CHANGE, uint8_t, te_local, conflicts)                                                    \
    F(MAY_CHANGE, bool, te_local, was_claimed)                                                     \
    F(MAY_CHANGE, int64_t, te_local, claimed_at_us)                                                \
    I(MAY_CHANGE, uint8_t, te_local, claimed_by, 0)                                                \
    I(MAY_CHANGE, uint8_t, te_local, claimed_by, 5)

#define FIELDS_OF_te_mld_group(F, I)                                                               \
    F(MAY_NOT, bool, te_mld_group, is_joined)                                                      \
    F(MAY_CHANGE, bool, te_mld_group, was_last)                                                    \
    F(MAY_NOT, uint8_t, te_mld_group, changes_left)                                                \
    F(MAY_CHANGE, int64_t, te_mld_group, answer_at_us)

#define FIELDS_OF_te_mld(F, I)                                                                     \
    F(MAY_CHANGE, uint8_t, te_mld, robustness)                                                     \
    F(MAY_NOT, bool, te_mld, has_source)                                                           \
    F(MAY_CHANGE, int64_t, te_mld, change_at_us)                                                   \
    F(MAY_CHANGE, int64_t, te_mld, answer_at_us)                                                   \
    F(MAY_CHANGE, int64_t, te_mld, answered_at_us)                                                 \
    F(MAY_CHANGE, int64_t, te_mld, v1_until_us)

#define FIELDS_OF_te_neighbour(F, I)                                                               \
    F(MAY_BE_CUT, int64_t, te_neighbour, due_at_us)                                                \
    F(MAY_CHANGE, int64_t, te_neighbour, confirmed_at_us)                                          \
    F(MAY_CHANGE, int64_t, te_neighbour, resolved_at_us)                                           \
    F(MAY_CHANGE, int64_t, te_neighbour, claim_at_us)                                              \
    F(MAY_CHANGE, enum te_neighbour_claim, te_neighbour, claim)                                    \
    I(MAY_CHANGE, uint8_t, te_neighbour, former_mac, 0)                                            \
    I(MAY_CHANGE, uint8_t, te_neighbour, former_mac, 5)                                            \
    F(MAY_NOT, bool, te_neighbour, is_unused)                                                      \
    I(MAY_CHANGE, uint8_t, te_neighbour, mac, 0)                                                   \
    I(MAY_CHANGE, uint8_t, te_neighbour, mac, 5)                                                   \
    F(MAY_CHANGE, uint8_t, te_neighbour, asked)                                                    \
    F(MAY_NOT, enum te_neighbour_state, te_neighbour, state)

#endif
