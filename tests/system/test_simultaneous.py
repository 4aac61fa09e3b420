"""Simultaneous open and close, and the closings that RFC 9293's diagram allows, by a peer that sends
single segments."""
import unittest

import harness
from harness import ENGINE4
from rawpeer import RawConnection


class Simultaneous(harness.SystemTest):
    def setUp(self) -> None:
        self.peer = self.raw_peer()

    def opened(self, port: int) -> tuple[int, RawConnection]:
        conn_id = self.ctl("open", self.peer.address, port)["id"]
        connection = RawConnection(self.peer, ENGINE4, port, 0)
        connection.answer_open()
        self.wait_state(conn_id, "ESTABLISHED")
        return conn_id, connection

    def test_simultaneous_open(self) -> None:
        conn_id = self.ctl("open", self.peer.address, 7000, "-p", 6000)["id"]
        connection = RawConnection(self.peer, ENGINE4, 7000, 6000)
        connection.expect("S")
        self.assertEqual(self.state_of(conn_id), "SYN_SENT")
        connection.send("S")
        connection.expect("SA")
        self.assertEqual(self.state_of(conn_id), "SYN_RCVD")
        connection.send("SA", seq=connection.snd_nxt - 1)
        self.wait_state(conn_id, "ESTABLISHED")
        self.assertEqual(self.path_of(conn_id),
                         ["CLOSED", "SYN_SENT", "SYN_RCVD", "ESTABLISHED"])
        self.assertEqual(self.counters()["simultaneous_opens"], 1)
        self.tcpctl("abort", conn_id)

    def test_simultaneous_open_carries_data(self) -> None:
        conn_id = self.ctl("open", self.peer.address, 7001, "-p", 6001)["id"]
        connection = RawConnection(self.peer, ENGINE4, 7001, 6001)
        connection.expect("S")
        connection.send("S")
        connection.expect("SA")
        connection.send("A")
        self.wait_state(conn_id, "ESTABLISHED")
        connection.send("PA", b"hello")
        self.assertEqual(self.tcpctl("receive", conn_id, "--wait", 5).stdout, b"hello")
        self.tcpctl("abort", conn_id)

    def test_simultaneous_close(self) -> None:
        conn_id, connection = self.opened(7002)
        self.tcpctl("close", conn_id)
        fin = connection.expect("FA")
        self.assertEqual(self.state_of(conn_id), "FIN_WAIT_1")
        connection.send("FA", ack=fin["TCP"].seq)
        connection.expect("A")
        self.assertEqual(self.state_of(conn_id), "CLOSING")
        self.assertEqual(self.counters()["simultaneous_closes"], 1)
        connection.send("A")
        self.wait_state(conn_id, "TIME_WAIT")
        row = self.time_wait_row(conn_id)
        self.assertEqual(row["entered_from"], "CLOSING")
        self.assertEqual(row["entered_by"], "both")
        self.wait_state(conn_id, "CLOSED")
        self.assertEqual(self.edges(conn_id)[-4:], [
            ("ESTABLISHED", "FIN_WAIT_1", "CLOSE"), ("FIN_WAIT_1", "CLOSING", "recv FIN"),
            ("CLOSING", "TIME_WAIT", "recv ACK of FIN"), ("TIME_WAIT", "CLOSED", "timeout=2MSL")])

    def test_active_close_by_fin_wait_2(self) -> None:
        conn_id, connection = self.opened(7003)
        self.tcpctl("close", conn_id)
        connection.expect("FA")
        connection.send("A")
        self.wait_state(conn_id, "FIN_WAIT_2")
        connection.send("FA")
        connection.expect("A")
        self.wait_state(conn_id, "TIME_WAIT")
        self.assertEqual(self.time_wait_row(conn_id)["entered_from"], "FIN_WAIT_2")

    def test_active_close_fin_and_ack_at_once(self) -> None:
        conn_id, connection = self.opened(7004)
        self.tcpctl("close", conn_id)
        connection.expect("FA")
        connection.send("FA")
        connection.expect("A")
        self.wait_state(conn_id, "TIME_WAIT")
        self.assertEqual(self.time_wait_row(conn_id)["entered_from"], "FIN_WAIT_1")

    def test_passive_close(self) -> None:
        conn_id, connection = self.opened(7005)
        connection.send("FA")
        connection.expect("A")
        self.wait_state(conn_id, "CLOSE_WAIT")
        self.tcpctl("close", conn_id)
        connection.expect("FA")
        self.assertEqual(self.state_of(conn_id), "LAST_ACK")
        connection.send("A")
        self.wait_state(conn_id, "CLOSED")
        self.assertIsNone(self.time_wait_row(conn_id))

    def test_lost_fin_is_sent_again(self) -> None:
        conn_id, connection = self.opened(7006)
        self.tcpctl("close", conn_id)
        first = connection.expect("FA")
        second = connection.expect("FA")
        self.assertEqual(first["TCP"].seq, second["TCP"].seq)
        self.assertGreaterEqual(self.ctl("show", conn_id)["retransmits"], 1)
        connection.send("FA")
        connection.expect("A")
        self.wait_state(conn_id, "TIME_WAIT")

    def test_listener_passive_open(self) -> None:
        listener = self.ctl("listen", 7100)["id"]
        self.peer.learn_engine(ENGINE4)
        connection = RawConnection(self.peer, ENGINE4, 40000, 7100)
        connection.open_to_listener()
        accepted = self.ctl("accept", listener, "--wait", 5)
        self.assertEqual(accepted["remote"], f"{self.peer.address}:40000")
        self.assertEqual(self.path_of(accepted["id"])[-3:], ["LISTEN", "SYN_RCVD", "ESTABLISHED"])
        self.tcpctl("abort", accepted["id"])
        connection.expect("RA")
        self.tcpctl("close", listener)

    def test_reset_by_peer(self) -> None:
        conn_id, connection = self.opened(7007)
        connection.send("R")
        self.wait_state(conn_id, "CLOSED")
        error = self.tcpctl("receive", conn_id, "--wait", 1, status=1).stderr.decode()
        self.assertIn("ECONNRESET", error)


if __name__ == "__main__":
    harness.main()
