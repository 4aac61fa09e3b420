"""tcpctl connect and serve move bytes by a channel, or by requests where there is none: nobody who
uses them sees which."""
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

import harness
from harness import HOST4, recv_exactly, wait_for
from rawchannel import RawChannel

PORT = 7000


def requests(verb: str) -> int:
    with urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10) as page:
        rows = page.read().decode().splitlines()
    row = next(row for row in rows if row.lower().startswith(f'tcpengine_rpc_requests_total{{verb="{verb}"}}'.lower()))
    return int(row.split()[1])


class Lanes:
    """What is the same in both ways."""

    is_by_channel = True

    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.port = self.server.getsockname()[1]
        self.before = requests("send") + requests("receive")

    def check_way(self) -> None:
        """Whether bytes were in requests. Shutdown and close are, either way."""
        used = requests("send") + requests("receive") - self.before
        self.assertEqual(used == 0, self.is_by_channel, used)

    def accept(self) -> socket.socket:
        peer, _ = self.server.accept()
        peer.settimeout(15)
        self.addCleanup(peer.close)
        return peer

    def test_a_file_each_way(self) -> None:
        """More than a ring holds, both ways at once."""
        ours, theirs = os.urandom(9_000_000), os.urandom(7_000_000)
        (self.folder / "ours").write_bytes(ours)
        with (self.folder / "ours").open("rb") as stdin:
            tcpctl = self.tcpctl_process("connect", "--json", "connect", "-N", HOST4, self.port,
                                         stdin=stdin)
            peer = self.accept()
            sender = threading.Thread(target=lambda: (peer.sendall(theirs),
                                                      peer.shutdown(socket.SHUT_WR)))
            sender.start()
            got = recv_exactly(peer, len(ours))
            self.assertEqual(peer.recv(1), b"")
            sender.join()
        self.assertEqual(tcpctl.wait(20), 0, tcpctl.log)
        self.assertEqual(hashlib.sha256(got).digest(), hashlib.sha256(ours).digest())
        self.assertEqual(hashlib.sha256(tcpctl.out_path.read_bytes()).digest(),
                         hashlib.sha256(theirs).digest())
        told = json.loads(tcpctl.log)
        self.assertEqual((told["bytes_sent"], told["bytes_received"]), (len(ours), len(theirs)))
        self.check_way()

    def test_last_bytes_before_the_end(self) -> None:
        """What was written immediately before the program ended arrives."""
        for size in (1, 100_000):
            with self.subTest(size=size):
                tcpctl = self.tcpctl_process(f"connect-{size}", "connect", HOST4, self.port,
                                             stdin=self.piece(size))
                peer = self.accept()
                peer.shutdown(socket.SHUT_WR)
                self.assertEqual(len(recv_exactly(peer, size)), size)
                self.assertEqual(peer.recv(1), b"")
                self.assertEqual(tcpctl.wait(20), 0, tcpctl.log)

    def piece(self, size: int):
        """A file of random bytes, open."""
        path = self.folder / f"piece-{size}"
        path.write_bytes(os.urandom(size))
        file = path.open("rb")
        self.addCleanup(file.close)
        return file

    def test_serve_one_after_the_other(self) -> None:
        tcpctl = self.tcpctl_process("serve", "serve", "-k", "-N", PORT,
                                     stdin=self.piece(50_000))
        wait_for(lambda: self.find(state="LISTEN"), what="the listener")
        for number in range(5):
            with self.kernel_client(PORT) as client:
                client.sendall(b"%d" % number)
                self.assertEqual(len(recv_exactly(client, 50_000)), 50_000)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(1), b"")
        wait_for(lambda: tcpctl.output == b"01234", what="what the clients sent")
        self.check_way()
        tcpctl.child.send_signal(signal.SIGTERM)
        self.assertEqual(tcpctl.wait(5), -signal.SIGTERM)
        wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")

    def test_output_that_nobody_reads(self) -> None:
        """Does not stop the input."""
        words = [harness.TCPCTL, "--control", self.daemon.url, "connect", HOST4, self.port]
        with subprocess.Popen([str(word) for word in words], stdin=self.piece(6_000_000),
                              stdout=subprocess.PIPE) as tcpctl:
            peer = self.accept()
            peer.sendall(b"x" * 200_000)
            self.assertEqual(len(recv_exactly(peer, 6_000_000)), 6_000_000)
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(len(tcpctl.stdout.read()), 200_000)
        self.assertEqual(tcpctl.returncode, 0)

    def failure(self, act) -> tuple[int, str]:
        """How tcpctl connect ends, with input that does not, after act(its peer, its process)."""
        reader, writer = os.pipe()
        tcpctl = self.tcpctl_process("connect", "connect", HOST4, self.port, stdin=reader)
        os.close(reader)
        peer = self.accept()
        os.write(writer, b"hello")
        self.assertEqual(recv_exactly(peer, 5), b"hello")
        act(peer, tcpctl)
        status = tcpctl.wait(20)
        os.close(writer)
        return status, self.told(tcpctl)

    def told(self, tcpctl) -> str:
        log = tcpctl.log.replace(str(self.port), "PORT").replace(self.daemon.url, "URL")
        return re.sub(r"connection \d+", "connection ID", log)

    def test_the_peer_resets(self) -> None:
        def reset(peer: socket.socket, _) -> None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            peer.close()
        self.assertEqual(self.failure(reset), self.RESET)

    def test_aborted_from_elsewhere(self) -> None:
        def abort(*_) -> None:
            self.tcpctl("abort", self.find(state="ESTABLISHED")["id"])
        self.assertEqual(self.failure(abort), self.ABORTED)

    def test_closed_from_elsewhere(self) -> None:
        """Whoever waits for the peer then, or has more input, is told."""
        reader, writer = os.pipe()
        tcpctl = self.tcpctl_process("connect", "connect", HOST4, self.port, stdin=reader)
        os.close(reader)
        peer = self.accept()
        os.write(writer, b"hello")
        self.assertEqual(recv_exactly(peer, 5), b"hello")
        self.tcpctl("close", self.find(state="ESTABLISHED")["id"])
        self.assertEqual(peer.recv(1), b"")
        with contextlib.suppress(BrokenPipeError):  # a channel's has ended already
            os.write(writer, b"too late")
        time.sleep(0.5)
        peer.close()
        status = tcpctl.wait(20)
        os.close(writer)
        self.assertEqual((status, self.told(tcpctl)), self.CLOSED)

    def test_the_daemon_dies(self) -> None:
        status, log = self.failure(lambda *_: self.daemon.stop(signal.SIGKILL))
        self.start_daemon()
        self.assertEqual((status, log), self.GONE)

    def test_a_signal(self) -> None:
        """The peer sees an end, and everything before it."""
        def interrupt(peer: socket.socket, tcpctl) -> None:
            tcpctl.child.send_signal(signal.SIGINT)
            self.assertEqual(peer.recv(1), b"")
        self.assertEqual(self.failure(interrupt), (-signal.SIGINT, ""))

    def test_idle_for_too_long(self) -> None:
        start = time.monotonic()
        reader, writer = os.pipe()
        tcpctl = self.tcpctl_process("connect", "connect", "-w", 1, HOST4, self.port, stdin=reader)
        peer = self.accept()
        self.assertEqual(tcpctl.wait(20), 0, tcpctl.log)
        self.assertGreaterEqual(time.monotonic() - start, 1)
        self.assertEqual(peer.recv(1), b"")
        os.close(reader)
        os.close(writer)

    # Word for word the same, whichever way the bytes went.
    TOLD = f"tcpctl: connect {HOST4}:PORT: "
    RESET = (1, f"{TOLD}connection ID to {HOST4}:PORT: reset: RST from peer (ECONNRESET); "
             "the peer gave up the connection; open another one\n")
    ABORTED = (1, f"{TOLD}connection ID to {HOST4}:PORT is gone: ABORT (ENOTCONN); "
               "see tcpctl ls, or tcpctl history for what has ended\n")
    CLOSED = (1, f"{TOLD}connection ID to {HOST4}:PORT: connection closing: it was closed or shut "
              "down before (EPIPE); nothing more can be sent on it\n")
    GONE = (3, f"{TOLD}no daemon at URL (ECONNREFUSED); is tcpengined running?\n")


class ByChannel(Lanes, harness.SystemTest):
    pass


class ByRequests(Lanes, harness.SystemTest):
    """There are no channels."""

    is_by_channel = False
    daemon_arguments = ("--set", "channels_max=0")


class Refused(Lanes, harness.SystemTest):
    """All channels that this user may have are in use."""

    is_by_channel = False
    daemon_arguments = ("--set", "channels_per_uid_max=1")

    def setUp(self) -> None:
        self.hold()
        super().setUp()

    def hold(self) -> None:
        self.addCleanup(RawChannel(self.daemon.url).close)


if __name__ == "__main__":
    harness.main()
