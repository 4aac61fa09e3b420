/* The fields of a stack, and of what it has beside connections and its place on a link, for
 * saved_fields_test.c. */
#ifndef TESTS_SAVE_SAVED_FIELDS_STACK_H
#define TESTS_SAVE_SAVED_FIELDS_STACK_H

#define FIELDS_OF_te_endpoint(F, I) F(MAY_CHANGE, uint16_t, te_endpoint, port)

#define FIELDS_OF_te_addr(F, I)                                                                    \
    I(MAY_CHANGE, uint8_t, te_addr, bytes, 12)                                                     \
    I(MAY_CHANGE, uint8_t, te_addr, bytes, 15)

#define FIELDS_OF_te_stack(F, I)                                                                   \
    F(MAY_CHANGE, int64_t, te_stack, born_at_us)                                                   \
    F(MAY_CHANGE, uint16_t, te_stack, ip_id)                                                       \
    F(MAY_CHANGE, uint64_t, te_stack, next_id)                                                     \
    F(MAY_CHANGE, uint64_t, te_stack, isn_lead_ticks)                                              \
    F(MAY_CHANGE, uint32_t, te_stack, next_ephemeral)

#define FIELDS_OF_te_siphash_key(F, I)                                                             \
    I(MAY_NOT, uint8_t, te_siphash_key, bytes, 0)                                                  \
    I(MAY_NOT, uint8_t, te_siphash_key, bytes, 15)

#define FIELDS_OF_te_counters(F, I)                                                                \
    F(MAY_CHANGE, uint64_t, te_counters, segments_in)                                              \
    F(MAY_CHANGE, uint64_t, te_counters, control_queue_full)

#define FIELDS_OF_te_limiter(F, I)                                                                 \
    F(MAY_CHANGE, int64_t, te_limiter, second_start_us)                                            \
    F(MAY_CHANGE, uint32_t, te_limiter, left)                                                      \
    F(MAY_CHANGE, bool, te_limiter, is_started)

#define FIELDS_OF_te_listener(F, I)                                                                \
    F(MAY_CHANGE, uint64_t, te_listener, id)                                                       \
    F(MAY_CHANGE, uint32_t, te_listener, uid)                                                      \
    F(MAY_CHANGE, uint32_t, te_listener, backlog)                                                  \
    F(MAY_CHANGE, uint8_t, te_listener, family)                                                    \
    F(MAY_CHANGE, int64_t, te_listener, opened_at_us)                                              \
    F(MAY_CHANGE, int64_t, te_listener, cookies_until_us)                                          \
    F(MAY_CHANGE, bool, te_listener, fast_open)                                                    \
    F(MAY_CHANGE, uint32_t, te_listener, fast_open_resets)                                         \
    F(MAY_CHANGE, int64_t, te_listener, fast_open_resets_until_us)

#define FIELDS_OF_te_grave(F, I)                                                                   \
    F(MAY_CHANGE, uint64_t, te_grave, id)                                                          \
    F(MAY_CHANGE, uint32_t, te_grave, uid)                                                         \
    F(MAY_CHANGE, uint32_t, te_grave, tag)

#define FIELDS_OF_te_pmtu(F, I)                                                                    \
    F(MAY_CHANGE, uint16_t, te_pmtu, mtu_bytes)                                                    \
    F(MAY_BE_CUT, int64_t, te_pmtu, expires_at_us)

#define FIELDS_OF_te_pmtus(F, I) F(MAY_CHANGE, uint32_t, te_pmtus, generation)

#define FIELDS_OF_te_datagram(F, I)                                                                \
    F(MAY_CHANGE, uint32_t, te_datagram, id)                                                       \
    F(MAY_CHANGE, uint8_t, te_datagram, protocol)                                                  \
    F(MAY_CHANGE, uint8_t, te_datagram, hop_limit)                                                 \
    F(MAY_CHANGE, uint8_t, te_datagram, ecn_seen)                                                  \
    F(MAY_CHANGE, bool, te_datagram, is_dead)                                                      \
    F(MAY_CHANGE, bool, te_datagram, is_broadcast)                                                 \
    F(MAY_CHANGE, uint32_t, te_datagram, end)                                                      \
    F(MAY_BE_CUT, int64_t, te_datagram, expires_at_us)

#define FIELDS_OF_te_fragment_part(F, I)                                                           \
    F(MAY_NOT, uint32_t, te_fragment_part, start)                                                  \
    F(MAY_NOT, uint32_t, te_fragment_part, end)                                                    \
    I(MAY_CHANGE, uint8_t, te_fragment_part, bytes, 0)

#define FIELDS_OF_te_fast_open_entry(F, I)                                                         \
    F(MAY_CHANGE, uint16_t, te_fast_open_entry, mss_bytes)                                         \
    F(MAY_CHANGE, uint8_t, te_fast_open_entry, cookie_len)                                         \
    I(MAY_CHANGE, uint8_t, te_fast_open_entry, cookie, 0)                                          \
    I(MAY_CHANGE, uint8_t, te_fast_open_entry, cookie, 15)                                         \
    F(MAY_CHANGE, int64_t, te_fast_open_entry, avoid_until_us)

#define FIELDS_OF_te_event(F, I)                                                                   \
    F(MAY_CHANGE, enum te_event_kind, te_event, kind)                                              \
    F(MAY_CHANGE, uint64_t, te_event, id)                                                          \
    F(MAY_CHANGE, int64_t, te_event, time_us)                                                      \
    F(MAY_CHANGE, uint32_t, te_event, uid)                                                         \
    F(MAY_CHANGE, uint32_t, te_event, tag)                                                         \
    F(MAY_CHANGE, unsigned, te_event, ready)                                                       \
    F(MAY_CHANGE, enum te_err, te_event, error)

#define FIELDS_OF_te_transition(F, I)                                                              \
    F(MAY_CHANGE, int64_t, te_transition, time_us)                                                 \
    F(MAY_CHANGE, enum te_state, te_transition, from)                                              \
    F(MAY_CHANGE, enum te_state, te_transition, to)                                                \
    F(MAY_CHANGE, enum te_cause, te_transition, cause)                                             \
    F(MAY_CHANGE, bool, te_transition, has_segment)

#endif
