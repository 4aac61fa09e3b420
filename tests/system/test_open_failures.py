"""Openings that fail: each reports its TCP cause in one line, with the right exit status."""
import time
import unittest

import harness
from harness import HOST4, HOST6, run

ICMP_NET, TIMED_OUT_NET, PROHIBITED_NET = "10.77.0.0/24", "10.78.0.0/24", "10.79.0.0/24"


class OpenFailures(harness.SystemTest):
    daemon_arguments = ("--set", "syn_retries_max=1")

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as file:
            file.write("1")
        run("ip", "route", "add", "unreachable", ICMP_NET)
        run("ip", "route", "add", "blackhole", TIMED_OUT_NET)
        run("ip", "route", "add", "prohibit", PROHIBITED_NET)

    def fails(self, *arguments, words: tuple[str, ...], status: int = 1, timeout: float = 30):
        done = self.tcpctl(*arguments, status=status, timeout=timeout)
        error = done.stderr.decode()
        self.assertTrue(error.startswith("tcpctl: "), error)
        self.assertEqual(error.count("\n"), 1, f"one line: {error!r}")
        for word in words:
            self.assertRegex(error, rf"(?i){word}")
        return error

    def test_refused(self) -> None:
        for verb in (("connect", HOST4, 1), ("open", HOST4, 1, "--wait"), ("connect", HOST6, 1)):
            with self.subTest(verb=verb):
                started = time.monotonic()
                self.fails(*verb, words=("refused", "RST", "ECONNREFUSED"))
                self.assertLess(time.monotonic() - started, 3)

    def test_neighbour_does_not_answer(self) -> None:
        for address in ("10.9.0.99", "fd09::99"):
            with self.subTest(address=address):
                self.fails("open", address, 80, "--wait", words=("unreachable", "EHOSTUNREACH"))

    def test_icmp_host_unreachable(self) -> None:
        started = time.monotonic()
        self.fails("open", "10.77.0.1", 80, "--wait",
                   words=("unreachable", "ICMP", "EHOSTUNREACH"))
        self.assertLess(time.monotonic() - started, 5)

    def test_icmp_prohibited(self) -> None:
        self.fails("open", "10.79.0.1", 80, "--wait", words=("ICMP", "EHOSTUNREACH"))

    def test_no_route(self) -> None:
        self.fails("open", "fd77::1", 80, "--wait", words=("no route", "ENETUNREACH"))

    def test_timed_out(self) -> None:
        """The SYN and one retransmission at 1 s, given up 2 s later."""
        self.fails("open", "10.78.0.1", 80, "--wait", status=5,
                   words=("timed out", "1 retransmission", "ETIMEDOUT"))

    def test_caller_does_not_wait_longer(self) -> None:
        started = time.monotonic()
        self.fails("connect", "-w", 1, "10.78.0.1", 80, status=5,
                   words=("timed out|in time",))
        self.assertLess(time.monotonic() - started, 2.5)

    def test_open_without_wait_answers_at_once(self) -> None:
        started = time.monotonic()
        opened = self.ctl("open", "10.78.0.1", 80)
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual(opened["state"], "SYN_SENT")
        self.assertEqual(opened["remote"], "10.78.0.1:80")
        self.wait_state(opened["id"], "CLOSED", 10)
        self.assertIn("timeout", self.ctl("history", opened["id"])[-1]["cause"])

    def test_local_address_is_not_ours(self) -> None:
        self.fails("open", HOST4, 80, "-s", "10.9.0.200", words=("address", "EADDRNOTAVAIL"))

    def test_failed_attempts_are_counted(self) -> None:
        before = self.counters()["attempt_fails"]
        self.fails("connect", HOST4, 1, words=("refused",))
        self.assertEqual(self.counters()["attempt_fails"], before + 1)


if __name__ == "__main__":
    harness.main()
