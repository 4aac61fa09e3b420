"""tcpctl as a Unix program: what it does with any kind of stdin and stdout, with signals, and with
a daemon that refuses or stops."""
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import tty

import harness
from harness import ENGINE4, HOST4, HOST6, at, wait_for
from ipc import Link

BIG = bytes(range(256)) * 4096  # 1 MiB
CLOSED_SETS = ("0", "1", "2", "01", "02", "12", "012")


def non_blocking_pair(kind: str) -> tuple[int, int]:
    """A descriptor to read from and one to write to, both non-blocking."""
    if kind == "pipe":
        pair = os.pipe()
    elif kind == "socket":
        ends = socket.socketpair()
        pair = ends[0].detach(), ends[1].detach()
    else:
        main, terminal = pty.openpty()
        tty.setraw(terminal)
        pair = (terminal, main) if kind == "terminal" else (main, terminal)
    for fd in pair:
        os.set_blocking(fd, False)
    return pair


class _Descriptor:
    """What subprocess takes for a file, though it is none."""

    def __init__(self, fd: int):
        self.fd = fd

    def fileno(self) -> int:
        return self.fd

    def close(self) -> None:
        os.close(self.fd)


def write_slowly(fd: int, pieces: list[bytes]) -> None:
    """Each piece when the one before has been waited for in vain for a while."""
    for piece in pieces:
        time.sleep(0.2)
        while piece:
            select.select([], [fd], [])
            piece = piece[os.write(fd, piece):]


def read_slowly(fd: int, count: int) -> bytes:
    """So slowly that the writer fills whatever is in between."""
    data = b""
    while len(data) < count:
        time.sleep(0.01)
        select.select([fd], [], [], 20)
        piece = os.read(fd, 65536)
        if not piece:
            break
        data += piece
    return data


