"""Clients use up the daemon's descriptors: it goes on, and root still gets in."""
import contextlib
import os
import resource
import subprocess
import time
import unittest
import urllib.request

import harness
from harness import HOST4, KernelSink, Process, run, wait_for
from ipc import endpoint

GROUP = 54300
LIMIT = 100
HOSTILE = range(54321, 54331)

HOLDER = """
import socket, sys
links = []
for _ in range(200):
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(0.2)
    try:
        link.connect(sys.argv[1])
        link.sendall(b"\\0SP\\0\\0\\x30\\0\\0")
        link.recv(8)
    except OSError:
        pass
    links.append(link)
print("held", flush=True)
sys.stdin.read()
"""


class Descriptors(harness.SystemTest):
    """A hard limit of LIMIT: fewer than links_max and the daemon's own."""

    daemon_arguments = ("--set", f"control_group={GROUP}", "--set", "links_per_uid_max=64")

    @classmethod
    def start_daemon(cls, *arguments: str):
        cls.daemon = harness.Daemon(
            cls.folder, *cls.daemon_arguments, *arguments,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT)))
        return cls.daemon.wait_ready()

    def metrics(self) -> dict[str, float]:
        text = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read().decode()
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in rows}

    def hold_links(self) -> None:
        for uid in HOSTILE:
            holder = Process(
                ["setpriv", f"--reuid={uid}", f"--regid={GROUP}", "--clear-groups", "--",
                 "/usr/bin/python3", "-c", HOLDER, str(self.daemon.control)], self.folder,
                f"{self._testMethodName}-{uid}", stdin=subprocess.PIPE)
            self.addCleanup(holder.stop)
            self.addCleanup(holder.child.stdin.close)
            wait_for(lambda holder=holder: b"held" in holder.output, 120, "the links")

    def is_well(self) -> None:
        """The network works, and root sees it."""
        self.assertTrue(self.ctl("status")["tap_up"])
        sink = KernelSink()
        path, digest = harness.random_file(str(self.folder), 1 << 20)
        with path.open("rb") as file:
            self.tcpctl("connect", "-N", HOST4, sink.port, stdin=file)
        self.assertEqual(sink.finish(), digest)

    def test_hostile_links_of_many_users(self) -> None:
        self.assertIn(f"the limit of {LIMIT} descriptors leaves room for", self.daemon.log)
        self.assertIn("LimitNOFILE=", self.daemon.log)
        self.hold_links()
        time.sleep(2.5)  # the TAP is looked at every second
        self.assertNotIn("TAP tap-te:", self.daemon.log)
        self.is_well()
        metrics = self.metrics()
        self.assertGreater(metrics["tcpengine_control_links_refused_all_total"], 0)
        self.assertEqual(metrics["tcpengine_control_links_refused_files_total"], 0)
        self.assertLess(metrics["process_open_fds"], LIMIT)
        self.assertGreater(metrics["process_resident_memory_bytes"], 0)

    def test_not_one_descriptor_is_left(self) -> None:
        """The limit is lowered to what is open: what runs needs no new one."""
        client = self.client()
        server = self.kernel_server()
        conn_id = client.call("open", remote=endpoint(HOST4, server.getsockname()[1]),
                              wait_ms=5000).id
        accepted, _ = server.accept()
        pid = self.daemon.child.pid
        open_fds = sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
        with accepted, contextlib.ExitStack() as stack:
            stack.callback(run, "prlimit", "--pid", pid, f"--nofile={LIMIT}:{LIMIT}")
            run("prlimit", "--pid", pid, f"--nofile={len(open_fds)}:{LIMIT}")
            self.assertEqual(open_fds, list(range(len(open_fds))))  # or one would be free
            time.sleep(2.5)
            self.assertTrue(client.call("daemon_status").tap_up)
            accepted.sendall(b"ping")
            self.assertEqual(client.call("receive", id=conn_id, wait_ms=5000).data, b"ping")
            client.call("send", id=conn_id, offset=0, data=b"pong")
            self.assertEqual(harness.recv_exactly(accepted, 4), b"pong")
            self.assertNotIn("TAP tap-te:", self.daemon.log)
            # What takes one for a moment: systemd's notifications, and a reload.
            self.drain_notifications()
            run("ip", "link", "set", harness.TAP, "down")
            self.assertIn(b"STATUS=", self.next_notification())
            run("ip", "link", "set", harness.TAP, "up")
            wait_for(lambda: client.call("daemon_status").tap_up, what="the link")
        client.call("abort", id=conn_id)
        self.is_well()

    def drain_notifications(self) -> None:
        self.daemon.notify.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            while True:
                self.daemon.notify.recv(4096)

    def next_notification(self) -> bytes:
        self.daemon.notify.settimeout(10 * harness.PATIENCE)
        return self.daemon.notify.recv(4096)


if __name__ == "__main__":
    harness.main()
