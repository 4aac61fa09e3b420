"""TIME_WAIT's two reasons, seen from outside: the lost last ACK, and old duplicates."""
import time
import unittest

import harness
from harness import ENGINE4, wait_for
from rawpeer import RawConnection

MSL_MS = 2000


class TimeWait(harness.SystemTest):
    daemon_arguments = ("--msl", str(MSL_MS / 1000))

    def setUp(self) -> None:
        self.peer = self.raw_peer()

    def in_time_wait(self, port: int, local_port: int) -> tuple[int, RawConnection]:
        conn_id = self.ctl("open", self.peer.address, port, "-p", local_port)["id"]
        connection = RawConnection(self.peer, ENGINE4, port, local_port)
        connection.answer_open()
        self.wait_state(conn_id, "ESTABLISHED")
        self.tcpctl("close", conn_id)
        connection.expect("FA")
        connection.send("FA")
        connection.expect("A")
        self.wait_state(conn_id, "TIME_WAIT")
        return conn_id, connection

    def test_row_says_what_ss_would(self) -> None:
        conn_id, _ = self.in_time_wait(7000, 6000)
        row = self.time_wait_row(conn_id)
        self.assertEqual(row["local"], f"{ENGINE4}:6000")
        self.assertEqual(row["remote"], f"{self.peer.address}:7000")
        self.assertEqual(row["duration_ms"], 2 * MSL_MS)
        self.assertLessEqual(row["remaining_ms"], row["duration_ms"])
        self.assertGreater(row["remaining_ms"], 0)
        self.assertEqual((row["fin_reacked"], row["entered_by"], row["uid"]), (0, "local", 0))

    def test_ends_after_2msl_and_not_before(self) -> None:
        conn_id, _ = self.in_time_wait(7001, 6001)
        wait_for(lambda: self.time_wait_row(conn_id) is None, 3 * MSL_MS / 1000, "end of 2MSL")
        history = self.ctl("history", conn_id)
        lasted_ms = (history[-1]["time_us"] - history[-2]["time_us"]) / 1000
        self.assertEqual(history[-1]["cause"], "timeout=2MSL")
        self.assertGreaterEqual(lasted_ms, 2 * MSL_MS)
        self.assertLess(lasted_ms, 2 * MSL_MS + 1000)

    def test_lost_last_ack_is_sent_again(self) -> None:
        """The peer saw no ACK of its FIN: it repeats it, is answered, and 2MSL restarts."""
        conn_id, connection = self.in_time_wait(7002, 6002)
        wait_for(lambda: self.time_wait_row(conn_id)["remaining_ms"] < MSL_MS, what="half of 2MSL")
        connection.send("FA", seq=connection.snd_nxt - 1)
        answer = self.peer.expect("A")
        self.assertEqual(answer["TCP"].ack, connection.snd_nxt)
        row = self.time_wait_row(conn_id)
        self.assertEqual(row["fin_reacked"], 1)
        self.assertGreater(row["remaining_ms"], 1.5 * MSL_MS)
        self.assertGreaterEqual(self.counters()["time_wait_fin_again"], 1)

    def test_exact_reset_is_ignored(self) -> None:
        """RFC 1337: a RST does not end TIME_WAIT."""
        conn_id, connection = self.in_time_wait(7003, 6003)
        connection.send("R")
        self.peer.expect_none(0.3)
        self.assertIsNotNone(self.time_wait_row(conn_id))
        self.assertGreaterEqual(self.counters()["time_wait_rst_ignored"], 1)

    def test_old_duplicate_is_no_data_of_the_next(self) -> None:
        """Data of the closed connection is answered by an ACK and not delivered."""
        conn_id, connection = self.in_time_wait(7004, 6004)
        connection.send("PA", b"old bytes", seq=connection.snd_nxt - 10)
        self.peer.expect("A")
        self.assertIsNotNone(self.time_wait_row(conn_id))

    def test_the_tuple_is_taken_meanwhile(self) -> None:
        self.in_time_wait(7005, 6005)
        error = self.tcpctl("open", self.peer.address, 7005, "-p", 6005, status=1).stderr
        self.assertIn(b"EADDRINUSE", error)

    def test_acceptable_new_syn_is_a_new_incarnation(self) -> None:
        """RFC 1122 4.2.2.13: a SYN beyond the old sequence space opens a new connection."""
        listener = self.ctl("listen", 6100)["id"]
        self.peer.learn_engine(ENGINE4)
        old = RawConnection(self.peer, ENGINE4, 41000, 6100, iss=1000)
        old.open_to_listener()
        conn_id = self.ctl("accept", listener, "--wait", 5)["id"]
        self.tcpctl("close", conn_id)
        old.expect("FA")
        old.send("FA")
        old.expect("A")
        self.wait_state(conn_id, "TIME_WAIT")
        new = RawConnection(self.peer, ENGINE4, 41000, 6100, iss=5_000_000)
        new.open_to_listener()
        accepted = self.ctl("accept", listener, "--wait", 5)["id"]
        self.assertNotEqual(accepted, conn_id)
        self.assertIsNone(self.time_wait_row(conn_id))
        self.assertEqual(self.ctl("history", conn_id)[-1]["cause"], "recv new SYN")
        self.tcpctl("abort", accepted)
        self.tcpctl("close", listener)

    def test_filters(self) -> None:
        conn_id, _ = self.in_time_wait(7006, 6006)
        ids = [row["id"] for row in self.ctl("tw", "sport", "=", ":6006")]
        self.assertEqual(ids, [conn_id])
        self.assertEqual(self.ctl("tw", "dport", "=", ":1"), [])

    def test_remaining_time_counts_down(self) -> None:
        conn_id, _ = self.in_time_wait(7007, 6007)
        first = self.time_wait_row(conn_id)["remaining_ms"]
        time.sleep(0.2)
        second = self.time_wait_row(conn_id)["remaining_ms"]
        self.assertGreaterEqual(first - second, 200)


if __name__ == "__main__":
    harness.main()
