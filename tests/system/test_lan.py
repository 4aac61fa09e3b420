"""A real Ethernet: neighbours that move, switches that snoop and tag, stations that share an address,
routers with something to say."""
import json
import re
import time
import unittest
import urllib.error
import urllib.request

from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.packet import Raw

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, PATIENCE, TAP, Daemon, run, wait_for

BROADCAST = "ff:ff:ff:ff:ff:ff"
NEW_MACS = [f"02:00:00:00:aa:{i:02x}" for i in range(1, 9)]


class Moves(harness.SystemTest):
    """The kernel's side gets another MAC, as after a failover, and says so. Its old MAC is deaf."""

    def setUp(self) -> None:
        self.peer = self.raw_peer()

    def open(self, address: str):
        server = self.kernel_server(address)
        conn_id = self.ctl("open", address, server.getsockname()[1], "--wait")["id"]
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        return conn_id, accepted

    def sends(self, conn_id: int, accepted, text: bytes) -> None:
        """Two seconds are less than what asking the old MAC takes, three questions and more."""
        accepted.settimeout(2 * PATIENCE)
        self.tcpctl("send", conn_id, "-", input=text)
        self.assertEqual(accepted.recv(100), text)

    def move(self, mac: str, said: Ether) -> None:
        """Says it again each second: for that long an answer of the old MAC to a question of the engine
        keeps out other answers, as Linux's locktime does."""
        before = self.counters()["neighbour_moved"]
        run("ip", "link", "set", TAP, "address", mac)

        def is_heard() -> bool:
            self.peer.send_frame(said)
            for _ in range(55):
                if self.counters()["neighbour_moved"] > before:
                    return True
                time.sleep(0.02)
            return False

        wait_for(is_heard, 5, "the move")

    def test_ipv4(self) -> None:
        conn_id, accepted = self.open(HOST4)
        self.sends(conn_id, accepted, b"before")
        engine_mac = self.ctl("status")["mac"]
        said = [
            lambda mac: Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=HOST4, pdst=HOST4),
            lambda mac: Ether(src=mac, dst=BROADCAST) / ARP(op=2, hwsrc=mac, psrc=HOST4, pdst=HOST4,
                                                            hwdst=mac),
            lambda mac: Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=HOST4,
                                                            pdst=ENGINE4),
            lambda mac: Ether(src=mac, dst=BROADCAST) / ARP(op=1, hwsrc=mac, psrc=HOST4,
                                                            pdst="10.9.0.200"),
            lambda mac: Ether(src=mac, dst=engine_mac) / ARP(op=2, hwsrc=mac, psrc=HOST4,
                                                             pdst=ENGINE4, hwdst=engine_mac),
        ]
        for mac, message in zip(NEW_MACS, said):
            with self.subTest(message=message(mac).summary()):
                self.move(mac, message(mac))
                self.sends(conn_id, accepted, b"after " + mac.encode())

    def test_ipv6(self) -> None:
        conn_id, accepted = self.open(HOST6)
        self.sends(conn_id, accepted, b"before")
        mac = NEW_MACS[7]
        self.move(mac, Ether(src=mac, dst="33:33:00:00:00:01") /
                  IPv6(src=HOST6, dst="ff02::1", hlim=255) /
                  ICMPv6ND_NA(tgt=HOST6, R=0, S=0, O=1) / ICMPv6NDOptDstLLAddr(lladdr=mac))
        self.sends(conn_id, accepted, b"after")

    def test_forged_claim(self) -> None:
        """The kernel is where it was, and answers the question that the claim calls for."""
        conn_id, accepted = self.open(HOST4)
        self.sends(conn_id, accepted, b"before")
        before = self.counters()["neighbour_claims_refuted"]
        forged = "02:00:00:00:66:66"
        self.peer.send_frame(Ether(src=forged, dst=BROADCAST) /
                             ARP(op=1, hwsrc=forged, psrc=HOST4, pdst=HOST4))
        wait_for(lambda: self.counters()["neighbour_claims_refuted"] == before + 1, 5, "the answer")
        self.sends(conn_id, accepted, b"after")
        time.sleep(0.3)  # and then claims are believed again


