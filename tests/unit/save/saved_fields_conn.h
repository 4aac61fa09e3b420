/* The fields of a connection and of all that belongs to it, for saved_fields_test.c. */
#ifndef TESTS_SAVE_SAVED_FIELDS_CONN_H
#define TESTS_SAVE_SAVED_FIELDS_CONN_H

#define FIELDS_OF_te_conn(F, I)                                                                    \
    F(MAY_CHANGE, uint64_t, te_conn, id)                                                           \
    F(MAY_CHANGE, uint32_t, te_conn, uid)                                                          \
    F(MAY_CHANGE, uint8_t, te_conn, state)                                                         \
    F(MAY_CHANGE, bool, te_conn, was_passive)                                                      \
    F(MAY_NOT, bool, te_conn, is_remains)                                                          \
    F(MAY_CHANGE, bool, te_conn, user_closed)                                                      \
    F(MAY_CHANGE, bool, te_conn, is_accepted)                                                      \
    F(MAY_CHANGE, bool, te_conn, fin_queued)                                                       \
    F(MAY_CHANGE, bool, te_conn, send_was_cut)                                                     \
    F(MAY_CHANGE, bool, te_conn, syn_acked)                                                        \
    F(MAY_CHANGE, bool, te_conn, syn_was_lost)                                                     \
    F(MAY_CHANGE, bool, te_conn, fin_sent)                                                         \
    F(MAY_CHANGE, bool, te_conn, fin_received)                                                     \
    F(MAY_CHANGE, bool, te_conn, fin_pending)                                                      \
    F(MAY_CHANGE, bool, te_conn, probe_now)                                                        \
    F(MAY_CHANGE, bool, te_conn, keepalive_now)                                                    \
    F(MAY_CHANGE, bool, te_conn, wscale_ok)                                                        \
    F(MAY_CHANGE, bool, te_conn, ts_ok)                                                            \
    F(MAY_CHANGE, bool, te_conn, sack_ok)                                                          \
    F(MAY_CHANGE, bool, te_conn, nagle)                                                            \
    F(MAY_CHANGE, bool, te_conn, keepalive)                                                        \
    F(MAY_CHANGE, bool, te_conn, delayed_ack)                                                      \
    F(MAY_CHANGE, bool, te_conn, rtt_timing)                                                       \
    F(MAY_CHANGE, bool, te_conn, cwnd_limited)                                                     \
    F(MAY_CHANGE, bool, te_conn, fast_opened)                                                      \
    F(MAY_CHANGE, bool, te_conn, fast_open_pending)                                                \
    F(MAY_CHANGE, bool, te_conn, fast_open_answer)                                                 \
    F(MAY_CHANGE, bool, te_conn, fast_open_tried)                                                  \
    F(MAY_CHANGE, bool, te_conn, fast_open_has_cookie)                                             \
    F(MAY_CHANGE, bool, te_conn, fast_open_data)                                                   \
    F(MAY_CHANGE, int8_t, te_conn, error)                                                          \
    F(MAY_CHANGE, int8_t, te_conn, soft_error)                                                     \
    F(MAY_CHANGE, bool, te_conn, has_icmp)                                                         \
    F(MAY_CHANGE, uint8_t, te_conn, icmp_type)                                                     \
    F(MAY_CHANGE, uint8_t, te_conn, icmp_code)                                                     \
    I(MAY_CHANGE, int64_t, te_conn, timer_at_us, TE_TIMER_RETRANSMIT)                              \
    I(MAY_CHANGE, int64_t, te_conn, timer_at_us, TE_TIMER_KEEPALIVE)                               \
    F(MAY_CHANGE, uint32_t, te_conn, iss)                                                          \
    F(MAY_CHANGE, uint32_t, te_conn, snd_una)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, snd_nxt)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, snd_max)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, snd_wnd)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, snd_wl1)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, snd_wl2)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, max_snd_wnd)                                                  \
    F(MAY_CHANGE, uint32_t, te_conn, snd_small)                                                    \
    F(MAY_CHANGE, uint32_t, te_conn, irs)                                                          \
    F(MAY_CHANGE, uint32_t, te_conn, rcv_nxt)                                                      \
    F(MAY_CHANGE, uint32_t, te_conn, rcv_adv)                                                      \
    F(MAY_CHANGE, uint16_t, te_conn, mss)                                                          \
    F(MAY_CHANGE, uint16_t, te_conn, peer_mss)                                                     \
    F(MAY_BE_CUT, uint16_t, te_conn, path_mtu)                                                     \
    F(MAY_CHANGE, uint16_t, te_conn, acked_mtu)                                                    \
    F(MAY_CHANGE, uint16_t, te_conn, rcv_mss)                                                      \
    F(MAY_CHANGE, uint8_t, te_conn, snd_wscale)                                                    \
    F(MAY_CHANGE, uint8_t, te_conn, rcv_wscale)                                                    \
    F(MAY_NOT, uint64_t, te_conn, queued_offset)                                                   \
    F(MAY_NOT, uint64_t, te_conn, acked_offset)                                                    \
    F(MAY_NOT, uint64_t, te_conn, received_offset)                                                 \
    F(MAY_NOT, uint64_t, te_conn, released_offset)                                                 \
    F(MAY_CHANGE, uint64_t, te_conn, fin_offset)                                                   \
    F(MAY_CHANGE, uint32_t, te_conn, send_max_bytes)                                               \
    F(MAY_CHANGE, uint32_t, te_conn, receive_limit_bytes)                                          \
    F(MAY_CHANGE, uint32_t, te_conn, receive_max_bytes)                                            \
    F(MAY_CHANGE, uint32_t, te_conn, receive_rtt_us)                                               \
    F(MAY_CHANGE, uint64_t, te_conn, receive_mark_offset)                                          \
    F(MAY_CHANGE, int64_t, te_conn, receive_mark_at_us)                                            \
    F(MAY_CHANGE, uint32_t, te_conn, ts_offset)                                                    \
    F(MAY_CHANGE, uint32_t, te_conn, features)                                                     \
    F(MAY_CHANGE, uint32_t, te_conn, pmtu_generation)                                              \
    F(MAY_CHANGE, int64_t, te_conn, rtt_sent_at_us)                                                \
    F(MAY_CHANGE, int64_t, te_conn, last_sent_at_us)                                               \
    F(MAY_CHANGE, int64_t, te_conn, last_received_at_us)                                           \
    F(MAY_CHANGE, int64_t, te_conn, last_challenge_at_us)                                          \
    F(MAY_CHANGE, uint8_t, te_conn, retransmits)                                                   \
    F(MAY_CHANGE, uint8_t, te_conn, probes)                                                        \
    F(MAY_CHANGE, uint8_t, te_conn, keepalive_probes_max)                                          \
    F(MAY_CHANGE, int64_t, te_conn, keepalive_idle_us)                                             \
    F(MAY_CHANGE, int64_t, te_conn, keepalive_interval_us)                                         \
    F(MAY_CHANGE, int64_t, te_conn, user_timeout_us)                                               \
    F(MAY_CHANGE, int64_t, te_conn, opened_at_us)                                                  \
    F(MAY_CHANGE, int64_t, te_conn, state_since_us)                                                \
    F(MAY_CHANGE, uint64_t, te_conn, segments_in)                                                  \
    F(MAY_CHANGE, uint64_t, te_conn, segments_out)                                                 \
    F(MAY_CHANGE, uint64_t, te_conn, segments_retransmitted)                                       \
    F(MAY_CHANGE, uint64_t, te_conn, bytes_retransmitted)

