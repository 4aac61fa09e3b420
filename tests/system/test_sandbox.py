"""A daemon started by hand as root gives up what it does not need, and works without it."""
import os
import re
import signal
import threading
import unittest
import urllib.request
from pathlib import Path

import harness
from harness import ENGINE4, HOST4, TAP, KernelSink, run, wait_for


def http(path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:9409{path}", timeout=10) as answer:
        return answer.read().decode()


class Sandbox(harness.SystemTest):
    wants_daemon = False

    def setUp(self) -> None:
        self.config = self.folder / "tcpengined.conf"
        self.configure("info")
        self.start_daemon("--config", str(self.config))

    def tearDown(self) -> None:
        self.stop_daemon()

    def configure(self, log_level: str) -> None:
        """As an editor does: a new file takes the old one's name."""
        new = self.folder / "new.conf"
        new.write_text(f"[daemon]\nlog_level = {log_level}\ncontrol_group = root\n"
                       "admin_group = nogroup\nprivileged_ports = root, daemon\n")
        new.rename(self.config)

    def proc(self, name: str) -> Path:
        return Path(f"/proc/{self.daemon.child.pid}/{name}")

    def status(self) -> dict[str, str]:
        return dict(line.split(":\t", 1) for line in self.proc("status").read_text().splitlines())

    def wait_log(self, text: str) -> None:
        wait_for(lambda: text in self.daemon.log, 10, text)

    def test_nothing_is_kept(self) -> None:
        status = self.status()
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        self.assertEqual(status["Threads"], "1")
        self.assertIn("capabilities are given up, and system calls limited", self.daemon.log)

    def test_sandbox_can_be_switched_off(self) -> None:
        self.stop_daemon()
        self.start_daemon("--set", "sandbox=off")
        self.assertNotEqual(int(self.status()["CapEff"], 16), 0)
        self.assertEqual(self.status()["Seccomp"], "0")

    def test_it_works_under_load(self) -> None:
        """Transfers, metrics and a reload at once; nothing that it calls is refused."""
        path, digest = harness.random_file(str(self.folder), 20_000_000)
        sink = KernelSink()
        pages = []
        stop = threading.Event()

        def scrape() -> None:
            while not stop.is_set():
                pages.append(http("/metrics"))
                http("/")

        scraper = threading.Thread(target=scrape)
        scraper.start()
        try:
            with path.open("rb") as source:
                self.tcpctl("connect", HOST4, sink.port, "-N", stdin=source, timeout=120)
            self.assertEqual(sink.finish(), digest)
        finally:
            stop.set()
            scraper.join()
        self.assertEqual(http("/healthz").strip(), "ok")
        for name in ("process_open_fds", "process_resident_memory_bytes"):
            value = re.search(rf"^{name} ([\d.e+]+)$", pages[-1], re.MULTILINE).group(1)
            self.assertGreater(float(value), 3, name)

    def test_reload(self) -> None:
        """The file is read again: also one that has taken its place, and one with mistakes."""
        self.configure("debug")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_log("log level is now debug")
        self.configure("loud")
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_log("'loud' is not a level")
        self.config.unlink()
        self.daemon.send_signal(signal.SIGHUP)
        self.wait_log("cannot be opened: No such file")

    def test_ends_without_traces(self) -> None:
        """Its socket's file is gone, and a TAP that it has made."""
        self.stop_daemon()
        self.start_daemon("--tap", "own0")
        self.assertTrue(Path("/sys/class/net/own0").exists())
        control = self.daemon.control
        self.stop_daemon()
        self.assertFalse(Path("/sys/class/net/own0").exists())
        self.assertFalse(control.exists())

    def test_tap_made_anew_is_used(self) -> None:
        """It may not make one any more, but uses one that root has made: each time."""
        for i in range(3):
            run("ip", "link", "delete", TAP)
            wait_for(lambda: not self.ctl("status")["tap_up"], what="a missing link")
            wait_for(lambda: self.daemon.log.count(f"not permitted to use or create TAP {TAP}") > i,
                     what="what to do")
            harness.make_tap()
            wait_for(lambda: self.ctl("status")["tap_up"], what="the link")
            listener = self.ctl("listen", "4000")["id"]
            self.kernel_client(4000, ENGINE4)
            self.ctl("abort", listener)

    def test_stale_socket_of_anothers_directory(self) -> None:
        """In a directory that is not its own it cannot remove the socket: it says so, and the next
        start replaces it."""
        self.stop_daemon()
        folder = self.folder / "theirs"
        folder.mkdir(mode=0o750)
        os.chown(folder, 4242, 4242)
        for _ in range(2):
            self.start_daemon("--control", f"ipc://{folder}/c.sock")
            self.daemon.url = f"ipc://{folder}/c.sock"
            self.tcpctl("status")
            daemon = self.daemon
            self.stop_daemon()
            self.assertIn(f"cannot remove {folder}/c.sock: Permission denied", daemon.log)
        self.assertIn("left behind by a dead daemon", daemon.log)


if __name__ == "__main__":
    harness.main()
