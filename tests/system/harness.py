"""The basis of every system test: a TAP in the namespaces made by run-isolated, a daemon on it,
tcpctl, peers that use the kernel's TCP, captures, and waiting by deadline.

The kernel's side of the TAP is 10.9.0.1 and fd09::1, the engine's 10.9.0.2 and fd09::2."""
import contextlib
import functools
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = Path(os.environ.get("TCPENGINE_BUILD", ROOT / "build")).resolve()
TCPENGINED = BUILD / "daemon" / "tcpengined"
TCPCTL = BUILD / "cli" / "tcpctl"
sys.path.insert(0, str(BUILD / "tests" / "system" / "gen"))

TAP = "tap-te"
HOST4, HOST6 = "10.9.0.1", "fd09::1"
ENGINE4, ENGINE6 = "10.9.0.2", "fd09::2"
SKIPPED = 77
SANITIZER_MARKS = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "Assertion `")
# A sanitizer or a busy machine makes things slower, never different.
PATIENCE = float(os.environ.get("TCPENGINE_PATIENCE", "1"))
# Every daemon that is not told otherwise runs without offloads: the same tests, with frames of the
# link's MTU and finished checksums.
OFFLOADS_OFF = os.environ.get("TCPENGINE_OFFLOADS") == "off"
# The same bytes each time: failures are reproducible.
RANDOM = random.Random("tcpengine")


def skip(reason: str) -> None:
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(SKIPPED)


def isolate() -> None:
    """Re-executes this program in its own namespaces, unless it is already in them."""
    if os.environ.get("TCPENGINE_ISOLATED") != "1":
        script = str(HERE / "run-isolated")
        os.execv(script, [script, sys.executable, "-B", *sys.argv])


def main() -> None:
    isolate()
    for program in (TCPENGINED, TCPCTL):
        if not program.exists():
            sys.exit(f"{program} is missing: build it, or set TCPENGINE_BUILD")
    result = unittest.main(verbosity=2, exit=False).result
    if result.testsRun and len(result.skipped) == result.testsRun:
        skip("; ".join(reason for _, reason in result.skipped))
    sys.exit(0 if result.wasSuccessful() else 1)


def run(*argv, check: bool = True, timeout: float = 60, **options) -> subprocess.CompletedProcess:
    """Runs a program to completion. Output is captured and shown on failure."""
    options.setdefault("stdin", subprocess.DEVNULL if "input" not in options else None)
    if options["stdin"] is None:
        del options["stdin"]
    done = subprocess.run([str(word) for word in argv], timeout=timeout * PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(word) for word in argv)}: exit {done.returncode}\n"
                             f"{done.stdout.decode(errors='replace')[-4000:]}"
                             f"{done.stderr.decode(errors='replace')[-4000:]}")
    return done


def wait_for(condition, timeout: float = 10, what: str = "", interval: float = 0.02):
    """Polls until condition() is true; returns its value."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or condition} did not come within {timeout} s "
                                 f"(last answer: {value!r})")
        time.sleep(interval)


def is_sanitized(program: Path) -> bool:
    return b"__asan_init" in program.read_bytes()


@contextlib.contextmanager
def effective_user(uid: int, gid: int):
    """The daemon takes a client for the user at the time of connect()."""
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@functools.lru_cache
def random_file(folder: str, size: int) -> tuple[Path, str]:
    """A file of pseudo-random bytes, and its SHA-256."""
    path = Path(folder) / f"random-{size}"
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for at in range(0, size, 1 << 20):
            piece = RANDOM.randbytes(min(1 << 20, size - at))
            digest.update(piece)
            file.write(piece)
    return path, digest.hexdigest()


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def recv_exactly(connection: socket.socket, count: int) -> bytes:
    """That many bytes, or fewer if the stream ends first."""
    data = b""
    while len(data) < count and (piece := connection.recv(count - len(data))):
        data += piece
    return data


def at(address: str, port: int) -> str:
    """An endpoint as users see it."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def make_tap(name: str = TAP) -> None:
    """A persistent TAP whose kernel side has its addresses: it outlives the daemon."""
    run("ip", "tuntap", "add", "dev", name, "mode", "tap")
    Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("0")
    Path(f"/proc/sys/net/ipv6/conf/{name}/router_solicitations").write_text("0")
    run("ip", "address", "add", f"{HOST4}/24", "dev", name)
    run("ip", "address", "add", f"{HOST6}/64", "dev", name, "nodad")
    run("ip", "link", "set", name, "up")


