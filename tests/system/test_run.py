"""Unmodified programs under tcpengine-run, as clients and as servers, against the kernel's TCP."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest

import harness
from harness import (BUILD, ENGINE4, ENGINE6, HOST4, HOST6, Nginx, Process, at, random_file,
                     run, sha256_of, wait_for)

RUN = BUILD / "lib" / "preload" / "tcpengine-run"
PYTHON = "/usr/bin/python3"
SERVED_BYTES = 3_000_000


def needs(*programs: str):
    missing = [name for name in programs if not shutil.which(name)]
    return unittest.skipIf(missing, f"{', '.join(missing)} is not installed")


class RunTest(harness.SystemTest):
    """The kernel's side is a real nginx; what runs under tcpengine-run is the program of each test."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.big, cls.big_sha256 = random_file(str(cls.folder), SERVED_BYTES)
        cls.nginx = Nginx(cls.folder)
        cls.addClassCleanup(cls.nginx.stop)
        shutil.copy(cls.big, cls.nginx.root / "big")
        (cls.nginx.root / "small").write_text("small file\n")

    def environment(self, **more) -> dict:
        return dict(os.environ, TCPENGINE_CONTROL=self.daemon.url, **more)

    def under(self, *words, **options) -> subprocess.CompletedProcess:
        """Runs a program to its end, on the engine."""
        options.setdefault("env", self.environment())
        return run(RUN, "--verbose", *words, **options)

    def server(self, *words, port: int, address: str = ENGINE4, **options) -> Process:
        """Starts a program, on the engine, and waits until it can be connected to."""
        options.setdefault("env", self.environment())
        process = Process([RUN, "--verbose", *words], self.folder,
                          f"{self._testMethodName}-{port}", **options)
        self.addCleanup(process.stop)
        wait_for(lambda: self.is_open(process, address, port), 30, f"port {port} of {words[0]}")
        return process

    def is_open(self, process: Process, address: str, port: int) -> bool:
        self.assertTrue(process.is_running(), process.log[-2000:] + process.output[-2000:].decode())
        with contextlib.suppress(OSError), socket.create_connection((address, port), 2):
            return True
        return False

    def fetch(self, url: str, name: str, *options: str) -> str:
        """With the kernel's curl; the digest of what came."""
        path = self.folder / f"{self._testMethodName}-{name}"
        run("curl", "-sS", "--fail", "-o", path, *options, url)
        return sha256_of(path)

    def assert_on_engine(self, count: int = 1) -> None:
        """The engine has opened or accepted so many connections since this test began."""
        now = self.counters()
        made = sum(now[name] - self.before[name] for name in ("active_opens", "passive_opens"))
        self.assertGreaterEqual(made, count)

    def setUp(self) -> None:
        self.before = self.counters()


