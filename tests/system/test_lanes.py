"""tcpctl connect, serve, send and receive move bytes by a channel, or by requests where there is none:
nobody who uses them sees which."""
import base64
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
from harness import HOST4, Process, recv_exactly, wait_for
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

    def connected(self) -> tuple[Process, socket.socket, int]:
        """tcpctl connect whose peer has its first bytes; the descriptor is for more input."""
        reader, writer = os.pipe()
        tcpctl = self.tcpctl_process("connect", "connect", HOST4, self.port, stdin=reader)
        os.close(reader)
        peer = self.accept()
        os.write(writer, b"hello")
        self.assertEqual(recv_exactly(peer, 5), b"hello")
        return tcpctl, peer, writer

    def failure(self, act) -> tuple[int, str]:
        """How tcpctl connect ends, with input that does not, after act(its peer, its process)."""
        tcpctl, peer, writer = self.connected()
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
        tcpctl, peer, writer = self.connected()
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

    # --- send and receive -----------------------------------------------------------------------

    def opened(self) -> tuple[int, socket.socket]:
        conn_id = self.ctl("open", HOST4, self.port, "--wait")["id"]
        self.addCleanup(harness.run, harness.TCPCTL, "--control", self.daemon.url, "abort", conn_id,
                        check=False)
        return conn_id, self.accept()

    def check_few_requests(self, before: int, bytes_moved: int) -> None:
        used = requests("send") + requests("receive") - before
        if self.is_by_channel:
            self.assertLess(used, 12)
        else:
            self.assertGreater(used, bytes_moved // 262_144)

    def test_send(self) -> None:
        """More than a ring holds, from a file and from a pipe, and the next one behind it."""
        conn_id, peer = self.opened()
        ours = os.urandom(9_000_000)
        (self.folder / "ours").write_bytes(ours)
        got: list[bytes] = []
        reader = threading.Thread(target=lambda: got.append(recv_exactly(peer, 2 * len(ours) + 3)))
        reader.start()
        told = self.ctl("send", conn_id, self.folder / "ours")
        self.assertEqual(told, {"id": conn_id, "bytes": len(ours)})
        self.tcpctl("send", conn_id, input=b"and")
        self.tcpctl("send", conn_id, "-", input=ours)
        reader.join()
        self.assertTrue(got[0] == ours + b"and" + ours)
        self.check_few_requests(self.before, 2 * len(ours))

    def test_send_does_not_wait_for_the_peer(self) -> None:
        """What is accepted is the daemon's; it leaves later, in order, with what follows."""
        conn_id, peer = self.opened()
        pieces = [os.urandom(20_000) for _ in range(3)]
        for piece in pieces:
            self.tcpctl("send", conn_id, input=piece)
        self.tcpctl("shutdown", conn_id)
        self.assertTrue(recv_exactly(peer, 60_000) == b"".join(pieces))
        self.assertEqual(peer.recv(1), b"")

    def test_receive(self) -> None:
        conn_id, peer = self.opened()
        theirs = os.urandom(7_000_000)
        sender = threading.Thread(target=lambda: (peer.sendall(theirs), peer.shutdown(socket.SHUT_WR)))
        sender.start()
        got = self.tcpctl("receive", conn_id, "--max", 1_000_003, "--wait", 10).stdout
        while len(got) < 1_000_003:
            got += self.tcpctl("receive", conn_id, "--max", 1_000_003 - len(got), "--wait", 10).stdout
        self.assertEqual(len(got), 1_000_003)
        told = self.ctl("receive", conn_id, "--max", 10, "--wait", 10)
        self.assertEqual((told["offset"], told["bytes"], told["end"]), (1_000_003, 10, False))
        got += base64.b64decode(told["data_base64"])
        while len(got) < len(theirs):
            piece = self.tcpctl("receive", conn_id, "--wait", 10).stdout
            self.assertTrue(piece)
            got += piece
        sender.join()
        self.assertTrue(got == theirs)
        self.assertEqual(self.tcpctl("receive", conn_id, "--wait", 1).stdout, b"")

    def test_a_backlog_is_received_at_once(self) -> None:
        """What has come is printed to its last byte, and nobody waits for more."""
        conn_id, peer = self.opened()
        theirs = os.urandom(60_000)
        peer.sendall(theirs)
        wait_for(lambda: self.ctl("show", conn_id)["receive_queue_bytes"] == len(theirs), what="all of it")
        before = requests("send") + requests("receive")
        self.assertTrue(self.tcpctl("receive", conn_id).stdout == theirs)
        self.assertLess(requests("send") + requests("receive") - before, 6)
        self.assertIn(b"nothing was received (EAGAIN)", self.tcpctl("receive", conn_id, status=5).stderr)

    def test_both_at_once(self) -> None:
        """Two programs, one direction each; whichever is first."""
        ours, theirs = os.urandom(5_000_000), os.urandom(5_000_000)
        for first in ("send", "receive"):
            with self.subTest(first=first):
                conn_id, peer = self.opened()
                (self.folder / "ours").write_bytes(ours)
                sender = threading.Thread(target=peer.sendall, args=(theirs,))
                started = {"send": ("send", conn_id, self.folder / "ours"),
                           "receive": ("receive", conn_id, "--wait", 10)}
                one = self.tcpctl_process(f"{first}-first", *started.pop(first))
                two = self.tcpctl_process(f"{first}-second", *started.popitem()[1])
                sender.start()
                self.assertTrue(recv_exactly(peer, len(ours)) == ours)
                self.assertEqual((one.wait(20), two.wait(20)), (0, 0), one.log + two.log)
                got = (one if first == "receive" else two).output
                while len(got) < len(theirs):
                    got += self.tcpctl("receive", conn_id, "--wait", 10).stdout
                sender.join()
                self.assertTrue(got == theirs)

    def sent(self, conn_id: int, *options, **more) -> tuple[int, str]:
        """How tcpctl send ends."""
        done = harness.run(harness.TCPCTL, "--control", self.daemon.url, *options, "send", conn_id,
                           check=False, **more)
        log = done.stderr.decode().replace(str(self.port), "PORT")
        return done.returncode, re.sub(rf"\b{conn_id}\b", "ID", log)

    def test_send_to_a_peer_that_reads_nothing(self) -> None:
        conn_id, _ = self.opened()
        self.assertEqual(self.sent(conn_id, "--timeout", 1, input=bytes(40_000_000)), self.FULL)

    def test_send_what_nobody_takes(self) -> None:
        conn_id, peer = self.opened()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        peer.close()
        wait_for(lambda: self.find(state="ESTABLISHED") is None, what="the reset")
        self.assertEqual(self.sent(conn_id, input=b"x"), self.SENT_RESET)
        conn_id, peer = self.opened()
        self.tcpctl("shutdown", conn_id)
        self.assertEqual(self.sent(conn_id, input=b"x"), self.SENT_CLOSED)

    def test_send_is_interrupted(self) -> None:
        """What was read before is on its way, and the connection is as good as ever."""
        conn_id, peer = self.opened()
        reader, writer = os.pipe()
        tcpctl = self.tcpctl_process("send", "send", conn_id, stdin=reader)
        os.close(reader)
        os.write(writer, b"first ")
        self.assertEqual(recv_exactly(peer, 6), b"first ")
        tcpctl.child.send_signal(signal.SIGINT)
        self.assertEqual(tcpctl.wait(5), -signal.SIGINT)
        os.close(writer)
        wait_for(lambda: self.sent(conn_id, input=b"second")[0] == 0, what="the connection")
        self.assertEqual(recv_exactly(peer, 6), b"second")

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
    SENT = "tcpctl: send ID: "
    FULL = (5, f"{SENT}the send buffer is full, and the peer takes no data (EAGAIN)\n")
    SENT_RESET = (1, f"{SENT}connection ID to {HOST4}:PORT: reset: RST from peer (ECONNRESET); the peer "
                  "gave up the connection; open another one\n")
    SENT_CLOSED = (1, f"{SENT}connection ID to {HOST4}:PORT: connection closing: it was closed or shut "
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