class Link(harness.SystemTest):
    def ask(self, peer, *tags):
        """An ARP request behind these tags; the answer."""
        frame = Ether(src=peer.mac, dst=BROADCAST)
        for tag in tags:
            frame = frame / tag
        peer.send_frame(frame / ARP(op=1, hwsrc=peer.mac, psrc=peer.address, pdst=ENGINE4))

    def expect_answer(self, peer) -> None:
        while True:
            packet = peer.others.get(timeout=5 * PATIENCE)
            if ARP in packet and packet[ARP].op == 2 and packet[ARP].psrc == ENGINE4:
                self.assertNotIn(Dot1Q, packet)
                return

    def test_priority_tags(self) -> None:
        peer = self.raw_peer()
        for tags in ((Dot1Q(vlan=0, prio=5),), (Dot1AD(vlan=0),), (Dot1AD(vlan=0), Dot1Q(vlan=0))):
            self.ask(peer, *tags)
            self.expect_answer(peer)
        before = self.counters()["eth_vlan"]
        self.ask(peer, Dot1Q(vlan=7))
        self.ask(peer, Dot1AD(vlan=0), Dot1Q(vlan=7))
        wait_for(lambda: self.counters()["eth_vlan"] == before + 2, 5, "eth_vlan")

    def test_all_nodes_answer(self) -> None:
        """Once the link-local address is known to be nobody else's."""
        mac = [int(part, 16) for part in self.ctl("status")["mac"].split(":")]
        last = f"{mac[4]:02x}{mac[5]:02x}".lstrip("0")
        wait_for(lambda: re.search(rf"from fe80::\S*{last}", run(
            "ping", "-6", "-c", 2, "-W", 2, "-I", TAP, "ff02::1", check=False).stdout.decode()),
            what="the answer of our link-local address")

    def test_an_error_that_passes_is_named(self) -> None:
        peer = self.raw_peer()
        conn_id = self.ctl("open", peer.address, 80)["id"]
        syn = peer.expect("S")
        router = Ether(src=peer.mac, dst=syn.src) / IP(src=HOST4, dst=ENGINE4)
        for number, code, words in ((11, 0, "time exceeded in transit"),
                                    (12, 0, "parameter problem")):
            peer.send_frame(router / ICMP(type=number, code=code) / Raw(bytes(syn[IP])[:28]))
            wait_for(lambda: words in json.dumps(self.ctl("show", conn_id)["soft_error"]), 5, words)
            self.assertEqual(self.state_of(conn_id), "SYN_SENT")
        peer.send_frame(Ether(src=peer.mac, dst=syn.src) / IP(src=peer.address, dst=ENGINE4) /
                        TCP(sport=80, dport=syn[TCP].sport, flags="SA", seq=1,
                            ack=syn[TCP].seq + 1))
        self.wait_state(conn_id, "ESTABLISHED")
        self.tcpctl("abort", conn_id)

    def test_an_error_that_ends_an_opening_is_named(self) -> None:
        peer = self.raw_peer()
        for code, words in ((0, "net unreachable"), (3, "port unreachable"),
                            (10, "host administratively prohibited")):
            opening = self.tcpctl_process(f"open-{code}", "open", peer.address, 80, "--wait")
            syn = peer.expect("S")
            peer.send_frame(Ether(src=peer.mac, dst=syn.src) / IP(src=HOST4, dst=ENGINE4) /
                            ICMP(type=3, code=code) / Raw(bytes(syn[IP])[:28]))
            self.assertEqual(opening.wait(), 1)
            self.assertIn(f"ICMP {words}", opening.log)


