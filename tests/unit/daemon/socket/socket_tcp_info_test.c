#include <linux/tcp.h>
#include <string.h>

#include "socket/socket_tcp_info.h"
#include "support/test.h"

#define MSS 1000

static struct te_status status;
static struct tcp_info info;

static int setup(void **state)
{
    (void)state;
    status = (struct te_status){
        .state = TE_ESTABLISHED, .mss = MSS, .recovery = "open", .ssthresh_bytes = UINT32_MAX};
    return 0;
}

static void fill(const struct te_status *of)
{
    uint8_t written[SOCKET_VALUE_MAX];
    assert_int_equal(socket_tcp_info_write(of, written), sizeof(info));
    memcpy(&info, written, sizeof(info));
}

static void each_state_has_the_number_that_linux_gives_it(void **state)
{
    static const uint8_t numbers[][2] = {{TE_ESTABLISHED, 1}, {TE_SYN_SENT, 2},   {TE_SYN_RCVD, 3},
                                         {TE_FIN_WAIT_1, 4},  {TE_FIN_WAIT_2, 5}, {TE_TIME_WAIT, 6},
                                         {TE_CLOSED, 7},      {TE_CLOSE_WAIT, 8}, {TE_LAST_ACK, 9},
                                         {TE_CLOSING, 11}};
    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        status.state = (enum te_state)numbers[i][0];
        fill(&status);
        assert_int_equal(info.tcpi_state, numbers[i][1]);
    }
    fill(NULL);
    assert_int_equal(info.tcpi_state, 7);
}

static void windows_are_counted_in_segments(void **state)
{
    (void)state;
    status.cwnd_bytes = 10 * MSS;
    status.snd_una = UINT32_MAX - 499; /* over the wrap */
    status.snd_nxt = 2001;
    status.sacked_bytes = 1;
    fill(&status);
    assert_int_equal(info.tcpi_snd_cwnd, 10);
    assert_int_equal(info.tcpi_unacked, 3);
    assert_int_equal(info.tcpi_sacked, 1);
    assert_int_equal(info.tcpi_lost, 0);
    assert_int_equal(info.tcpi_snd_ssthresh, INT32_MAX); /* none yet */
    status.ssthresh_bytes = 5 * MSS;
    fill(&status);
    assert_int_equal(info.tcpi_snd_ssthresh, 5);
    status.mss = 0;
    fill(&status);
    assert_int_equal(info.tcpi_snd_cwnd, 0);
}

static void what_is_not_sent_yet_is_told(void **state)
{
    (void)state;
    status.send_accepted = 5000;
    status.bytes_sent = 3000;
    status.bytes_retransmitted = 1000;
    fill(&status);
    assert_int_equal(info.tcpi_notsent_bytes, 2000);
    assert_int_equal(info.tcpi_bytes_sent, 4000);
    assert_int_equal(info.tcpi_bytes_retrans, 1000);
}

static void options_and_recovery(void **state)
{
    (void)state;
    status.timestamps = status.wscale_ok = true;
    status.snd_wscale = 7;
    status.rcv_wscale = 9;
    status.recovery = "loss";
    fill(&status);
    assert_int_equal(info.tcpi_options, TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE);
    assert_int_equal(info.tcpi_snd_wscale, 7);
    assert_int_equal(info.tcpi_rcv_wscale, 9);
    assert_int_equal(info.tcpi_ca_state, TCP_CA_Loss);
}

static void a_listener_shows_its_queue(void **state)
{
    (void)state;
    status.state = TE_LISTEN;
    status.is_listener = true;
    status.receive_queue_bytes = 3;
    status.send_queue_bytes = 128;
    fill(&status);
    assert_int_equal(info.tcpi_state, 10);
    assert_int_equal(info.tcpi_unacked, 3);
    assert_int_equal(info.tcpi_sacked, 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_state_has_the_number_that_linux_gives_it, setup),
        cmocka_unit_test_setup(windows_are_counted_in_segments, setup),
        cmocka_unit_test_setup(what_is_not_sent_yet_is_told, setup),
        cmocka_unit_test_setup(options_and_recovery, setup),
        cmocka_unit_test_setup(a_listener_shows_its_queue, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
