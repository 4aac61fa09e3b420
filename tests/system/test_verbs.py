"""tcpctl's verbs one by one: what they print, as text and as JSON, and their exit status."""
import calendar
import json
import re
import signal
import socket
import time
import unittest

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, recv_exactly, wait_for

LS_KEYS = {"id", "state", "local", "remote", "uid", "send_queue_bytes", "receive_queue_bytes",
           "timer", "timer_ms"}
SHOW_KEYS = LS_KEYS | set(
    "snd_una snd_nxt snd_wnd rcv_nxt rcv_wnd iss irs mss snd_wscale rcv_wscale sack_permitted "
    "timestamps ecn cwnd_bytes ssthresh_bytes srtt_us rttvar_us rto_us retransmits bytes_sent "
    "bytes_acked bytes_received segments_in segments_out congestion_control".split())
TW_KEYS = {"id", "local", "remote", "entered_from", "entered_by", "remaining_ms", "duration_ms",
           "fin_reacked", "uid"}
HISTORY_KEYS = {"time_us", "from", "to", "cause", "segment"}
EVENT_KEYS = {"seq", "time_us", "id", "kind", "from", "to", "cause", "local", "remote"}


class Verbs(harness.SystemTest):
    def connected(self, address: str = HOST4) -> tuple[int, socket.socket]:
        server = self.kernel_server(address)
        conn_id = self.ctl("open", address, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        accepted.settimeout(10)
        self.addCleanup(accepted.close)
        self.addCleanup(harness.run, harness.TCPCTL, "--control", self.daemon.url, "abort",
                        conn_id, check=False)
        return conn_id, accepted

    def test_open(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        opened = self.ctl("open", HOST4, port, "--wait", "-p", 6543, "-s", ENGINE4)
        self.assertEqual(set(opened) & {"id", "state", "local", "remote"},
                         {"id", "state", "local", "remote"})
        self.assertEqual((opened["state"], opened["local"], opened["remote"]),
                         ("ESTABLISHED", f"{ENGINE4}:6543", f"{HOST4}:{port}"))
        self.assertLess(opened["id"], 2**53)
        text = self.tcpctl("open", HOST4, port, "--wait").stdout.decode()
        self.assertRegex(text, r"^\d+\b")
        for row in self.ctl("ls", "dport", "=", f":{port}"):
            self.tcpctl("abort", row["id"])

    def test_open_ipv6(self) -> None:
        conn_id, _ = self.connected(HOST6)
        row = self.find(id=conn_id)
        self.assertRegex(row["local"], rf"^\[{ENGINE6}\]:\d+$")
        self.assertRegex(row["remote"], rf"^\[{HOST6}\]:\d+$")

    def test_listen_accept(self) -> None:
        made = self.ctl("listen", f"{ENGINE4}:7000", "--backlog", 7)
        self.assertEqual((made["local"], made["backlog"]), (f"{ENGINE4}:7000", 7))
        self.tcpctl("accept", made["id"], "--wait", 0.1, status=5)
        client = self.kernel_client(7000)
        accepted = self.ctl("accept", made["id"], "--wait", 5)
        self.assertEqual(accepted["remote"], f"{HOST4}:{client.getsockname()[1]}")
        self.assertEqual(accepted["state"], "ESTABLISHED")
        self.assertNotEqual(accepted["id"], made["id"])
        self.tcpctl("abort", accepted["id"])
        self.tcpctl("close", made["id"])
        self.assertIsNone(self.find(id=made["id"]))

    def test_listen_on_all_addresses(self) -> None:
        listener = self.ctl("listen", 7001)["id"]
        for address in (ENGINE4, ENGINE6):
            self.kernel_client(7001, address)
            self.tcpctl("abort", self.ctl("accept", listener, "--wait", 5)["id"])
        self.tcpctl("close", listener)

    def test_listen_twice_is_refused(self) -> None:
        listener = self.ctl("listen", 7002)["id"]
        error = self.tcpctl("listen", 7002, status=1).stderr
        self.assertIn(b"EADDRINUSE", error)
        self.tcpctl("close", listener)

    def test_send_and_receive(self) -> None:
        conn_id, accepted = self.connected()
        path = self.folder / "words"
        path.write_bytes(b"from a file")
        self.tcpctl("send", conn_id, path)
        self.assertEqual(accepted.recv(100), b"from a file")
        self.tcpctl("send", conn_id, "-", input=b" and from stdin")
        self.assertEqual(accepted.recv(100), b" and from stdin")
        accepted.sendall(b"0123456789")
        wait_for(lambda: self.find(id=conn_id)["receive_queue_bytes"] == 10, what="10 bytes")
        self.assertEqual(self.tcpctl("receive", conn_id, "--max", 4).stdout, b"0123")
        self.assertEqual(self.tcpctl("receive", conn_id, "--max", 100).stdout, b"456789")

    def test_receive_waits(self) -> None:
        conn_id, accepted = self.connected()
        started = time.monotonic()
        self.tcpctl("receive", conn_id, "--wait", 0.3, status=5)
        self.assertGreaterEqual(time.monotonic() - started, 0.3)
        accepted.sendall(b"at last")
        self.assertEqual(self.tcpctl("receive", conn_id, "--wait", 5).stdout, b"at last")

    def test_shutdown_keeps_receiving(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("shutdown", conn_id)
        self.assertEqual(accepted.recv(1), b"")
        self.wait_state(conn_id, "FIN_WAIT_2")
        accepted.sendall(b"still here")
        self.assertEqual(self.tcpctl("receive", conn_id, "--wait", 5).stdout, b"still here")
        error = self.tcpctl("send", conn_id, "-", input=b"too late", status=1).stderr
        self.assertIn(b"EPIPE", error)
        accepted.close()
        self.wait_state(conn_id, "TIME_WAIT")

    def test_close_waits(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("close", conn_id, "--wait")
        self.assertIn(self.state_of(conn_id), ("FIN_WAIT_2", "TIME_WAIT"))
        self.assertEqual(accepted.recv(1), b"")
        error = self.tcpctl("close", conn_id, status=1).stderr
        self.assertRegex(error, rb"(?i)closing|does not exist")

    def test_close_with_unread_bytes_resets(self) -> None:
        conn_id, accepted = self.connected()
        accepted.sendall(b"nobody reads this")
        wait_for(lambda: self.find(id=conn_id)["receive_queue_bytes"] == 17, what="17 bytes")
        self.tcpctl("close", conn_id)
        with self.assertRaises(ConnectionResetError):
            accepted.recv(1)

    def test_abort_resets(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("abort", conn_id)
        with self.assertRaises(ConnectionResetError):
            accepted.recv(1)
        self.assertEqual(self.ctl("history", conn_id)[-1]["cause"], "ABORT")
        self.assertIsNone(self.find(id=conn_id))

    def test_ls(self) -> None:
        conn_id, _ = self.connected()
        row = self.find(id=conn_id)
        self.assertLessEqual(LS_KEYS, set(row))
        self.assertEqual(row["state"], "ESTABLISHED")
        text = self.tcpctl("ls").stdout.decode()
        head, *lines = text.splitlines()
        self.assertRegex(head, r"(?i)state.*local.*(peer|remote)")
        self.assertTrue(any("ESTABLISHED" in line for line in lines))
        bare = self.tcpctl("-H", "ls").stdout.decode().splitlines()
        self.assertEqual(len(bare), len(lines))

    def test_ls_expressions(self) -> None:
        conn_id, accepted = self.connected()
        port = accepted.getsockname()[1]
        local = accepted.getpeername()[1]
        listener = self.ctl("listen", 7010)["id"]
        cases = {
            "state ESTABLISHED": {conn_id}, "exclude ESTABLISHED": {listener},
            "state established": {conn_id}, "state listening": {listener},
            f"dport = :{port}": {conn_id}, f"sport = :{local}": {conn_id},
            "sport = :7010": {listener}, f"not dport = :{port}": {listener},
            f"dst {HOST4}": {conn_id}, f"dst {HOST4}/24 and uid 0": {conn_id},
            f"src {ENGINE4}/32 and not sport = :7010": {conn_id}, "uid 12345": set(),
            f"sport = :7010 or dport = :{port}": {conn_id, listener},
            f"( dport = :{port} ) or ( sport = :7010 )": {conn_id, listener},
        }
        for expression, wanted in cases.items():
            with self.subTest(expression):
                got = {row["id"] for row in self.ctl("ls", *expression.split())}
                self.assertEqual(got & {conn_id, listener}, wanted)
        self.tcpctl("close", listener)

    def test_tw(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("close", conn_id)
        accepted.close()
        row = wait_for(lambda: self.time_wait_row(conn_id), what="TIME_WAIT")
        self.assertLessEqual(TW_KEYS, set(row))
        self.assertIn(row["entered_from"], ("FIN_WAIT_1", "FIN_WAIT_2", "CLOSING"))
        self.assertIn(f"{HOST4}:", self.tcpctl("tw").stdout.decode())
        wait_for(lambda: self.time_wait_row(conn_id) is None, what="its end")

    def test_show(self) -> None:
        conn_id, accepted = self.connected()
        self.tcpctl("send", conn_id, "-", input=b"x" * 1000)
        self.assertEqual(len(recv_exactly(accepted, 1000)), 1000)
        shown = wait_for(lambda: (lambda row: row if row["bytes_acked"] >= 1000 else None)(
            self.ctl("show", conn_id)), what="the ACK")
        self.assertLessEqual(SHOW_KEYS, set(shown))
        self.assertEqual(shown["bytes_sent"], 1000)
        self.assertEqual(shown["mss"], 1448 if shown["timestamps"] else 1460)
        self.assertEqual((shown["snd_nxt"] - shown["iss"]) % 2**32, 1001)
        self.assertGreater(shown["srtt_us"], 0)
        self.assertIs(shown["sack_permitted"], True)
        text = self.tcpctl("show", conn_id).stdout.decode()
        for word in ("ESTABLISHED", "una", "cwnd"):
            self.assertIn(word, text)

    def test_history(self) -> None:
        conn_id, _ = self.connected()
        rows = self.ctl("history", conn_id)
        self.assertEqual([(row["from"], row["to"], row["cause"]) for row in rows],
                         [("CLOSED", "SYN_SENT", "active OPEN"),
                          ("SYN_SENT", "ESTABLISHED", "recv SYN,ACK")])
        for row in rows:
            self.assertLessEqual(HISTORY_KEYS, set(row))
        self.assertIsNone(rows[0]["segment"])
        self.assertEqual(set(rows[1]["segment"]), {"flags", "seq", "ack", "len", "wnd"})
        self.assertEqual(rows[1]["segment"]["flags"], "SYN,ACK")
        self.assertLess(rows[0]["time_us"], rows[1]["time_us"])

    def test_drops(self) -> None:
        """Nobody listens there: the SYN is dropped, and the reason can be read."""
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((ENGINE4, 7), timeout=5)
        rows = [row for row in self.ctl("history", "--drops") if row["local"] == f"{ENGINE4}:7"]
        self.assertEqual([row["reason"] for row in rows], ["no_connection"])
        self.assertEqual(set(rows[0]), {"time_us", "reason", "text", "counter", "segment", "id",
                                        "local", "remote"})
        self.assertEqual((rows[0]["counter"], rows[0]["segment"]["flags"], rows[0]["id"]),
                         ("tcp_no_connection", "SYN", None))
        self.assertIn("no_connection", self.tcpctl("history", "--drops").stdout.decode())
        conn_id, _ = self.connected()
        self.assertEqual(self.ctl("history", conn_id, "--drops"), [])

    def test_events(self) -> None:
        conn_id, _ = self.connected()
        mine = [event for event in self.ctl("events") if event["id"] == conn_id]
        self.assertEqual([event["to"] for event in mine if event["kind"] == "state"],
                         ["SYN_SENT", "ESTABLISHED"])
        for event in mine:
            self.assertLessEqual(EVENT_KEYS, set(event))
        numbers = [event["seq"] for event in self.ctl("events")]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_notes_in_history_and_events(self) -> None:
        """Both have them among the changes of state, in order of time."""
        conn_id, _ = self.connected()
        self.tcpctl("set", conn_id, "keepalive", "on")
        self.assertEqual({row["kind"] for row in self.ctl("history", conn_id)}, {"state"})
        rows = self.ctl("history", conn_id, "--notes")
        note = [row for row in rows if row["kind"] == "option_set"][0]
        self.assertEqual((note["from"], note["to"], note["cause"]),
                         ("ESTABLISHED", "ESTABLISHED", "Option set: keepalive = on"))
        self.assertEqual(rows, sorted(rows, key=lambda row: row["time_us"]))
        self.assertRegex(self.tcpctl("history", conn_id).stdout.decode(),
                         r"ESTABLISHED +- +Option set: keepalive = on")
        events = [event for event in self.ctl("events", "-k", "option_set")
                  if event["id"] == conn_id]
        self.assertEqual([event["cause"] for event in events], [note["cause"]])
        self.assertEqual(events[0]["time_us"], note["time_us"])
        self.assertEqual(events[0]["owner"]["program"], "tcpctl")
        self.assertEqual({event["kind"] for event in self.ctl("events", "-k", "state")}, {"state"})
        self.assertEqual([event["seq"] for event in self.ctl("events", "-n", "2")],
                         [event["seq"] for event in self.ctl("events")][-2:])
        self.assertEqual(self.ctl("events", "-n", "0"), [])

    def test_events_follow_from_now_on(self) -> None:
        conn_id, _ = self.connected()
        follower = self.tcpctl_process("now", "--json", "events", "-f")
        end = time.monotonic() + 60
        while time.monotonic() < end and not follower.output:  # until it asks, nothing is new
            self.tcpctl("set", conn_id, "nagle", "on")
        lines = [json.loads(line) for line in follower.output.decode().splitlines()]
        self.assertEqual({line["kind"] for line in lines}, {"option_set"})
        self.assertLess(abs(time.time() - calendar.timegm(
            time.strptime(lines[0]["time"][:19], "%Y-%m-%dT%H:%M:%S"))), 3600)

    def test_events_follow(self) -> None:
        follower = self.tcpctl_process("follow", "--json", "events", "-f", "--since", "all")
        wait_for(lambda: self.ctl("status")["links"] >= 2, what="the follower")
        conn_id, _ = self.connected()

        def states() -> list[str]:
            lines = [json.loads(line) for line in follower.output.decode().splitlines()]
            return [line["to"] for line in lines
                    if line["id"] == conn_id and line["kind"] == "state"]

        wait_for(lambda: states() == ["SYN_SENT", "ESTABLISHED"], what="two lines")
        self.tcpctl("abort", conn_id)
        wait_for(lambda: states()[-1] == "CLOSED", what="CLOSED")
        follower.stop(signal.SIGINT)

    def test_stats(self) -> None:
        before = self.counters()
        self.connected()
        after = self.counters()
        self.assertEqual(after["active_opens"], before["active_opens"] + 1)
        self.assertTrue(all(isinstance(value, int) for value in after.values()))
        self.assertRegex(self.tcpctl("stats").stdout.decode(), r"active_opens\s+\d+")

    def test_status(self) -> None:
        status = self.ctl("status")
        for key in ("version", "uptime_us", "boot_id", "addresses", "tap", "mtu"):
            self.assertIn(key, status)
        self.assertRegex(self.tcpctl("status").stdout.decode(), re.escape(ENGINE4))

    def test_explain_answers_in_words(self) -> None:
        conn_id, _ = self.connected()
        done = harness.run(harness.TCPCTL, "--control", self.daemon.url, "explain", conn_id,
                           check=False)
        if done.returncode == 2:
            self.skipTest("this tcpctl has no explain")
        self.assertIn(b"ESTABLISHED", done.stdout)

    def test_ids_that_nobody_has(self) -> None:
        for verb in (["show", 999999], ["close", 999999], ["abort", 999999], ["send", 999999],
                     ["receive", 999999], ["accept", 999999], ["history", 999999]):
            with self.subTest(verb=verb[0]):
                error = self.tcpctl(*verb, status=1).stderr.decode()
                self.assertRegex(error, r"^tcpctl: .+: .+\n$")

    def test_json_on_every_verb(self) -> None:
        conn_id, accepted = self.connected()
        accepted.sendall(b"abc")
        for verb in (["ls"], ["tw"], ["show", conn_id], ["history", conn_id],
                     ["history", conn_id, "--drops"], ["history", "--drops"], ["events"],
                     ["stats"], ["status"], ["receive", conn_id, "--wait", 5],
                     ["send", conn_id, "-"], ["shutdown", conn_id], ["close", conn_id]):
            with self.subTest(verb=verb[0]):
                text = self.tcpctl("--json", *verb).stdout
                json.loads(text)

    def test_output_ends_quietly_on_a_closed_pipe(self) -> None:
        done = harness.run("bash", "-c", f"set -o pipefail; '{harness.TCPCTL}' --control "
                           f"{self.daemon.url} stats | head -1", check=False)
        self.assertNotIn(b"Segmentation", done.stderr)
        self.assertEqual(done.stdout.count(b"\n"), 1)

    def test_names_are_resolved(self) -> None:
        server = self.kernel_server()
        done = self.tcpctl("open", "no.such.host.invalid", server.getsockname()[1], status=1)
        self.assertIn(b"no.such.host.invalid", done.stderr)


if __name__ == "__main__":
    harness.main()