#define FIELDS_OF_te_paws(F, I)                                                                    \
    F(MAY_CHANGE, uint32_t, te_paws, ts_recent)                                                    \
    F(MAY_CHANGE, uint32_t, te_paws, floor)                                                        \
    F(MAY_CHANGE, uint32_t, te_paws, next_floor)                                                   \
    F(MAY_CHANGE, uint32_t, te_paws, edge)                                                         \
    F(MAY_CHANGE, int64_t, te_paws, ts_recent_at_us)

#define FIELDS_OF_te_rtt(F, I)                                                                     \
    F(MAY_CHANGE, uint32_t, te_rtt, srtt_us)                                                       \
    F(MAY_CHANGE, uint32_t, te_rtt, rttvar_us)                                                     \
    F(MAY_CHANGE, uint32_t, te_rtt, base_rto_us)                                                   \
    F(MAY_CHANGE, uint8_t, te_rtt, backoff)

#define FIELDS_OF_te_congestion(F, I)                                                              \
    F(MAY_CHANGE, uint32_t, te_congestion, cwnd_bytes)                                             \
    F(MAY_CHANGE, uint32_t, te_congestion, ssthresh_bytes)

#define FIELDS_OF_te_recovery(F, I)                                                                \
    F(MAY_CHANGE, uint8_t, te_recovery, state)                                                     \
    F(MAY_CHANGE, uint8_t, te_recovery, duplicate_acks)                                            \
    F(MAY_CHANGE, uint8_t, te_recovery, partial_acks)                                              \
    F(MAY_CHANGE, uint32_t, te_recovery, recover)

