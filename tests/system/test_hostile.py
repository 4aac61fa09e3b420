"""Hostile frames on the TAP beside an honest connection: it survives, and so does the daemon."""
import os
import random
import struct
import time
import unittest

import harness
from harness import ENGINE4, ENGINE6, HOST4, recv_exactly, run, wait_for
from rawpeer import RawConnection
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

SEED = int(os.environ.get("TCPENGINE_SEED", "1"))
PORT = 7000


class Hostile(harness.SystemTest):
    daemon_arguments = ("--set", "tap_queue_len=32768")  # for whole floods: the daemon may have to wait

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.random = random.Random(SEED)
        print(f"TCPENGINE_SEED={SEED}", flush=True)

    def setUp(self) -> None:
        self.peer = self.raw_peer()
        self.peer.learn_engine(ENGINE4)
        self.server = self.kernel_server()
        self.conn_id = self.ctl("open", HOST4, self.server.getsockname()[1], "--wait")["id"]
        self.accepted, _ = self.server.accept()
        self.accepted.settimeout(15)

    def tearDown(self) -> None:
        """The honest connection still carries bytes both ways, and ping is answered."""
        self.tcpctl("send", self.conn_id, "-", input=b"still honest")
        self.assertEqual(recv_exactly(self.accepted, 12), b"still honest")
        self.accepted.sendall(b"indeed")
        wait_for(lambda: self.find(id=self.conn_id)["receive_queue_bytes"] == 6, what="the answer")
        self.tcpctl("abort", self.conn_id)
        self.accepted.close()
        run("ping", "-c", 1, "-W", 5, ENGINE4)

    def flood(self, frames) -> None:
        """Sends frames no faster than the TAP's queue accepts them; almost all must arrive."""
        before, count = self.counters()["frames_in"], 0
        for frame in frames:
            self.peer.socket.send(frame)
            count += 1
            if count % 64 == 0:
                time.sleep(0.001 * harness.PATIENCE)
        wait_for(lambda: self.counters()["frames_in"] - before >= count * 0.95, 20,
                 f"95 % of {count} frames")

    def ether(self):
        return Ether(src=self.peer.mac, dst=self.peer.engine_mac)

    def templates(self) -> list[bytes]:
        """One good frame of each kind the engine parses."""
        four = self.ether() / IP(src=self.peer.address, dst=ENGINE4)
        six = self.ether() / IPv6(src=self.peer.address6, dst=ENGINE6)
        options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("WScale", 7)]
        syn = TCP(sport=1234, dport=PORT, flags="S", options=options)
        data = TCP(sport=1234, dport=PORT, flags="PA", seq=1, ack=1) / Raw(b"x" * 100)
        frames = [four / syn, four / data, six / syn, six / data, four / ICMP() / Raw(b"ping" * 20),
                  six / ICMPv6EchoRequest(data=b"ping" * 20), four / UDP(dport=9) / Raw(b"u"),
                  self.ether() / ARP(op=1, psrc=self.peer.address, pdst=ENGINE4),
                  six / ICMPv6ND_NS(tgt=ENGINE6), six / IPv6ExtHdrDestOpt() / syn,
                  four / ICMP(type=3, code=1) / IP(src=ENGINE4, dst=HOST4) / data]
        return [bytes(frame) for frame in frames]

    def mutate(self, frame: bytes) -> bytes:
        changed = bytearray(frame)
        for _ in range(self.random.randint(1, 4)):
            where = self.random.randrange(12, len(changed))
            changed[where] = self.random.choice([0, 1, 0x7F, 0x80, 0xFF, self.random.randrange(256)])
        if self.random.random() < 0.3:
            del changed[self.random.randrange(1, len(changed)):]
        elif self.random.random() < 0.2:
            changed += self.random.randbytes(self.random.randrange(1, 1400))
        return bytes(changed)

    def test_mutated_frames(self) -> None:
        """20,000 frames with wrong bytes, cut off or padded."""
        templates = self.templates()
        self.tcpctl("listen", PORT)
        frames = (self.mutate(self.random.choice(templates))[:1514] for _ in range(20000))
        self.flood(frame for frame in frames if len(frame) >= 14)

    def test_length_fields(self) -> None:
        """Every length field of IPv4 and TCP with extreme and adjacent values."""
        frame = self.templates()[1]
        fields = [(14, "B", range(0x40, 0x50)),  # IHL
                  (16, ">H", [0, 1, 19, 20, 39, 40, 139, 140, 141, 1500, 0xFFFF]),  # total length
                  (20, ">H", [0x2000, 0x1FFF, 0x3FFF, 0x4000, 0xFFFF]),  # flags and offset
                  (46, "B", [value << 4 for value in range(16)])]  # TCP data offset
        for where, form, values in fields:
            for value in values:
                changed = bytearray(frame)
                struct.pack_into(form, changed, where, value)
                self.peer.socket.send(bytes(changed))

    def test_option_lengths(self) -> None:
        for kind in range(0, 40):
            for length in (0, 1, 2, 3, 10, 40, 255):
                raw = bytes([kind, length]) + bytes(38)
                tcp = TCP(sport=999, dport=PORT, flags="S", dataofs=15) / Raw(raw)
                self.peer.send_frame(self.ether() / IP(src=self.peer.address, dst=ENGINE4) / tcp)

    def test_urgent_pointers(self) -> None:
        """URG with any pointer: the bytes arrive inline."""
        port = 7001
        listener = self.ctl("listen", port)["id"]
        connection = RawConnection(self.peer, ENGINE4, 40001, port)
        connection.open_to_listener()
        conn_id = self.ctl("accept", listener, "--wait", 5)["id"]
        for pointer in (0, 1, 5, 6, 65535):
            connection.send("PAU", b"bytes", urgptr=pointer)
        wait_for(lambda: self.find(id=conn_id)["receive_queue_bytes"] == 25, what="25 bytes")
        self.tcpctl("abort", conn_id)
        self.tcpctl("close", listener)

    def test_blind_attacks(self) -> None:
        """RFC 5961: RST, SYN and data in the window but not exact do not end a connection."""
        port = 7002
        listener = self.ctl("listen", port)["id"]
        connection = RawConnection(self.peer, ENGINE4, 40002, port)
        connection.open_to_listener()
        conn_id = self.ctl("accept", listener, "--wait", 5)["id"]
        connection.send("R", seq=connection.snd_nxt + 100)
        connection.send("S", seq=connection.snd_nxt + 200)
        connection.send("PA", b"evil", seq=connection.snd_nxt, ack=connection.rcv_nxt + 100000)
        time.sleep(0.2)
        self.assertEqual(self.state_of(conn_id), "ESTABLISHED")
        self.assertEqual(self.find(id=conn_id)["receive_queue_bytes"], 0)
        self.assertGreaterEqual(self.counters()["challenge_acks"], 1)
        self.tcpctl("abort", conn_id)
        self.tcpctl("close", listener)

    def syns(self, count: int, port: int):
        template = bytearray(bytes(self.ether() / IP(src="10.9.0.200", dst=ENGINE4) /
                                   TCP(sport=1, dport=port, flags="S")))
        for _ in range(count):
            template[34:36] = struct.pack(">H", self.random.randrange(1024, 65536))
            template[38:42] = self.random.randbytes(4)
            yield self.with_tcp_checksum(template)

    def honest_client(self, port: int, listener: int) -> None:
        started = time.monotonic()
        client = self.kernel_client(port)
        accepted = self.ctl("accept", listener, "--wait", 10)
        self.assertEqual(accepted["remote"], f"{HOST4}:{client.getsockname()[1]}")
        self.assertLess(time.monotonic() - started, 3 * harness.PATIENCE)
        self.tcpctl("abort", accepted["id"])

    def test_half_open_connections(self) -> None:
        """500 SYNs that nobody completes: an honest client of the same port gets in."""
        listener = self.ctl("listen", 7003)["id"]
        self.flood(self.syns(500, 7003))
        self.honest_client(7003, listener)
        self.tcpctl("close", listener)

    def test_syn_flood(self) -> None:
        """20,000 SYNs fill just one listener's queue: another listener is as fast as ever."""
        flooded, other = self.ctl("listen", 7005)["id"], self.ctl("listen", 7006)["id"]
        self.flood(self.syns(20000, 7005))
        half_open = self.ctl("ls", "state", "SYN_RCVD", "and", "sport", "=", ":7005")
        self.assertTrue(0 < len(half_open) <= 1024, len(half_open))
        self.honest_client(7006, other)
        self.tcpctl("close", flooded)
        self.tcpctl("close", other)

    @staticmethod
    def with_ip_id(frame: bytearray, number: int) -> bytes:
        frame[18:20], frame[24:26] = struct.pack(">H", number), b"\0\0"
        total = sum(struct.unpack(">10H", frame[14:34]))
        total = (total & 0xFFFF) + (total >> 16)
        frame[24:26] = struct.pack(">H", ~total & 0xFFFF)
        return bytes(frame)

    @staticmethod
    def with_tcp_checksum(frame: bytearray) -> bytes:
        frame[50:52] = b"\0\0"
        pseudo = frame[26:34] + struct.pack(">HH", 6, len(frame) - 34)
        data = bytes(pseudo + frame[34:])
        total = sum(struct.unpack(f">{len(data) // 2}H", data))
        total = (total & 0xFFFF) + (total >> 16)
        total = (total & 0xFFFF) + (total >> 16)
        frame[50:52] = struct.pack(">H", ~total & 0xFFFF)
        return bytes(frame)

    def test_incomplete_fragments(self) -> None:
        """5,000 first fragments without a second: bounded, and whole datagrams still pass."""
        template = bytearray(bytes(self.ether() / IP(
            src=self.peer.address, dst=ENGINE4, id=0, flags="MF") / ICMP() / Raw(b"x" * 64)))
        self.flood(self.with_ip_id(template, number) for number in range(5000))
        self.assertGreater(self.counters()["reassembly_limit"], 0)
        run("ping", "-c", 2, "-i", 0.2, "-W", 3, "-s", 3000, ENGINE4)

    def test_arp_flood(self) -> None:
        """Requests from 20,000 addresses do not evict the neighbour in use."""
        template = bytearray(bytes(self.ether() / ARP(op=1, hwsrc="02:00:00:00:00:01",
                                                      psrc="10.9.0.3", pdst=ENGINE4)))
        sources = (bytes([10, 9, number >> 8 & 0xFF, number & 0xFF]) for number in range(20000))
        self.flood(bytes(template[:28]) + source + bytes(template[32:]) for source in sources)

    def test_land(self) -> None:
        self.tcpctl("listen", 7004)
        before = self.counters()["ip_bad_source"] + self.counters()["tcp_land"]
        self.peer.send_frame(self.ether() / IP(src=ENGINE4, dst=ENGINE4) /
                             TCP(sport=7004, dport=7004, flags="S"))
        wait_for(lambda: self.counters()["ip_bad_source"] + self.counters()["tcp_land"] > before,
                 what="a count")


if __name__ == "__main__":
    harness.main()
