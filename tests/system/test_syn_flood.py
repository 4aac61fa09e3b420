"""SYN floods from spoofed addresses on the TAP, as fast as one process can send, beside an honest
client with the kernel's TCP: it is let in within a second, with all its options, and the daemon's
memory does not grow."""
import contextlib
import os
import random
import resource
import signal
import socket
import struct
import time
import unittest

import harness
from harness import ENGINE4, HOST4, PATIENCE, TAP
from rawpeer import RawConnection
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

SEED = int(os.environ.get("TCPENGINE_SEED", "1"))
PORT = 80
RATE = 50000  # per second
FRAMES = 16384
BURST = 64
SECONDS = 4.0
HONEST = 12
GROWTH_MAX = 8 << 20
QUARANTINE = 256 << 20  # AddressSanitizer keeps what was freed


def fold(total: int) -> int:
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum(data: bytes) -> int:
    return ~fold(sum(struct.unpack(f">{len(data) // 2}H", data))) & 0xFFFF


class SynFlood(harness.SystemTest):
    # The flood shares the TAP's queue with everybody: it must be long enough for a busy machine.
    daemon_arguments = ("--set", "tap_queue_len=16384")

    def setUp(self) -> None:
        self.random = random.Random(SEED)
        self.peer = self.raw_peer()
        self.peer.learn_engine(ENGINE4)
        self.rpc = self.client()
        self.listener = self.ctl("listen", PORT)["id"]

    def tearDown(self) -> None:
        self.tcpctl("close", self.listener)

    def syn(self, template: bytes, network: tuple[int, int], hosts: range) -> bytes:
        """The template with its own source, and correct checksums."""
        frame = bytearray(template)
        frame[26:28] = bytes(network)
        frame[28:30] = struct.pack(">H", self.random.choice(hosts))
        frame[34:36] = struct.pack(">H", self.random.randrange(1024, 65536))
        frame[38:42] = self.random.randbytes(4)
        frame[24:26] = frame[50:52] = b"\0\0"
        frame[24:26] = struct.pack(">H", checksum(frame[14:34]))
        pseudo = frame[26:34] + struct.pack(">HH", 6, len(frame) - 34)
        frame[50:52] = struct.pack(">H", checksum(pseudo + frame[34:]))
        return bytes(frame)

    def syns(self, network: tuple[int, int], hosts: range) -> list[bytes]:
        options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("WScale", 7)]
        template = bytes(Ether(src=self.peer.mac, dst=self.peer.engine_mac) /
                         IP(src="198.18.0.1", dst=ENGINE4) /
                         TCP(sport=1, dport=PORT, flags="S", options=options))
        return [self.syn(template, network, hosts) for _ in range(FRAMES)]

    @staticmethod
    def send_for_ever(frames: list[bytes]) -> None:
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind((TAP, 0))
        at, sent = time.monotonic(), 0
        while True:
            for frame in frames[sent % FRAMES:sent % FRAMES + BURST]:
                with contextlib.suppress(OSError):  # the interface's queue is full
                    sender.send(frame)
            sent += BURST
            # Delays of a busy machine are not made up for: a burst beyond the TAP's queue would
            # lose the honest client's frames before the engine sees them.
            at = max(at + BURST / RATE, time.monotonic())
            time.sleep(max(0.0, at - time.monotonic()))

    def start_flood(self, network: tuple[int, int], hosts: range) -> None:
        frames = self.syns(network, hosts)
        self.flooder = os.fork()
        if self.flooder == 0:
            self.send_for_ever(frames)
        self.addCleanup(self.stop_flood)
        harness.wait_for(lambda: self.counters()["syn_cookies_sent"] > self.cookies_before,
                         what="the first cookie")

    def stop_flood(self) -> None:
        if self.flooder:
            os.kill(self.flooder, signal.SIGKILL)
            os.waitpid(self.flooder, 0)
            self.flooder = 0

    def rss(self) -> int:
        with open(f"/proc/{self.daemon.child.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def honest_client(self) -> float:
        """Connects and receives its echo; returns how long the connect took."""
        started = time.monotonic()
        client = self.kernel_client(PORT)
        took = time.monotonic() - started
        client.sendall(b"honest words")
        conn_id = self.rpc.call("accept", listener_id=self.listener, wait_ms=10000).id
        data = b""
        while len(data) < 12:
            data += self.rpc.call("receive", id=conn_id, from_offset=len(data), wait_ms=10000).data
        self.assertEqual(data, b"honest words")
        row = self.ctl("show", conn_id)
        self.assertTrue(row["timestamps"] and row["sack_permitted"] and row["snd_wscale"] > 0, row)
        self.rpc.call("send", id=conn_id, offset=0, data=data, wait_ms=10000)
        client.settimeout(10 * PATIENCE)
        self.assertEqual(harness.recv_exactly(client, 12), data)
        client.close()
        self.rpc.call("close", id=conn_id)
        return took

    def flood_beside_honest_clients(self, network: tuple[int, int], hosts: range) -> None:
        before = self.counters()
        self.cookies_before = before["syn_cookies_sent"]
        self.start_flood(network, hosts)
        self.honest_client()
        memory, started, slowest = self.rss(), time.monotonic(), 0.0
        for number in range(1, HONEST + 1):
            slowest = max(slowest, self.honest_client())
            time.sleep(max(0.0, started + number * SECONDS / HONEST - time.monotonic()))
        after, grown, took = self.counters(), self.rss() - memory, time.monotonic() - started
        half_open = len(self.ctl("ls", "state", "SYN_RCVD"))
        self.stop_flood()
        passed = {name: after[name] - before[name] for name in after if name in before}
        print(f"{passed['frames_in'] / took:.0f} frames/s in, {passed['syn_cookies_sent']} cookies "
              f"sent, {passed['syn_cookies_received']} received, slowest connect "
              f"{slowest * 1000:.1f} ms, {half_open} half open, memory +{grown >> 10} KiB",
              flush=True)
        self.assertLess(slowest, 1.0 * PATIENCE)
        is_sanitized = b"__asan_init" in (harness.BUILD / "daemon/tcpengined").read_bytes()
        self.assertLess(grown, QUARANTINE if is_sanitized else GROWTH_MAX)
        self.assertTrue(0 < half_open <= 1024, half_open)
        self.assertGreater(passed["syn_cookies_sent"], FRAMES / 4)
        self.assertGreater(passed["syn_cookies_received"], HONEST / 2)
        self.assertEqual(passed["syn_cookies_failed"], 0)

    def test_sources_beyond_the_gateway(self) -> None:
        self.flood_beside_honest_clients((198, 18), range(1, 65536))

    def test_sources_on_the_link_that_nobody_has(self) -> None:
        """None of them answers ARP: the answers queued for them delay nobody else's."""
        self.flood_beside_honest_clients((10, 9), range(100, 250))

    def test_forged_cookies(self) -> None:
        """Random ACKs after an overflow: RSTs, and no connection."""
        self.cookies_before = self.counters()["syn_cookies_sent"]
        self.start_flood((198, 18), range(1, 65536))
        self.stop_flood()
        before = self.counters()
        for number in range(200):
            RawConnection(self.peer, ENGINE4, 40000 + number, PORT).send(
                "A", seq=self.random.getrandbits(32), ack=self.random.getrandbits(32))
        harness.wait_for(lambda: self.counters()["syn_cookies_failed"] -
                         before["syn_cookies_failed"] == 200, what="200 failed cookies")
        self.assertEqual(self.ctl("ls", "state", "ESTABLISHED", "and", "sport", "=", f":{PORT}"),
                         [])
        self.assertEqual(self.counters()["passive_opens"], before["passive_opens"])


if __name__ == "__main__":
    harness.main()
