"""Memory runs short: whoever takes it, an honest user goes on, and afterwards all is as before."""
import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
import unittest
import urllib.request

import harness
from harness import ENGINE4, HOST4, TAP, TCPCTL, Process, random_file, run, sha256_of, wait_for
from ipc import Client, RpcError, endpoint
from swarm import Swarm

GROUP, ATTACKER, HONEST = 54300, 54301, 54302
BUDGET = 64 << 20
HONEST_BYTES = 20_000_000
HTTP = "http://127.0.0.1:9409"


def read_all(notify: socket.socket) -> None:
    """As systemd would: a daemon whose reports nobody reads waits for its manager."""
    while True:
        try:
            notify.recv(4096)
        except TimeoutError:
            continue
        except OSError:
            return


class Pressure(harness.SystemTest):
    daemon_arguments = ("--set", "memory_max=64M", "--set", f"control_group={GROUP}",
                        "--set", "objects_per_uid_max=65536")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        threading.Thread(target=read_all, args=(cls.daemon.notify,), daemon=True).start()
        cls.program = cls.folder / "tcpctl"
        shutil.copy(TCPCTL, cls.program)
        cls.program.chmod(0o755)
        cls.libraries = cls.folder / "lib"
        cls.libraries.mkdir()
        for library in harness.BUILD.glob("lib/client/libtcpclient.so*"):
            shutil.copy(library, cls.libraries)

    def setUp(self) -> None:
        self.quiet_bytes = self.status()["memory_used_bytes"]
        self.assertEqual(self.status()["memory_level"], "plenty")

    # --- helpers --------------------------------------------------------------------------------

    def words(self, uid: int, *arguments) -> list:
        return ["setpriv", f"--reuid={uid}", f"--regid={GROUP}", "--clear-groups", "--",
                "env", f"LD_LIBRARY_PATH={self.libraries}", self.program, "--control",
                self.daemon.url, *arguments]

    def as_user(self, uid: int, *arguments, status: int = 0):
        done = run(*self.words(uid, "--json", *arguments), check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode() + done.stdout.decode())
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr.decode()

    def status(self) -> dict:
        return self.ctl("status")

    def health(self) -> tuple[int, str]:
        with urllib.request.urlopen(f"{HTTP}/healthz", timeout=10) as reply:
            return reply.status, reply.read().decode().strip()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{HTTP}/metrics", timeout=10) as reply:
            return reply.read().decode()

    def transfer_both_ways(self) -> None:
        """Another user, another remote: a file to the kernel, and one from it."""
        path, digest = random_file(str(self.folder), HONEST_BYTES)
        sink = harness.KernelSink()
        with path.open("rb") as file:
            run(*self.words(HONEST, "connect", "-N", HOST4, sink.port), stdin=file, timeout=120)
        self.assertEqual(sink.finish(), digest)
        server = self.kernel_server()
        port = server.getsockname()[1]
        client = Process(self.words(HONEST, "connect", HOST4, port), self.folder,
                         f"{self._testMethodName}-honest-{time.monotonic_ns()}")
        self.addCleanup(client.stop)
        connection, _ = server.accept()
        with connection, path.open("rb") as file:
            connection.sendfile(file)
        client.wait(120)
        self.assertEqual(sha256_of(client.out_path), digest)

    def source(self) -> tuple[Process, int]:
        """A kernel server that sends as much as it can to whoever connects."""
        script = ("import socket, sys\n"
                  f"server = socket.create_server(('{HOST4}', 0), backlog=4096)\n"
                  "print(server.getsockname()[1], flush=True)\n"
                  "held = []\n"
                  "while True:\n"
                  "    held.append(server.accept()[0])\n"
                  "    held[-1].setblocking(False)\n"
                  "    try:\n"
                  "        held[-1].send(bytes(1 << 20))\n"
                  "    except BlockingIOError:\n"
                  "        pass\n")
        source = Process(["/usr/bin/python3", "-c", script], self.folder,
                         f"{self._testMethodName}-source")
        self.addCleanup(source.stop)
        port = int(wait_for(lambda: source.output.split(b"\n")[0], 10, "the source"))
        return source, port

    def client_of(self, uid: int) -> Client:
        with harness.effective_user(uid, GROUP):
            client = Client(str(self.daemon.control))
        self.addCleanup(client.close)
        return client

    def listen(self, port: int) -> int:
        return self.as_user(ATTACKER, "listen", port, "--backlog", 4096)["id"]

    def swarm(self, hosts: int) -> Swarm:
        swarm = Swarm(TAP, ENGINE4, [f"10.9.0.{100 + i}" for i in range(hosts)])
        self.addCleanup(swarm.close)
        return swarm

    def loose_rings(self, ids: list[int]) -> list[dict]:
        shown = [self.ctl("show", row["id"]) for row in self.ctl("ls") if row["id"] in ids]
        return [row for row in shown
                if row["send_buffer_bytes"] > max(8 * row["send_queue_bytes"], 4096)]

    def expect_within_budget(self) -> None:
        self.assertLessEqual(self.status()["memory_used_bytes"], BUDGET)

    def expect_as_before(self) -> None:
        """Within ten seconds."""
        wait_for(lambda: self.status()["memory_used_bytes"] < self.quiet_bytes + (2 << 20), 10,
                 "the memory is given back")
        self.assertEqual(self.status()["memory_level"], "plenty")
        self.assertEqual(self.health(), (200, "ok"))

    # --- attacks --------------------------------------------------------------------------------

    def test_far_bytes(self) -> None:
        """One byte beyond a hole in each of 8,000 connections: 64 KiB each would be eight times
        the budget."""
        swarm = self.swarm(4)
        listeners = [self.listen(port) for port in (8001, 8002, 8003)]
        swarm.hold_far_byte(60000)
        swarm.open(8000, [8001, 8002, 8003])
        wait_for(lambda: self.counters()["out_of_order_segments"] > 4000, 20, "the attack")
        self.expect_within_budget()
        self.transfer_both_ways()
        self.expect_within_budget()
        swarm.reset_all()
        for listener in listeners:
            self.as_user(ATTACKER, "close", listener)
        self.expect_as_before()

    def test_lying_receivers(self) -> None:
        """They acknowledge what never came, until rings are large; then the window closes."""
        swarm = self.swarm(3)
        listener = self.listen(8010)
        path, _ = random_file(str(self.folder), 200_000_000)
        swarm.open(6, [8010])
        ids = [self.as_user(ATTACKER, "accept", listener, "--wait", 10)["id"] for _ in range(6)]
        for conn_id in ids:
            with path.open("rb") as file:
                sender = subprocess.Popen([str(word) for word in
                                           self.words(ATTACKER, "send", conn_id, "-")],
                                          stdin=file, stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)
            self.addCleanup(sender.wait)
            self.addCleanup(sender.kill)
        for _ in range(50):
            swarm.acknowledge_all()
            time.sleep(0.04)
        self.expect_within_budget()
        swarm.acknowledge_all(window=0)
        self.transfer_both_ways()
        self.expect_within_budget()
        wait_for(lambda: not self.loose_rings(ids), what="rings that fit what they hold")
        swarm.reset_all()
        self.as_user(ATTACKER, "close", listener)
        self.expect_as_before()

    def test_a_program_that_never_reads(self) -> None:
        """It stops at its share; others open and transfer; its connections are no burden once it
        is gone."""
        source, port = self.source()
        refusal = ""
        for _ in range(2000):
            done = run(*self.words(ATTACKER, "open", HOST4, port), check=False)
            if done.returncode != 0:
                refusal = done.stderr.decode()
                break
        self.assertIn("memory share", refusal)
        self.assertIn("ENOBUFS", refusal)
        self.expect_within_budget()
        self.assertLessEqual(self.status()["memory_used_bytes"], BUDGET * 0.6 + self.quiet_bytes)
        owner = f'tcpengine_memory_uid_bytes{{uid="{ATTACKER}"}}'
        self.assertIn(owner, self.metrics())
        self.as_user(HONEST, "open", HOST4, port)
        self.transfer_both_ways()
        for row in self.ctl("ls"):
            self.tcpctl("abort", row["id"])
        source.stop()
        self.expect_as_before()

    def test_several_users_at_the_limit(self) -> None:
        """Each within its share, all together beyond the budget: those yield that make no
        progress, and it shows everywhere."""
        source, port = self.source()
        clients = [self.client_of(ATTACKER + 10 + i) for i in range(4)]
        opened = []
        for client in clients:
            for token in range(1, 700):
                try:
                    opened.append(client.call("open", remote=endpoint(HOST4, port), wait_ms=2000,
                                              token=token).id)
                except RpcError as error:
                    self.assertIn("memory", str(error))
                    break
        wait_for(lambda: self.status()["memory_level"] != "plenty", 10, "pressure")
        self.assertEqual(self.health(), (200, "degraded: memory"))
        self.assertRegex(self.metrics(), r"(?m)^tcpengine_memory_pressure [12]$")
        self.transfer_both_ways()
        self.as_user(HONEST, "open", HOST4, port, "--wait")
        self.expect_within_budget()
        self.assertGreater(self.counters()["memory_yields"], 0)
        with Client(str(self.daemon.control)) as root:
            causes = {change.cause for conn_id in opened
                      for change in root.call("history", id=conn_id).transitions}
        self.assertIn("memory pressure", causes)
        source.stop()
        for client in clients:
            for conn_id in opened:
                with contextlib.suppress(RpcError):  # another's, or gone
                    client.call("abort", id=conn_id)
        self.expect_as_before()
        self.assertEqual(self.daemon.log.count("memory is short"),
                         self.daemon.log.count("memory is no longer short"))


if __name__ == "__main__":
    harness.main()
