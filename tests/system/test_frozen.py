"""A daemon that was stopped (SIGSTOP, a frozen host) counts no time in which it did not run: what
came meanwhile is read first."""
import contextlib
import hashlib
import signal
import socket
import threading
import time
import unittest

import harness
from harness import ENGINE4, HOST4, KernelSink, wait_for
from ipc import Link, RpcError, endpoint, frame, hello, pb
from rawpeer import RawConnection

FROZEN = 4.0
CHUNK = 64 << 10
PIECES = 48  # of a MiB


class Frozen(harness.SystemTest):
    """Every give-up of TCP comes sooner than the daemon is stopped for."""

    daemon_arguments = ("--set", "user_timeout=2s", "--set", "r2_retries=3", "--set", "r1_retries=2",
                        "--set", "rto_min=20ms", "--set", "keepalive_idle=1s", "--set",
                        "keepalive_interval=500ms", "--set", "keepalive_probes_max=2", "--set",
                        "session_grace=1s")

    @contextlib.contextmanager
    def frozen(self, seconds: float = FROZEN):
        self.daemon.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        try:
            yield
            time.sleep(max(0.0, started + seconds - time.monotonic()))
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    def late(self) -> int:
        import urllib.request
        text = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read().decode()
        line = [line for line in text.splitlines() if line.startswith("tcpengine_loop_late_total")]
        return int(line[0].split()[-1])

    # --- connections ----------------------------------------------------------------------------

    def test_transfer_outlives_user_timeout_and_r2(self) -> None:
        """The ACKs of what was in flight wait in the TAP for longer than both."""
        data = harness.RANDOM.randbytes(1 << 20)
        digest = hashlib.sha256(data * PIECES).hexdigest()
        sink = KernelSink()
        client = self.client()
        conn_id = client.call("open", remote=endpoint(HOST4, sink.port), wait_ms=5000).id
        sent, failed = [0], []

        def send() -> None:
            try:
                while (at := sent[0]) < PIECES << 20:
                    start = at % (1 << 20)
                    sent[0] = client.call("send", id=conn_id, offset=at, wait_ms=20000,
                                          data=data[start:start + CHUNK]).accepted_to
                    time.sleep(0.001)
                client.call("shutdown", id=conn_id)
            except RpcError as error:
                failed.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(3):
            before = sink.count
            wait_for(lambda: sink.count > before or failed, what="progress")
            with self.frozen():
                pass
        sender.join()
        self.assertEqual(failed, [])
        self.assertEqual(sink.finish(), digest)
        self.assertGreater(self.late(), 0)

    def established(self, client, port: int, **options):
        """A connection to a host of single segments: the peer's end, and its id."""
        peer = RawConnection(self.raw_peer(), ENGINE4, port, 0)
        conn_id = client.call("open", remote=endpoint(peer.peer.address, port)).id
        peer.answer_open()
        self.wait_state(conn_id, "ESTABLISHED")
        for name, value in options.items():
            client.call("set_option", id=conn_id, name=name, value=value)
        return peer, conn_id

    def test_ack_that_came_in_time_counts(self) -> None:
        """The user timeout (2 s) and the retransmission timer came due while it waited unread."""
        client = self.client()
        peer, conn_id = self.established(client, 81)
        for round_number in range(3):
            client.call("send", id=conn_id, offset=round_number, data=b"x")
            peer.expect("A")
            with self.frozen():
                peer.send("A")
            time.sleep(0.5)
            shown = self.ctl("show", conn_id)
            self.assertEqual((shown["state"], shown["retransmits"]), ("ESTABLISHED", 0))
            peer.peer.expect_none(0.1)
        client.call("abort", id=conn_id)

    def test_answered_probes_count(self) -> None:
        """Two unanswered keepalive probes end a connection: they were answered, unread."""
        client = self.client()
        peer, conn_id = self.established(client, 82, keepalive=1)
        peer.expect("A")  # after 1 s the first probe, after 500 ms the second
        peer.expect("A")
        with self.frozen():
            peer.send("A")
        time.sleep(0.3)
        self.assertEqual(self.state_of(conn_id), "ESTABLISHED")
        client.call("abort", id=conn_id)

    def test_idle_connection_outlives_keepalive(self) -> None:
        server = self.kernel_server()
        client = self.client()
        conn_id = client.call("open", remote=endpoint(HOST4, server.getsockname()[1]),
                              wait_ms=5000).id
        accepted, _ = server.accept()
        with accepted:
            client.call("set_option", id=conn_id, name="keepalive", value=1)
            for _ in range(3):
                time.sleep(1.1)  # probes are on their way
                with self.frozen():
                    pass
            self.assertEqual(self.state_of(conn_id), "ESTABLISHED")
            accepted.sendall(b"alive")
            self.assertEqual(client.call("receive", id=conn_id, wait_ms=5000).data, b"alive")
            client.call("abort", id=conn_id)

    # --- clients --------------------------------------------------------------------------------

    def status_request(self, number: int) -> bytes:
        request = pb.Request(api_major=1, request_id=number)
        request.daemon_status.SetInParent()
        return request.SerializeToString()

    def test_greeting_that_waits_unread(self) -> None:
        with Link(str(self.daemon.control), greet=False) as link:
            time.sleep(0.2)  # the daemon has time to accept
            with self.frozen():
                link.socket.sendall(hello())
            self.assertEqual(link.read_exactly(8)[:3], b"\0SP")
            link.send(self.status_request(1), 1)
            self.assertEqual(link.receive()[0], 1)

    def test_message_whose_end_waits_unread(self) -> None:
        data = frame(self.status_request(7), 7)
        with Link(str(self.daemon.control)) as link:
            link.socket.sendall(data[:-4])
            time.sleep(0.2)
            with self.frozen(6.5):  # a message may take 5 s
                link.socket.sendall(data[-4:])
            self.assertEqual(link.receive()[0], 7)

    def test_host_frozen_with_its_clients(self) -> None:
        """The client was stopped as well, and comes to write only after the daemon runs again."""
        data = frame(self.status_request(9), 9)
        with Link(str(self.daemon.control)) as link:
            link.socket.sendall(data[:-4])
            time.sleep(0.2)
            with self.frozen(6.5):
                pass
            time.sleep(0.5)
            link.socket.sendall(data[-4:])
            self.assertEqual(link.receive()[0], 9)

    def test_paused_link_whose_client_reads_meanwhile(self) -> None:
        """Its reading is paused for unread answers. It reads them while the daemon is stopped."""
        request = pb.Request(api_major=1)
        request.counters.SetInParent()
        asked = frame(request.SerializeToString())
        with Link(str(self.daemon.control), timeout=5) as link:
            link.socket.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                while True:
                    link.socket.sendall(asked * 16)  # until the daemon takes no more
            with self.frozen(3):
                link.socket.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while link.socket.recv(1 << 20):
                        pass
            link.socket.settimeout(5)
            seen = 0
            while seen < 1 << 20:  # more than the socket held
                piece = link.socket.recv(1 << 20)
                self.assertNotEqual(piece, b"", "the daemon closed the link")
                seen += len(piece)

    def test_session_whose_client_has_come_back_unheard(self) -> None:
        server = self.kernel_server()
        client = self.client()
        attached = client.attach(policy=pb.POLICY_ABORT)
        conn_id = client.call("open", remote=endpoint(HOST4, server.getsockname()[1]),
                              wait_ms=5000).id
        client.close()
        time.sleep(0.2)
        request = pb.Request(api_major=1, request_id=5)
        request.attach.token = attached.token
        with Link(str(self.daemon.control), greet=False) as link:
            with self.frozen():
                link.socket.sendall(hello() + frame(request.SerializeToString(), 5))
            self.assertEqual(link.read_exactly(8)[:3], b"\0SP")
            response = pb.Response.FromString(link.receive()[1])
            self.assertEqual(response.status.code, pb.OK, response.status.message)
            self.assertIn(conn_id, list(response.attach.ids))
            self.assertEqual(self.state_of(conn_id), "ESTABLISHED")

    def test_wait_is_answered_by_what_came_meanwhile(self) -> None:
        """Accept had 1 s; the connection came, and the daemon was stopped for longer."""
        client = self.client()
        listener = client.call("open", passive=True, local=endpoint(port=4711)).id
        found = []

        def accept() -> None:
            found.append(client.call("accept", listener_id=listener, wait_ms=1000))

        waiter = threading.Thread(target=accept)
        waiter.start()
        time.sleep(0.2)
        with self.frozen(3):
            peer = socket.socket()
            self.addCleanup(peer.close)
            peer.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                peer.connect((ENGINE4, 4711))
        waiter.join()
        self.assertEqual(len(found), 1)
        client.call("abort", id=listener)


if __name__ == "__main__":
    harness.main()