class Streams(harness.SystemTest):
    """No byte is lost, whatever stdin and stdout are."""

    KINDS = ("pipe", "socket", "terminal")
    OUT_KINDS = ("pipe", "socket", "terminal-out")

    def start(self, *arguments, **options) -> subprocess.Popen:
        child = subprocess.Popen([str(harness.TCPCTL), "--control", self.daemon.url,
                                  *map(str, arguments)], env=dict(os.environ, NO_COLOR="1"),
                                 **options)
        self.addCleanup(child.kill)
        return child

    def start_connect(self, server: socket.socket, *arguments, **options):
        """tcpctl connect, and the peer's end of its connection."""
        child = self.start("connect", HOST4, server.getsockname()[1], *arguments, **options)
        peer, _ = server.accept()
        peer.settimeout(20 * harness.PATIENCE)
        self.addCleanup(peer.close)
        return child, peer

    def connected(self) -> tuple[int, socket.socket]:
        server = self.kernel_server()
        opened = self.ctl("open", HOST4, server.getsockname()[1], "--wait")
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        return opened["id"], accepted

    # --- stdin ----------------------------------------------------------------------------------

    def test_non_blocking_stdin_of_connect(self) -> None:
        for kind in self.KINDS:
            with self.subTest(kind):
                source, sink = non_blocking_pair(kind)
                child, peer = self.start_connect(self.kernel_server(), "-N", stdin=source,
                                                 stdout=subprocess.DEVNULL)
                os.close(source)
                write_slowly(sink, [b"first ", b"second ", b"third"])
                self.assertEqual(harness.recv_exactly(peer, 18), b"first second third")
                os.close(sink)
                if kind != "terminal":  # a terminal that hangs up is an error
                    self.assertEqual(peer.recv(10), b"")
                    peer.close()
                    self.assertEqual(child.wait(20), 0)

    def test_non_blocking_stdin_of_send_and_serve(self) -> None:
        for kind in ("pipe", "socket"):
            with self.subTest(kind):
                conn_id, peer = self.connected()
                source, sink = non_blocking_pair(kind)
                child = self.start("send", conn_id, stdin=source)
                os.close(source)
                write_slowly(sink, [b"a" * 1000, b"b" * 1000])
                os.close(sink)
                self.assertEqual(child.wait(20), 0)
                self.assertEqual(harness.recv_exactly(peer, 2000), b"a" * 1000 + b"b" * 1000)
                source, sink = non_blocking_pair(kind)
                child = self.start("serve", 7001, "-N", stdin=source, stdout=subprocess.DEVNULL)
                os.close(source)
                wait_for(lambda: self.find("sport = :7001", state="LISTEN"))
                peer = self.kernel_client(7001)
                write_slowly(sink, [b"c" * 10, b"d" * 10])
                os.close(sink)
                self.assertEqual(harness.recv_exactly(peer, 21), b"c" * 10 + b"d" * 10)
                peer.close()
                self.assertEqual(child.wait(20), 0)

    def test_stdin_that_cannot_be_read(self) -> None:
        """The peer must not take what it got for all there is."""
        for verb in ("connect", "serve"):
            with self.subTest(verb), self.folder_as_stdin() as folder:
                if verb == "connect":
                    child, peer = self.start_connect(self.kernel_server(), "-N", stdin=folder,
                                                     stderr=subprocess.PIPE)
                else:
                    child = self.start("serve", 7002, "-k", "-N", stdin=folder,
                                       stderr=subprocess.PIPE)
                    wait_for(lambda: self.find("sport = :7002", state="LISTEN"))
                    peer = None
                with self.assertRaises(ConnectionResetError):  # connecting may meet it, too
                    (peer or self.kernel_client(7002)).recv(1)
                _, errors = child.communicate(timeout=20)
                self.assertEqual(errors, b"tcpctl: stdin: Is a directory (EISDIR)\n")
                self.assertEqual(child.returncode, 1)

    def folder_as_stdin(self):
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        return contextlib.closing(_Descriptor(fd))

    def test_send_of_a_folder(self) -> None:
        conn_id, _ = self.connected()
        error = self.tcpctl("send", conn_id, self.folder, status=1).stderr.decode()
        self.assertEqual(error, f"tcpctl: read {self.folder}: Is a directory (EISDIR)\n")

    # --- stdout ---------------------------------------------------------------------------------

    def test_non_blocking_stdout_of_connect(self) -> None:
        for kind in self.OUT_KINDS:
            with self.subTest(kind):
                source, sink = non_blocking_pair(kind)
                child, peer = self.start_connect(self.kernel_server(), stdin=subprocess.DEVNULL,
                                                 stdout=sink)
                sender = threading.Thread(target=lambda p=peer: (p.sendall(BIG), p.close()))
                sender.start()
                self.assertEqual(read_slowly(source, len(BIG)), BIG)
                sender.join()
                self.assertEqual(child.wait(20), 0)
                os.close(source)
                os.close(sink)

    def test_non_blocking_stdout_of_receive(self) -> None:
        for kind in self.OUT_KINDS:
            with self.subTest(kind):
                conn_id, peer = self.connected()
                sender = threading.Thread(target=lambda p=peer: (p.sendall(BIG), p.close()))
                sender.start()
                source, sink = non_blocking_pair(kind)
                got = b""
                while len(got) < len(BIG):  # each call takes what has come so far
                    child = self.start("receive", conn_id, "--wait", 20, stdout=sink)
                    while child.poll() is None or select.select([source], [], [], 0)[0]:
                        if select.select([source], [], [], 0.01)[0]:
                            got += os.read(source, 65536)
                    self.assertEqual(child.returncode, 0)
                self.assertEqual(got, BIG)
                sender.join()
                os.close(source)
                os.close(sink)

    def test_non_blocking_stdout_of_lists(self) -> None:
        """A pipe that is full already, as beside a slow reader."""
        for verb in (["stats"], ["--json", "stats"], ["events"], ["--help"], ["set", "--list"]):
            wanted = self.tcpctl(*verb).stdout if verb != ["stats"] else b""
            for kind in self.OUT_KINDS:
                with self.subTest(verb=verb, kind=kind):
                    source, sink = non_blocking_pair(kind)
                    filled = 0
                    with self.assertRaises(BlockingIOError):
                        while True:
                            filled += os.write(sink, b"." * 1024)
                    child = self.start(*verb, stdout=sink)
                    os.close(sink)
                    time.sleep(0.2)
                    if kind != "terminal-out":  # which may have found room meanwhile
                        self.assertIsNone(child.poll(), "it did not wait")
                    text = self.read_to_end(source, child)[filled:]
                    self.assertEqual(child.wait(20), 0)
                    if verb[0] == "stats":
                        self.assertEqual(text.count(b"\n"), len(self.counters()) + 1)
                    elif "stats" not in verb:
                        self.assertEqual(text, wanted)
                    else:
                        self.assertEqual(harness.json.loads(text).keys(), self.counters().keys())
                    os.close(source)

    def read_to_end(self, fd: int, child: subprocess.Popen) -> bytes:
        data = b""
        while True:
            if not select.select([fd], [], [], 0.2)[0]:
                if child.poll() is not None:
                    return data
                continue
            try:
                piece = os.read(fd, 4096)
            except OSError:  # a terminal's way to say so
                return data
            if not piece:
                return data
            data += piece

    def test_no_space_left(self) -> None:
        for verb in (["ls"], ["stats"], ["tw"], ["status"], ["events"], ["--help"], ["--version"],
                     ["ls", "--help"], ["-j", "ls"], ["set", "--list"], ["listen", "7100"], []):
            with self.subTest(verb=verb), open("/dev/full", "wb") as full:
                child = self.start(*verb, stdout=full, stderr=subprocess.PIPE)
                _, errors = child.communicate(timeout=20)
                self.assertEqual(errors, b"tcpctl: stdout: No space left on device (ENOSPC)\n")
                self.assertEqual(child.returncode, 1)

    def test_what_was_not_written_is_not_lost(self) -> None:
        for mode in ([], ["--json"]):
            with self.subTest(mode), open("/dev/full", "wb") as full:
                conn_id, peer = self.connected()
                peer.sendall(b"precious")
                wait_for(lambda: self.ctl("show", conn_id)["receive_queue_bytes"] == 8)
                child = self.start(*mode, "receive", conn_id, stdout=full,
                                   stderr=subprocess.PIPE)
                self.assertIn(b"ENOSPC", child.communicate(timeout=20)[1])
                self.assertEqual(child.returncode, 1)
                self.assertEqual(self.tcpctl("receive", conn_id).stdout, b"precious")

    def test_a_closed_pipe_ends_it_quietly(self) -> None:
        for verb in (["stats"], ["events", "-f", "--since", "all"], ["--json", "stats"],
                     ["--help"]):
            with self.subTest(verb=verb):
                source, sink = os.pipe()
                os.close(source)
                child = self.start(*verb, stdout=sink, stderr=subprocess.PIPE)
                os.close(sink)
                if verb[0] == "events":
                    self.connected()  # makes an event
                _, errors = child.communicate(timeout=20)
                self.assertEqual((errors, child.returncode), (b"", -signal.SIGPIPE))

    # --- descriptors that are not open ----------------------------------------------------------

    def closed(self, fds: str, *words) -> subprocess.CompletedProcess:
        """Runs a program with some of descriptors 0 to 2 closed; what is left is captured."""
        closing = " ".join(f"{fd}>&-" for fd in fds)
        return harness.run("sh", "-c", f'exec "$@" {closing}', "sh", *words, check=False)

    def test_closed_descriptors_of_tcpctl(self) -> None:
        before = self.malformed()
        for fds in CLOSED_SETS:
            with self.subTest(closed=fds):
                words = [harness.TCPCTL, "--control", self.daemon.url]
                done = self.closed(fds, *words, "show", 999999)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr != b"", "2" not in fds)
                done = self.closed(fds, *words, "ls")
                self.assertEqual(done.returncode, 1 if "1" in fds else 0)
                self.assertEqual(done.stdout != b"", "1" not in fds)
                if "1" in fds and "2" not in fds:
                    self.assertEqual(done.stderr, b"tcpctl: stdout: Bad file descriptor (EBADF)\n")
        self.assertEqual(self.malformed(), before)

    def test_connect_without_stdin(self) -> None:
        server = self.kernel_server()
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello")).start()
        done = self.closed("0", harness.TCPCTL, "--control", self.daemon.url, "connect", HOST4,
                           server.getsockname()[1])
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"hello", b""))

    def test_closed_descriptors_of_the_library(self) -> None:
        """A program that closed them prints into nothing, and not into the control socket."""
        library = harness.BUILD / "lib" / "client" / "libtcpclient.so"
        if harness.is_sanitized(library):
            self.skipTest("Python has no sanitizer, and cannot load a library that needs one")
        program = """
import ctypes, os, sys
library = ctypes.CDLL(sys.argv[1])
for fd in (0, 1, 2): os.close(fd)
client = ctypes.c_void_p()
assert library.tcpc_client_new(None, ctypes.byref(client), None) == 0
links = [os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)]
os.write(int(sys.argv[2]), " ".join(links).encode())
"""
        source, sink = os.pipe()
        harness.run("/usr/bin/python3", "-c", program, library, sink, pass_fds=[sink],
                    env=dict(os.environ, TCPENGINE_CONTROL=self.daemon.url))
        os.close(sink)
        self.assertEqual(os.read(source, 100), b"/dev/null /dev/null /dev/null")
        os.close(source)

    def malformed(self) -> list[str]:
        """The counters of links that did not speak the protocol."""
        page = harness.run("curl", "-s", "http://127.0.0.1:9409/metrics").stdout.decode()
        lines = [line for line in page.splitlines() if re.match(r"\w*(malformed|hello_bad)", line)]
        self.assertGreater(len(lines), 1, page)
        return lines