class Clients(RunTest):
    """Programs that connect."""

    @needs("curl")
    def test_curl(self):
        for host in (HOST4, f"[{HOST6}]"):
            path = self.folder / "curl"
            self.under("curl", "-sS", "--fail", "-o", path, f"http://{host}/big")
            self.assertEqual(sha256_of(path), self.big_sha256)
        self.assert_on_engine(2)

    @needs("curl")
    def test_curl_uploads(self):
        self.under("curl", "-sS", "--fail", "-T", self.big, f"http://{HOST4}/uploaded")
        self.assertEqual(sha256_of(self.nginx.root / "uploaded"), self.big_sha256)
        self.assert_on_engine()

    @needs("curl")
    def test_curl_names_what_failed(self):
        refused = self.under("curl", "-sS", f"http://{HOST4}:1/", check=False)
        self.assertEqual(refused.returncode, 7, refused.stderr)
        silent = self.kernel_server()
        late = self.under("curl", "-sS", "-m", "1", f"http://{HOST4}:{silent.getsockname()[1]}/",
                          check=False)
        self.assertEqual(late.returncode, 28, late.stderr)

    @needs("wget")
    def test_wget(self):
        path = self.folder / "wget"
        self.under("wget", "-q", "-O", path, f"http://{HOST4}/big")
        self.assertEqual(sha256_of(path), self.big_sha256)
        self.assert_on_engine()

    @needs("nc")
    def test_nc(self):
        sink = harness.KernelSink()
        with self.big.open("rb") as file:
            self.under("nc", "-N", HOST4, sink.port, stdin=file)
        self.assertEqual(sink.finish(), self.big_sha256)
        refused = self.under("nc", "-vz", HOST4, "1", check=False)
        self.assertIn(b"Connection refused", refused.stderr)

    @needs("nc")
    def test_nc_from_a_bound_port(self):
        server = self.kernel_server()
        self.under("nc", "-z", "-p", "4567", HOST4, server.getsockname()[1])
        connection, (address, port) = server.accept()
        connection.close()
        self.assertEqual((address, port), (ENGINE4, 4567))

    def test_urllib(self):
        script = f"""
import hashlib, urllib.request, urllib.error
data = urllib.request.urlopen("http://{HOST4}/big").read()
print(hashlib.sha256(data).hexdigest())
try: urllib.request.urlopen("http://{HOST4}:1/")
except urllib.error.URLError as error: print(type(error.reason).__name__)"""
        done = self.under(PYTHON, "-c", script)
        self.assertEqual(done.stdout.decode().split(), [self.big_sha256, "ConnectionRefusedError"])
        self.assert_on_engine()

    @needs("node")
    def test_node_fetch(self):
        script = f"""
const bytes = Buffer.from(await (await fetch("http://{HOST4}/big")).arrayBuffer());
console.log((await import("crypto")).createHash("sha256").update(bytes).digest("hex"));
process.exit(0);"""
        done = self.under("node", "--input-type=module", "-e", script)
        self.assertEqual(done.stdout.decode().strip(), self.big_sha256)
        self.assert_on_engine()

    @needs("git")
    def test_git_over_http(self):
        work, served = self.folder / "work", self.nginx.root / "work.git"
        environment = self.environment(HOME=str(self.folder), GIT_CONFIG_NOSYSTEM="1")
        run("git", "init", "-q", work)
        shutil.copy(self.big, work / "big")
        git = ("git", "-C", work, "-c", "user.name=a", "-c", "user.email=a@example.org")
        run(*git, "add", "big")
        run(*git, "commit", "-q", "-m", "big")
        run("git", "clone", "-q", "--bare", work, served)
        run("git", "-C", served, "update-server-info")
        self.under("git", "clone", "-q", f"http://{HOST4}/work.git", self.folder / "cloned",
                   env=environment, timeout=120)
        self.assertEqual(sha256_of(self.folder / "cloned" / "big"), self.big_sha256)
        self.assert_on_engine()

    @needs("ab")
    def test_ab(self):
        done = self.under("ab", "-q", "-k", "-n", "500", "-c", "10", f"http://{HOST4}/small")
        self.assertIn(b"Complete requests:      500\nFailed requests:        0", done.stdout)
        self.assert_on_engine(10)

    @needs("wrk")
    def test_wrk(self):
        done = self.under("wrk", "-t", "2", "-c", "16", "-d", "2s", f"http://{HOST4}/small")
        self.assertIn(b"requests in", done.stdout)
        self.assertNotIn(b"Socket errors", done.stdout)
        self.assertNotIn(b"Non-2xx", done.stdout)
        self.assert_on_engine(16)


