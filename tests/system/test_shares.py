"""One user cannot take all of anything: another and root still get in, also after it has gone."""
import itertools
import subprocess
import sys
import unittest

import harness
from harness import HOST4, Process, wait_for
from ipc import Client, RpcError, endpoint

GROUP = 54300
GREEDY, OTHER, THIRD = 54321, 54322, 54323
LISTENERS, CONNECTIONS = 64, 400
NUMBERS = itertools.count()

# Takes what it can get, one way or the other, and says how often and why no more.
TAKER = f"""
import sys
sys.path[:0] = {[str(harness.HERE), *sys.path[:1]]!r} + {[p for p in sys.path if 'gen' in p]!r}
from ipc import Client, RpcError, endpoint
client = Client(sys.argv[1])
count = 0
try:
    while count < 2000:
        if sys.argv[2] == "listen":
            client.call("open", passive=True, local=endpoint(port=2000 + count))
        else:
            client.call("open", remote=endpoint("{HOST4}", int(sys.argv[2])))
        count += 1
except RpcError as error:
    print(count, error, flush=True)
sys.stdin.read()
"""


class Shares(harness.SystemTest):
    daemon_arguments = ("--set", f"control_group={GROUP}", "--set", f"listeners_max={LISTENERS}",
                        "--set", f"conn_max={CONNECTIONS}", "--set", "root_reserve_percent=5")

    def take(self, uid: int, what: str) -> tuple[Process, int, str]:
        process = Process(
            ["setpriv", f"--reuid={uid}", f"--regid={GROUP}", "--clear-groups", "--",
             "/usr/bin/python3", "-B", "-c", TAKER, self.daemon.control, what], self.folder,
            f"{self._testMethodName}-{uid}-{next(NUMBERS)}", stdin=subprocess.PIPE)
        self.addCleanup(process.stop)
        self.addCleanup(process.child.stdin.close)
        wait_for(lambda: process.output.endswith(b"\n") or not process.is_running(), 60, "its end")
        self.assertTrue(process.is_running(), process.log)
        count, reason = process.output.decode().strip().split(" ", 1)
        return process, int(count), reason

    def gone(self, process: Process) -> None:
        process.child.stdin.close()
        process.wait()

    def clean(self) -> None:
        for row in self.ctl("ls"):
            self.tcpctl("abort", row["id"], status=0)

    def test_listeners(self) -> None:
        greedy, count, reason = self.take(GREEDY, "listen")
        self.assertEqual(count, 16)
        self.assertRegex(reason, r"^RESOURCES: .*uid 54321 .*16 \(listeners_per_uid_percent\)")
        self.tcpctl("listen", "22")
        self.gone(greedy)
        _, count, _ = self.take(OTHER, "listen")
        self.assertEqual(count, 0)  # the same ports: what was left behind is still there
        self.assertEqual(len(self.ctl("ls")), 17)
        self.clean()

    def test_connections(self) -> None:
        """Half of them at most; with another user as greedy, what root opens has its reserve."""
        port = self.kernel_server(backlog=1024).getsockname()[1]
        greedy, count, reason = self.take(GREEDY, str(port))
        self.assertEqual(count, CONNECTIONS // 2)
        self.assertRegex(reason, r"^RESOURCES: .*200 \(connections_per_uid_percent\)")
        other, count, reason = self.take(OTHER, str(port))
        self.assertEqual(count, CONNECTIONS * 95 // 100 - CONNECTIONS // 2)
        self.assertRegex(reason, r"^RESOURCES: .*400 \(conn_max\)")
        _, count, _ = self.take(THIRD, str(port))
        self.assertEqual(count, 0)
        with Client(str(self.daemon.control)) as root:
            for _ in range(CONNECTIONS * 5 // 100):
                root.call("open", remote=endpoint(HOST4, port))
            with self.assertRaises(RpcError):
                root.call("open", remote=endpoint(HOST4, port))
        # Its program has ended: what it left behind makes room for others.
        self.gone(greedy)
        wait_for(lambda: self.ctl("status")["links"] == 3, what="the end of its link")
        _, count, reason = self.take(THIRD, str(port))
        self.assertEqual(count, 90, reason)  # 21 go for the first; at 90 each nobody has more
        self.assertEqual(self.counters()["limit_yields"], 20 + 90)
        self.gone(other)
        self.clean()


# Opens and closes that many connections to a peer that never closes its side.
CLOSER = TAKER.split("count = 0")[0] + f"""
for _ in range(int(sys.argv[2])):
    conn_id = client.call("open", remote=endpoint("{HOST4}", int(sys.argv[3])), wait_ms=5000).id
    client.call("close", id=conn_id)
"""


class Orphans(harness.SystemTest):
    """Closed connections whose peers do not close have a share as well."""

    daemon_arguments = ("--set", f"control_group={GROUP}", "--set", "orphan_max=40")

    def close_as(self, uid: int, count: int, port: int) -> None:
        harness.run("setpriv", f"--reuid={uid}", f"--regid={GROUP}", "--clear-groups", "--",
                    "/usr/bin/python3", "-B", "-c", CLOSER, self.daemon.control, count, port)

    def orphans(self) -> tuple[int, int]:
        return self.ctl("status")["orphans"], self.counters()["orphans_dropped"]

    def test_half_of_them_at_most(self) -> None:
        port = self.kernel_server(backlog=1024).getsockname()[1]
        self.close_as(GREEDY, 30, port)
        wait_for(lambda: self.orphans() == (20, 10), what="20 orphans, and 10 resets")
        self.close_as(OTHER, 5, port)
        wait_for(lambda: self.orphans() == (25, 10), what="5 more orphans, and no reset")


if __name__ == "__main__":
    harness.main()