#define FIELDS_OF_te_ack_state(F, I)                                                               \
    F(MAY_CHANGE, uint8_t, te_ack_state, owed)                                                     \
    F(MAY_CHANGE, bool, te_ack_state, by_frame)                                                    \
    F(MAY_CHANGE, uint32_t, te_ack_state, unacked_bytes)                                           \
    F(MAY_CHANGE, uint32_t, te_ack_state, last_sent)

#define FIELDS_OF_te_sack_block(F, I)                                                              \
    F(MAY_CHANGE, uint32_t, te_sack_block, start)                                                  \
    F(MAY_CHANGE, uint32_t, te_sack_block, end)

#define FIELDS_OF_te_ecn(F, I)                                                                     \
    F(MAY_CHANGE, bool, te_ecn, setup_sent)                                                        \
    F(MAY_CHANGE, bool, te_ecn, plain_sent)                                                        \
    F(MAY_CHANGE, bool, te_ecn, setup_received)                                                    \
    F(MAY_CHANGE, bool, te_ecn, plain_received)                                                    \
    F(MAY_CHANGE, bool, te_ecn, echoes)                                                            \
    F(MAY_CHANGE, bool, te_ecn, cwr_due)                                                           \
    F(MAY_CHANGE, bool, te_ecn, is_reducing)                                                       \
    F(MAY_CHANGE, uint32_t, te_ecn, recover)                                                       \
    F(MAY_CHANGE, uint32_t, te_ecn, ce_in)                                                         \
    F(MAY_CHANGE, uint32_t, te_ecn, ece_in)

#define FIELDS_OF_te_mtu_search(F, I)                                                              \
    F(MAY_CHANGE, uint8_t, te_mtu_search, phase)                                                   \
    F(MAY_CHANGE, uint8_t, te_mtu_search, failures)                                                \
    F(MAY_CHANGE, bool, te_mtu_search, starts_high)                                                \
    F(MAY_CHANGE, uint16_t, te_mtu_search, low)                                                    \
    F(MAY_CHANGE, uint16_t, te_mtu_search, high)                                                   \
    F(MAY_CHANGE, uint16_t, te_mtu_search, fallback_bytes)                                         \
    F(MAY_CHANGE, uint16_t, te_mtu_search, probe_bytes)                                            \
    F(MAY_CHANGE, uint32_t, te_mtu_search, probe_start)                                            \
    F(MAY_CHANGE, uint32_t, te_mtu_search, probe_end)                                              \
    F(MAY_CHANGE, uint32_t, te_mtu_search, verify_end)                                             \
    F(MAY_CHANGE, int64_t, te_mtu_search, next_at_us)

#define FIELDS_OF_te_sender(F, I)                                                                  \
    F(MAY_CHANGE, uint32_t, te_sender, probe_end)                                                  \
    F(MAY_CHANGE, bool, te_sender, has_probe)                                                      \
    F(MAY_CHANGE, bool, te_sender, probe_is_resent)                                                \
    F(MAY_CHANGE, bool, te_sender, probe_now)                                                      \
    F(MAY_CHANGE, bool, te_sender, probe_needs_rtt)                                                \
    F(MAY_CHANGE, bool, te_sender, retransmit_now)                                                 \
    F(MAY_CHANGE, uint8_t, te_sender, frto)                                                        \
    F(MAY_CHANGE, uint32_t, te_sender, frto_mark)                                                  \
    F(MAY_CHANGE, uint32_t, te_sender, cwnd_before_bytes)                                          \
    F(MAY_CHANGE, uint32_t, te_sender, reno_sacked_bytes)                                          \
    F(MAY_CHANGE, uint32_t, te_sender, counted_to)                                                 \
    F(MAY_CHANGE, uint32_t, te_sender, rtt_round_end)                                              \
    F(MAY_CHANGE, int64_t, te_sender, idle_since_us)