class Servers(RunTest):
    """Programs that accept; some connect, too."""

    def test_python_http_server(self):
        self.server(PYTHON, "-m", "http.server", "8000", "--bind", "::", port=8000,
                    cwd=self.nginx.root)
        self.assertEqual(self.fetch(f"http://{ENGINE4}:8000/big", "4"), self.big_sha256)
        self.assertEqual(self.fetch(f"http://[{ENGINE6}]:8000/big", "6"), self.big_sha256)
        self.assert_on_engine(2)

    def test_asyncio(self):
        script = self.folder / "asyncio_echo.py"
        script.write_text(f"""
import asyncio
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def main():
    reader, writer = await asyncio.open_connection("{HOST4}", 80)
    writer.write(b"GET /small HTTP/1.0\\r\\n\\r\\n")
    assert (await reader.read()).endswith(b"small file\\n")
    async with await asyncio.start_server(echo, "0.0.0.0", 8001) as server:
        await server.serve_forever()
asyncio.run(main())""")
        self.server(PYTHON, script, port=8001)
        client = self.kernel_client(8001)
        digest = hashlib.sha256()
        data = self.big.read_bytes()
        for start in range(0, len(data), 50_000):
            client.sendall(data[start:start + 50_000])
            digest.update(harness.recv_exactly(client, len(data[start:start + 50_000])))
        self.assertEqual(digest.hexdigest(), self.big_sha256)
        self.assert_on_engine(2)

    @needs("node")
    def test_node(self):
        script = """require("http").createServer((request, response) => {
            let bytes = 0;
            request.on("data", piece => bytes += piece.length);
            request.on("end", () => response.end(`${request.socket.remoteAddress} ${bytes}`));
        }).listen(8002, "0.0.0.0")"""
        self.server("node", "-e", script, port=8002)
        answer = run("curl", "-sS", "-T", self.big, f"http://{ENGINE4}:8002/").stdout.decode()
        self.assertEqual(answer, f"{HOST4} {SERVED_BYTES}")
        self.assert_on_engine()

    @needs("socat")
    def test_socat(self):
        self.server("socat", "TCP-LISTEN:8003,fork,reuseaddr", "EXEC:cat", port=8003)
        client = self.kernel_client(8003)
        client.sendall(b"through a child\n")
        self.assertEqual(harness.recv_exactly(client, 16), b"through a child\n")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(client.recv(1), b"")
        done = self.under("socat", "-", f"TCP:{HOST4}:80", input=b"GET /small HTTP/1.0\r\n\r\n")
        self.assertTrue(done.stdout.endswith(b"small file\n"))
        self.assert_on_engine(2)

    def nginx_on_engine(self) -> Process:
        folder = self.folder / "engine-nginx"
        folder.mkdir(exist_ok=True)
        config = harness.nginx_config(folder, f"""
            listen 8080; listen [::]:8080; root {self.nginx.root};
            location /upstream/ {{ proxy_pass http://{HOST4}:80/; }}""", workers=2)
        return self.server("nginx", "-c", config, "-p", folder, port=8080)

    def test_nginx(self):
        server = self.nginx_on_engine()
        for url in (f"http://{ENGINE4}:8080/big", f"http://[{ENGINE6}]:8080/big",
                    f"http://{ENGINE4}:8080/upstream/big"):
            self.assertEqual(self.fetch(url, "big"), self.big_sha256, url)
        server.send_signal(signal.SIGHUP)  # new workers accept on the master's listener
        for _ in range(20):
            self.assertEqual(self.fetch(f"http://{ENGINE4}:8080/big", "again"), self.big_sha256)
        self.assertEqual(server.stop(signal.SIGQUIT), 0)
        self.assert_on_engine(24)

    @needs("ab")
    def test_nginx_reloads_under_load(self):
        """A connection per request: one that is kept alive may meet its worker's end, on any stack."""
        server = self.nginx_on_engine()
        load = Process(["ab", "-q", "-n", "3000", "-c", "8", f"http://{ENGINE4}:8080/small"],
                       self.folder, "ab")
        self.addCleanup(load.stop)
        for _ in range(3):
            time.sleep(0.3)
            server.send_signal(signal.SIGHUP)
        self.assertEqual(load.wait(60), 0, load.log)
        self.assertIn(b"Complete requests:      3000\nFailed requests:        0", load.output)

    def benchmark(self, address: str, *prefix) -> None:
        """Sets and gets by twenty clients at once; then a value of some megabytes, byte by byte."""
        done = run(*prefix, "redis-benchmark", "-h", address, "-q", "-n", "2000", "-c", "20", "-t",
                   "set,get", env=self.environment())
        self.assertIn(b"GET: ", done.stdout)
        value = self.big.read_bytes().hex()
        client = (*prefix, "redis-cli", "-h", address)
        run(*client, "-x", "set", "key", input=value.encode(), env=self.environment())
        self.assertEqual(
            run(*client, "get", "key", env=self.environment()).stdout.decode().strip(), value)
        self.assert_on_engine(22)

    @needs("redis-server", "redis-benchmark")
    def test_redis_server(self):
        self.server("redis-server", "--bind", ENGINE4, "--protected-mode", "no", "--save", "",
                    port=6379, cwd=self.folder)
        self.benchmark(ENGINE4)

    @needs("redis-server", "redis-benchmark")
    def test_redis_clients(self):
        server = Process(["redis-server", "--bind", HOST4, "--protected-mode", "no", "--save", ""],
                         self.folder, "redis", cwd=self.folder)
        self.addCleanup(server.stop)
        wait_for(lambda: self.is_open(server, HOST4, 6379), what="redis-server")
        self.benchmark(HOST4, RUN)

    def iperf3_report(self, *words) -> dict | None:
        """The server opens its listener anew after each test: None if it was between the two."""
        done = run(*words, check=False, timeout=30, env=self.environment())
        report = json.loads(done.stdout)
        early = ("Connection refused", "Connection reset", "busy running a test")
        return None if any(word in report.get("error", "") for word in early) else report

    def iperf3(self, address: str, *prefix) -> None:
        for options in ((), ("-R",), ("-P", "8"), ("--bidir",)):
            words = (*prefix, "iperf3", "-c", address, "-t", "1", "-J", *options)
            report = wait_for(lambda: self.iperf3_report(*words), what="iperf3")
            self.assertEqual(report.get("error"), None, options)
            self.assertGreater(report["end"]["sum_received"]["bytes"], 100_000, options)
        self.assert_on_engine(4 + 4 + 7 + 1)

    @needs("iperf3")
    def test_iperf3_server(self):
        """It takes its first connection for a test's: none to see whether it listens."""
        server = Process([RUN, "iperf3", "-s", "-4"], self.folder, "iperf3-engine",
                         env=self.environment())
        self.addCleanup(server.stop)
        wait_for(lambda: self.find("state LISTEN") is not None, what="iperf3 on the engine")
        self.iperf3(ENGINE4)

    @needs("iperf3")
    def test_iperf3_client(self):
        server = Process(["iperf3", "-s", "-B", HOST4], self.folder, "iperf3-kernel")
        self.addCleanup(server.stop)
        wait_for(lambda: b"5201" in run("ss", "-Hltn", f"src {HOST4}:5201").stdout, what="iperf3")
        self.iperf3(HOST4, RUN)

    @needs("memcached")
    def test_memcached(self):
        self.server("memcached", "-u", "root", "-p", "11211", "-U", "0", "-l", ENGINE4, port=11211)
        client = self.kernel_client(11211)
        client.sendall(b"set key 0 0 5\r\nvalue\r\nget key\r\n")
        wanted = b"STORED\r\nVALUE key 0 5\r\nvalue\r\nEND\r\n"
        self.assertEqual(harness.recv_exactly(client, len(wanted)), wanted)
        self.assert_on_engine()

    @needs("haproxy")
    def test_haproxy(self):
        config = self.folder / "haproxy.cfg"
        config.write_text(f"""
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
listen all
    bind {ENGINE4}:8004
    server one {HOST4}:80
""")
        self.server("haproxy", "-f", config, "-db", port=8004)
        self.assertEqual(self.fetch(f"http://{ENGINE4}:8004/big", "big"), self.big_sha256)
        self.assert_on_engine(2)

    @needs("rsync")
    def test_rsync(self):
        config = self.folder / "rsyncd.conf"
        config.write_text(f"use chroot = no\n[files]\npath = {self.nginx.root}\nread only = yes\n")
        self.server("rsync", "--daemon", "--no-detach", f"--config={config}", "--port=8730",
                    f"--address={ENGINE4}", port=8730)
        run("rsync", f"rsync://{ENGINE4}:8730/files/big", self.folder / "rsynced")
        self.assertEqual(sha256_of(self.folder / "rsynced"), self.big_sha256)
        self.assert_on_engine()


