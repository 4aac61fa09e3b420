"""The daemon's life cycle: ready, stopped, killed, restarted."""
import os
import signal
import socket
import time
import unittest

import harness
from harness import HOST4, TAP, Daemon, Process, run, wait_for
from ipc import Client


class DaemonLife(harness.SystemTest):
    wants_daemon = False

    def tearDown(self) -> None:
        if self.daemon is not None:
            self.daemon.stop(signal.SIGKILL)
            type(self).daemon = None

    def connected(self):
        """A connection to the kernel: its id and the kernel's end."""
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        accepted.settimeout(15)
        self.addCleanup(accepted.close)
        return conn_id, accepted

    def test_terminate_says_goodbye(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                self.start_daemon()
                _, accepted = self.connected()
                self.daemon.send_signal(number)
                self.assertEqual(accepted.recv(1), b"", "FIN before the end")
                accepted.close()
                self.assertEqual(self.daemon.wait(15), 0, self.daemon.log)
                self.assertFalse(self.daemon.control.exists(), "the socket's file is removed")

    def test_terminate_has_a_deadline(self) -> None:
        """A peer that does not close is eventually reset; the exit status is still 0."""
        self.start_daemon("--set", "shutdown_timeout=1")
        _, accepted = self.connected()
        started = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(15), 0, self.daemon.log)
        self.assertLess(time.monotonic() - started, 8 * harness.PATIENCE)
        self.assertEqual(accepted.recv(1), b"")
        with self.assertRaises(OSError):
            for _ in range(20):
                accepted.sendall(b"anybody there?")
                time.sleep(0.05)

    def test_stop_accepts_nobody_new(self) -> None:
        self.start_daemon()
        self.ctl("listen", 7000)
        _, accepted = self.connected()
        self.daemon.send_signal(signal.SIGTERM)
        accepted.recv(1)
        with self.assertRaises(OSError):
            socket.create_connection((harness.ENGINE4, 7000), 1)
        accepted.close()
        self.assertEqual(self.daemon.wait(15), 0, self.daemon.log)

    def test_killed_and_started_again(self) -> None:
        """A stale socket file is no obstacle; the boot id tells clients that all ids are void."""
        self.start_daemon()
        with Client(str(self.daemon.control)) as client:
            client.call("daemon_status")
            first_boot = client.boot_id
        self.daemon.stop(signal.SIGKILL)
        self.assertTrue(self.daemon.control.exists())
        self.start_daemon()
        with Client(str(self.daemon.control)) as client:
            client.call("daemon_status")
            self.assertNotEqual(client.boot_id, first_boot)
        self.connected()

    def test_second_daemon_leaves_the_first_alone(self) -> None:
        self.start_daemon()
        second = Daemon(self.folder, "--tap", "tap-other", "--http", "127.0.0.1:9410")
        self.assertEqual(second.wait(10), 1, second.log)
        self.assertRegex(second.log, r"(?i)another daemon.*control\.sock")
        self.assertEqual(self.ctl("status")["tap"], TAP)

    def test_makes_the_tap_when_it_is_missing(self) -> None:
        self.daemon = Daemon(self.folder, "--tap", "tap-made")
        self.daemon.wait_ready()
        done = run("ip", "-oneline", "link", "show", "tap-made")
        self.assertIn(b"UP", done.stdout)

    def test_clients_survive_a_restart(self) -> None:
        """tcpctl says that the daemon is not running, then works again."""
        self.start_daemon()
        self.daemon.stop()
        for _ in range(2):
            error = self.tcpctl("status", status=3).stderr.decode()
            self.assertRegex(error, r"^tcpctl: .+: .+\n$")
        self.start_daemon()
        self.assertGreaterEqual(self.ctl("status")["uptime_us"], 0)

    def test_ready_means_ready(self) -> None:
        """READY=1 comes when the socket answers and the link is up."""
        self.start_daemon()
        self.assertTrue(self.ctl("status")["tap_up"])
        self.assertTrue(self.daemon.control.is_socket())

    def test_comes_before_other_programs(self) -> None:
        self.start_daemon()
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, self.daemon.child.pid), -10)
        self.daemon.stop()
        self.start_daemon("--set", "priority=0")
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, self.daemon.child.pid),
                         os.getpriority(os.PRIO_PROCESS, 0))

    def test_events_follow_ends_with_the_daemon(self) -> None:
        self.start_daemon()
        events = Process([harness.TCPCTL, "--control", self.daemon.url, "events", "-f"],
                         self.folder, "events")
        self.addCleanup(events.stop, signal.SIGKILL)
        wait_for(lambda: self.ctl("status")["links"] >= 1, what="the follower's link")
        self.daemon.stop()
        self.assertEqual(events.wait(20), 3, events.log)


if __name__ == "__main__":
    harness.main()