class DaemonStart(harness.SystemTest):
    wants_daemon = False

    def test_closed_descriptors_of_the_daemon(self) -> None:
        for fds in CLOSED_SETS:
            with self.subTest(closed=fds):
                daemon = harness.Daemon(self.folder, preexec_fn=lambda f=fds: [
                    os.close(int(fd)) for fd in f])
                try:
                    daemon.wait_ready()
                    for fd in fds:
                        self.assertEqual(os.readlink(f"/proc/{daemon.child.pid}/fd/{fd}"),
                                         "/dev/null")
                finally:
                    self.assertEqual(daemon.terminate(), 0)

    def test_output_of_the_daemon_that_nobody_takes(self) -> None:
        for option in ("--help", "--version", "--list-config", "--help-keys"):
            with self.subTest(option), open("/dev/full", "wb") as full:
                done = subprocess.run([str(harness.TCPENGINED), option], stdout=full,
                                      stderr=subprocess.PIPE, check=False)
                self.assertEqual(done.stderr,
                                 b"tcpengined: stdout: No space left on device (ENOSPC)\n")
                self.assertEqual(done.returncode, 1)


class Serving(harness.SystemTest):
    def serve(self, port: int, *arguments, **options) -> harness.Process:
        process = self.tcpctl_process("serve", "serve", port, *arguments, **options)
        wait_for(lambda: self.find(f"sport = :{port}", state="LISTEN") or
                 not process.is_running())
        return process

    def fetch(self, port: int) -> bytes:
        with socket.create_connection((ENGINE4, port), 20) as client:
            data = b""
            while piece := client.recv(65536):
                data += piece
            return data

    def test_a_listener_that_is_gone_ends_it(self) -> None:
        server = self.serve(7010, "-k")
        self.tcpctl("close", self.find("sport = :7010")["id"])
        self.assertEqual(server.wait(10), 1)
        self.assertEqual(server.log.count("\n"), 1, server.log)

    def test_a_file_goes_to_each_connection(self) -> None:
        path = self.folder / "page"
        path.write_bytes(b"skipped" + BIG)
        for extra in (["-N"], ["-N", "-v"]):
            with path.open("rb", buffering=0) as page:
                page.seek(7)
                server = self.serve(7011, "-k", *extra, stdin=page)
                for _ in range(3):
                    self.assertEqual(self.fetch(7011), BIG)
                server.stop()

    def test_a_pipe_goes_to_each_connection(self) -> None:
        source, sink = os.pipe()
        server = self.serve(7012, "-k", "-N", stdin=source)
        os.close(source)
        os.write(sink, b"first half, ")
        early = self.kernel_client(7012)
        self.assertEqual(early.recv(100), b"first half, ")
        early.close()  # before the end: the next one gets all
        os.write(sink, b"second half")
        os.close(sink)
        for _ in range(3):
            self.assertEqual(self.fetch(7012), b"first half, second half")
        self.assertTrue(server.is_running())

    def test_a_pipe_too_long_to_be_kept(self) -> None:
        size = 17 << 20
        path, digest = harness.random_file(str(self.folder), size)
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
            server = self.serve(7013, "-k", "-N", stdin=cat.stdout)
            data = self.fetch(7013)
            self.assertEqual(harness.hashlib.sha256(data).hexdigest(), digest)
            self.assertEqual(server.wait(20), 1)
            self.assertRegex(server.log, r"^tcpctl: serve: stdin .*16 MiB.* \(EFBIG\)\n$")

    def test_signals_end_it_quietly(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for extra in ([], ["-k"]):
                with self.subTest(number=number, extra=extra):
                    server = self.serve(7014, *extra)
                    server.send_signal(number)
                    self.assertEqual(server.wait(10), -number)
                    self.assertEqual((server.log, server.output), ("", b""))
                    wait_for(lambda: self.find("sport = :7014") is None)

    def test_a_signal_with_a_connection(self) -> None:
        source, sink = os.pipe()
        server = self.serve(7015, "-k", stdin=source)
        peer = self.kernel_client(7015)
        os.write(sink, b"x")
        self.assertEqual(peer.recv(1), b"x")
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(10), -signal.SIGINT)
        self.assertEqual(server.log, "")
        self.assertEqual(peer.recv(1), b"", "closed, not reset")
        os.close(source)
        os.close(sink)

    def test_nohup(self) -> None:
        """A signal that was ignored at the start stays so."""
        server = self.serve(7016, "-k", preexec_fn=lambda: signal.signal(signal.SIGHUP,
                                                                         signal.SIG_IGN))
        server.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertTrue(server.is_running())
        self.assertEqual(server.stop(), -signal.SIGTERM)