class Supervised(RunTest):
    """Programs that no library can be preloaded into, and dynamic ones on request."""

    @needs("busybox")
    def test_static_client(self):
        path = self.folder / "busybox"
        self.under("busybox", "wget", "-q", "-O", path, f"http://{HOST4}/big")
        self.assertEqual(sha256_of(path), self.big_sha256)
        refused = self.under("busybox", "wget", "-O", "-", f"http://{HOST4}:1/", check=False)
        self.assertIn(b"refused", refused.stderr)
        self.assert_on_engine()

    @needs("busybox")
    def test_static_server(self):
        self.server("busybox", "httpd", "-f", "-p", "8010", port=8010, cwd=self.nginx.root)
        for _ in range(5):
            self.assertEqual(self.fetch(f"http://{ENGINE4}:8010/big", "big"), self.big_sha256)
        self.assert_on_engine(5)

    @needs("busybox")
    def test_a_server_that_goes_to_the_background(self):
        """tcpengine-run ends with the program; its child is served all the same."""
        self.under("busybox", "httpd", "-p", "8011", cwd=self.nginx.root)
        pid = run("pgrep", "-f", "httpd -p 8011").stdout.decode().split()[0]
        self.addCleanup(os.kill, int(pid), signal.SIGTERM)
        self.assertEqual(self.fetch(f"http://{ENGINE4}:8011/big", "big"), self.big_sha256)
        self.assert_on_engine()

    def test_dynamic_programs_and_their_children(self):
        for words in (("curl", "-sS"), ("sh", "-c", 'curl -sS "$0"'), ("wget", "-q", "-O", "-")):
            done = self.under("--supervise", *words, f"http://{HOST4}/small")
            self.assertEqual(done.stdout, b"small file\n")
        self.assert_on_engine(3)

    @needs("ab")
    def test_nginx(self):
        """Two workers, each call supervised; as many connections as requests."""
        config = self.folder / "supervised.conf"
        config.write_text(f"""
            daemon off; user root; worker_processes 2; pid {self.folder}/pid; error_log stderr;
            events {{ }}
            http {{ access_log off; keepalive_requests 1;
                    server {{ listen {ENGINE4}:8012; root {self.nginx.root}; }} }}""")
        self.server("--supervise", "nginx", "-c", config, "-p", self.folder, port=8012)
        done = run("ab", "-q", "-n", "300", "-c", "8", f"http://{ENGINE4}:8012/small")
        self.assertIn(b"Complete requests:      300\nFailed requests:        0", done.stdout)
        self.assertEqual(self.fetch(f"http://{ENGINE4}:8012/big", "big"), self.big_sha256)

    @needs("busybox")
    def test_static_children_of_dynamic_programs(self):
        url = f"http://{HOST4}/small"
        ways = (("sh", "-c", f"busybox wget -q -O - {url}; true"), ("env", "busybox", "wget", "-q", "-O", "-", url),
                (PYTHON, "-c", f"import os; os.execlp('busybox', 'wget', '-q', '-O', '-', '{url}')"),
                (PYTHON, "-c", "import subprocess; print(end=subprocess.run(['busybox', 'wget', "
                 f"'-q', '-O', '-', '{url}'], capture_output=True, text=True).stdout)"))
        for words in ways:
            self.assertEqual(self.under(*words).stdout, b"small file\n", words)
        self.assert_on_engine(len(ways))

    def test_exit_status_and_signals(self):
        run_it = (RUN, "--supervise")
        self.assertEqual(run(*run_it, "sh", "-c", "exit 7", check=False,
                             env=self.environment()).returncode, 7)
        self.assertEqual(run(*run_it, "sh", "-c", "kill -KILL $$", check=False,
                             env=self.environment()).returncode, -signal.SIGKILL)
        self.assertEqual(run(*run_it, "no-such-program", check=False,
                             env=self.environment()).returncode, 127)
        waiting = Process([*run_it, "sh", "-c", "trap 'exit 5' TERM; echo up; while :; do sleep 0.1; done"],
                          self.folder, "waiting", env=self.environment())
        self.addCleanup(waiting.stop)
        wait_for(lambda: b"up" in waiting.output, what="the program")
        waiting.send_signal(signal.SIGTERM)
        self.assertEqual(waiting.wait(10), 5)

    def test_a_killed_first_process_takes_the_program_along(self):
        program = Process([RUN, "--supervise", "sleep", "4711"], self.folder, "killed",
                          env=self.environment())
        alive = lambda: run("pgrep", "-f", "^sleep 4711$", check=False).returncode == 0
        wait_for(alive, what="sleep")
        program.stop(signal.SIGKILL)
        wait_for(lambda: not alive(), what="its end")


