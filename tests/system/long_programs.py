"""Unmodified programs under tcpengine-run, for minutes: tests/system/programs --all runs this.

Many requests with every byte compared; peers that read slowly, vanish or are killed; a server that
reloads; a daemon that ends. What each program is expected to say is what it says of the kernel's TCP."""
import contextlib
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

import harness
from harness import (ENGINE4, HERE, HOST4, PATIENCE, Process, random_file, run, sha256_of,
                     wait_for)
from test_run import PYTHON, RUN, RunTest, needs

REQUESTS = int(os.environ.get("TCPENGINE_REQUESTS", "100000"))
FILE_SIZES = (0, 1, 100, 612, 1459, 1460, 1461, 4096, 16_384, 65_536)
HUGE_BYTES = 60_000_000
PORT = 8080
FAR4, FAR_GATEWAY4 = "10.9.1.2", "10.9.1.1"


class LongTest(RunTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.served = cls.folder / "served"
        cls.served.mkdir()
        for size in FILE_SIZES:
            shutil.copy(random_file(str(cls.folder), size)[0], cls.served / f"file{size}")
        cls.huge, cls.huge_sha256 = random_file(str(cls.folder), HUGE_BYTES)

    def exact(self, kind: str, address: str, port: int, requests: int, connections: int, *prefix,
              ) -> int:
        """Every byte of every answer; returns how many there were."""
        words = (*prefix, PYTHON, HERE / "exact_client.py", kind, address, port, requests,
                 connections, *([self.served] if kind != "redis" else []))
        done = run(*words, check=False, timeout=1200, env=self.environment())
        seen = json.loads(done.stdout)
        self.assertEqual((done.returncode, seen["failures"]), (0, []))
        self.assertEqual(seen["requests"], requests)
        return seen["bytes"]

    def nginx_on_engine(self, more: str = "", folder=None) -> Process:
        own = self.folder / f"{self._testMethodName}-nginx"
        own.mkdir(exist_ok=True)
        config = own / "nginx.conf"
        config.write_text(f"""
            daemon off; user root; worker_processes 2; pid {own}/pid; error_log stderr crit;
            events {{ worker_connections 2048; }}
            http {{ access_log off; sendfile on; keepalive_requests 1000000; {more}
                    server {{ listen {PORT}; root {folder or self.served}; }} }}""")
        return self.server("nginx", "-c", config, "-p", own, port=PORT)

    def redis_on_engine(self) -> Process:
        return self.server("redis-server", "--bind", ENGINE4, "--protected-mode", "no", "--save",
                           "", port=6379, cwd=self.folder)

    def redis_of_kernel(self) -> Process:
        server = Process(["redis-server", "--bind", HOST4, "--protected-mode", "no", "--save", ""],
                         self.folder, f"{self._testMethodName}-redis", cwd=self.folder)
        self.addCleanup(server.stop)
        wait_for(lambda: self.is_open(server, HOST4, 6379), what="redis-server")
        return server

    def remotes(self) -> list[str]:
        """Of connections that are not on their way out by the protocol's own timers."""
        return [row["remote"] for row in self.ctl("ls", "exclude", "LISTEN")]

    def wait_gone(self, address: str, timeout: float = 30) -> None:
        wait_for(lambda: not any(remote.startswith(address + ":") for remote in self.remotes()),
                 timeout, f"the end of the connections to {address}")


class Exact(LongTest):
    """Neither a lost nor a wrong byte."""

    def test_nginx_keep_alive(self):
        self.nginx_on_engine()
        self.exact("http", ENGINE4, PORT, REQUESTS, 32)
        self.assert_on_engine(32)

    def test_nginx_connection_per_request(self):
        self.nginx_on_engine()
        self.exact("http-each", ENGINE4, PORT, REQUESTS // 5, 16)
        self.assert_on_engine(REQUESTS // 5)

    @needs("wrk", "ab")
    def test_nginx_by_wrk_and_ab(self):
        self.nginx_on_engine()
        url = f"http://{ENGINE4}:{PORT}/file612"
        done = run("wrk", "-t", "2", "-c", "32", "-d", "10s", url)
        self.assertNotIn(b"Socket errors", done.stdout)
        self.assertNotIn(b"Non-2xx", done.stdout)
        done = run("ab", "-q", "-k", "-n", REQUESTS, "-c", "32", url, timeout=600)
        self.assertIn(b"Complete requests:      %d\nFailed requests:        0" % REQUESTS,
                      done.stdout)

    def test_clients_of_nginx(self):
        for size in FILE_SIZES:
            shutil.copy(self.served / f"file{size}", self.nginx.root)
        self.exact("http", HOST4, 80, REQUESTS // 2, 32, RUN)
        self.exact("http-each", HOST4, 80, REQUESTS // 10, 16, RUN)
        self.assert_on_engine(REQUESTS // 10)

    @needs("redis-server", "redis-benchmark")
    def test_redis_server(self):
        self.redis_on_engine()
        self.exact("redis", ENGINE4, 6379, REQUESTS, 50)
        self.benchmark(ENGINE4)

    @needs("redis-server", "redis-benchmark")
    def test_redis_clients(self):
        self.redis_of_kernel()
        self.exact("redis", HOST4, 6379, REQUESTS, 50, RUN)
        self.benchmark(HOST4, RUN)

    def benchmark(self, address: str, *prefix) -> None:
        """redis-benchmark knows its answers by their length only; it ends at the first error."""
        for pipeline in ("1", "16"):
            done = run(*prefix, "redis-benchmark", "-h", address, "-q", "-n", REQUESTS, "-c", "50",
                       "-P", pipeline, "-t", "set,get", "-d", "100", timeout=600,
                       env=self.environment())
            self.assertIn(b"GET: ", done.stdout)
        self.assert_on_engine(4 * 50)


class Peers(LongTest):
    """Peers and programs that are slow, vanish, or are killed."""

    @needs("curl")
    def test_a_slow_reader(self):
        """It gets all of it; beside it the others are as fast as before."""
        self.nginx_on_engine(folder=self.folder)
        slow_path = self.folder / "slow"
        slow = Process(["curl", "-sS", "--fail", "--limit-rate", "5M", "-o", slow_path,
                        f"http://{ENGINE4}:{PORT}/{self.huge.name}"], self.folder, "slow")
        self.addCleanup(slow.stop)
        wait_for(lambda: slow_path.exists() and slow_path.stat().st_size > 0, what="the first bytes")
        count = 0
        while slow.is_running():
            self.assertEqual(self.fetch(f"http://{ENGINE4}:{PORT}/{self.big.name}", "big"),
                             self.big_sha256)
            count += 1
        self.assertEqual(slow.wait(), 0, slow.log)
        self.assertEqual(sha256_of(slow_path), self.huge_sha256)
        self.assertGreater(count, 5)

    @needs("curl")
    def test_a_slow_reader_on_the_engine(self):
        shutil.copy(self.huge, self.nginx.root / "huge")
        path = self.folder / "slow-here"
        self.under("curl", "-sS", "--fail", "--limit-rate", "10M", "-o", path,
                   f"http://{HOST4}/huge", timeout=120)
        self.assertEqual(sha256_of(path), self.huge_sha256)

    def far_namespace(self) -> None:
        """A host behind this one."""
        run("ip", "netns", "add", "far")
        self.addCleanup(run, "ip", "netns", "delete", "far")
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", "far")
        run("ip", "address", "add", f"{FAR_GATEWAY4}/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        for words in (("address", "add", f"{FAR4}/24", "dev", "far"), ("link", "set", "far", "up"),
                      ("route", "add", "default", "via", FAR_GATEWAY4)):
            run("ip", "-n", "far", *words)
        with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as file:
            file.write("1")

    @needs("curl")
    def test_a_client_vanishes(self):
        """Without a word: the server's own time limit ends the connection, and nobody else sees it."""
        self.far_namespace()
        self.nginx_on_engine("send_timeout 3s; reset_timedout_connection on;", self.folder)
        path = self.folder / "vanished"
        client = Process(["ip", "netns", "exec", "far", "curl", "-sS", "--limit-rate", "3M", "-o",
                          path, f"http://{ENGINE4}:{PORT}/{self.huge.name}"], self.folder, "far")
        self.addCleanup(client.stop, signal.SIGKILL)
        wait_for(lambda: path.exists() and path.stat().st_size > 1_000_000, 20, "some bytes")
        self.assertTrue(any(remote.startswith(FAR4) for remote in self.remotes()))
        run("ip", "-n", "far", "link", "set", "far", "down")
        self.assertEqual(self.fetch(f"http://{ENGINE4}:{PORT}/{self.huge.name}", "huge"),
                         self.huge_sha256)
        self.wait_gone(FAR4, 60)

    @needs("curl")
    def test_a_client_is_killed(self):
        """Half way, many at once: the server goes on, and keeps none of the connections."""
        self.nginx_on_engine(folder=self.folder)
        url = f"http://{ENGINE4}:{PORT}/{self.huge.name}"
        clients = [Process(["curl", "-sS", "--limit-rate", "2M", "-o", self.folder / f"cut{number}",
                            url], self.folder, f"cut{number}") for number in range(8)]
        for number in range(8):
            path = self.folder / f"cut{number}"
            wait_for(lambda: path.exists() and path.stat().st_size > 500_000, 30, "some bytes")
        for client in clients:
            client.stop(signal.SIGKILL)
        self.wait_gone(HOST4)
        self.assertEqual(self.fetch(url, "after"), self.huge_sha256)

    @needs("curl")
    def test_a_server_is_killed(self):
        """Its clients see the end of the stream, too early."""
        server = self.nginx_on_engine(folder=self.folder)
        path = self.folder / "half"
        client = Process(["curl", "-sS", "--limit-rate", "2M", "-o", path,
                          f"http://{ENGINE4}:{PORT}/{self.huge.name}"], self.folder, "half")
        self.addCleanup(client.stop, signal.SIGKILL)
        wait_for(lambda: path.exists() and path.stat().st_size > 500_000, 20, "some bytes")
        workers = run("pgrep", "-P", server.child.pid).stdout.split()
        server.send_signal(signal.SIGKILL)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(worker), signal.SIGKILL)
        self.assertIn(client.wait(60), (18, 56), client.log)  # partial file; reset
        self.wait_gone(HOST4)
        wait_for(lambda: self.find("state LISTEN") is None, what="the listener's end")

    @needs("ab")
    def test_nginx_reloads_under_load(self):
        server = self.nginx_on_engine()
        count = REQUESTS // 4
        load = Process(["ab", "-q", "-n", str(count), "-c", "16",
                        f"http://{ENGINE4}:{PORT}/file612"], self.folder, "reloads")
        self.addCleanup(load.stop)
        reloads = 0
        while load.is_running():
            server.send_signal(signal.SIGHUP)
            reloads += 1
            time.sleep(0.2)
        self.assertEqual(load.wait(), 0, load.log)
        self.assertIn(b"Complete requests:      %d\nFailed requests:        0" % count, load.output)
        self.assertGreater(reloads, 2)


LIMIT_OF_UNIT = int(re.search(r"LimitNOFILE=(\d+)", Path(
    HERE, "../../systemd/common.service.in").read_text())[1])

MANY_SERVER = """
import select, socket, sys
listener = socket.create_server(("0.0.0.0", %d), backlog=4096)
kept = {}
while len(kept) < int(sys.argv[1]):
    connection, _ = listener.accept()
    kept[connection.fileno()] = connection
waiting = select.epoll()
for number in kept:
    waiting.register(number, select.EPOLLIN)
print("all", flush=True)
answered = 0
while answered < len(kept):
    for number, _ in waiting.poll():
        kept[number].sendall(kept[number].recv(8))
        answered += 1
for connection in kept.values():
    connection.close()
""" % PORT


class Many(LongTest):
    """As many connections of one program as one user may have: 50,000, or what descriptors allow."""

    daemon_arguments = ("--set", "connections_per_remote_max=0")

    @classmethod
    def setUpClass(cls) -> None:
        """As systemd's LimitNOFILE has it, where root may raise the limit (CAP_SYS_RESOURCE)."""
        with contextlib.suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT_OF_UNIT, LIMIT_OF_UNIT))
        super().setUpClass()

    def sockets(self, name: str = "") -> int:
        with urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=30) as page:
            text = page.read().decode()
        return int(text.split(f"\ntcpengine_rpc_sockets{name} ")[1].split()[0])

    def connect(self) -> socket.socket:
        """SYNs that find the backlog full come again."""
        return wait_for(self.try_to_connect, 30, "a connection")

    @staticmethod
    def try_to_connect() -> socket.socket | None:
        with contextlib.suppress(OSError):
            return socket.create_connection((ENGINE4, PORT), 20)

    def test_many(self):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
            file.write("1024 65535")
        count = min(50_000, self.sockets("_max") * 7 // 8 - 100)
        server = Process([RUN, PYTHON, "-c", MANY_SERVER, count], self.folder, "many",
                         env=self.environment())
        self.addCleanup(server.stop)
        wait_for(lambda: self.find("state LISTEN"), 30, "the listener")
        clients = [self.connect() for _ in range(count)]
        wait_for(lambda: b"all" in server.output, 120, "all connections")
        self.assertEqual(self.sockets(), count + 1)
        for number, client in enumerate(clients):
            client.sendall(b"%08d" % number)
        for number, client in enumerate(clients):
            self.assertEqual(harness.recv_exactly(client, 8), b"%08d" % number)
            self.assertEqual(client.recv(1), b"")
            client.close()
        self.assertEqual(server.wait(60), 0, server.log)
        wait_for(lambda: self.sockets() == 0, 30, "the sockets' end")
        print(f"{count} connections at once", flush=True)


class DaemonEnds(LongTest):
    """Under load: programs get errors as the kernel would give them, and go on or end by themselves."""

    def under_load(self, end_daemon) -> None:
        self.nginx_on_engine()
        self.redis_of_kernel()
        loads = {
            "curl": (RUN, "curl", "-sS", "--limit-rate", "1M", "-o", "/dev/null",
                     f"http://{HOST4}/huge"),
            "exact": (RUN, PYTHON, HERE / "exact_client.py", "http", HOST4, 80, 10_000_000, 8,
                      self.served),
            "redis": (RUN, "redis-benchmark", "-h", HOST4, "-q", "-n", "100000000", "-c", "10",
                      "-t", "get"),
            "wrk": (RUN, "wrk", "-c", "8", "-t", "2", "-d", "15s", f"http://{HOST4}/small"),
            "static": (RUN, "busybox", "sh", "-c", "while busybox wget -q -O /dev/null "
                       f"http://{HOST4}/huge; do :; done; exit 1"),
            "ab": (RUN, "ab", "-q", "-n", "10000000", "-c", "8", f"http://{HOST4}/small"),
            "kernel": ("ab", "-q", "-s", "10", "-n", "10000000", "-c", "8",
                       f"http://{ENGINE4}:{PORT}/file612")}
        processes = {name: Process(words, self.folder, f"{self._testMethodName}-{name}",
                                   env=self.environment()) for name, words in loads.items()}
        for process in processes.values():
            self.addCleanup(process.stop, signal.SIGKILL)
        wait_for(lambda: len(self.remotes()) > 30, 30, "the load")
        end_daemon()
        try:
            self.check_ends(processes)
        finally:
            type(self).start_daemon()
        done = self.under("curl", "-sS", f"http://{HOST4}/small")
        self.assertEqual(done.stdout, b"small file\n")

    def check_ends(self, processes: dict) -> None:
        for name, process in processes.items():
            status = process.wait(40)
            if name != "wrk":  # counts its errors, and goes on
                self.assertGreater(status, 0, (name, process.log, process.output[-500:]))
        self.assertIn(b"Socket errors", processes["wrk"].output)

    def setUp(self) -> None:
        super().setUp()
        shutil.copy(self.huge, self.nginx.root / "huge")
        for size in FILE_SIZES:
            shutil.copy(self.served / f"file{size}", self.nginx.root)

    @needs("wrk", "ab", "redis-benchmark", "busybox")
    def test_it_is_stopped(self):
        self.under_load(self.stop_daemon)

    @needs("wrk", "ab", "redis-benchmark", "busybox")
    def test_it_is_killed(self):
        def kill():
            self.daemon.child.kill()
            self.daemon.child.wait()
            self.daemon.notify.close()
            type(self).daemon = None
        self.under_load(kill)


@unittest.skipIf(not shutil.which("go"), "go is not installed (Debian package golang-go)")
class Go(LongTest):
    """Statically linked, without a C library, or past it: supervised."""

    @classmethod
    def build(cls, name: str, with_c: str) -> Path:
        program = cls.folder / name
        environment = dict(os.environ, CGO_ENABLED=with_c, GO111MODULE="off", HOME=str(cls.folder),
                           GOCACHE=str(cls.folder / "go-cache"))
        subprocess.run(["go", "build", "-o", str(program), str(HERE / "go_program.go")],
                       env=environment, check=True, timeout=600 * PATIENCE)
        return program

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.program = cls.build("go_program", "0")

    def test_linked_to_the_c_library(self):
        """A dynamic program, whose system calls are its own all the same."""
        program = self.build("go_with_c", "1")
        self.assertIn(b"interpreter", run("readelf", "-l", program).stdout)
        done = self.under(program, "get", "40", f"http://{HOST4}/big")
        self.assertEqual(done.stdout.decode().split(), [self.big_sha256])
        self.assert_on_engine(40)

    def test_client(self):
        for size in FILE_SIZES:
            shutil.copy(self.served / f"file{size}", self.nginx.root)
        done = self.under(self.program, "get", "400", f"http://{HOST4}/file65536", timeout=120)
        self.assertEqual(done.stdout.decode().split(),
                         [sha256_of(self.served / "file65536")])
        done = self.under(self.program, "get", "1", f"http://{HOST4}/big")
        self.assertEqual(done.stdout.decode().split(), [self.big_sha256])
        self.assert_on_engine(401)

    def test_errors(self):
        refused = self.under(self.program, "connect", f"{HOST4}:1", check=False)
        self.assertIn(b"connection refused", refused.stdout)
        silent = self.under(self.program, "connect", "10.9.0.77:80", check=False)
        self.assertRegex(silent.stdout, b"i/o timeout|no route to host")

    def test_server(self):
        self.server(self.program, "serve", f"0.0.0.0:{PORT}", self.served, port=PORT)
        self.exact("http", ENGINE4, PORT, REQUESTS // 10, 16)
        self.exact("http-each", ENGINE4, PORT, REQUESTS // 50, 8)
        answer = run("curl", "-sS", "-T", self.big, f"http://{ENGINE4}:{PORT}/x").stdout.decode()
        self.assertRegex(answer, rf"^{self.big_sha256} {HOST4}:\d+$")
        self.assert_on_engine(16 + REQUESTS // 50 + 1)


if __name__ == "__main__":
    harness.main()