class Process:
    """A child whose output goes to files, ended by its own PID."""

    def __init__(self, argv, folder: Path, name: str, **options):
        self.log_path = folder / f"{name}.log"
        self.out_path = folder / f"{name}.out"
        self.argv = [str(word) for word in argv]
        options.setdefault("stdin", subprocess.DEVNULL)
        with self.log_path.open("ab") as log, self.out_path.open("ab") as out:
            self.child = subprocess.Popen(self.argv, stdout=out, stderr=log, **options)

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    @property
    def output(self) -> bytes:
        return self.out_path.read_bytes()

    def is_running(self) -> bool:
        return self.child.poll() is None

    def wait(self, timeout: float = 30) -> int:
        try:
            return self.child.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(self.argv)} did not end within {timeout} s:\n"
                                 f"{self.log[-4000:]}") from None

    def send_signal(self, number: int) -> None:
        self.child.send_signal(number)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 15) -> int:
        if self.is_running():
            self.child.send_signal(number)
            try:
                self.child.wait(timeout * PATIENCE)
            except subprocess.TimeoutExpired:
                self.child.kill()
        return self.child.wait()


class Daemon(Process):
    """tcpengined on the TAP. start() returns once it has reported READY=1."""

    count = 0

    def __init__(self, folder: Path, *arguments: str, **options):
        Daemon.count += 1
        self.folder = folder
        self.control = folder / "control.sock"
        self.url = f"ipc://{self.control}"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify_path = folder / f"notify-{Daemon.count}"
        self.notify.bind(str(notify_path))
        words = options.pop("argv", None) or self.default_arguments()
        environment = dict(os.environ, NOTIFY_SOCKET=str(notify_path))
        super().__init__([TCPENGINED, *words, *arguments], folder,
                         f"tcpengined-{Daemon.count}", env=environment, **options)

    def default_arguments(self) -> list[str]:
        return ["--tap", TAP, "--address", f"{ENGINE4}/24", "--address", f"{ENGINE6}/64",
                "--gateway", HOST4, "--control", self.url, "--http", "127.0.0.1:9409",
                "--msl", "1", "--set", "dad=false",
                *(["--set", "checksum_offload=no"] if OFFLOADS_OFF else [])]

    def wait_ready(self, timeout: float = 20) -> "Daemon":
        deadline = time.monotonic() + timeout * PATIENCE
        self.notify.settimeout(0.1)
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                if b"READY=1" in self.notify.recv(4096):
                    return self
            if not self.is_running():
                raise AssertionError(f"the daemon ended with {self.child.returncode}:\n{self.log}")
        raise AssertionError(f"the daemon did not say READY=1:\n{self.log}")

    def terminate(self) -> int:
        """Ends it gracefully; the log must be free of sanitizer reports."""
        status = self.stop()
        self.notify.close()
        for mark in SANITIZER_MARKS:
            assert mark not in self.log, self.log
        return status


def nginx_config(folder: Path, server: str, http: str = "", workers: int = 1) -> Path:
    """A configuration with one server block; whatever nginx writes goes into folder."""
    config = folder / "nginx.conf"
    config.write_text(f"""
        daemon off; user root; worker_processes {workers}; pid {folder}/nginx.pid;
        error_log stderr warn;
        events {{ worker_connections 2048; }}
        http {{
            access_log off; sendfile on; {http}
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            server {{ {server} }}
        }}""")
    return config


