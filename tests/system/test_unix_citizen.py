"""tcpctl as a Unix program: what it does with any kind of stdin and stdout, with signals, and with a
daemon that refuses, stops or is not there."""
import harness
from harness import wait_for
from ipc import Link


class Refusals(harness.SystemTest):
    """A daemon that takes no more links says which limit was met."""

    daemon_arguments = ("--set", "links_per_uid_max=3")
    LINKS = 3 + 8  # eight more for root

    def fill(self) -> list[Link]:
        links = [Link(str(self.daemon.control)) for _ in range(self.LINKS)]
        for link in links:
            self.addCleanup(link.socket.close)
        return links

    def test_the_limit_is_named(self) -> None:
        links = self.fill()
        for verb in (["ls"], ["status"], ["listen", "80"], ["serve", "80"],
                     ["connect", harness.HOST4, "80"]):
            with self.subTest(verb=verb[0]):
                error = self.tcpctl(*verb, status=1, timeout=4).stderr.decode()
                self.assertRegex(error, r"^tcpctl: .*too many of this uid: links_per_uid_max is 3 "
                                        r"\(ENOBUFS\); .+\n$")
        links[0].socket.close()
        wait_for(lambda: self.tcpctl_status("ls") == 0, what="room for another link")
        self.assertEqual(self.ctl("ls"), [], "a refused request did something")

    def tcpctl_status(self, *arguments) -> int:
        return harness.run(harness.TCPCTL, "--control", self.daemon.url, *arguments,
                           check=False).returncode

    def test_many_at_once_are_all_told(self) -> None:
        self.fill()
        crowd = [self.tcpctl_process(f"late-{i}", "ls") for i in range(24)]
        for process in crowd:
            self.assertEqual(process.wait(), 1)
            self.assertIn("links_per_uid_max is 3", process.log)


if __name__ == "__main__":
    harness.main()
