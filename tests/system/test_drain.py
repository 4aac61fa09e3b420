"""SIGTERM with many connections: in time, and no peer is left without a word."""
import signal
import time

import harness
from harness import ENGINE4, TAP, wait_for
from ipc import Client, endpoint
from swarm import Swarm

COUNT = 20000
PORTS = [8000, 8001]
SHUTDOWN_TIMEOUT = 10 * harness.PATIENCE


class Drain(harness.SystemTest):
    wants_daemon = False

    def setUp(self) -> None:
        # Few may be orphans: most connections end by a RST already when they are closed.
        self.start_daemon("--set", f"shutdown_timeout={SHUTDOWN_TIMEOUT:.0f}", "--set",
                          f"backlog_max={COUNT}", "--set", "orphan_max=2000", "--set",
                          "log_level=debug")

    def tearDown(self) -> None:
        self.daemon.terminate()  # it has ended, and its log has no complaint
        type(self).daemon = None

    def swarm_open(self) -> tuple[Swarm, list[int]]:
        """COUNT peers that never answer a FIN."""
        with Client(str(self.daemon.control)) as client:
            listeners = [client.call("open", passive=True, local=endpoint("", port),
                                     backlog=COUNT, token=port).id for port in PORTS]
        swarm = Swarm(TAP, ENGINE4, [f"10.9.0.{20 + i}" for i in range(20)])
        self.addCleanup(swarm.close)
        swarm.open(COUNT, PORTS, 120 * harness.PATIENCE)
        wait_for(lambda: self.ctl("status")["states"]["ESTABLISHED"] == COUNT, 30, "all of them")
        return swarm, listeners

    def accept_all(self, listeners: list[int]) -> None:
        with Client(str(self.daemon.control)) as client:
            for token in range(COUNT):
                client.call("accept", listener_id=listeners[token % len(listeners)],
                            wait_ms=10000, token=1 + token)

    def check_end(self, swarm: Swarm, numbers: list[int], within: float) -> None:
        started = time.monotonic()
        for number in numbers:
            self.daemon.send_signal(number)
            time.sleep(0.3)
        self.assertEqual(self.daemon.wait(60), 0, self.daemon.log)
        self.assertLess(time.monotonic() - started, within)
        wait_for(lambda: swarm.resets == COUNT, 30, f"a RST for each: {swarm.resets} came")
        self.assertEqual(swarm.connections, {})

    def test_a_listener_that_is_closed(self) -> None:
        """At run time as well, each peer that nobody has accepted gets its RST."""
        swarm, listeners = self.swarm_open()
        with Client(str(self.daemon.control)) as client:
            for listener in listeners:
                client.call("close", id=listener)
        wait_for(lambda: swarm.resets == COUNT, 30, f"a RST for each: {swarm.resets} came")
        self.assertEqual(swarm.connections, {})
        self.assertEqual(self.ctl("stats")["control_queue_full"], 0)

    def test_connections_that_do_not_close(self) -> None:
        """2,000 get a FIN and, when time runs out, a RST; the others a RST at once."""
        swarm, listeners = self.swarm_open()
        self.accept_all(listeners)
        self.check_end(swarm, [signal.SIGTERM], SHUTDOWN_TIMEOUT + 5 * harness.PATIENCE)
        self.assertGreater(len(swarm.finished), 0)

    def test_connections_that_nobody_accepted(self) -> None:
        """All are reset, and nothing is left to wait for."""
        swarm, _ = self.swarm_open()
        self.check_end(swarm, [signal.SIGTERM], SHUTDOWN_TIMEOUT)
        self.assertEqual(swarm.finished, set())
        self.assertNotIn("that have not closed in time", self.daemon.log)

    def test_second_signal_resets_the_rest(self) -> None:
        swarm, listeners = self.swarm_open()
        self.accept_all(listeners)
        self.check_end(swarm, [signal.SIGTERM, signal.SIGTERM], SHUTDOWN_TIMEOUT / 2)


if __name__ == "__main__":
    harness.main()
