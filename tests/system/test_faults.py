"""Faults on live connections, with the kernel's TCP as the peer."""
import os
import select
import socket
import unittest
import urllib.request

import harness
from harness import ENGINE4, HOST4, effective_user, wait_for

PLAIN_USER, GROUP = 4302, 4402


def as_user():
    return effective_user(PLAIN_USER, GROUP)


def closed_by_peer(connection: socket.socket) -> bool:
    """The peer of this socket has sent FIN or RST."""
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except ConnectionError:
        return True


class Faults(harness.SystemTest):
    daemon_arguments = ("--msl", "1", "--set", "allow_faults=yes", "--set", "faults_max=8",
                        "--set", "faults_per_uid_max=2", "--set", "rto_initial=200ms",
                        "--set", f"control_group={GROUP}")

    def tearDown(self) -> None:
        self.tcpctl("fault", "rm", "all")

    def add(self, *words) -> int:
        return self.ctl("fault", "add", *words)["id"]

    def fault(self, fault_id: int) -> dict | None:
        return next((row for row in self.ctl("fault", "ls") if row["id"] == fault_id), None)

    def hits(self, fault_id: int) -> int:
        return self.fault(fault_id)["hits"]

    def opened(self) -> tuple[int, socket.socket]:
        """A connection that the engine opens: its id, and the kernel's end."""
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        peer, _ = server.accept()
        self.addCleanup(peer.close)
        peer.settimeout(10)
        return conn_id, peer

    def retransmits(self, conn_id: int) -> int:
        return self.ctl("show", conn_id)["retransmits"]

    def send(self, conn_id: int, data: bytes) -> None:
        self.tcpctl("send", conn_id, input=data)

    def receive(self, peer: socket.socket, count: int) -> bytes:
        return harness.recv_exactly(peer, count)

    # --- TIME_WAIT's reason ------------------------------------------------------------------

    def test_lost_ack_of_fin_makes_time_wait_answer_again(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "drop", "ack-of-fin", "--count", "1")
        self.tcpctl("close", conn_id)
        wait_for(lambda: closed_by_peer(peer), what="our FIN")
        peer.close()
        wait_for(lambda: (self.time_wait_row(conn_id) or {}).get("fin_reacked") == 1,
                 what="the repeated FIN, answered")
        self.assertIsNone(self.fault(fault))
        events = [row for row in self.ctl("events") if row["id"] == conn_id]
        kinds = [row["kind"] for row in events if row["kind"] != "state"]
        self.assertEqual(kinds, ["fault_added", "fault_hit", "fault_ended", "fin_again"])
        hit = next(row for row in events if row["kind"] == "fault_hit")
        self.assertEqual(hit["cause"], f"fault {fault}: drop ack-of-fin (out)")

    def test_explain_and_history_name_the_fault(self) -> None:
        """LAST_ACK in front of somebody who knows nothing of the fault: it is named as the cause."""
        conn_id, peer = self.opened()
        peer.shutdown(socket.SHUT_WR)
        self.wait_state(conn_id, "CLOSE_WAIT")
        fault = self.add(conn_id, "drop", "ack-of-fin", "--in")
        self.assertIn(f"Injected: fault {fault} drops the ACK of our FIN (no hit yet).",
                      self.ctl("explain", conn_id)["reason"])
        self.tcpctl("close", conn_id)
        wait_for(lambda: self.hits(fault) >= 2, what="two lost ACKs")
        said = self.ctl("explain", conn_id)
        self.assertEqual(said["situation"], "last_ack")
        self.assertRegex(said["summary"], rf"waits for the last ACK; fault {fault} may be why\.$")
        self.assertRegex(said["reason"], rf" Injected: fault {fault} drops the ACK of our FIN "
                                         r"\(\d+ hits, the last [\d.]+ m?s ago\)\.$")
        self.assertIn(f"tcpctl fault rm {fault}", said["hints"])
        row, = said["faults"]
        self.assertEqual((row["id"], row["what"], row["aim"], row["count"], row["is_over"]),
                         (fault, "drop", "ack-of-fin", None, False))
        self.assertGreaterEqual(row["hits_here"], 2)
        notes = [row for row in self.ctl("history", conn_id, "--notes") if row["kind"] == "fault"]
        self.assertGreaterEqual(sum(row["note"]["count"] for row in notes), 2)
        self.assertTrue(notes[0]["cause"].startswith(f"Fault {fault}: drop ack-of-fin (in)"),
                        notes[0]["cause"])
        text = self.tcpctl("history", conn_id).stdout.decode()
        self.assertIn(f"Fault {fault}: drop ack-of-fin (in)", text)
        self.assertIn("CLOSE_WAIT LAST_ACK CLOSE", " ".join(text.split()))
        self.tcpctl("fault", "rm", fault)
        wait_for(lambda: self.ctl("explain", conn_id)["situation"] == "gone", 30, "the last ACK")
        said = self.ctl("explain", conn_id)
        self.assertRegex(said["reason"], rf"fault {fault} drops .+; it is over\.$")
        self.assertTrue(said["faults"][0]["is_over"])

    def test_other_side_in_last_ack(self) -> None:
        """The last ACK that the kernel sends is lost on its way to us: LAST_ACK repeats its FIN."""
        conn_id, peer = self.opened()
        peer.shutdown(socket.SHUT_WR)
        self.wait_state(conn_id, "CLOSE_WAIT")
        fault = self.add(conn_id, "drop", "ack-of-fin", "--in", "--count", "2")
        self.tcpctl("close", conn_id)
        wait_for(lambda: "CLOSED" in self.path_of(conn_id)[1:], 30, "the third ACK")
        self.assertIn("LAST_ACK", self.path_of(conn_id))
        self.assertIsNone(self.fault(fault))

    # --- segments ----------------------------------------------------------------------------

    def test_lost_syn_of_later_connection(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        fault = self.add(f"dport = :{port}", "drop", "syn", "--count", "1")
        conn_id = self.ctl("open", HOST4, port, "--wait")["id"]
        server.accept()[0].close()
        self.assertEqual(self.retransmits(conn_id), 1)
        self.assertIsNone(self.fault(fault))

    def test_listener_loses_syn_ack_and_ack_of_syn(self) -> None:
        for words in (("drop", "syn-ack"), ("drop", "ack-of-syn")):
            with self.subTest(words):
                listener = self.ctl("listen", 7100)["id"]
                fault = self.add(listener, *words, "--count", "1")
                client = self.kernel_client(7100)
                conn_id = self.ctl("accept", listener, "--wait", "10")["id"]
                self.assertIsNone(self.fault(fault))
                client.close()
                self.tcpctl("abort", conn_id)
                self.tcpctl("close", listener)

    def test_lost_data_is_sent_again(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "drop", "data", "5000..5999", "--out", "--count", "1")
        data = os.urandom(20000)
        self.send(conn_id, data)
        self.assertEqual(self.receive(peer, len(data)), data)
        self.assertIsNone(self.fault(fault))
        self.assertGreaterEqual(self.retransmits(conn_id), 1)

    def test_a_large_frame_is_cut_for_its_aim(self) -> None:
        """Of 64 KiB in one frame only one segment is lost."""
        conn_id, peer = self.opened()
        before = self.ctl("show", conn_id)
        self.add(conn_id, "drop", "data", "30000..30000", "--out", "--count", "1")
        data = os.urandom(60000)
        self.send(conn_id, data)
        self.assertEqual(self.receive(peer, len(data)), data)
        self.assertLessEqual(self.retransmits(conn_id) - before["retransmits"], 3)
        self.assertGreaterEqual(self.counters()["fault_cut"], 1)

    def test_lost_retransmission(self) -> None:
        conn_id, peer = self.opened()
        self.add(conn_id, "drop", "data", "0..0", "--out", "--count", "1")
        again = self.add(conn_id, "drop", "retransmission", "--out", "--count", "1")
        self.send(conn_id, b"hello")
        self.assertEqual(self.receive(peer, 5), b"hello")
        self.assertIsNone(self.fault(again))
        self.assertGreaterEqual(self.retransmits(conn_id), 2)

    def test_corrupt_out_is_dropped_by_the_kernel(self) -> None:
        conn_id, peer = self.opened()
        before = self.in_checksum_errors()
        self.add(conn_id, "corrupt", "data", "--out", "--count", "1")
        self.send(conn_id, b"x" * 1000)
        self.assertEqual(self.receive(peer, 1000), b"x" * 1000)
        self.assertEqual(self.in_checksum_errors() - before, 1)

    @staticmethod
    def in_checksum_errors() -> int:
        with open("/proc/self/net/snmp", encoding="ascii") as file:
            names, values = [line.split() for line in file if line.startswith("Tcp:")]
        return int(values[names.index("InCsumErrors")])

    def test_corrupt_in_is_counted_by_us(self) -> None:
        conn_id, peer = self.opened()
        before = self.counters()["segments_in_errors"]
        self.add(conn_id, "corrupt", "data", "--in", "--count", "1")
        peer.sendall(b"y" * 1000)
        received = self.tcpctl("receive", conn_id, "--wait", "10").stdout
        self.assertEqual(received, b"y" * 1000)
        self.assertEqual(self.counters()["segments_in_errors"] - before, 1)

    def test_duplicate_delay_and_reorder_deliver_all(self) -> None:
        for words in (("duplicate", "data"), ("reorder", "data", "--probability", "30%"),
                      ("delay", "any", "--delay", "20")):
            with self.subTest(words):
                conn_id, peer = self.opened()
                fault = self.add(conn_id, *words)
                data = os.urandom(50000)
                self.send(conn_id, data)
                self.assertEqual(self.receive(peer, len(data)), data)
                peer.sendall(data[:10000])
                got = b""
                while len(got) < 10000:
                    got += self.tcpctl("receive", conn_id, "--wait", "10").stdout
                self.assertEqual(got, data[:10000])
                self.assertGreaterEqual(self.hits(fault), 1)
                self.tcpctl("fault", "rm", fault)

    # --- windows, paths, resets --------------------------------------------------------------

    def test_zero_window_stalls_and_opens(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "zero-window", "--in")
        peer.sendall(b"?")  # brings the window along
        wait_for(lambda: self.ctl("show", conn_id)["snd_wnd"] == 0, what="the window to close")
        self.send(conn_id, b"z" * 1000)
        wait_for(lambda: self.ctl("show", conn_id)["timer"] == "persist", what="persist timer")
        self.tcpctl("fault", "rm", fault)
        self.assertEqual(self.receive(peer, 1000), b"z" * 1000)

    def test_stop_reading_closes_our_window(self) -> None:
        conn_id, peer = self.opened()
        self.add(conn_id, "stop-reading")
        peer.setblocking(False)
        sent, chunk = 0, b"s" * 65536

        def is_full() -> bool:
            nonlocal sent
            try:
                sent += peer.send(chunk)
                return False
            except BlockingIOError:
                return self.ctl("fault", "ls")[0]["hits"] > 0
        wait_for(is_full, 30, "the peer's send buffer to fill")
        peer.setblocking(True)
        self.tcpctl("fault", "rm", "all")
        got = 0
        while got < sent:
            got += len(self.tcpctl("receive", conn_id, "--wait", "30").stdout)
        self.assertEqual(got, sent)

    def test_blackhole_for_a_while(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "blackhole", "--for", "0.5")
        self.send(conn_id, b"through")
        self.assertEqual(self.receive(peer, 7), b"through")
        wait_for(lambda: self.fault(fault) is None, what="the end of the fault")

    def test_mtu_with_icmp(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "mtu", "1000", "icmp", "--out")
        data = os.urandom(20000)
        self.send(conn_id, data)
        self.assertEqual(self.receive(peer, len(data)), data)
        self.assertGreaterEqual(self.hits(fault), 1)
        self.assertEqual(self.ctl("show", conn_id)["path_mtu_bytes"], 1000)

    def test_rst_inject_in_and_out(self) -> None:
        conn_id, _ = self.opened()
        self.add(conn_id, "rst-inject")
        wait_for(lambda: self.path_of(conn_id)[-1] == "CLOSED", what="the forged RST")
        self.assertEqual(self.ctl("history", conn_id)[-1]["cause"], "recv RST")
        conn_id, peer = self.opened()
        self.add(conn_id, "rst-inject", "--out")
        self.send(conn_id, b"!")
        with self.assertRaises(ConnectionResetError):
            while peer.recv(1):
                pass

    # --- ends, limits, rights ----------------------------------------------------------------

    def test_goes_with_its_connection(self) -> None:
        conn_id, _ = self.opened()
        fault = self.add(conn_id, "drop", "rst")
        self.tcpctl("abort", conn_id)
        wait_for(lambda: self.fault(fault) is None, what="the end of the fault")

    def test_row_and_text(self) -> None:
        conn_id, _ = self.opened()
        fault = self.add(conn_id, "drop", "data", "10..20", "--count", "3", "--probability", "0.25",
                         "--for", "3600")
        row = self.fault(fault)
        self.assertIn(row.pop("expires_ms"), range(3600 * 1000 + 1))
        self.assertEqual((row["target"], row["what"], row["aim"], row["count"], row["hits"],
                          row["direction"], row["probability"]),
                         (str(conn_id), "drop", "data 10..20", 3, 0, "both", 0.25))
        self.assertRegex(self.tcpctl("-H", "fault", "ls").stdout.decode(),
                         rf"{fault} +{conn_id} +drop +data 10\.\.20 +both +0 +3 +[0-9a-z. ]+ +25% +0")

    def test_target_by_program_id_and_retransmissions(self) -> None:
        conn_id, peer = self.opened()
        others_id, others = self.opened()
        fault = self.add(f"program = tcpctl and id {conn_id} and retransmits < 1", "drop", "data",
                         "--out")
        for one, end in ((others_id, others), (conn_id, peer)):
            self.send(one, b"hello")
            self.assertEqual(self.receive(end, 5), b"hello")
        self.assertEqual(self.hits(fault), 1)  # what was sent again is spared
        stderr = self.tcpctl("fault", "add", "rtt > 5ms", "drop", "syn", status=1).stderr.decode()
        self.assertIn("rtt, which is not known of a SYN that has no connection yet", stderr)
        stderr = self.tcpctl("fault", "add", "state time-wait rtt > 5ms", "drop", "any",
                             status=2).stderr.decode()
        self.assertIn("rtt is not known in TIME_WAIT, which has state, ports, hosts, uid, ", stderr)

    def test_what_is_held_back_comes_with_the_removal(self) -> None:
        conn_id, peer = self.opened()
        fault = self.add(conn_id, "delay", "data", "--out", "--delay", "60000")
        self.send(conn_id, b"held")
        wait_for(lambda: self.hits(fault) >= 1, what="the hit")
        self.assertEqual(select.select([peer], [], [], 0)[0], [])
        self.ctl("fault", "rm", fault)
        self.assertEqual(self.receive(peer, 4), b"held")  # within the minute

    def test_refusals(self) -> None:
        conn_id, _ = self.opened()
        for words, message in (
                ((conn_id, "drop"), "expected an aim"),
                ((conn_id, "drop", "nothing"), "expected an aim"),
                ((conn_id, "mtu", "20"), "68 to 65535"),
                ((conn_id, "stop-reading", "--in"), "--out"),
                (("dport", "drop", "fin"), "expected"),
                ((conn_id, "drop", "fin", "--probability", "2"), "--probability"),
                ((conn_id, "explode"), "TARGET and a fault")):
            with self.subTest(words):
                stderr = self.tcpctl("fault", "add", *words, status=2).stderr.decode()
                self.assertIn(message, stderr)
        self.tcpctl("fault", "add", 999999999, "drop", "any", status=1)
        self.tcpctl("fault", "rm", 999999999, status=1)

    def test_limits(self) -> None:
        for _ in range(8):
            self.add("dport = :1", "drop", "any")
        stderr = self.tcpctl("fault", "add", "dport = :1", "drop", "any", status=1).stderr
        self.assertIn(b"faults_max", stderr)
        self.assertGreaterEqual(self.counters()["fault_refused"], 1)

    @unittest.skipIf(harness.is_sanitized(harness.TCPCTL), "its leak check needs one user, not two")
    def test_others_meet_their_own_connections_alone(self) -> None:
        conn_id, peer = self.opened()
        with as_user():
            self.tcpctl("fault", "add", conn_id, "drop", "any", status=4)
            fault = self.add("all", "blackhole")
            self.add("dport = :1", "drop", "any")
            stderr = self.tcpctl("fault", "add", "all", "drop", "any", status=1).stderr
            self.assertIn(b"faults_per_uid_max", stderr)
        self.send(conn_id, b"unharmed")
        self.assertEqual(self.receive(peer, 8), b"unharmed")
        self.assertEqual(self.hits(fault), 0)
        with as_user():
            mine = self.ctl("open", HOST4, peer.getsockname()[1])["id"]
        wait_for(lambda: self.hits(fault) >= 1, what="the user's own SYN to be lost")
        self.tcpctl("abort", mine)

    def test_metrics(self) -> None:
        conn_id, _ = self.opened()
        self.add(conn_id, "drop", "any")
        page = urllib.request.urlopen(f"http://{self.http}/metrics").read().decode()
        self.assertIn("\ntcpengine_faults 1\n", page)
        self.assertIn("\ntcpengine_faults_max 8\n", page)
        self.assertRegex(page, r'\ntcpengine_fault_hits_by_kind_total\{what="drop"\} \d+\n')

    http = "127.0.0.1:9409"


class NotAllowed(harness.SystemTest):
    def test_off_by_default(self) -> None:
        for words in (("add", "all", "drop", "any"), ("ls",), ("rm", "1")):
            stderr = self.tcpctl("fault", *words, status=4).stderr
            self.assertIn(b"allow_faults", stderr)


if __name__ == "__main__":
    harness.main()
