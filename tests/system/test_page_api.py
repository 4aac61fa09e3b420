"""What the live page is made of: its files, its JSON and its stream, and viewers who mean harm."""
import http.client
import json
import socket
import unittest
from urllib.parse import quote

import harness
from harness import HOST4

ADDRESS = ("127.0.0.1", 9409)
STREAMS_MAX = 8
POLICY = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
          "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"]
LIFE = [("CLOSED", "SYN_SENT", "active OPEN"), ("SYN_SENT", "ESTABLISHED", "recv SYN,ACK"),
        ("ESTABLISHED", "FIN_WAIT_1", "CLOSE")]


def ask(path: str, method: str = "GET", **headers) -> tuple[int, dict, bytes]:
    connection = http.client.HTTPConnection(*ADDRESS, timeout=10)
    connection.request(method, path, headers={"Host": "localhost", **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def get(path: str, status: int = 200):
    """The JSON at path."""
    got, headers, body = ask(path)
    if got != status or headers["Content-Type"] != "application/json":
        raise AssertionError(f"{path}: {got} {headers} {body!r}")
    return json.loads(body)


class Stream:
    """Server-sent events, read as a browser does."""

    def __init__(self, query: str = ""):
        self.connection = http.client.HTTPConnection(*ADDRESS, timeout=10)
        self.connection.request("GET", "/page/stream" + query, headers={"Host": "localhost"})
        self.answer = self.connection.getresponse()
        self.status = self.answer.status

    def next(self) -> tuple[str, dict]:
        name, data = "", ""
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data += line[6:]
            elif not line and name:
                return name, json.loads(data)
            elif not self.answer.fp:
                raise EOFError

    def until(self, condition) -> list[tuple[str, dict]]:
        """All events up to the first for which that is true."""
        events = []
        while not events or not condition(*events[-1]):
            events.append(self.next())
        return events

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


class PageApi(harness.SystemTest):
    daemon_arguments = ("--msl", "5")  # time to look at TIME_WAIT

    def stream(self, query: str = "") -> Stream:
        stream = Stream(query)
        self.addCleanup(stream.close)
        return stream

    def viewer(self) -> Stream:
        """One that is let in: the places of those that have left are free soon after somebody asks for one."""
        def let_in() -> Stream | None:
            stream = self.stream()
            return stream if stream.status == 200 else None
        return harness.wait_for(let_in, what="a place for a viewer")

    def end(self, conn_id: int) -> None:
        """It may have ended."""
        harness.run(harness.TCPCTL, "--control", self.daemon.url, "abort", conn_id, check=False)

    def establish(self) -> tuple[int, socket.socket]:
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        self.addCleanup(self.end, conn_id)
        peer = server.accept()[0]
        self.addCleanup(peer.close)
        return conn_id, peer

    # --- files -------------------------------------------------------------------------------------

    def test_files(self) -> None:
        for path, kind in (("/", "text/html"), ("/page/index.html", "text/html"),
                           ("/page/chart.js", "text/javascript")):
            status, headers, body = ask(path)
            self.assertEqual((status, headers["Content-Type"].split(";")[0]), (200, kind))
            self.assertGreater(len(body), 100)
            for part in POLICY:
                self.assertIn(part, headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
        self.assertIn(b"Chart.js", ask("/page/chart.js")[2][:200])

    def test_nothing_else(self) -> None:
        for path in ("/page/", "/page/nothing", "/page/../etc/passwd", "/page/%2e%2e/%2e%2e/etc/passwd",
                     "/page//etc/passwd", "/page/main.js/", "/page/connection/", "/page/connection/0",
                     "/page/connection/-1", "/page/connection/1x", "/page/connection/99999999"):
            self.assertEqual(ask(path)[0], 404, path)
        for path in ("/", "/page/stream", "/page/connections", "/page/main.js"):
            self.assertEqual(ask(path, "POST")[0], 405, path)
            self.assertEqual(ask(path, Host="evil.example")[0], 421, path)
        self.assertEqual(ask("/page/connections?filter=" + "x" * 5000)[0], 431)

    def test_head(self) -> None:
        for path in ("/", "/page/stream", "/page/connections"):
            self.assertEqual(ask(path, "HEAD")[::2], (200, b""), path)

    # --- tables ------------------------------------------------------------------------------------

    def test_diagram(self) -> None:
        edges = {(row["from"], row["to"]): row["cause"] for row in get("/page/diagram.json")}
        self.assertEqual(len(edges), 27)
        self.assertEqual(len({state for edge in edges for state in edge}), 11)
        for source, target, cause in LIFE:
            self.assertEqual(edges[source, target], cause)
        self.assertEqual(edges["TIME_WAIT", "CLOSED"], "timeout=2MSL")

    def test_rows_are_those_of_ls(self) -> None:
        conn_id, _ = self.establish()
        ours = get(f"/page/connections?filter=dst%20{HOST4}%20state%20established")
        theirs = {row["id"]: row for row in self.ctl("ls", f"dst {HOST4} state established")}
        row = next(row for row in ours["rows"] if row["id"] == conn_id)
        self.assertEqual({key: row[key] for key in theirs[conn_id]}, theirs[conn_id])
        self.assertEqual(row["program"], row["owner"]["program"])
        self.assertEqual(row["pid"], row["owner"]["pid"])
        self.assertGreater(row["srtt_us"], 0)
        self.assertEqual(ours["total"], len(theirs))

    def test_pages_in_any_order(self) -> None:
        for _ in range(5):
            self.establish()
        for sort in ("id", "-id", "-remote", "-age", "uid", "program", "state"):
            whole = get(f"/page/connections?sort={sort}&limit=200")
            self.assertIsNone(whole["next"])
            self.assertEqual(whole["total"], len(whole["rows"]))
            ids, after = [], ""
            while after is not None:
                part = get(f"/page/connections?sort={sort}&limit=2&after={quote(after)}")
                self.assertEqual(part["total"], whole["total"])
                ids += [row["id"] for row in part["rows"]]
                after = part["next"]
            self.assertEqual(ids, [row["id"] for row in whole["rows"]], sort)
        ids = [row["id"] for row in get("/page/connections?sort=-id")["rows"]]
        self.assertEqual(ids, sorted(ids, reverse=True))

    def test_wrong_arguments(self) -> None:
        for query, word in (("filter=dport%20%3D", "port"), ("filter=state%20x", "state"),
                            ("filter=dst%20name.example", "address"), ("sort=x", "column"),
                            ("limit=0", "limit"), ("limit=201", "limit"), ("after=x", "after"),
                            ("filter=%FF", "")):
            self.assertIn(word, get("/page/connections?" + query, 400)["error"])
        self.assertIn("number", get("/page/stream?connection=x", 400)["error"])

    def test_details_are_those_of_tcpctl(self) -> None:
        conn_id, _ = self.establish()
        detail = get(f"/page/connection/{conn_id}")
        show = self.ctl("show", conn_id)
        self.assertEqual(set(detail["show"]), set(show))
        for key in ("id", "state", "local", "remote", "iss", "irs", "owner", "congestion_control"):
            self.assertEqual(detail["show"][key], show[key], key)
        explain = self.ctl("explain", conn_id)
        self.assertEqual(set(detail["explain"]), set(explain))
        self.assertEqual(detail["explain"]["situation"], explain["situation"])
        self.assertEqual(detail["history"], self.ctl("history", conn_id, "--notes"))

    def test_what_is_gone_is_remembered(self) -> None:
        conn_id, _ = self.establish()
        self.tcpctl("abort", conn_id)
        detail = get(f"/page/connection/{conn_id}")
        self.assertIsNone(detail["show"])
        self.assertEqual(detail["history"], self.ctl("history", conn_id, "--notes"))
        self.assertEqual(detail["history"][-1]["to"], "CLOSED")

    def test_listeners(self) -> None:
        listener = self.ctl("listen", 7001)["id"]
        self.addCleanup(self.end, listener)
        client = self.kernel_client(7001)
        self.addCleanup(client.close)
        row = harness.wait_for(
            lambda: next((row for row in get("/page/listeners")
                          if row["id"] == listener and row["queue"] == 1), None))
        self.assertEqual(row["drops"], 0)
        self.assertEqual(row["backlog"], self.find(id=listener)["send_queue_bytes"])
        self.assertTrue(row["local"].endswith(":7001"))

    def test_health(self) -> None:
        self.assertEqual(get("/page/health"), self.ctl("explain"))

    # --- the stream --------------------------------------------------------------------------------

    def test_a_life_moves_along_its_edges(self) -> None:
        stream = self.stream()
        name, hello = stream.next()
        self.assertEqual(name, "hello")
        self.assertEqual(hello["tap"], {"name": harness.TAP, "is_up": True})
        name, first = stream.next()
        self.assertEqual((name, first["moves"], first["lost"]), ("state", [], 0))
        self.assertEqual(len(first["states"]), 11)
        conn_id, peer = self.establish()
        self.tcpctl("close", conn_id)
        peer.close()
        moves = {}

        def note(name, event):
            for move in event["moves"] if name == "state" else []:
                edge = move["from"], move["to"], move["cause"]
                moves[edge] = moves.get(edge, 0) + move["count"]
            return any(edge[1] == "TIME_WAIT" for edge in moves)
        events = stream.until(note)
        for edge in LIFE:
            self.assertEqual(moves.get(edge), 1, moves)
        last = events[-1][1]
        self.assertGreater(last["states"]["TIME_WAIT"], 0)
        self.assertEqual(last["time_wait"]["count"], last["states"]["TIME_WAIT"])
        self.assertGreater(sum(event["rates"]["segments_out"] for name, event in events
                               if name == "state"), 0)
        stream.until(lambda name, event: name == "state" and sum(event["time_wait"]["remaining"]))
        rows = get("/page/time-wait")
        self.assertIn(conn_id, [row["id"] for row in rows])
        self.assertEqual(set(rows[0]), set(self.ctl("tw")[0]))
        self.assertEqual(len(get("/page/connections?filter=state%20time-wait")["rows"]), len(rows))

    def test_a_watched_connection(self) -> None:
        conn_id, peer = self.establish()
        show = self.ctl("show", conn_id)
        stream = self.stream(f"?connection={conn_id}")
        name, sample = stream.until(lambda name, event: name == "sample")[-1]
        self.assertEqual(sample["cwnd_bytes"], show["cwnd_bytes"])
        self.assertIsNone(sample["ssthresh_bytes"])
        self.tcpctl("send", conn_id, input=b"hello")
        self.assertEqual(harness.recv_exactly(peer, 5), b"hello")
        ack = stream.until(lambda name, event: name == "segment" and event["direction"] == "in")
        data = next(event for name, event in ack if name == "segment")
        self.assertEqual((data["direction"], data["seq"], data["len"], data["skipped"]),
                         ("out", 1, 5, 0))
        self.assertEqual(data["raw_seq"], (show["iss"] + 1) % 2**32)
        self.assertEqual(set(data["flags"].split(",")) - {"PSH"}, {"ACK"})
        self.assertEqual((ack[-1][1]["ack"], ack[-1][1]["len"]), (6, 0))
        self.tcpctl("abort", conn_id)
        reset = stream.until(lambda name, event: name == "gone")
        self.assertIn("RST", next(event["flags"] for name, event in reset if name == "segment"))

    def test_nobody_starves(self) -> None:
        """Viewers, some of whom never read, leave the rest of the server alone."""
        streams = [self.viewer() for _ in range(STREAMS_MAX)]
        status, headers, body = ask("/page/stream")
        self.assertEqual((status, headers["Retry-After"]), (503, "5"))
        self.assertIn("error", json.loads(body))
        for _ in range(20):
            self.assertEqual(ask("/metrics")[0], 200)
            self.assertEqual(ask("/healthz")[0], 200)
        streams[0].close()
        harness.wait_for(lambda: ask("/page/stream", "HEAD")[0] == 200, what="a place")


class Off(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.stop_daemon()
        cls.start_daemon("--set", "http_page=no")

    def test_metrics_stay(self) -> None:
        for path in ("/", "/page/stream", "/page/connections", "/page/chart.js"):
            self.assertEqual(ask(path)[0], 404, path)
        self.assertEqual(ask("/metrics")[0], 200)


if __name__ == "__main__":
    harness.main()
