"""A host made of single segments: it answers ARP and ND for its own addresses on the TAP and sends
exactly the TCP segments a test asks for. The kernel does not know its addresses."""
import queue
import socket
import threading
import time

from scapy.config import conf
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.inet6 import (ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, IPv6)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

conf.verb = 0
ETH_P_ALL = 3
PACKET_OUTGOING = 4
FLAG_BITS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32}


def flags_of(packet) -> str:
    """The flags that matter for the state diagram, sorted: "AF", "S" ..."""
    bits = int(packet[TCP].flags)
    return "".join(sorted(name for name, bit in FLAG_BITS.items() if bits & bit and name != "P"))


def payload_of(packet) -> bytes:
    """The segment's bytes, without the padding of short frames."""
    if IP in packet:
        length = packet[IP].len - packet[IP].ihl * 4 - packet[TCP].dataofs * 4
    else:
        length = packet[IPv6].plen - packet[TCP].dataofs * 4
    return bytes(packet[TCP].payload)[:max(length, 0)]


class RawPeer:
    def __init__(self, interface: str, address: str = "10.9.0.77", address6: str = "fd09::77",
                 mac: str = "02:00:00:00:00:77", answers_arp: bool = True):
        self.address, self.address6, self.mac = address, address6, mac
        self.answers_arp = answers_arp
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.settimeout(0.1)
        self.engine_mac = "ff:ff:ff:ff:ff:ff"
        self.segments: queue.Queue = queue.Queue()
        self.others: queue.Queue = queue.Queue()
        self.is_open = True
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()

    def _receive(self) -> None:
        while self.is_open:
            try:
                data, address = self.socket.recvfrom(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if address[2] != PACKET_OUTGOING:
                self._take(Ether(data))

    def _take(self, packet) -> None:
        if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst == self.address:
            self._answer_arp(packet)
        elif ICMPv6ND_NS in packet and packet[ICMPv6ND_NS].tgt == self.address6:
            self._answer_ns(packet)
        elif TCP in packet and self._is_ours(packet):
            self.engine_mac = packet.src
            self.segments.put((time.monotonic(), packet))
        else:
            self.others.put(packet)

    def _is_ours(self, packet) -> bool:
        return (IP in packet and packet[IP].dst == self.address) or \
               (IPv6 in packet and packet[IPv6].dst == self.address6)

    def _answer_arp(self, packet) -> None:
        self.engine_mac = packet.src
        if self.answers_arp:
            self.send_frame(Ether(src=self.mac, dst=packet.src) /
                            ARP(op=2, hwsrc=self.mac, psrc=self.address, hwdst=packet[ARP].hwsrc,
                                pdst=packet[ARP].psrc))

    def _answer_ns(self, packet) -> None:
        self.engine_mac = packet.src
        if self.answers_arp and packet[IPv6].src != "::":
            self.send_frame(Ether(src=self.mac, dst=packet.src) /
                            IPv6(src=self.address6, dst=packet[IPv6].src, hlim=255) /
                            ICMPv6ND_NA(tgt=self.address6, R=0, S=1, O=1) /
                            ICMPv6NDOptDstLLAddr(lladdr=self.mac))

    def send_frame(self, packet) -> None:
        self.socket.send(bytes(packet))

    def network_layer(self, engine_address: str):
        if ":" in engine_address:
            return IPv6(src=self.address6, dst=engine_address)
        return IP(src=self.address, dst=engine_address)

    def learn_engine(self, engine_address: str) -> None:
        """Asks for the engine's MAC address (IPv4)."""
        self.send_frame(Ether(src=self.mac, dst="ff:ff:ff:ff:ff:ff") /
                        ARP(op=1, hwsrc=self.mac, psrc=self.address, pdst=engine_address))
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            packet = self.others.get(timeout=5)
            if ARP in packet and packet[ARP].op == 2 and packet[ARP].psrc == engine_address:
                self.engine_mac = packet[ARP].hwsrc
                return
        raise AssertionError(f"no ARP answer for {engine_address}")

    def expect(self, flags: str, timeout: float = 5.0, port: int | None = None):
        """The next segment (of one of our ports) must have exactly these flags, ignoring PSH."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                _, packet = self.segments.get(timeout=max(0.001, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no segment came, {flags} was due") from None
            if port is not None and packet[TCP].dport != port:
                continue
            got = flags_of(packet)
            assert got == "".join(sorted(flags)), f"{flags} was due, {packet.summary()} came"
            return packet

    def expect_none(self, seconds: float) -> None:
        try:
            _, packet = self.segments.get(timeout=seconds)
        except queue.Empty:
            return
        raise AssertionError(f"silence was due, {packet.summary()} came")

    def drain(self) -> None:
        while not self.segments.empty():
            self.segments.get_nowait()

    def close(self) -> None:
        self.is_open = False
        self.thread.join()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawConnection:
    """The sequence numbers of one connection of a RawPeer."""

    def __init__(self, peer: RawPeer, engine_address: str, port: int, engine_port: int,
                 iss: int = 1000):
        self.peer, self.engine_address = peer, engine_address
        self.port, self.engine_port = port, engine_port
        self.snd_nxt, self.rcv_nxt = iss, 0

    def segment(self, flags: str, data: bytes = b"", **fields):
        values = {"seq": self.snd_nxt, "ack": self.rcv_nxt if "A" in flags else 0,
                  "window": 65535, **fields}
        tcp = TCP(sport=self.port, dport=self.engine_port, flags=flags, **values)
        packet = Ether(src=self.peer.mac, dst=self.peer.engine_mac) / \
            self.peer.network_layer(self.engine_address) / tcp
        return packet / Raw(data) if data else packet

    def send(self, flags: str, data: bytes = b"", **fields) -> None:
        """Sends a segment; snd_nxt advances by its sequence space unless seq is given."""
        self.peer.send_frame(self.segment(flags, data, **fields))
        if "seq" not in fields:
            self.snd_nxt += len(data) + ("S" in flags) + ("F" in flags)
            self.snd_nxt &= 0xFFFFFFFF

    def expect(self, flags: str, timeout: float = 5.0):
        """Takes the next segment and advances rcv_nxt past it."""
        packet = self.peer.expect(flags, timeout, self.port)
        tcp = packet[TCP]
        occupied = len(payload_of(packet)) + ("S" in flags) + ("F" in flags)
        if occupied:
            self.rcv_nxt = (tcp.seq + occupied) & 0xFFFFFFFF
        return packet

    def open_to_listener(self) -> None:
        """Three-way handshake with a listener of the engine."""
        self.send("S")
        self.expect("SA")
        self.send("A")

    def answer_open(self) -> None:
        """Three-way handshake started by the engine."""
        packet = self.expect("S")
        self.engine_port = packet[TCP].sport
        self.send("SA")
        self.expect("A")


def icmp_unreachable(peer: RawPeer, packet, code: int, source: str):
    """An ICMP error about a segment that the engine sent."""
    quoted = bytes(packet[IP])[:28]
    return Ether(src=peer.mac, dst=peer.engine_mac) / IP(src=source, dst=packet[IP].src) / \
        ICMP(type=3, code=code) / Raw(quoted)
