"""Streams as C programs use them (tcpclient/stream.h): the programs of streams/, each case of which is
the kernel's peer as well."""
import os
from pathlib import Path

import harness
from harness import BUILD, HOST4, run

PROGRAMS = BUILD / "tests/system/streams"


class Streams(harness.SystemTest):
    daemon_arguments = ("--set", "tcp_fast_open=both", "--set", "channels_per_uid_max=8")

    @classmethod
    def setUpClass(cls) -> None:
        Path("/proc/sys/net/ipv4/tcp_fastopen").write_text("3")
        super().setUpClass()
        run("ip", "tcp_metrics", "flush")
        os.chmod(cls.daemon.url.removeprefix("ipc://") + ".channel", 0o666)

    def run_cases(self, name: str) -> None:
        done = run(PROGRAMS / name, HOST4, check=False, timeout=120 * harness.PATIENCE,
                   env=dict(os.environ, TCPENGINE_CONTROL=self.daemon.url))
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace")[-4000:])

    def test_move(self) -> None:
        self.run_cases("move_cases")

    def test_options(self) -> None:
        self.run_cases("option_cases")

    def test_spin(self) -> None:
        self.run_cases("spin_cases")


if __name__ == "__main__":
    harness.main()