class Command(RunTest):
    """tcpengine-run itself: exit statuses, whose an address is, what it cannot do."""

    def status(self, *words, **options) -> int:
        options.setdefault("env", self.environment())
        return run(RUN, *words, check=False, **options).returncode

    def test_exit_status(self):
        self.assertEqual(self.status("true"), 0)
        self.assertEqual(self.status("sh", "-c", "exit 7"), 7)
        self.assertEqual(self.status("no-such-program"), 127)
        self.assertEqual(self.status("/nowhere/at/all"), 127)
        self.assertEqual(self.status("/etc/passwd"), 126)
        self.assertEqual(self.status("/etc"), 126)
        self.assertEqual(self.status(), 125)
        self.assertEqual(self.status("--nonsense", "true"), 125)
        self.assertEqual(self.status("--only", "10.0.0.0/33", "true"), 125)
        self.assertEqual(self.status("--help"), 0)

    def test_no_daemon(self):
        done = run(RUN, "--control", "ipc:///nowhere/control.sock", "true", check=False)
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"/nowhere/control.sock", done.stderr)

    def test_control_option(self):
        run(RUN, "--control", self.daemon.url, "curl", "-sS", "--fail", f"http://{HOST4}/small")
        self.assert_on_engine()

    def opened(self, *options) -> int:
        """How many connections the engine opened for one fetch of each family."""
        before = self.counters()["active_opens"]
        for host in (HOST4, f"[{HOST6}]"):
            run(RUN, *options, "curl", "-sS", "--fail", f"http://{host}/small",
                env=self.environment())
        return self.counters()["active_opens"] - before

    def test_only_and_except(self):
        self.assertEqual(self.opened(), 2)
        self.assertEqual(self.opened("--only", f"{HOST4}/24"), 1)
        self.assertEqual(self.opened("--only", f"{HOST4}/24,{HOST6}/64"), 2)
        self.assertEqual(self.opened("--only", "192.0.2.0/24"), 0)
        self.assertEqual(self.opened("--except", HOST6), 1)
        self.assertEqual(self.opened("--except", "::/0,0.0.0.0/0"), 0)
        self.assertEqual(self.opened("--only", "0.0.0.0/0", "--except", HOST4), 0)

    def test_loopback_stays_with_the_kernel(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        self.under("nc", "-zv", "127.0.0.1", server.getsockname()[1])
        made = self.counters()
        self.assertEqual(made["active_opens"], self.before["active_opens"])

    def test_what_the_daemon_shows(self):
        server = self.kernel_server()
        program = Process([RUN, "nc", "-d", HOST4, server.getsockname()[1]], self.folder, "shown",
                          env=self.environment())
        self.addCleanup(program.stop)
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        row = self.find(remote=at(HOST4, server.getsockname()[1]))
        self.assertEqual((row["state"], row["uid"]), ("ESTABLISHED", 0))
        self.assertIn(program.child.pid, self.holders(self.ctl("show", row["id"])["socket"]))
        text = self.tcpctl("show", row["id"]).stdout.decode()
        self.assertRegex(text, r"(?m)^socket +tcpengine/[0-9a-f]{16}/\d+/4$")
        plain = self.ctl("open", HOST4, server.getsockname()[1], "--wait")
        self.assertEqual(self.ctl("show", plain["id"])["socket"], None)

    def test_whose_a_listener_is(self):
        self.server(PYTHON, "-m", "http.server", "8020", port=8020, cwd=self.nginx.root)
        row = self.find(state="LISTEN", local="*:8020")
        self.assertTrue(self.holders(self.ctl("show", row["id"])["socket"]))

    def holders(self, name: str) -> list[int]:
        """Processes that have the other end of the daemon's socket with this name."""
        lines = run("ss", "-Hxp").stdout.decode().splitlines()
        number = next(line for line in lines if f"@{name} " in line).split()[-2]
        ours = next(line for line in lines if line.split()[5] == number)
        return [int(pid) for pid in re.findall(r"pid=(\d+)", ours)]

    def test_the_daemon_ends(self):
        """Programs learn it as an error; nobody hangs."""
        script = f"""
import errno, select, socket, sys
connection = socket.create_connection(("{HOST4}", 80))
listener = socket.create_server(("0.0.0.0", 8005))
waiting = select.epoll()
waiting.register(listener, select.EPOLLIN)
print("ready", flush=True)
try:
    data = connection.recv(1)
    print("end" if not data else data)
except OSError as error: print(errno.errorcode[error.errno])
print(len(waiting.poll()))
try: listener.accept(); print("accepted")
except OSError as error: print(errno.errorcode[error.errno])
print(waiting.poll(0.5))
try: listener.accept(); print("accepted")
except OSError as error: print(errno.errorcode[error.errno])
try: socket.create_connection(("{HOST4}", 80))
except OSError as error: print(errno.errorcode[error.errno])"""
        program = Process([RUN, PYTHON, "-c", script], self.folder, "orphan",
                          env=self.environment())
        self.addCleanup(program.stop)
        wait_for(lambda: b"ready" in program.output, 20, "the program")
        self.stop_daemon()
        status = program.wait(20)
        type(self).start_daemon()
        self.assertEqual(status, 0, program.log)
        words = program.output.decode().split()
        self.assertIn(words[1], ("end", "ECONNRESET", "ECONNABORTED"))
        # Told once: a server that waits for its listener would be told for ever.
        self.assertEqual(words[2:], ["1", "EINVAL", "[]", "EINVAL", "ENETDOWN"])


if __name__ == "__main__":
    harness.main()