class Conflict(harness.SystemTest):
    wants_daemon = False

    def tearDown(self) -> None:
        self.stop_daemon()

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:9409{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_one_address_of_two(self) -> None:
        """While the other one works the daemon is fit for use, and says what it lacks."""
        run("ip", "address", "replace", f"{HOST4}/24", "dev", TAP)  # another test takes it away
        type(self).daemon = Daemon(self.folder, argv=[
            "--tap", TAP, "--address", f"{HOST4}/24", "--address", f"{ENGINE4}/24", "--control",
            f"ipc://{self.folder}/control.sock", "--http", "127.0.0.1:9409", "--msl", "1"])
        self.daemon.wait_ready()
        states = {f"{HOST4}/24": "conflict", f"{ENGINE4}/24": "ready"}
        wait_for(lambda: {row["address"]: row["state"]
                          for row in self.ctl("status")["address_states"]} == states, 15, "the conflict")
        mac = run("cat", f"/sys/class/net/{TAP}/address").stdout.decode().strip()
        self.assertEqual(self.get("/healthz"),
                         (200, f"degraded: address conflict: {HOST4} is in use by {mac}\n"))

    def test_everybody_says_so(self) -> None:
        """The engine's only address is the kernel's; then the kernel gives it up."""
        type(self).daemon = Daemon(self.folder, argv=[
            "--tap", TAP, "--address", f"{HOST4}/24", "--control",
            f"ipc://{self.folder}/control.sock", "--http", "127.0.0.1:9409", "--msl", "1"])
        self.daemon.wait_ready()
        mac = run("cat", f"/sys/class/net/{TAP}/address").stdout.decode().strip()
        wait_for(lambda: self.ctl("status")["address_states"][0]["state"] == "conflict", 15,
                 "the conflict")
        row = self.ctl("status")["address_states"][0]
        self.assertEqual((row["address"], row["claimed_by"]), (f"{HOST4}/24", mac))
        self.assertLessEqual(row["retry_ms"], 60000)
        self.assertIn(f"{HOST4}/24: conflict, in use by {mac}",
                      self.tcpctl("status").stdout.decode())
        status, health = self.get("/healthz")
        self.assertEqual(health.strip(), f"degraded: address conflict: {HOST4} is in use by {mac}")
        self.assertEqual(status, 503)
        self.assertIn('tcpengine_addresses{state="conflict"} 1', self.get("/metrics")[1])
        self.assertIn(f"address conflict: {HOST4} is in use by {mac}", self.daemon.log)
        for verb in (("open", "10.9.0.9", 80), ("open", "10.9.0.9", 80, "-s", HOST4),
                     ("listen", f"{HOST4}:80")):
            error = self.tcpctl(*verb, status=1).stderr.decode()
            self.assertIn(f"address conflict: {HOST4} is in use by another station, {mac}", error)
            self.assertIn("EADDRNOTAVAIL", error)
        run("ip", "address", "del", f"{HOST4}/24", "dev", TAP)
        run("ip", "address", "add", "10.9.0.5/24", "dev", TAP)
        wait_for(lambda: self.ctl("status")["address_states"][0]["state"] == "ready", 40,
                 "the address")
        self.assertEqual(self.get("/healthz"), (200, "ok\n"))
        self.assertIn(f"address conflict over: {HOST4} is used", self.daemon.log)
        self.assertEqual(len(re.findall("it is not used", self.daemon.log)), 1)
        self.assertIn("address_ready", [event["kind"] for event in self.ctl("events")])


class Snooping(harness.SystemTest):
    """The TAP is a port of a bridge that snoops and has a querier: a port gets the groups that were
    reported on it, and no others."""

    wants_daemon = False

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        if run("ip", "link", "add", "br-te", "type", "bridge", check=False).returncode != 0:
            raise unittest.SkipTest("the kernel has no bridge")
        cls.addClassCleanup(run, "ip", "link", "delete", "br-te", check=False)
        run("ip", "address", "flush", "dev", TAP)
        # Snooping begins to bite one response interval after the querier was turned on.
        run("ip", "link", "set", "br-te", "type", "bridge", "mcast_query_interval", 200,
            "mcast_query_response_interval", 50, "mcast_membership_interval", 500,
            "mcast_startup_query_interval", 50)
        run("ip", "link", "set", "br-te", "type", "bridge", "mcast_snooping", 1,
            "mcast_querier", 1)
        run("ip", "link", "set", TAP, "master", "br-te")
        run("ip", "address", "add", f"{HOST4}/24", "dev", "br-te")
        run("ip", "address", "add", f"{HOST6}/64", "dev", "br-te", "nodad")
        run("ip", "link", "set", "br-te", "up")

    def groups(self) -> str:
        return run("bridge", "mdb", "show", "dev", "br-te").stdout.decode()

    def reaches(self) -> bool:
        run("ip", "-6", "neighbour", "flush", "dev", "br-te")
        return run("ping", "-6", "-c", 1, "-W", 2, ENGINE6, check=False).returncode == 0

    def wait_for_queries(self) -> None:
        """Four of them: longer than a membership lasts. The first may come from no link-local
        address yet, and do not count then."""
        def count() -> int:
            counters = self.counters()
            return counters["mld_in"] - counters["mld_malformed"]
        wait_for(lambda: count() >= 4, 40, "four queries")

    def run_with(self, *arguments: str) -> None:
        self.start_daemon(*arguments)
        self.addCleanup(self.stop_daemon)

    def test_with_reports(self) -> None:
        self.run_with()
        self.wait_for_queries()
        self.assertIn(f"port {TAP} grp ff02::1:ff00:2", self.groups())
        self.assertTrue(self.reaches())

    def test_without_reports(self) -> None:
        """What the other test is about: nothing but the reports keeps IPv6 alive here."""
        self.run_with("--set", "mld=false")
        self.wait_for_queries()
        self.assertNotIn(f"port {TAP} grp ff02::1:ff00:2", self.groups())
        self.assertFalse(self.reaches())


if __name__ == "__main__":
    harness.main()