#define FIELDS_OF_te_sent(F, I)                                                                    \
    F(MAY_NOT, uint32_t, te_sent, start)                                                           \
    F(MAY_NOT, uint32_t, te_sent, end)                                                             \
    F(MAY_NOT, uint16_t, te_sent, segments)                                                        \
    F(MAY_NOT, uint8_t, te_sent, state)                                                            \
    F(MAY_CHANGE, uint8_t, te_sent, transmissions)                                                 \
    F(MAY_CHANGE, int64_t, te_sent, sent_at_us)

#define FIELDS_OF_te_sent_mark(F, I)                                                               \
    F(MAY_CHANGE, uint64_t, te_sent_mark, delivered_bytes)                                         \
    F(MAY_CHANGE, uint64_t, te_sent_mark, lost_bytes)                                              \
    F(MAY_CHANGE, int64_t, te_sent_mark, delivered_at_us)                                          \
    F(MAY_CHANGE, int64_t, te_sent_mark, first_sent_at_us)                                         \
    F(MAY_CHANGE, uint32_t, te_sent_mark, tx_in_flight_bytes)                                      \
    F(MAY_CHANGE, bool, te_sent_mark, is_app_limited)

#define FIELDS_OF_te_sent_map(F, I) F(MAY_CHANGE, uint32_t, te_sent_map, highest_sacked)

#define FIELDS_OF_te_delivery(F, I)                                                                \
    F(MAY_CHANGE, uint64_t, te_delivery, delivered_bytes)                                          \
    F(MAY_CHANGE, uint64_t, te_delivery, lost_bytes)                                               \
    F(MAY_CHANGE, int64_t, te_delivery, delivered_at_us)                                           \
    F(MAY_CHANGE, int64_t, te_delivery, first_sent_at_us)                                          \
    F(MAY_CHANGE, uint64_t, te_delivery, app_limited_until_bytes)

#define FIELDS_OF_te_rack(F, I)                                                                    \
    F(MAY_CHANGE, int64_t, te_rack, sent_at_us)                                                    \
    F(MAY_CHANGE, uint32_t, te_rack, end_seq)                                                      \
    F(MAY_CHANGE, uint32_t, te_rack, rtt_us)                                                       \
    F(MAY_CHANGE, uint32_t, te_rack, min_rtt_us)                                                   \
    F(MAY_CHANGE, int64_t, te_rack, min_rtt_at_us)                                                 \
    F(MAY_CHANGE, uint32_t, te_rack, fack_now)                                                     \
    F(MAY_CHANGE, uint32_t, te_rack, fack)                                                         \
    F(MAY_CHANGE, uint32_t, te_rack, dsack_round)                                                  \
    F(MAY_CHANGE, uint8_t, te_rack, reo_wnd_mult)                                                  \
    F(MAY_CHANGE, uint8_t, te_rack, reo_wnd_persist)                                               \
    F(MAY_CHANGE, bool, te_rack, has_dsack_round)                                                  \
    F(MAY_CHANGE, bool, te_rack, has_fack)                                                         \
    F(MAY_CHANGE, bool, te_rack, has_fack_now)                                                     \
    F(MAY_CHANGE, bool, te_rack, reordering_seen)

#define FIELDS_OF_te_prr(F, I)                                                                     \
    F(MAY_CHANGE, uint64_t, te_prr, delivered_bytes)                                               \
    F(MAY_CHANGE, uint64_t, te_prr, out_bytes)                                                     \
    F(MAY_CHANGE, uint32_t, te_prr, recover_fs_bytes)

#define FIELDS_OF_te_undo(F, I)                                                                    \
    F(MAY_NOT, bool, te_undo, is_armed)                                                            \
    F(MAY_CHANGE, bool, te_undo, has_resent)                                                       \
    F(MAY_CHANGE, uint32_t, te_undo, marker)                                                       \
    F(MAY_CHANGE, uint32_t, te_undo, first_resent_ts)                                              \
    F(MAY_CHANGE, uint32_t, te_undo, resent_start)                                                 \
    F(MAY_CHANGE, uint32_t, te_undo, resent_end)                                                   \
    F(MAY_CHANGE, uint64_t, te_undo, unproved_bytes)

