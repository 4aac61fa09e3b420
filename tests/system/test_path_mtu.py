"""A router with a narrow link between the engine and a host, which reports packets that are too big
or drops them silently: RFC 1191, RFC 8201, RFC 4821.

    engine -- TAP -- this namespace, forwarding -- veth, MTU 1300 -- the host's namespace
"""
import hashlib
import subprocess
import sys
import unittest
from pathlib import Path

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, run, wait_for

NARROW = 1300
FAR4, FAR6 = "10.99.0.2", "fd99::2"
SILENT4, SILENT6 = "10.99.0.4", "fd99::4"
FURTHER4 = "10.99.0.3"  # the same host, for tests that need an unknown path
SIZE = 1_000_000
SEARCH_SIZE = 20_000_000  # a lost probe is followed by as many round trips as cwnd has segments
PORT = 7100

# The host: accepts a connection, reads it to the end, answers with its length and hash.
HOST = f"""
import hashlib, socket, sys, threading
def serve(connection):
    digest, count = hashlib.sha256(), 0
    while piece := connection.recv(65536):
        digest.update(piece)
        count += len(piece)
    connection.sendall(f"{{count}} {{digest.hexdigest()}}".encode())
    connection.close()
server = socket.create_server(("::", {PORT}), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""


class PathMtu(harness.SystemTest):
    daemon_arguments = ("--gateway", HOST6)

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for name in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
            Path(f"/proc/sys/net/{name}").write_text("1")
        cls.host = harness.Process(
            ["unshare", "--net", "--", sys.executable, "-c",
             "import sys; print('up', flush=True); sys.stdin.readline()\n" + HOST],
            cls.folder, "host", stdin=subprocess.PIPE)
        cls.addClassCleanup(cls.host.stop)
        wait_for(lambda: b"up" in cls.host.output, what="the host's namespace")
        run("ip", "link", "add", "near", "mtu", NARROW, "type", "veth", "peer", "name", "far",
            "mtu", NARROW, "netns", cls.host.child.pid)
        cls.addClassCleanup(run, "ip", "link", "delete", "near", check=False)
        inside = ("nsenter", f"--net=/proc/{cls.host.child.pid}/ns/net", "--")
        cls.inside = inside
        run("ip", "address", "add", "10.99.0.1/24", "dev", "near")
        run("ip", "address", "add", "fd99::1/64", "dev", "near", "nodad")
        run("ip", "link", "set", "near", "up")
        run(*inside, "ip", "address", "add", f"{FAR4}/24", "dev", "far")
        for address in (FURTHER4, SILENT4):
            run(*inside, "ip", "address", "add", f"{address}/24", "dev", "far")
        for address in (FAR6, SILENT6):
            run(*inside, "ip", "address", "add", f"{address}/64", "dev", "far", "nodad")
        run(*inside, "ip", "link", "set", "far", "up")
        run(*inside, "ip", "link", "set", "lo", "up")
        run(*inside, "ip", "route", "add", "default", "via", "10.99.0.1")
        run(*inside, "ip", "route", "add", "default", "via", "fd99::1")
        # The host would offer an MSS that fits its own narrow link, and nothing would be too big.
        run(*inside, "ip", "route", "change", "default", "via", "10.99.0.1", "advmss", 1460)
        run(*inside, "ip", "-6", "route", "change", "default", "via", "fd99::1", "advmss", 1440)
        cls.host.child.stdin.write(b"\n")
        cls.host.child.stdin.flush()
        wait_for(lambda: b"ready" in cls.host.output, what="the host")
        for address in (FAR4, SILENT4, FAR6, SILENT6):  # no SYN is lost to address resolution
            engine = ENGINE6 if ":" in address else ENGINE4
            wait_for(lambda: run(*inside, "ping", "-c", 1, "-W", 1, "-I", address, engine,
                                 check=False).returncode == 0, what=f"a way to {address}")

    def upload(self, address: str, size: int = SIZE) -> dict:
        data = harness.RANDOM.randbytes(size)
        conn_id = self.ctl("open", address, PORT, "--wait")["id"]
        self.tcpctl("send", conn_id, "-", input=data, timeout=120)
        wait_for(lambda: self.ctl("show", conn_id)["bytes_acked"] == size, 60, "all of it acked")
        status = self.ctl("show", conn_id)
        self.tcpctl("shutdown", conn_id)
        answer = self.tcpctl("receive", conn_id, "--wait", 20).stdout
        self.assertEqual(answer.decode(), f"{size} {hashlib.sha256(data).hexdigest()}")
        self.tcpctl("close", conn_id)
        return status

    def check_discovery(self, address: str) -> None:
        before = self.counters()
        status = self.upload(address)
        self.assertEqual(status["path_mtu_bytes"], NARROW)
        after = self.counters()
        self.assertEqual(after["path_mtu_changes"], before["path_mtu_changes"] + 1)
        self.assertEqual(after["mtu_black_holes"], before["mtu_black_holes"])  # a message sufficed
        # The next connection knows it from the start.
        conn_id = self.ctl("open", address, PORT, "--wait")["id"]
        self.assertEqual(self.ctl("show", conn_id)["path_mtu_bytes"], NARROW)
        self.tcpctl("abort", conn_id)

    def test_router_answers(self) -> None:
        self.check_discovery(FAR4)

    def test_router_answers_ipv6(self) -> None:
        self.check_discovery(FAR6)

    def silence_router(self) -> None:
        """It drops what is too large, and its messages do not get through."""
        for family, protocol in (("-4", "icmp"), ("-6", "ipv6-icmp")):
            rule = ("ip", family, "rule")
            words = ("ipproto", protocol, "from", "all", "pref", 5, "blackhole")
            run(*rule, "add", *words)
            self.addCleanup(run, *rule, "del", *words)

    def check_black_hole(self, address: str) -> None:
        self.silence_router()
        before = self.counters()
        status = self.upload(address, SEARCH_SIZE)
        after = self.counters()
        self.assertEqual(after["path_mtu_changes"], before["path_mtu_changes"])
        self.assertGreater(after["mtu_black_holes"], before["mtu_black_holes"])
        self.assertGreater(after["mtu_probes"], before["mtu_probes"])
        self.assertLessEqual(status["path_mtu_bytes"], NARROW)
        return status

    def test_router_is_silent(self) -> None:
        """RFC 4821: base size, then upwards."""
        status = self.check_black_hole(SILENT4)
        self.assertGreater(status["path_mtu_bytes"], 1024)
        self.assertIn(status["mtu_probing"], ("searching", "complete"))

    def test_router_is_silent_ipv6(self) -> None:
        status = self.check_black_hole(SILENT6)
        self.assertGreaterEqual(status["path_mtu_bytes"], 1280)

    def test_ping_is_cut_to_the_path(self) -> None:
        self.upload(FURTHER4)
        done = run(*self.inside, "ping", "-c", 3, "-i", 0.2, "-W", 2, "-s", 2000, "-I", FURTHER4,
                   ENGINE4)
        self.assertIn(" 0% packet loss", done.stdout.decode())


if __name__ == "__main__":
    harness.main()
