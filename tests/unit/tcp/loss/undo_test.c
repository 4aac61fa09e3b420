#include "support/test.h"
#include "tcp/loss/undo.h"

#define MSS 1000u
#define UNA 0xfffff800u /* numbers wrap on the way */
#define TS 0xfffffffeu  /* and so do timestamps */

static struct te_undo undo;
static struct te_congestion cc;
static union te_cc_state cc_state;

static int setup(void **state)
{
    (void)state;
    cc_state = (union te_cc_state){.reno = {.acked_bytes = 4711}};
    cc = (struct te_congestion){
        .ops = &te_cc_reno,
        .cwnd_bytes = 20 * MSS,
        .ssthresh_bytes = 15 * MSS,
        .state = &cc_state,
    };
    undo = (struct te_undo){.is_armed = false};
    return 0;
}

/* A recovery has begun, and the answer to it was given. */
static void arm(void)
{
    te_undo_arm(&undo, &cc, UNA);
    cc.cwnd_bytes = MSS;
    cc.ssthresh_bytes = 10 * MSS;
    cc_state.reno.acked_bytes = 0;
}

static void test_nothing_without_a_recovery(void **state)
{
    (void)state;
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_dsack(&undo, UNA, UNA + MSS);
    assert_false(te_undo_by_dsack(&undo));
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS - 1));
    assert_int_equal(undo.unproved_bytes, 0);
}

/* Without a retransmission no ACK can be for an original instead of one. */
static void test_nothing_before_a_retransmission(void **state)
{
    (void)state;
    arm();
    assert_false(te_undo_by_dsack(&undo));
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS - 1));
}

/* RFC 3522 3.2 (4): only an echo that is older than the FIRST retransmission. */
static void test_eifel_detection(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS + 5); /* 3, around the corner */
    assert_int_equal(undo.first_resent_ts, TS);
    assert_true(te_undo_by_timestamp(&undo, UNA + MSS, TS - 1));
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS)); /* the same tick proves nothing */
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS + 3));
    te_undo_disarm(&undo);
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS - 1));
}

/* The first hole is filled by what was only late, and a second one was a loss: its retransmission
 * is still on its way, or that of a recovery before. */
static void test_eifel_waits_for_all_that_was_resent(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_resent(&undo, UNA + 4 * MSS, UNA + 5 * MSS, TS);
    assert_false(te_undo_by_timestamp(&undo, UNA + 4 * MSS, TS - 1));
    assert_false(te_undo_by_timestamp(&undo, UNA + 5 * MSS - 1, TS - 1));
    assert_true(te_undo_by_timestamp(&undo, UNA + 5 * MSS, TS - 1));
}

/* RFC 3708: each byte that was sent again must have been reported. */
static void test_every_retransmission_a_duplicate(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_resent(&undo, UNA + MSS, UNA + 3 * MSS, TS);
    te_undo_on_dsack(&undo, UNA, UNA + MSS);
    assert_false(te_undo_by_dsack(&undo));
    te_undo_on_dsack(&undo, UNA + MSS, UNA + 3 * MSS - 1);
    assert_false(te_undo_by_dsack(&undo));
    te_undo_on_dsack(&undo, UNA + 3 * MSS - 1, UNA + 3 * MSS);
    assert_true(te_undo_by_dsack(&undo));
    te_undo_on_resent(&undo, UNA, UNA + 1, TS); /* one more that is unproved */
    assert_false(te_undo_by_dsack(&undo));
    te_undo_on_dsack(&undo, UNA, UNA + 2 * MSS); /* more than is unproved: never below zero */
    assert_int_equal(undo.unproved_bytes, 0);
}

/* Duplicates of an earlier recovery, or made by the network, say nothing of this one. */
static void test_older_duplicates_do_not_count(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_dsack(&undo, UNA - MSS, UNA);
    assert_int_equal(undo.unproved_bytes, MSS);
    assert_false(te_undo_by_dsack(&undo));
}

/* RFC 3708 3 (A.4): what was not sent again was doubled by the network. One segment of three was
 * lost, and the one behind it came twice: the recovery was needed. */
static void test_duplicates_of_what_was_not_resent(void **state)
{
    (void)state;
    arm();
    te_undo_on_dsack(&undo, UNA, UNA + MSS); /* before anything was */
    te_undo_on_resent(&undo, UNA + MSS, UNA + 2 * MSS, TS);
    te_undo_on_dsack(&undo, UNA + 2 * MSS, UNA + 3 * MSS);
    te_undo_on_dsack(&undo, UNA, UNA + MSS);
    assert_false(te_undo_by_dsack(&undo));
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_on_dsack(&undo, UNA, UNA + 2 * MSS);
    assert_true(te_undo_by_dsack(&undo));
}

/* RFC 4015 3.2: what the algorithm had is back, once. */
static void test_gives_back_what_was(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    te_undo_apply(&undo, &cc, 1000);
    assert_int_equal(cc.cwnd_bytes, 20 * MSS);
    assert_int_equal(cc.ssthresh_bytes, 15 * MSS);
    assert_int_equal(cc_state.reno.acked_bytes, 4711);
    assert_false(undo.is_armed);
    assert_false(te_undo_by_timestamp(&undo, UNA + MSS, TS - 1));
}

/* What has grown since then stays. */
static void test_takes_nothing_away(void **state)
{
    (void)state;
    arm();
    cc.cwnd_bytes = 30 * MSS;
    cc.ssthresh_bytes = 25 * MSS;
    te_undo_apply(&undo, &cc, 1000);
    assert_int_equal(cc.cwnd_bytes, 30 * MSS);
    assert_int_equal(cc.ssthresh_bytes, 25 * MSS);
}

/* A second recovery forgets the evidence of the first. */
static void test_arms_anew(void **state)
{
    (void)state;
    arm();
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS);
    cc.cwnd_bytes = 8 * MSS;
    te_undo_arm(&undo, &cc, UNA + MSS);
    assert_false(undo.has_resent);
    assert_int_equal(undo.unproved_bytes, 0);
    te_undo_on_resent(&undo, UNA, UNA + MSS, TS + 5);
    assert_true(te_undo_by_timestamp(&undo, UNA + MSS, TS)); /* older than this one's first */
    cc.cwnd_bytes = MSS;
    te_undo_apply(&undo, &cc, 1000);
    assert_int_equal(cc.cwnd_bytes, 8 * MSS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing_without_a_recovery, setup),
        cmocka_unit_test_setup(test_nothing_before_a_retransmission, setup),
        cmocka_unit_test_setup(test_eifel_detection, setup),
        cmocka_unit_test_setup(test_eifel_waits_for_all_that_was_resent, setup),
        cmocka_unit_test_setup(test_every_retransmission_a_duplicate, setup),
        cmocka_unit_test_setup(test_older_duplicates_do_not_count, setup),
        cmocka_unit_test_setup(test_duplicates_of_what_was_not_resent, setup),
        cmocka_unit_test_setup(test_gives_back_what_was, setup),
        cmocka_unit_test_setup(test_takes_nothing_away, setup),
        cmocka_unit_test_setup(test_arms_anew, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
