"""tcpctl explain: what connections wait for, each brought about by a peer, through the whole service."""
import json
import unittest

import harness
from harness import ENGINE4, HOST4, TCPCTL, wait_for
from rawpeer import RawConnection

KEYS = {"id", "state", "verdict", "summary", "reason", "waits_for", "timer", "timer_ms", "then",
        "limits", "owner", "hints"}
VERDICTS = {"ok", "waiting", "slow", "stuck", "leaking", "dead"}
# No route, and no station, leads there; PORT is chosen by each test.
SILENT = "10.9.0.99"


class Explain(harness.SystemTest):
    daemon_arguments = ("--set", "syn_queue_max=2", "--set", "listeners_max=16")

    def explain(self, conn_id: int) -> dict:
        said = self.ctl("explain", conn_id)
        self.assertEqual(KEYS - set(said), set())
        self.assertIn(said["verdict"], VERDICTS)
        self.assertEqual(said["id"], conn_id)
        self.assertLessEqual({"uid", "pid", "program", "session"}, set(said["owner"]))
        for hint in said["hints"]:
            self.assertTrue(hint.startswith("tcpctl "), hint)
        return said

    def wait_situation(self, conn_id: int, situation: str, verdict: str) -> dict:
        wait_for(lambda: self.explain(conn_id)["situation"] == situation, what=situation)
        wait_for(lambda: self.explain(conn_id)["verdict"] == verdict, what=verdict)
        said = self.explain(conn_id)
        self.assertEqual((said["situation"], said["verdict"]), (situation, verdict))
        return said

    def connected(self):
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        self.addCleanup(harness.run, TCPCTL, "--control", self.daemon.url, "abort", conn_id,
                        check=False)
        return conn_id, accepted

    def raw_established(self, port: int, local_port: int):
        peer = self.raw_peer()
        conn_id = self.ctl("open", peer.address, port, "-p", local_port)["id"]
        connection = RawConnection(peer, ENGINE4, port, local_port)
        connection.answer_open()
        self.wait_state(conn_id, "ESTABLISHED")
        self.addCleanup(harness.run, TCPCTL, "--control", self.daemon.url, "abort", conn_id,
                        check=False)
        return conn_id, connection

    def test_idle_then_close_wait(self) -> None:
        conn_id, accepted = self.connected()
        said = self.wait_situation(conn_id, "idle", "ok")
        self.assertRegex(said["summary"], r"^Idle: nothing is to be sent")
        accepted.close()
        self.wait_state(conn_id, "CLOSE_WAIT")
        said = self.wait_situation(conn_id, "close_wait", "waiting")
        self.assertRegex(said["summary"], r"has not called CLOSE for .+, since the peer closed\.$")
        self.assertRegex(said["waits_for"], r"^CLOSE, by ")
        self.assertIn("since the peer's FIN came (segment FIN,ACK, seq ", said["reason"])
        self.assertIn(f"tcpctl close {conn_id}", said["hints"])

    def test_fin_wait_2_with_and_without_an_owner(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("shutdown", conn_id)
        self.wait_state(conn_id, "FIN_WAIT_2")
        self.wait_situation(conn_id, "fin_wait_2", "waiting")
        self.tcpctl("close", conn_id)
        said = self.wait_situation(conn_id, "fin_wait_2_orphan", "waiting")
        self.assertEqual(said["timer"], "fin_wait_2")
        self.assertLessEqual(said["timer_ms"], 60000)
        accepted.close()
        self.wait_state(conn_id, "TIME_WAIT")
        said = self.wait_situation(conn_id, "time_wait", "ok")
        self.assertIn("We closed first: the way was FIN_WAIT_1, FIN_WAIT_2, TIME_WAIT.",
                      said["reason"])
        self.assertEqual(said["timer"], "time_wait")
        self.tcpctl("abort", conn_id)
        said = self.wait_situation(conn_id, "gone", "dead")
        self.assertIsNone(said["limits"])

    def test_neighbour_that_is_silent(self) -> None:
        conn_id = self.ctl("open", SILENT, 80)["id"]
        said = self.explain(conn_id)
        self.assertIn(said["situation"], ("neighbour_silent", "dead"))
        said = self.wait_situation(conn_id, "dead", "dead")
        self.assertIn("the next hop did not answer ARP", said["summary"])

    def test_syn_without_an_answer(self) -> None:
        peer = self.raw_peer()
        conn_id = self.ctl("open", peer.address, 7100, "-p", 6100)["id"]
        peer.expect("S")
        said = self.wait_situation(conn_id, "syn_unanswered", "slow")
        self.assertRegex(said["summary"], rf"^No answer from {peer.address}:7100 to our SYN, sent ")
        self.assertEqual(said["timer"], "retransmit")
        self.tcpctl("abort", conn_id)

    def test_retransmitting_into_silence(self) -> None:
        conn_id, connection = self.raw_established(7101, 6101)
        self.tcpctl("send", conn_id, "-", input=b"hello")
        said = self.wait_situation(conn_id, "retransmitting", "stuck")
        self.assertRegex(said["summary"],
                         r"^Retransmitting into silence: nothing heard for [\d.]+ m?s, \d+(st|nd|rd|th) "
                         r"retransmission, next in .+, gives up in \d+ min( \d+ s)?\.$")
        self.assertGreater(said["facts"]["gives_up_ms"], 60000)
        self.assertGreater(said["limits"]["application_ms"], 0)
        connection.send("A", ack=connection.rcv_nxt + 5)
        self.wait_situation(conn_id, "idle", "ok")

    def test_zero_window(self) -> None:
        conn_id, connection = self.raw_established(7102, 6102)
        connection.send("A", window=0)
        wait_for(lambda: self.ctl("show", conn_id)["snd_wnd"] == 0, what="a window of 0")
        self.tcpctl("send", conn_id, "-", input=b"x" * 100)
        said = self.wait_situation(conn_id, "zero_window", "stuck")
        self.assertRegex(said["summary"], r"^The peer's application does not read: its window is 0, "
                                          r"probe \d+ in .+\.$")
        self.assertEqual(said["timer"], "persist")

    def test_nobody_reads_here(self) -> None:
        conn_id, accepted = self.connected()
        accepted.setblocking(False)
        block = b"x" * 65536

        def fill() -> bool:
            try:
                while accepted.send(block):
                    pass
            except BlockingIOError:
                return self.explain(conn_id)["situation"] == "receive_window_shut"
        wait_for(fill, 30, "a shut window")
        said = self.explain(conn_id)
        self.assertEqual(said["verdict"], "stuck")
        self.assertRegex(said["summary"], r"^Our receive window is shut: .+ has not read .+\.$")

    def test_a_hole(self) -> None:
        conn_id, connection = self.raw_established(7103, 6103)
        start = connection.snd_nxt
        connection.send("A", seq=start + 100, data=b"y" * 50)
        said = self.wait_situation(conn_id, "hole", "slow")
        self.assertIn(f"100 bytes are missing ({start} to {start + 99})", said["summary"])
        self.assertIn("50 bytes behind them", said["summary"])

    def test_accept_queue_that_is_full(self) -> None:
        listener = self.ctl("listen", f"{ENGINE4}:7104", "--backlog", 1)["id"]
        clients = [self.kernel_client(7104)]
        wait_for(lambda: self.explain(listener)["situation"] == "listener_accept_queue_full",
                 what="a full queue")
        said = self.explain(listener)
        self.assertEqual(said["verdict"], "stuck")
        self.assertRegex(said["summary"], r"does not accept the 1 connection that waits\.$")
        row = self.find("sport = :7104", state="ESTABLISHED")
        self.assertEqual(self.explain(row["id"])["situation"], "not_accepted")
        health = self.ctl("explain")
        self.assertEqual(health["verdict"], health["findings"][0]["verdict"])
        self.assertIn(f"tcpctl explain {listener}", [row["hint"] for row in health["findings"]])
        self.assertIn("a full accept queue", self.tcpctl("explain").stdout.decode())
        self.tcpctl("accept", listener)
        self.assertEqual(self.explain(listener)["situation"], "listening")
        self.tcpctl("close", listener)
        for client in clients:
            client.close()

    def test_health_names_full_listeners_and_tables_that_fill(self) -> None:
        listeners = [self.ctl("listen", f"{ENGINE4}:{port}", "--backlog", 1)["id"]
                     for port in range(7200, 7213)]
        clients = [self.kernel_client(port) for port in (7200, 7201)]
        full = [f"Listener {listeners[i]} ({ENGINE4}:{7200 + i}) has a full accept queue, of 1: "
                for i in (0, 1)]

        def findings() -> list[dict]:
            return self.ctl("explain")["findings"]
        wait_for(lambda: sum("full accept queue" in row["summary"] for row in findings()) == 2,
                 what="two full listeners")
        rows = findings()
        for i, text in enumerate(full):
            row = next(row for row in rows if row["summary"].startswith(text))
            self.assertRegex(row["summary"], r": tcpctl \(pid \d+(, gone)?\) does not accept\.$")
            self.assertEqual((row["verdict"], row["hint"]), ("stuck", f"tcpctl explain {listeners[i]}"))
        row = next(row for row in rows if "listeners are in use" in row["summary"])
        self.assertEqual(row["summary"], "13 of 16 listeners are in use (81 %); when there are no "
                                         "more, no port can be listened on any more.")
        self.assertEqual((row["verdict"], row["hint"]), ("slow", "tcpctl ls -p state listening"))
        for client in clients:
            client.close()
        for listener in listeners:
            self.tcpctl("close", listener)

    def test_syn_queue_that_is_full(self) -> None:
        listener = self.ctl("listen", f"{ENGINE4}:7105")["id"]
        peer = self.raw_peer()
        peer.learn_engine(ENGINE4)
        for port in (8001, 8002):
            RawConnection(peer, ENGINE4, port, 7105).send("S")
        wait_for(lambda: self.explain(listener)["situation"] == "listener_syn_queue_full",
                 what="a full queue")
        said = self.explain(listener)
        self.assertRegex(said["summary"], r"^The SYN queue is full \(2 of 2\); SYN cookies are on")
        self.tcpctl("close", listener)

    def test_text_says_what_json_says(self) -> None:
        conn_id, _ = self.connected()
        text = self.tcpctl("explain", conn_id).stdout.decode()
        said = self.explain(conn_id)
        for line in (f"{conn_id} ESTABLISHED {ENGINE4}:", f"verdict    {said['verdict']}\n",
                     f"waits for  {said['waits_for']}\n", f"then       {said['then']}\n",
                     f"peer       {said['peer']}\n", said["hints"][0]):
            self.assertIn(line, text)
        both = json.loads(self.tcpctl("--json", "explain", conn_id, conn_id).stdout)
        self.assertEqual([one["id"] for one in both], [conn_id, conn_id])
        self.tcpctl("explain", 999999, status=1)
        self.tcpctl("explain", "x", status=2)


if __name__ == "__main__":
    harness.main()