class Nginx(Process):
    """A real nginx on the kernel's TCP; it serves a folder and accepts PUT there."""

    def __init__(self, folder: Path, port: int = 80):
        self.root = folder / "www"
        self.root.mkdir(exist_ok=True)
        config = nginx_config(
            folder, f"listen {HOST4}:{port}; listen [{HOST6}]:{port}; root {self.root}; dav_methods PUT;",
            http="client_max_body_size 0;")
        super().__init__(["nginx", "-c", config, "-p", folder], folder, "nginx")
        self.port = port
        wait_for(self.answers, what="nginx")

    def answers(self) -> bool:
        assert self.is_running(), self.log
        with contextlib.suppress(OSError), socket.create_connection((HOST4, self.port), 1):
            return True
        return False


class Capture(Process):
    """tcpdump on the TAP, with whole frames. Not in its immediate mode, in which each frame takes 64 KiB of
    the buffer, so that a busy machine loses some."""

    def __init__(self, folder: Path, expression: str = "", interface: str = TAP):
        name = f"capture-{time.monotonic_ns()}"
        self.path = folder / f"{name}.pcap"
        super().__init__(["tcpdump", "-i", interface, "-s", "0", "-U", "-n", "-B", "65536",
                          "-w", self.path, *expression.split()], folder, name)
        wait_for(lambda: "listening on" in self.log, what="tcpdump")

    def reports(self) -> list[tuple[str, str, str]]:
        return re.findall(r"(\d+) packets captured, (\d+) packets received by filter, "
                          r"(\d+) packets dropped", self.log)

    def report(self) -> tuple[str, str, str]:
        """Asks tcpdump how many frames it wrote, how many came, and how many of those were lost."""
        count = len(self.reports())
        self.send_signal(signal.SIGUSR1)
        return wait_for(lambda: self.reports()[count:], what="tcpdump's report")[-1]

    def finish(self) -> Path:
        """Once no more frames come and all are written: tcpdump gets them up to a second later."""
        before, now = None, self.report()
        while now != before or now[0] != now[1]:
            assert now[2] == "0", self.log
            time.sleep(0.3)
            before, now = now, self.report()
        self.stop(signal.SIGINT)
        return self.path


def tshark(path: Path, *arguments: str) -> list[str]:
    """Random payload must not be taken for some protocol above TCP."""
    done = run("tshark", "-r", path, "-n", "-d", "tcp.port==1-65535,data", *arguments,
               timeout=300)
    return done.stdout.decode().splitlines()


