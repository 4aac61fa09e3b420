"""tcpctl events that come too fast for their reader: what was lost is said by connection and number."""
import signal

import harness
from harness import HOST4, wait_for

KEPT = 16


class LostEvents(harness.SystemTest):
    daemon_arguments = ("--set", f"event_log_max={KEPT}", "--msl", "0.1")

    def connected(self):
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        return conn_id

    def test_a_reader_that_sleeps_learns_what_it_missed(self) -> None:
        talker, other = self.connected(), self.connected()
        process = self.tcpctl_process("follower", "events", "-f", "--since", "all")
        wait_for(lambda: str(other) in process.output.decode(), what="the events so far")
        process.send_signal(signal.SIGSTOP)
        before = self.ctl("status")["last_event_seq"]
        self.tcpctl("set", talker, "nagle", "off")  # the answer to the request that waits
        self.tcpctl("set", other, "nagle", "off")
        for turn in range(KEPT + 4):
            self.tcpctl("set", talker, "nagle", "on" if turn % 2 else "off")
        self.assertEqual(self.ctl("status")["last_event_seq"], before + KEPT + 6)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: "overwritten" in process.log, what="the loss")
        self.assertIn(f"tcpctl: events: 5 after number {before + 1} were overwritten before they could "
                      f"be read: 1 of connection {other}, 4 of {talker}\n", process.log)
        process.stop()

    def test_what_an_event_cannot_know_is_said(self) -> None:
        error = self.tcpctl("events", "rtt > 5ms", status=2).stderr.decode()
        self.assertRegex(error, r"^tcpctl: events: rtt is not known of an event: ")
        conn_id = self.connected()
        events = self.ctl("events", f"id {conn_id} and program tcpctl")
        self.assertEqual({event["id"] for event in events}, {conn_id})
        self.assertEqual(self.ctl("events", f"id {conn_id} and program != tcpctl"), [])


if __name__ == "__main__":
    harness.main()
