"""Flags and configuration files, right and wrong: exit 2, and a message that helps."""
import re
import unittest

import harness
from harness import BUILD, ROOT, TCPCTL, TCPENGINED, run


class Config(harness.SystemTest):
    wants_daemon = False

    def daemon_says(self, *arguments, status: int) -> str:
        done = run(TCPENGINED, *arguments, check=False, timeout=20)
        text = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, status, text)
        return text

    def file(self, text: str) -> str:
        path = self.folder / "tcpengine.conf"
        path.write_text(text)
        return str(path)

    def test_good_file(self) -> None:
        path = self.file("[link]\ntap = tap-te\naddress = 10.9.0.2/24\n\n[tcp]\nmsl = 5\n")
        self.daemon_says("--config", path, "--check-config", status=0)

    def defaults(self) -> dict[str, str]:
        """As the daemon itself lists them."""
        rows = re.findall(r"^\| `(\w+)` \| (?:`(.*?)`)? \|", self.daemon_says("--list-config", status=0),
                          re.MULTILINE)
        self.assertGreater(len(rows), 50)
        return dict(rows)

    def test_shipped_examples_say_true_defaults(self) -> None:
        """Each line that is commented out; no other looks like one."""
        text = (BUILD / "systemd" / "tcpengined.conf").read_text()
        shown = re.findall(r"^# ?(\w+) ?=[ \t]*(.*)$", text, re.MULTILINE)
        self.assertGreater(len(shown), 10)
        for key, value in shown:
            self.assertEqual(self.defaults()[key], value, key)

    def test_shipped_units_fit_the_defaults(self) -> None:
        """Their limits lie above the daemon's own, of which comments say the value."""
        text = (ROOT / "systemd" / "common.service.in").read_text()
        defaults = self.defaults()
        stop = re.search(r"shutdown_timeout, which is (\d+) s\.\nTimeoutStopSec=", text)
        memory = re.search(r"memory_max, which is (\d+) GiB", text)
        self.assertEqual((f"{stop[1]}s", f"{memory[1]}G"),
                         (defaults["shutdown_timeout"], defaults["memory_max"]))
        unit = dict(re.findall(r"^(TimeoutStopSec|MemoryMax)=(\d+)", text, re.MULTILINE))
        self.assertGreater(int(unit["TimeoutStopSec"]), int(stop[1]))
        self.assertGreater(int(unit["MemoryMax"]), int(memory[1]))

    def test_bad_files_name_line_and_key(self) -> None:
        cases = {
            "[tcp]\nmsl = soon\n": (2, "msl"),
            "[tcp]\n\nmls = 5\n": (3, "mls"),
            "[tpc]\nmsl = 5\n": (2, "tpc"),
            "[link]\naddress = 10.9.0.300/24\n": (2, "address"),
            "[link]\nmtu = 12\n": (2, "mtu"),
            "msl\n": (1, ""),
        }
        for text, (line, key) in cases.items():
            with self.subTest(text=text):
                path = self.file(text)
                said = self.daemon_says("--config", path, "--check-config", status=2)
                self.assertRegex(said, rf"{re.escape(path)}:{line}")
                self.assertIn(key, said)

    def test_suggests_what_was_meant(self) -> None:
        said = self.daemon_says("--config", self.file("[tcp]\nmsll = 5\n"), "--check-config",
                                status=2)
        self.assertRegex(said, r"\bmsl\b")

    def test_missing_file(self) -> None:
        said = self.daemon_says("--config", "/nowhere/tcpengine.conf", "--check-config", status=2)
        self.assertIn("/nowhere/tcpengine.conf", said)

    def test_wrong_flags(self) -> None:
        for arguments in (["--no-such-flag"], ["--msl", "-1"], ["--msl", "x"], ["--mtu", "1"],
                          ["--address", "10.9.0"], ["--set", "nonsense"], ["--set", "a=b"],
                          ["--control", "tcp://127.0.0.1:1"], ["--http", "nowhere"],
                          ["--log-level", "loud"], ["stray"], ["--config"],
                          ["--tap", "a-name-that-is-far-too-long"]):
            with self.subTest(arguments=arguments):
                said = self.daemon_says(*arguments, "--check-config", status=2)
                self.assertGreater(len(said.strip()), 10)

    def test_version_and_help(self) -> None:
        self.assertRegex(self.daemon_says("--version", status=0), r"\d+\.\d+\.\d+")
        said = self.daemon_says("--help", status=0)
        for flag in ("--config", "--tap", "--address", "--gateway", "--control", "--http",
                     "--msl", "--mtu", "--set", "--check-config", "--log-level", "--version"):
            self.assertIn(flag, said)

    def test_runtime_failure_is_1(self) -> None:
        self.daemon_says("--control", "ipc:///no/such/folder/control.sock", "--tap", "tap-x",
                         "--http", "off", status=1)

    def tcpctl_says(self, *arguments, status: int) -> str:
        done = run(TCPCTL, *arguments, check=False, timeout=20)
        text = (done.stdout + done.stderr).decode()
        self.assertEqual(done.returncode, status, f"{arguments}: {text}")
        return text

    def test_tcpctl_usage_errors(self) -> None:
        for arguments in (["nonsense"], ["--no-such-flag", "ls"], ["connect"],
                          ["connect", "10.9.0.1"], ["connect", "10.9.0.1", "70000"],
                          ["connect", "10.9.0.1", "0"], ["open", "10.9.0.1", "80", "-p", "x"],
                          ["serve"], ["serve", "x"], ["listen", "99999"], ["accept", "x"],
                          ["close", "-1"], ["close"], ["show", "1", "x"], ["accept", "1", "2"],
                          ["connect", "-z", "10.9.0.1", "30-20"], ["ls", "state"],
                          ["ls", "state", "SLEEPING"], ["ls", "sport", "=", "x"],
                          ["receive", "1", "--max", "x"], ["--timeout", "x", "ls"]):
            with self.subTest(arguments=arguments):
                said = self.tcpctl_says("--control", "ipc:///nowhere", *arguments, status=2)
                self.assertGreater(len(said.strip()), 10)

    def test_tcpctl_control_urls(self) -> None:
        for url, status in (("foo", 2), ("http://127.0.0.1/", 2), ("", 2), ("tcp://127.0.0.1", 2),
                            ("ipc:///nowhere", 3), ("unix:///nowhere", 3),
                            ("tcp://127.0.0.1:1", 3), ("tcp://[::1]:1", 3),
                            ("tcp://no.such.host.invalid:1", 3)):
            with self.subTest(url):
                said = self.tcpctl_says("--control", url, "ls", status=status)
                self.assertRegex(said, r"^tcpctl: ls: .*\n$")

    def test_tcpctl_alone(self) -> None:
        self.assertEqual(self.tcpctl_says(status=0), self.tcpctl_says("--help", status=0))

    def test_tcpctl_help(self) -> None:
        said = self.tcpctl_says("--help", status=0)
        for verb in ("connect", "serve", "open", "listen", "accept", "send", "receive", "shutdown",
                     "close", "abort", "ls", "tw", "show", "history", "events", "stats", "status"):
            self.assertRegex(said, rf"\b{verb}\b")
        self.assertRegex(self.tcpctl_says("--version", status=0), r"\d+\.\d+\.\d+")

    def test_daemon_not_there(self) -> None:
        for verb in (["ls"], ["status"], ["connect", "10.9.0.1", "80"], ["events"]):
            for control in ("ipc:///nowhere/control.sock", f"ipc://{self.folder}/none.sock"):
                with self.subTest(verb=verb, control=control):
                    said = self.tcpctl_says("--control", control, *verb, status=3)
                    self.assertTrue(said.startswith("tcpctl: "), said)
                    self.assertEqual(said.count("\n"), 1, said)

    def test_environment_names_the_socket(self) -> None:
        done = run(TCPCTL, "ls", check=False,
                   env={"TCPENGINE_CONTROL": f"ipc://{self.folder}/other.sock", "PATH": "/bin"})
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"other.sock", done.stderr)


if __name__ == "__main__":
    harness.main()
