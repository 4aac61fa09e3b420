"""What clients can make the daemon write into its log."""
import re
import time
import unittest
import urllib.request

import harness
from harness import wait_for
from ipc import Client, Link

SUPPRESSED = "tcpengine_log_suppressed_total"


class Log(harness.SystemTest):
    daemon_arguments = ("--set", "session_grace=0", "--set", "links_per_uid_max=200")

    def suppressed(self) -> int:
        text = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read().decode()
        return int(re.search(rf"^{SUPPRESSED} (\d+)$", text, re.MULTILINE).group(1))

    def test_flood_of_one_user(self) -> None:
        """500 sessions end and 100 links are closed for their greeting, in a second or few."""
        before, lines = self.suppressed(), len(self.daemon.log.splitlines())
        started = time.monotonic()
        with Client(str(self.daemon.control)) as client:
            for _ in range(500):
                client.attach(client_name="flood")
                client.call("detach")
                client.session = 0
        for _ in range(100):
            with Link(str(self.daemon.control), greet=False) as link:
                link.socket.sendall(b"GET / HTTP/1.0")
                self.assertTrue(link.is_closed_by_peer())
        seconds = time.monotonic() - started
        wait_for(lambda: "more lines about uid 0 were not logged" in self.daemon.log, 5, "the sum")
        time.sleep(1.5)
        new = self.daemon.log.splitlines()[lines:]
        told = sum(int(re.search(r"(\d+) more lines", line).group(1))
                   for line in new if "more lines about" in line)
        written = sum("more lines about" not in line for line in new)
        self.assertEqual(told, self.suppressed() - before)
        self.assertEqual(written + told, 600)
        self.assertLessEqual(written, 5 * (seconds + 2))

    def test_names_cannot_write_to_a_terminal(self) -> None:
        name = "\x1b[31mred\n2026 tcpengined: error: forged\u202e\u009b2J caf\u00e9"
        with Client(str(self.daemon.control)) as client:
            client.attach(client_name=name)
            client.call("detach")
        wait_for(lambda: "caf\u00e9" in self.daemon.log, 5, "the name")
        line = next(line for line in self.daemon.log.splitlines() if "caf\u00e9" in line)
        self.assertIn("(?[31mred?2026 tcpengined: error: forged?????2J caf\u00e9) has ended", line)
        self.assertNotRegex(self.daemon.log, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")


if __name__ == "__main__":
    harness.main()