class Addresses(harness.SystemTest):
    """One syntax of addresses for every verb; names are resolved by tcpctl."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        hosts = cls.folder / "hosts"
        hosts.write_text(f"{HOST6} peer.test\n{HOST4} peer.test four.test\n"
                         f"{ENGINE4} engine.test\n")
        harness.run("mount", "--bind", hosts, "/etc/hosts")
        cls.addClassCleanup(harness.run, "umount", "/etc/hosts")

    def test_hosts_and_ports(self) -> None:
        server4 = self.kernel_server()
        port = server4.getsockname()[1]
        server6 = self.kernel_server(HOST6, port)
        for words, server in (([f"{HOST4}:{port}"], server4), ([f"[{HOST6}]:{port}"], server6),
                              ([f"[{HOST6}]", port], server6), ([f"four.test:{port}"], server4),
                              (["-4", "peer.test", port], server4),
                              (["-6", "peer.test", port], server6)):
            for verb in ("connect", "open"):
                with self.subTest(verb=verb, words=words):
                    extra = ["--wait"] if verb == "open" else ["-N", "-w", 5]
                    process = self.tcpctl_process(f"{verb}-{words[0]}".replace("/", ""), verb,
                                                  *extra, *words)
                    peer, _ = server.accept()
                    peer.close()
                    self.assertEqual(process.wait(), 0, process.log)

    def test_local_ends(self) -> None:
        for words, local in (("engine.test:http", f"{ENGINE4}:80"), ("*:https", "*:443"),
                             ("any:81", "*:81"), (f"[{harness.ENGINE6}]:82",
                                                  f"[{harness.ENGINE6}]:82"), ("telnet", "*:23")):
            with self.subTest(words):
                opened = self.ctl("listen", words)
                self.assertEqual(opened["local"], local)
                self.tcpctl("close", opened["id"])

    def test_expressions(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        conn_id = self.ctl("open", "four.test", port, "-p", 4000, "-s", "engine.test",
                           "--wait")["id"]
        listener = self.ctl("listen", "http-alt")["id"]
        both, conn, none = {conn_id, listener}, {conn_id}, set()
        for words, wanted in ((["src", "*:*"], both), (["src", "any"], both),
                              (["dst", "peer.test"], conn), (["dst", f"four.test:{port}"], conn),
                              (["dst", "four.test:http"], none), (["src", f"{ENGINE4}:*"], conn),
                              (["sport", "=", ":http-alt"], {listener}),
                              (["sport", "=", ":*"], both),
                              (["dst", "!=", "peer.test"], {listener}),
                              (["sport", "=", f"{ENGINE4}:4000"], conn),
                              (["dst", "[fe80::1%eth0]:80"], none)):
            with self.subTest(words):
                self.assertEqual({row["id"] for row in self.ctl("ls", *words)}, wanted)

    def test_scan(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        done = self.tcpctl("connect", "-z", "-v", "four.test", port)
        self.assertIn(b"succeeded", done.stderr)
        done = self.tcpctl("connect", "-z", HOST4, 1, status=1)
        self.assertIn(b"ECONNREFUSED", done.stderr)
        rows = self.ctl("connect", "-z", "-w", 5, f"{HOST4}:{port - 1}-{port}")
        self.assertIn({"remote": at(HOST4, port), "open": True}, rows)
        self.assertEqual(len(rows), 2)
        connection, _ = server.accept()
        self.assertEqual(connection.recv(1), b"", "nothing was sent")
        connection.close()


class Terminal(harness.SystemTest):
    """What people see: it fits, and has colors where they are wanted."""

    def on_terminal(self, *words, width: int = 60, **environment) -> str:
        """What tcpctl prints on a terminal of that width."""
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        child = subprocess.Popen(
            [str(harness.TCPCTL), "--control", self.daemon.url, *map(str, words)], stdin=terminal,
            stdout=terminal, stderr=terminal,
            env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment})
        os.close(terminal)
        data = b""
        with contextlib.suppress(OSError):  # EIO: the terminal's other side is closed
            while piece := os.read(main, 4096):
                data += piece
        os.close(main)
        self.assertEqual(child.wait(10), 0, data)
        return data.decode().replace("\r\n", "\n")

    def setUp(self) -> None:
        self.ids = []
        for address in (HOST4, HOST6):
            server = self.kernel_server(address)
            opened = self.ctl("open", address, server.getsockname()[1], "--wait")
            self.ids.append(opened["id"])

    def test_it_fits_sixty_columns(self) -> None:
        self.tcpctl("close", self.ids[0])
        for words in (["ls"], ["tw"], ["history", self.ids[0]], ["history", *self.ids], ["stats"], ["events"],
                      ["show", *self.ids], ["status"],
                      ["set", "--list"], [], ["--help"], ["connect", "--help"], ["ls", "--help"],
                      ["set", "--help"]):
            with self.subTest(words):
                text = re.sub(r"\x1b\[[0-9;]*m", "", self.on_terminal(*words))
                self.assertLessEqual(max(map(len, text.splitlines())), 60, text)
                if words == ["ls"]:
                    for row in self.ctl("ls"):
                        self.assertIn(row["local"], text)
                        self.assertIn(row["remote"], text)

    def test_a_wide_one_has_one_line_per_row(self) -> None:
        text = self.on_terminal("ls", width=150)
        self.assertEqual(text.count("\n"), len(self.ctl("ls")) + 1)

    def test_colors(self) -> None:
        self.assertIn("\x1b[32mESTABLISHED", self.on_terminal("ls", width=150))
        self.assertIn("\x1b[32mESTABLISHED", self.on_terminal("ls", width=60))
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            for width in (60, 150):
                self.assertNotIn("\x1b", self.on_terminal("ls", width=width, **environment))
        self.assertNotIn(b"\x1b", self.tcpctl("ls").stdout)

    def test_progress_while_the_peer_stalls(self) -> None:
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        peer, _ = server.accept()
        path, digest = harness.random_file(str(self.folder), 64 << 20)
        main, terminal = pty.openpty()
        child = subprocess.Popen([str(harness.TCPCTL), "--control", self.daemon.url, "send",
                                  str(conn_id), path], stdin=subprocess.DEVNULL, stderr=terminal)
        self.addCleanup(child.kill)
        os.close(terminal)
        seen = b""
        while b"stalled for 3.0 s" not in seen:  # the peer has not read a byte
            self.assertTrue(select.select([main], [], [], 30 * harness.PATIENCE)[0], seen[-300:])
            seen += os.read(main, 4096)
        received = harness.hashlib.sha256()
        left = 64 << 20
        while left:
            piece = peer.recv(1 << 20)
            received.update(piece)
            left -= len(piece)
        with contextlib.suppress(OSError):
            while piece := os.read(main, 4096):
                seen += piece
        self.assertEqual(child.wait(20), 0)
        self.assertEqual(received.hexdigest(), digest)
        self.assertRegex(seen, rb"64 MiB of 64 MiB  100%[^\r]*/s\x1b\[K\r\n$")
        os.close(main)
        peer.close()

    def test_help_lists_what_set_takes(self) -> None:
        text = self.tcpctl("set", "--help").stdout.decode()
        for option in self.ctl("set", "--list"):
            self.assertRegex(text, rf"(?m)^  {option['name']} ")
        for verb in ("ls", "tw", "events"):
            text = self.tcpctl(verb, "--help").stdout.decode()
            for word in ("state NAME", "sport OP PORT", "src HOST", "uid N"):
                self.assertIn(word, text)


class Stopping(harness.SystemTest):
    def test_it_says_so(self) -> None:
        """What its end closes is not called closed by somebody."""
        server = self.kernel_server()
        port = server.getsockname()[1]
        listener = self.ctl("listen", "7001")["id"]
        conn_id = self.ctl("open", HOST4, port, "--wait")["id"]
        source, sink = os.pipe()
        processes = [self.tcpctl_process("serve", "serve", 7000, "-k"),
                     self.tcpctl_process("accept", "accept", listener, "--wait", 60),
                     self.tcpctl_process("receive", "receive", conn_id, "--wait", 60),
                     self.tcpctl_process("connect", "connect", HOST4, port, stdin=source)]
        peers = [server.accept()[0] for _ in range(2)]  # which keep the daemon from ending at once
        wait_for(lambda: self.find("sport = :7000", state="LISTEN"))
        wait_for(lambda: self.ctl("status")["links"] >= 5, what="all to wait")
        self.daemon.send_signal(signal.SIGTERM)
        for process in processes[:2]:
            self.assertEqual(process.wait(10), 1)
        os.write(sink, b"too late")
        self.assertIn(processes[3].wait(20), (1, 3))  # 3: the daemon was gone before the peer
        for peer in peers:
            peer.close()
        processes[2].wait(10)
        for process in processes[:2] + processes[3:]:
            self.assertRegex(process.log, r"^tcpctl: .*the daemon is stopping \(ESHUTDOWN\)\n$")
        daemon, type(self).daemon = self.daemon, None
        self.assertEqual(daemon.wait(20), 0)
        daemon.notify.close()
        os.close(source)
        os.close(sink)


class Refusals(harness.SystemTest):
    """A daemon that takes no more links says which limit was met."""

    daemon_arguments = ("--set", "links_per_uid_max=3")
    LINKS = 3 + 8  # eight more for root

    def fill(self) -> list[Link]:
        links = [Link(str(self.daemon.control)) for _ in range(self.LINKS)]
        for link in links:
            self.addCleanup(link.socket.close)
        return links

    def test_the_limit_is_named(self) -> None:
        links = self.fill()
        for verb in (["ls"], ["status"], ["listen", "80"], ["serve", "80"],
                     ["connect", harness.HOST4, "80"]):
            with self.subTest(verb=verb[0]):
                error = self.tcpctl(*verb, status=1, timeout=4).stderr.decode()
                self.assertRegex(error, r"^tcpctl: .*too many of this uid: links_per_uid_max is 3 "
                                        r"\(ENOBUFS\); .+\n$")
        links[0].socket.close()
        wait_for(lambda: self.tcpctl_status("ls") == 0, what="room for another link")
        self.assertEqual(self.ctl("ls"), [], "a refused request did something")

    def tcpctl_status(self, *arguments) -> int:
        return harness.run(harness.TCPCTL, "--control", self.daemon.url, *arguments,
                           check=False).returncode

    def test_many_at_once_are_all_told(self) -> None:
        self.fill()
        crowd = [self.tcpctl_process(f"late-{i}", "ls") for i in range(24)]
        for process in crowd:
            self.assertEqual(process.wait(), 1)
            self.assertIn("links_per_uid_max is 3", process.log)


if __name__ == "__main__":
    harness.main()