#define FIELDS_OF_te_validation(F, I)                                                              \
    I(MAY_CHANGE, uint32_t, te_validation, pipe_ack_bytes, 0)                                      \
    I(MAY_CHANGE, uint32_t, te_validation, pipe_ack_bytes, 3)                                      \
    F(MAY_CHANGE, uint32_t, te_validation, part_us)                                                \
    F(MAY_CHANGE, int64_t, te_validation, part_at_us)                                              \
    F(MAY_CHANGE, int64_t, te_validation, nonvalidated_at_us)                                      \
    F(MAY_CHANGE, uint32_t, te_validation, round_start)                                            \
    F(MAY_CHANGE, uint32_t, te_validation, round_end)                                              \
    F(MAY_CHANGE, uint32_t, te_validation, loss_used_bytes)                                        \
    F(MAY_CHANGE, uint32_t, te_validation, resent_bytes)

#define FIELDS_OF_te_pacer(F, I)                                                                   \
    F(MAY_CHANGE, uint64_t, te_pacer, rate_bytes_per_s)                                            \
    F(MAY_CHANGE, int64_t, te_pacer, next_at_us)                                                   \
    F(MAY_CHANGE, uint64_t, te_pacer, remainder)

#define FIELDS_OF_te_path_mtu(F, I)                                                                \
    F(MAY_CHANGE, uint16_t, te_path_mtu, sent_bytes)                                               \
    F(MAY_CHANGE, uint16_t, te_path_mtu, watched_bytes)                                            \
    F(MAY_CHANGE, uint16_t, te_path_mtu, claimed_bytes)                                            \
    F(MAY_CHANGE, uint8_t, te_path_mtu, cuts)                                                      \
    F(MAY_CHANGE, uint32_t, te_path_mtu, watched_end)                                              \
    F(MAY_CHANGE, uint32_t, te_path_mtu, claimed_seq)

#define FIELDS_OF_te_hystart(F, I)                                                                 \
    F(MAY_CHANGE, uint32_t, te_hystart, window_end)                                                \
    F(MAY_CHANGE, uint32_t, te_hystart, last_round_min_rtt_us)                                     \
    F(MAY_CHANGE, uint32_t, te_hystart, current_round_min_rtt_us)                                  \
    F(MAY_CHANGE, uint32_t, te_hystart, css_baseline_min_rtt_us)                                   \
    F(MAY_CHANGE, uint32_t, te_hystart, min_rtt_us)                                                \
    F(MAY_CHANGE, int64_t, te_hystart, last_ack_at_us)                                             \
    F(MAY_CHANGE, uint32_t, te_hystart, trains_us)                                                 \
    F(MAY_CHANGE, uint8_t, te_hystart, phase)                                                      \
    F(MAY_CHANGE, uint8_t, te_hystart, samples)                                                    \
    F(MAY_CHANGE, uint8_t, te_hystart, css_rounds)                                                 \
    F(MAY_CHANGE, bool, te_hystart, is_paced)

#define FIELDS_OF_te_cc_reno_state(F, I) F(MAY_CHANGE, uint32_t, te_cc_reno_state, acked_bytes)

#define FIELDS_OF_te_cc_cubic_state(F, I)                                                          \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, w_max_bytes)                                        \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, cwnd_prior_bytes)                                   \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, w_est_bytes)                                        \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, ecn_cwnd_bytes)                                     \
    F(MAY_CHANGE, int64_t, te_cc_cubic_state, epoch_at_us)                                         \
    F(MAY_CHANGE, int64_t, te_cc_cubic_state, last_ack_at_us)                                      \
    F(MAY_CHANGE, uint64_t, te_cc_cubic_state, w_est_remainder)                                    \
    F(MAY_CHANGE, uint64_t, te_cc_cubic_state, growth_remainder)                                   \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, k_us)                                               \
    F(MAY_CHANGE, uint32_t, te_cc_cubic_state, mss_bytes)                                          \
    F(MAY_CHANGE, bool, te_cc_cubic_state, has_epoch)                                              \
    F(MAY_CHANGE, bool, te_cc_cubic_state, is_reducing)

