"""The layers under TCP: ARP, ND, ICMP echo, fragments, conflicts, a link that goes down."""
import contextlib
import json
import socket
import unittest
from pathlib import Path

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, TAP, Daemon, run, wait_for


class Network(harness.SystemTest):
    def ping(self, *arguments) -> str:
        return run("ping", "-c", 3, "-i", 0.2, "-W", 2, *arguments).stdout.decode()

    def test_ping(self) -> None:
        self.assertIn(" 0% packet loss", self.ping(ENGINE4))

    def test_ping_in_fragments(self) -> None:
        self.assertIn(" 0% packet loss", self.ping("-s", 3000, ENGINE4))
        self.assertGreaterEqual(self.counters()["reassembly_ok"], 3)

    def test_ping6(self) -> None:
        self.assertIn(" 0% packet loss", self.ping("-6", ENGINE6))
        self.assertIn(" 0% packet loss", self.ping("-6", "-s", 3000, ENGINE6))

    def test_arping(self) -> None:
        done = run("arping", "-c", 2, "-I", TAP, ENGINE4)
        self.assertIn(self.ctl("status")["mac"].lower(), done.stdout.decode().lower())

    def test_link_local_answers(self) -> None:
        """Neighbour discovery works whether the kernel asks from its global or local address."""
        run("ip", "-6", "neighbour", "flush", "dev", TAP)
        self.assertIn(" 0% packet loss", self.ping("-6", ENGINE6))

    def test_udp_is_unreachable(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(3)
            client.connect((ENGINE4, 9))
            client.send(b"anybody?")
            with self.assertRaises(ConnectionRefusedError):
                client.recv(1)

    def test_closed_port_refuses(self) -> None:
        for address in (ENGINE4, ENGINE6):
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((address, 4), 3)

    def test_link_down_and_up(self) -> None:
        """The daemon carries on; connections survive a link that is down for a moment."""
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        accepted.settimeout(20)
        run("ip", "link", "set", TAP, "down")
        wait_for(lambda: not self.ctl("status")["tap_up"], what="tap_up false")
        self.tcpctl("send", conn_id, "-", input=b"across the gap")
        run("ip", "link", "set", TAP, "up")
        run("ip", "address", "replace", f"{harness.HOST6}/64", "dev", TAP, "nodad")
        wait_for(lambda: self.ctl("status")["tap_up"], what="tap_up true")
        self.assertEqual(accepted.recv(100), b"across the gap")
        self.tcpctl("abort", conn_id)
        accepted.close()

    def test_status_names_the_addresses(self) -> None:
        status = self.ctl("status")
        self.assertIn(f"{ENGINE4}/24", status["addresses"])
        self.assertIn(f"{ENGINE6}/64", status["addresses"])

    def test_gateway_is_used(self) -> None:
        """A host behind the kernel: its address lies on the loopback interface."""
        run("ip", "address", "add", "10.88.0.1/32", "dev", "lo")
        server = self.kernel_server("10.88.0.1")
        conn_id = self.ctl("open", "10.88.0.1", server.getsockname()[1], "--wait")["id"]
        self.assertEqual(self.state_of(conn_id), "ESTABLISHED")
        self.tcpctl("abort", conn_id)

    def forwards(self) -> bool | None:
        return self.ctl("status")["gateway_forwards"]

    def gateway_line(self) -> str:
        lines = self.tcpctl("status").stdout.decode().splitlines()
        return next(line for line in lines if line.startswith("gateway"))

    def test_status_says_whether_the_gateway_forwards(self) -> None:
        """It is the kernel's end of the TAP; in another namespace nobody can know."""
        switch = Path(f"/proc/sys/net/ipv4/conf/{TAP}/forwarding")
        switch.write_text("0")
        self.assertIs(self.forwards(), False)
        self.assertIn("does not forward", self.gateway_line())
        switch.write_text("1")
        self.assertIs(self.forwards(), True)
        self.assertRegex(self.gateway_line(), r"10\.9\.0\.1 \(this host, which forwards\)$")
        switch.write_text("0")
        done = run("unshare", "--net", harness.TCPCTL, "--control", self.daemon.url, "--json", "status")
        self.assertIsNone(json.loads(done.stdout)["gateway_forwards"])
        run("ip", "address", "delete", f"{harness.HOST4}/24", "dev", TAP)
        self.assertIsNone(self.forwards())
        self.assertRegex(self.gateway_line(), r"10\.9\.0\.1$")
        run("ip", "address", "add", f"{harness.HOST4}/24", "dev", TAP)

    SWITCHES = {HOST4: f"/proc/sys/net/ipv4/conf/{TAP}/forwarding",
                HOST6: "/proc/sys/net/ipv6/conf/all/forwarding"}

    def test_each_family_has_a_gateway_of_its_own(self) -> None:
        """Both, on and off: what one family does says nothing of the other."""
        with self.daemon_with("--gateway", HOST6):
            for on4 in (False, True):
                for on6 in (False, True):
                    wanted = {HOST4: on4, HOST6: on6}
                    with self.subTest(**{"IPv4": on4, "IPv6": on6}):
                        for gateway, is_on in wanted.items():
                            Path(self.SWITCHES[gateway]).write_text("1" if is_on else "0")
                        self.assert_forwards(wanted)
            for switch in self.SWITCHES.values():
                Path(switch).write_text("0")

    def test_an_ipv6_gateway_alone(self) -> None:
        argv = ["--tap", TAP, "--address", f"{ENGINE6}/64", "--gateway", HOST6, "--http", "off"]
        with self.daemon_with(argv=argv):
            for is_on in (False, True, False):
                Path(self.SWITCHES[HOST6]).write_text("1" if is_on else "0")
                self.assert_forwards({HOST6: is_on})
                self.assertIs(self.forwards(), is_on)

    def assert_forwards(self, wanted: dict[str, bool]) -> None:
        told = {row["address"]: row["forwards"] for row in self.ctl("status")["gateways"]}
        self.assertEqual(told, wanted)
        lines = [line.split(None, 1)[1] for line in self.tcpctl("status").stdout.decode().splitlines()
                 if line.startswith("gateway")]
        self.assertEqual(lines, [f"{gateway} (this host, which "
                                 + ("forwards)" if is_on else
                                    "does not forward: nothing beyond it can be reached)")
                                 for gateway, is_on in wanted.items()])

    @contextlib.contextmanager
    def daemon_with(self, *arguments: str, argv: list[str] | None = None):
        """In place of the class's daemon, for a while."""
        self.stop_daemon()
        if argv is not None:
            argv = [*argv, "--control", f"ipc://{self.folder}/control.sock", "--msl", "1"]
        type(self).daemon = Daemon(self.folder, *arguments, argv=argv).wait_ready()
        try:
            yield
        finally:
            self.stop_daemon()
            self.start_daemon()

    def test_a_bridge_may_be_the_gateway(self) -> None:
        run("ip", "link", "add", "br-te", "type", "bridge")
        self.addCleanup(run, "ip", "link", "delete", "br-te")
        run("ip", "address", "delete", f"{harness.HOST4}/24", "dev", TAP)
        self.addCleanup(run, "ip", "address", "add", f"{harness.HOST4}/24", "dev", TAP)
        run("ip", "address", "add", f"{harness.HOST4}/24", "dev", "br-te")
        Path("/proc/sys/net/ipv4/conf/br-te/forwarding").write_text("1")
        self.assertIs(self.forwards(), True)
        Path("/proc/sys/net/ipv4/conf/br-te/forwarding").write_text("0")
        self.assertIs(self.forwards(), False)


class Conflict(harness.SystemTest):
    wants_daemon = False

    def start_conflicting(self) -> None:
        """The engine is given the kernel's own address and probes for it."""
        type(self).daemon = Daemon(self.folder, argv=[
            "--tap", TAP, "--address", f"{HOST4}/24", "--address", f"{ENGINE4}/24", "--control",
            f"ipc://{self.folder}/control.sock", "--http", "off", "--msl", "1"])

    def test_conflict_is_noticed(self) -> None:
        """RFC 5227: the current holder keeps the address, and the daemon reports it."""
        self.start_conflicting()
        self.daemon.wait_ready()
        wait_for(lambda: self.counters()["dad_conflicts"] >= 1, 15, "dad_conflicts")
        wait_for(lambda: HOST4 in self.daemon.log, 5, "a word in the log")
        self.assertIn(b" 0% packet loss", run("ping", "-c", 2, "-W", 5, ENGINE4).stdout)
        kinds = [event["kind"] for event in self.ctl("events")]
        self.assertIn("address_conflict", kinds)


if __name__ == "__main__":
    harness.main()