class KernelSink:
    """A kernel TCP server that reads one connection to its end and hashes it."""

    def __init__(self, address: str = HOST4, port: int = 0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.server = socket.create_server((address, port), family=family)
        self.port = self.server.getsockname()[1]
        self.digest, self.count = hashlib.sha256(), 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self.server.accept()
        with connection:
            while piece := connection.recv(1 << 20):
                self.digest.update(piece)
                self.count += len(piece)

    def finish(self, timeout: float = 120) -> str:
        self.thread.join(timeout * PATIENCE)
        assert not self.thread.is_alive(), f"no end after {self.count} bytes"
        self.server.close()
        return self.digest.hexdigest()


class SystemTest(unittest.TestCase):
    """A test class has one TAP, and one daemon by default."""

    daemon_arguments: tuple[str, ...] = ()
    wants_daemon = True

    @classmethod
    def setUpClass(cls) -> None:
        # On the tmpfs of run-isolated, which vanishes even if the test is killed.
        cls.temporary = tempfile.TemporaryDirectory(prefix="tcpengine-", dir="/run")
        cls.folder = Path(cls.temporary.name)
        cls.folder.chmod(0o755)
        cls.addClassCleanup(cls.temporary.cleanup)
        make_tap()
        cls.addClassCleanup(run, "ip", "link", "delete", TAP, check=False)
        cls.daemon = None
        if cls.wants_daemon:
            cls.start_daemon()
        cls.addClassCleanup(cls.stop_daemon)

    @classmethod
    def start_daemon(cls, *arguments: str) -> Daemon:
        cls.daemon = Daemon(cls.folder, *cls.daemon_arguments, *arguments)
        return cls.daemon.wait_ready()

    @classmethod
    def stop_daemon(cls) -> None:
        if cls.daemon is None:
            return
        was_running = cls.daemon.is_running()
        status = cls.daemon.terminate()
        log, cls.daemon = cls.daemon.log, None
        assert was_running, f"the daemon had ended with {status}:\n{log[-6000:]}"
        assert status == 0, f"after SIGTERM the daemon ended with {status}:\n{log[-6000:]}"

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and self.daemon is not None:
            print(f"--- log of tcpengined at the end of {self.id()}\n{self.daemon.log[-3000:]}",
                  file=sys.stderr)

    # --- tcpctl ---------------------------------------------------------------------------------

    def tcpctl(self, *arguments, status: int = 0, timeout: float = 60, **options):
        """Runs tcpctl; its exit status must be the given one."""
        done = run(TCPCTL, "--control", self.daemon.url, *arguments, check=False,
                   timeout=timeout, **options)
        self.assertEqual(done.returncode, status,
                         f"tcpctl {' '.join(map(str, arguments))}\n{done.stdout[-2000:]!r}\n"
                         f"{done.stderr.decode(errors='replace')[-2000:]}")
        return done

    def ctl(self, *arguments, **options):
        """Runs tcpctl --json; returns the value it prints."""
        text = self.tcpctl("--json", *arguments, **options).stdout
        return json.loads(text) if text.strip() else None

    def tcpctl_process(self, name: str, *arguments, **options) -> Process:
        process = Process([TCPCTL, "--control", self.daemon.url, *arguments], self.folder,
                          f"{self._testMethodName}-{name}", **options)
        self.addCleanup(process.stop, signal.SIGKILL)
        return process

    def find(self, expression: str = "", **wanted) -> dict | None:
        """The one row of ls with these values, if any."""
        rows = self.ctl("ls", *expression.split())
        rows = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
        return rows[0] if rows else None

    def state_of(self, conn_id: int) -> str:
        """The current state, or the last one in history."""
        return self.ctl("history", conn_id)[-1]["to"]

    def wait_state(self, conn_id: int, state: str, timeout: float = 10) -> None:
        wait_for(lambda: self.state_of(conn_id) == state, timeout,
                 f"{state} of connection {conn_id}")

    def edges(self, conn_id: int) -> list[tuple[str, str, str]]:
        return [(row["from"], row["to"], row["cause"]) for row in self.ctl("history", conn_id)]

    def path_of(self, conn_id: int) -> list[str]:
        rows = self.ctl("history", conn_id)
        return [rows[0]["from"], *(row["to"] for row in rows)]

    def time_wait_row(self, conn_id: int) -> dict | None:
        rows = [row for row in self.ctl("tw") if row["id"] == conn_id]
        return rows[0] if rows else None

    def counters(self) -> dict:
        return self.ctl("stats")

    def client(self):
        from ipc import Client
        client = Client(str(self.daemon.control))
        self.addCleanup(client.close)
        return client

    def raw_peer(self, **options):
        from rawpeer import RawPeer
        peer = RawPeer(TAP, **options)
        self.addCleanup(peer.close)
        return peer

    # --- the kernel's side ----------------------------------------------------------------------

    def kernel_server(self, address: str = HOST4, port: int = 0, backlog: int = 128):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = socket.create_server((address, port), family=family, backlog=backlog)
        server.settimeout(15 * PATIENCE)
        self.addCleanup(server.close)
        return server

    def kernel_client(self, port: int, address: str = ENGINE4) -> socket.socket:
        client = socket.create_connection((address, port), 15 * PATIENCE)
        self.addCleanup(client.close)
        return client
