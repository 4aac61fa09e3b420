"""A TAP that is not as it should be: what the daemon says about it, and what it does."""
import os
import unittest
import urllib.error
import urllib.request

import harness
from harness import ENGINE4, TAP, Daemon, run, wait_for

UID = 54321


def health() -> tuple[int, str]:
    try:
        with urllib.request.urlopen("http://127.0.0.1:9409/healthz", timeout=10) as answer:
            return answer.status, answer.read().decode().strip()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode().strip()


class TapStates(harness.SystemTest):
    def logged(self, *words: str) -> None:
        wait_for(lambda: any(all(word in line for word in words)
                             for line in self.daemon.log.splitlines()), 5, f"{words} in the log")

    def test_carrier_off_and_on(self) -> None:
        run("ip", "link", "set", TAP, "carrier", "off")
        wait_for(lambda: health() == (503, "the link of the TAP has no carrier"), what="/healthz")
        self.assertFalse(self.ctl("status")["tap_up"])
        self.logged("warning", f"TAP {TAP}: link has no carrier", f"'ip link set {TAP} carrier on'")
        run("ip", "link", "set", TAP, "carrier", "on")
        wait_for(lambda: health() == (200, "ok"), what="/healthz")
        self.logged("notice", f"TAP {TAP}: up")

    def test_link_down_says_what_to_do(self) -> None:
        run("ip", "link", "set", TAP, "down")
        self.logged("warning", f"TAP {TAP}: link is down", f"'ip link set {TAP} up'")
        run("ip", "link", "set", TAP, "up")
        run("ip", "address", "replace", f"{harness.HOST6}/64", "dev", TAP, "nodad")
        wait_for(lambda: health() == (200, "ok"), what="/healthz")

    def test_renamed_while_in_use(self) -> None:
        """It goes on under the new name, everywhere."""
        listener = self.ctl("listen", "4000")["id"]
        run("ip", "link", "set", TAP, "down")
        run("ip", "link", "set", TAP, "name", "uplink7")
        run("ip", "link", "set", "uplink7", "up")
        self.addCleanup(self.rename_back)
        self.logged("warning", f"TAP {TAP} was renamed to uplink7", "tap = uplink7")
        wait_for(lambda: self.ctl("status")["tap_up"], what="the link")
        self.assertEqual(self.ctl("status")["tap"], "uplink7")
        metrics = urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10).read()
        self.assertIn(b'tcpengine_network_up{device="uplink7"} 1', metrics)
        self.kernel_client(4000)
        self.ctl("abort", listener)
        self.rename_back()
        self.logged("notice", f"TAP {TAP} has its name again")

    def rename_back(self) -> None:
        if os.path.exists("/sys/class/net/uplink7"):
            run("ip", "link", "set", "uplink7", "down")
            run("ip", "link", "set", "uplink7", "name", TAP)
            run("ip", "link", "set", TAP, "up")


class TapAtStart(harness.SystemTest):
    wants_daemon = False

    def start(self, name: str, *prefix: str) -> Daemon:
        daemon = Daemon(self.folder, "--tap", name)
        self.addCleanup(daemon.stop)
        self.addCleanup(daemon.notify.close)
        return daemon

    def fails_to_start(self, name: str) -> str:
        daemon = self.start(name)
        self.assertEqual(daemon.wait(), 1)
        return daemon.log

    def test_multi_queue(self) -> None:
        run("ip", "tuntap", "add", "dev", "many0", "mode", "tap", "multi_queue")
        self.addCleanup(run, "ip", "link", "delete", "many0")
        log = self.fails_to_start("many0")
        self.assertIn("TAP many0 was made with multi_queue", log)
        advice = log.split("make it anew without: ")[1].strip()
        for command in advice.split("; "):  # what it says can be typed
            run(*command.split())
        daemon = self.start("many0")
        daemon.wait_ready()
        self.assertEqual(daemon.stop(), 0)

    def test_tun(self) -> None:
        run("ip", "tuntap", "add", "dev", "tun5", "mode", "tun")
        self.addCleanup(run, "ip", "link", "delete", "tun5")
        log = self.fails_to_start("tun5")
        self.assertIn("tun5 is a TUN", log)
        self.assertIn("mode tap", log)

    def test_renamed_before_the_start(self) -> None:
        """The configured name does not exist: a new TAP is made, and the log says so."""
        daemon = self.start("renamed0")
        daemon.wait_ready()
        self.assertEqual(daemon.stop(), 0)
        self.assertIn("notice: there was no TAP renamed0, so we have made it", daemon.log)
        self.assertRegex(daemon.log, rf"the TAPs here are.* {TAP}\b")

    def test_present_tap_is_not_told_of(self) -> None:
        daemon = self.start(TAP)
        daemon.wait_ready()
        self.assertEqual(daemon.stop(), 0)
        self.assertNotIn("there was no TAP", daemon.log)

    def test_without_carrier_at_start(self) -> None:
        """Attaching switches the carrier on."""
        run("ip", "link", "set", TAP, "carrier", "off")
        daemon = self.start(TAP)
        daemon.wait_ready()
        self.assertEqual(health(), (200, "ok"))
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    harness.main()
