"""tcpctl --control ssh://: another host's daemon, by an sshd of the test's own."""
import os
import shutil
import signal
import unittest

import harness
from harness import HOST4, TCPCTL, Process, run, wait_for
from sshd import Sshd
from tmux import Tmux

PORT = 2222


@unittest.skipUnless(shutil.which("sshd"), "there is no sshd")
class Remote(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        sshd = Sshd(cls.folder)
        cls.keys = sshd.keys
        cls.rooms = cls.folder / "rooms"
        cls.rooms.mkdir(mode=0o700)
        (cls.keys / "config").write_text(
            f"IdentityFile {cls.keys}/user\nStrictHostKeyChecking no\nLogLevel ERROR\n"
            f"UserKnownHostsFile {cls.keys}/known\nBatchMode yes\n")
        ssh = cls.keys / "bin" / "ssh"  # a user would have that in ~/.ssh/config
        ssh.parent.mkdir()
        ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {cls.keys}/config "$@"\n')
        ssh.chmod(0o755)
        cls.sshd = Process(sshd.words("127.0.0.1", PORT), cls.folder, "sshd")
        cls.addClassCleanup(cls.sshd.stop)
        wait_for(lambda: "Server listening" in cls.sshd.log, what="sshd")

    def setUp(self) -> None:
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(self.rooms),
                            "PATH": f"{self.keys}/bin:{os.environ['PATH']}"}
        self.environment.pop("TCPENGINE_CONTROL", None)
        self.addCleanup(self.expect_nothing_left)

    def expect_nothing_left(self) -> None:
        wait_for(lambda: not list(self.rooms.iterdir()), what="the end of ssh's folder")
        wait_for(lambda: run("pgrep", "-f", f"{self.rooms}/tcpctl", check=False).returncode == 1,
                 what="the end of ssh")

    def url(self, path: str = "") -> str:
        return f"ssh://root@127.0.0.1:{PORT}{path or str(self.daemon.control)}"

    def there(self, *words, status: int = 0, **fields):
        done = run(TCPCTL, "--control", self.url(), *words, env=self.environment, check=False,
                   **fields)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done

    def test_it_is_as_here(self) -> None:
        listener = self.ctl("listen", 7000)
        self.assertEqual(self.there("-H", "ls").stdout, self.tcpctl("-H", "ls").stdout)
        said = self.there("--json", "explain", listener["id"]).stdout
        self.assertIn(b'"situation": "listening"', said)
        self.assertIn(b"Listening: 0 connections of at most ", said)
        self.tcpctl("close", listener["id"])

    def test_by_the_environment(self) -> None:
        done = run(TCPCTL, "status", env={**self.environment, "TCPENGINE_CONTROL": self.url()})
        self.assertIn(b"boot", done.stdout)

    def test_bytes(self) -> None:
        sink = harness.KernelSink()
        file, digest = harness.random_file(str(self.folder), 3_000_000)
        with file.open("rb") as stdin:
            self.there("connect", HOST4, sink.port, "-N", stdin=stdin, timeout=60)
        self.assertEqual(sink.finish(), digest)

    def test_the_whole_screen(self) -> None:
        """tcpctl top, as on the spot; once ssh has ended it says so, and gives the terminal back."""
        port = self.ctl("listen", 7001)
        self.addCleanup(self.tcpctl, "close", port["id"])
        terminal = Tmux(self.folder, XDG_RUNTIME_DIR=str(self.rooms), PATH=self.environment["PATH"])
        self.addCleanup(terminal.close)
        terminal.type(f"{TCPCTL} --control {self.url()} top state listening; echo status=$?")
        terminal.keys("Enter")
        terminal.wait(rf"^ *{port['id']} LISTEN ")
        terminal.keys("Enter")
        terminal.wait(r"^verdict +ok$")
        terminal.type("q")
        terminal.wait(rf"^ *{port['id']} LISTEN ")
        run("pkill", "-f", f"^{shutil.which('ssh')} .*{self.rooms}")
        terminal.wait("no daemon|has ended with status")
        terminal.type("q")
        terminal.wait("^status=[0-9]+$")

    def test_killed(self) -> None:
        """What ssh needed goes in any case."""
        for number in (signal.SIGINT, signal.SIGKILL):
            process = Process([TCPCTL, "--control", self.url(), "events", "-f"], self.folder,
                              f"events-{number}", env=self.environment)
            wait_for(lambda: list(self.rooms.glob("*/control.sock")), what="ssh")
            process.send_signal(number)
            process.wait(10)
            self.expect_nothing_left()

    def test_what_can_be_wrong(self) -> None:
        def complaint(url: str, status: int) -> str:
            done = run(TCPCTL, "--control", url, "--timeout", "20", "status",
                       env=self.environment, check=False)
            self.assertEqual(done.returncode, status, done.stderr)
            return done.stderr.decode()
        self.assertIn("is not ssh://[USER@]HOST[:PORT][/PATH]", complaint("ssh://host:x", 2))
        self.assertRegex(complaint("ssh://root@127.0.0.1:1", 3),
                         r"Connection refused\s+tcpctl: ssh to root@127.0.0.1 has ended with status 255\n$")
        self.environment["PATH"] = "/nowhere"
        self.assertEqual(complaint(self.url(), 3),
                         "tcpctl: ssh: No such file or directory (ENOENT)\n")

    def test_no_daemon_there(self) -> None:
        done = run(TCPCTL, "--control", self.url("/run/nobody.sock"), "--timeout", "3", "status",
                   env=self.environment, check=False)
        self.assertIn(done.returncode, (3, 5), done.stderr)
        self.assertIn(b"tcpctl: status: ", done.stderr)


if __name__ == "__main__":
    harness.main()
