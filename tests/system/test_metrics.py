"""/metrics for Prometheus, /healthz, the live page, and misbehaving HTTP clients."""
import re
import socket
import time
import unittest
import urllib.error
import urllib.request

from prometheus_client.openmetrics import parser

import harness
from harness import HOST4, run

STATES = ["CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
          "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"]
COUNTERS = ["active_opens", "passive_opens", "attempt_fails", "established_resets",
            "segments_received", "segments_sent", "segments_retransmitted", "receive_errors",
            "resets_sent"]
GAUGES = ["connections", "listeners", "orphans", "time_wait"]
BASE = "http://127.0.0.1:9409"
# As Prometheus 2.42 asks.
OPEN_METRICS = ("application/openmetrics-text;version=1.0.0,"
                "application/openmetrics-text;version=0.0.1;q=0.75,"
                "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


def get(path: str, method: str = "GET", accept: str = "") -> tuple[int, str, str]:
    headers = {"Accept": accept} if accept else {}
    request = urllib.request.Request(BASE + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"] or "", answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, "", ""


class Metrics(harness.SystemTest):
    def samples(self) -> dict[str, float]:
        rows = re.findall(r"^(tcpengine_\S+) (\S+)$", get("/metrics")[2], re.MULTILINE)
        return {name: float(value) for name, value in rows}

    def check_formats(self) -> None:
        """Both are right, and have the same series."""
        status, kind, text = get("/metrics")
        self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        done = run("promtool", "check", "metrics", input=text.encode(), check=False)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))
        status, kind, page = get("/metrics", accept=OPEN_METRICS)
        self.assertEqual((status, kind),
                         (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        families = list(parser.text_string_to_metric_families(page))
        names = {sample.name for family in families for sample in family.samples}
        plain = {re.sub(r"(_age_seconds_)(sum|count)$", r"\1g\2", name)
                 for name in re.findall(r"(?m)^(\w+)[ {]", text)}
        self.assertEqual(names, plain)
        for family in families:
            unit = re.search(r"_(seconds|bytes)$", family.name)
            self.assertEqual(family.unit, unit[1] if unit else "", family.name)

    def test_formats(self) -> None:
        self.check_formats()

    def test_formats_under_load(self) -> None:
        """A listener whose program does not accept, connections in CLOSE_WAIT and FIN_WAIT_2."""
        listener = self.ctl("listen", "7001", "--backlog", "1")["id"]
        server = self.kernel_server()
        ids = [self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"] for _ in range(2)]
        ends = [server.accept()[0] for _ in ids]
        ends[0].close()
        self.wait_state(ids[0], "CLOSE_WAIT")
        self.tcpctl("shutdown", ids[1])
        self.wait_state(ids[1], "FIN_WAIT_2")
        clients = []
        for _ in range(3):
            clients.append(socket.socket())
            clients[-1].setblocking(False)
            clients[-1].connect_ex((harness.ENGINE4, 7001))
        dropped = ('tcpengine_tcp_listener_dropped_total'
                   '{listener="*:7001",reason="accept_queue_full"}')
        harness.wait_for(lambda: self.samples().get(dropped, 0) > 0, 10, "a drop")
        samples = self.samples()
        self.assertEqual(samples['tcpengine_tcp_listener_accept_queue{listener="*:7001"}'], 1)
        self.assertEqual(samples['tcpengine_tcp_listener_accept_queue_max{listener="*:7001"}'], 1)
        self.assertEqual(samples["tcpengine_tcp_close_wait_age_seconds_count"], 1)
        self.assertEqual(samples["tcpengine_tcp_fin_wait_2_age_seconds_count"], 1)
        self.assertGreater(samples['tcpengine_dropped_total{reason="accept_queue_full"}'], 0)
        self.assertGreater(samples['tcpengine_rpc_latency_seconds_count{verb="Open"}'], 2)
        self.check_formats()
        for thing in [*clients, *ends, server]:
            thing.close()
        for number in [*ids, listener]:
            self.tcpctl("abort", number)

    def test_promised_names(self) -> None:
        samples = self.samples()
        for state in STATES:
            self.assertIn(f'tcpengine_tcp_connection_states{{state="{state}"}}', samples)
        for name in COUNTERS:
            self.assertIn(f"tcpengine_tcp_{name}_total", samples)
        for name in GAUGES:
            self.assertGreater(samples[f"tcpengine_tcp_{name}_max"],
                               samples[f"tcpengine_tcp_{name}"])

    def test_the_page_of_names(self) -> None:
        """docs/metrics.md says which of ours is which of Linux's."""
        page = (harness.ROOT / "docs" / "metrics.md").read_text()
        named = re.findall(r"`(tcpengine_\w+)(?:\{[^`]*\})?`", page)
        self.assertGreater(len(named), 50)
        families = set(re.findall(r"(?m)^# TYPE (\S+)", get("/metrics")[2]))
        self.assertEqual(set(named) - families, set())

    def test_numbers_follow_connections(self) -> None:
        before = self.samples()
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        during = self.samples()
        key = 'tcpengine_tcp_connection_states{state="ESTABLISHED"}'
        self.assertEqual(during[key], before[key] + 1)
        opens = "tcpengine_tcp_active_opens_total"
        self.assertEqual(during[opens], before[opens] + 1)
        self.tcpctl("abort", conn_id)
        self.assertEqual(self.samples()[key], before[key])

    def test_histograms(self) -> None:
        text = get("/metrics")[2]
        for word in ("rtt", "handshake", "rpc_latency", "close_wait_age", "fin_wait_2_age",
                     "received_segment_bytes", "sent_segment_bytes"):
            self.assertRegex(text, rf"(?m)^# TYPE tcpengine_\w*{word}\w* histogram$")

    def test_nothing_per_connection(self) -> None:
        servers = [self.kernel_server() for _ in range(6)]
        ids = []
        for server in servers:
            ids.append(self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"])
            if len(ids) == 1:  # our uid's line is there from its first connection on
                lines = get("/metrics")[2].count("\n")
        self.assertEqual(get("/metrics")[2].count("\n"), lines)
        for conn_id in ids:
            self.tcpctl("abort", conn_id)

    def test_health_and_page(self) -> None:
        self.assertEqual(get("/healthz")[0], 200)
        status, kind, page = get("/")
        self.assertEqual(status, 200)
        self.assertIn("text/html", kind)
        self.assertIn("<", page)

    def test_no_such_page_and_no_such_method(self) -> None:
        self.assertEqual(get("/nothing")[0], 404)
        self.assertEqual(get("/metrics", "POST")[0], 405)

    def test_slow_and_greedy_clients(self) -> None:
        """Clients that never finish their request do not lock others out for long."""
        drippers = [socket.create_connection(("127.0.0.1", 9409), 5) for _ in range(12)]
        try:
            for dripper in drippers:
                dripper.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            deadline = time.monotonic() + 20
            while True:
                try:
                    self.assertEqual(get("/healthz")[0], 200)
                    return
                except OSError:
                    self.assertLess(time.monotonic(), deadline, "kept out by slow clients")
                    time.sleep(0.2)
        finally:
            for dripper in drippers:
                dripper.close()

    def test_head(self) -> None:
        for path in ("/metrics", "/healthz", "/"):
            done = run("curl", "-sSI", BASE + path).stdout.decode()
            self.assertTrue(done.startswith("HTTP/1.1 200 "), done)
            self.assertRegex(done, r"(?i)content-length: [1-9]")

    def test_absolute_form_and_hosts(self) -> None:
        for target, host, status in (
                (f"{BASE}/healthz", "localhost", 200), ("/healthz", "localhost:9409", 200),
                ("/healthz", "[::1]:9409", 200), ("/healthz", "evil.example", 421),
                ("http://evil.example/healthz", "localhost", 421), ("/healthz", None, 421)):
            with self.subTest(target=target, host=host):
                answer = self.ask(f"GET {target} HTTP/1.1\r\n"
                                  + (f"Host: {host}\r\n" if host else ""))
                self.assertEqual(answer.split(b" ")[1], str(status).encode())
                self.assertEqual(answer.endswith(b"\r\n\r\nok\n"), status == 200)

    @staticmethod
    def ask(head: str) -> bytes:
        with socket.create_connection(("127.0.0.1", 9409), 20) as client:
            client.sendall(head.encode() + b"\r\n")
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer

    def test_many_arguments(self) -> None:
        for count in (101, 500, 1900):
            status, _, text = get("/metrics?" + "&".join("a" for _ in range(count)))
            self.assertEqual(status, 200)
            self.assertIn("tcpengine_", text)

    def test_idle_clients_make_room(self) -> None:
        """Each waits its turn for a moment, and not for the others' deadlines of 5 s."""
        idle = [socket.create_connection(("127.0.0.1", 9409), 5) for _ in range(40)]
        try:
            before = time.monotonic()
            for _ in range(4):
                self.assertEqual(get("/healthz")[0], 200)
            self.assertLess(time.monotonic() - before, 5 * harness.PATIENCE)
        finally:
            for client in idle:
                client.close()

    def test_header_is_bounded(self) -> None:
        with socket.create_connection(("127.0.0.1", 9409), 5) as client:
            client.settimeout(10)
            with self.assertRaises(OSError):
                answer = b""
                client.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 100000)
                while piece := client.recv(65536):
                    answer += piece
                self.assertNotIn(b" 200 ", answer)
                raise ConnectionError
        self.assertEqual(get("/healthz")[0], 200)


class Remote(harness.SystemTest):
    wants_daemon = False

    def test_beyond_loopback_only_if_it_is_meant(self) -> None:
        at = f"{HOST4}:9410"
        done = run(harness.TCPENGINED, "--http", at, "--check-config", check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r"http: 10\.9\.0\.1:9410 is beyond loopback.*"
                                               r"http_allow_remote = yes")
        type(self).daemon_arguments = ("--http", at, "--set", "http_allow_remote=yes")
        daemon = self.start_daemon()
        self.assertRegex(daemon.log, rf"warning: http: {re.escape(at)} is beyond loopback")
        for host, status in ((at, b"200"), ("evil.example", b"421"),
                             (socket.gethostname() + ".example.org", b"200")):
            done = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                       f"Host: {host}", f"http://{at}/healthz")
            self.assertEqual(done.stdout, status)
        self.stop_daemon()


if __name__ == "__main__":
    harness.main()