#define FIELDS_OF_te_cc_bbr_state(F, I)                                                            \
    I(MAY_CHANGE, uint64_t, te_cc_bbr_state, max_bw_filter, 0)                                     \
    I(MAY_CHANGE, uint64_t, te_cc_bbr_state, max_bw_filter, 1)                                     \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, bw_shortterm)                                         \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, bw_latest)                                            \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, full_bw)                                              \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, pacing_rate)                                          \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, inflight_longterm_bytes)                              \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, inflight_shortterm_bytes)                             \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, inflight_latest_bytes)                                \
    I(MAY_CHANGE, uint32_t, te_cc_bbr_state, extra_acked_bytes, 0)                                 \
    I(MAY_CHANGE, uint32_t, te_cc_bbr_state, extra_acked_bytes, 1)                                 \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, extra_acked_delivered_bytes)                          \
    F(MAY_CHANGE, int64_t, te_cc_bbr_state, extra_acked_interval_at_us)                            \
    F(MAY_CHANGE, int64_t, te_cc_bbr_state, min_rtt_at_us)                                         \
    F(MAY_CHANGE, int64_t, te_cc_bbr_state, probe_rtt_min_at_us)                                   \
    F(MAY_CHANGE, int64_t, te_cc_bbr_state, probe_rtt_done_at_us)                                  \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, min_rtt_us)                                           \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, probe_rtt_min_delay_us)                               \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, next_round_delivered_bytes)                           \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, loss_round_delivered_bytes)                           \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, lost_total_bytes)                                     \
    F(MAY_CHANGE, uint64_t, te_cc_bbr_state, app_limited_until_bytes)                              \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, round_count)                                          \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, drain_start_round)                                    \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, rounds_since_probe_up)                                \
    F(MAY_CHANGE, int64_t, te_cc_bbr_state, cycle_at_us)                                           \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, bw_probe_wait_us)                                     \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, bw_probe_up_acked_bytes)                              \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, probe_up_acked_per_inc_bytes)                         \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, prior_cwnd_bytes)                                     \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, initial_cwnd_bytes)                                   \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, startup_delivered_bytes)                              \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, mss_bytes)                                            \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, too_high_bytes)                                       \
    F(MAY_CHANGE, uint32_t, te_cc_bbr_state, random)                                               \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, state)                                                 \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, undo_state)                                            \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, ack_phase)                                             \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, full_bw_count)                                         \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, bw_probe_up_rounds)                                    \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, extra_acked_rounds)                                    \
    F(MAY_CHANGE, uint8_t, te_cc_bbr_state, loss_events_in_round)                                  \
    F(MAY_CHANGE, bool, te_cc_bbr_state, has_seen_rtt)                                             \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_round_start)                                           \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_loss_round_start)                                      \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_loss_in_round)                                         \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_cwnd_limited_in_round)                                 \
    F(MAY_CHANGE, bool, te_cc_bbr_state, was_cwnd_limited_in_round)                                \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_recovering)                                            \
    F(MAY_CHANGE, bool, te_cc_bbr_state, has_seen_recovery)                                        \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_bw_probe_sample)                                       \
    F(MAY_CHANGE, bool, te_cc_bbr_state, is_too_high_app_limited)                                  \
    F(MAY_CHANGE, bool, te_cc_bbr_state, prev_probe_too_high)                                      \
    F(MAY_CHANGE, bool, te_cc_bbr_state, prev_probe_precautionary)                                 \
    F(MAY_CHANGE, bool, te_cc_bbr_state, full_bw_reached)                                          \
    F(MAY_CHANGE, bool, te_cc_bbr_state, full_bw_now)                                              \
    F(MAY_CHANGE, bool, te_cc_bbr_state, probe_rtt_expired)                                        \
    F(MAY_CHANGE, bool, te_cc_bbr_state, probe_rtt_round_done)                                     \
    F(MAY_CHANGE, bool, te_cc_bbr_state, idle_restart)

#define FIELDS_OF_te_range(F, I)                                                                   \
    F(MAY_NOT, uint64_t, te_range, start)                                                          \
    F(MAY_NOT, uint64_t, te_range, end)

#define FIELDS_OF_te_history_item(F, I)                                                            \
    F(MAY_CHANGE, int64_t, te_history_item, time_us)                                               \
    F(MAY_CHANGE, uint32_t, te_history_item, seq)                                                  \
    F(MAY_CHANGE, uint32_t, te_history_item, ack)                                                  \
    F(MAY_CHANGE, uint32_t, te_history_item, wnd_bytes)                                            \
    F(MAY_CHANGE, uint16_t, te_history_item, len_bytes)                                            \
    F(MAY_CHANGE, uint8_t, te_history_item, from)                                                  \
    F(MAY_CHANGE, uint8_t, te_history_item, to)                                                    \
    F(MAY_CHANGE, uint8_t, te_history_item, cause)                                                 \
    F(MAY_CHANGE, uint8_t, te_history_item, flags)                                                 \
    F(MAY_CHANGE, bool, te_history_item, has_segment)

#endif
