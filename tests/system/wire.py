"""A wire between the TAP and the kernel that passes every frame through a function of the test,
which may change or drop it.

The kernel's addresses move from the TAP to the far end of a veth pair; two packet sockets copy
frames between the TAP and the near end. Offloads are off, so that a frame is what a cable would
carry."""
import contextlib
import select
import socket
import struct
import threading
from pathlib import Path

from harness import HOST4, HOST6, TAP, run

ETH_P_ALL = 3
PACKET_OUTGOING = 4
NEAR, FAR = "wire-near", "wire-far"
FAR_MAC = "02:00:00:00:00:99"
ETH = 14
FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
NOT_ECT, ECT1, ECT0, CE = range(4)


def checksum(data: bytes) -> int:
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


class Frame:
    """What tests need of an Ethernet frame; ip_bytes is the packet's length without padding."""

    def __init__(self, data: bytes, is_from_engine: bool):
        self.data = bytearray(data)
        self.is_from_engine = is_from_engine
        kind = struct.unpack_from("!H", data, 12)[0]
        self.is_v4, self.is_v6 = kind == 0x800, kind == 0x86dd
        self.is_tcp = False
        if self.is_v4:
            self.ip_bytes = struct.unpack_from("!H", data, ETH + 2)[0]
            self.tcp_at = ETH + (data[ETH] & 15) * 4
            self.is_tcp = data[ETH + 9] == socket.IPPROTO_TCP
        elif self.is_v6:
            self.ip_bytes = 40 + struct.unpack_from("!H", data, ETH + 4)[0]
            self.tcp_at = ETH + 40
            self.is_tcp = data[ETH + 6] == socket.IPPROTO_TCP

    @property
    def ecn(self) -> int:
        return self.data[ETH + 1] & 3 if self.is_v4 else self.data[ETH + 1] >> 4 & 3

    @property
    def dont_fragment(self) -> bool:
        return bool(self.data[ETH + 6] & 0x40)

    @property
    def flags(self) -> int:
        return self.data[self.tcp_at + 13]

    @property
    def seq(self) -> int:
        return struct.unpack_from("!I", self.data, self.tcp_at + 4)[0]

    @property
    def payload_bytes(self) -> int:
        return ETH + self.ip_bytes - self.tcp_at - (self.data[self.tcp_at + 12] >> 4) * 4

    def mark(self) -> None:
        """CE, as a congested router would set it."""
        if self.is_v6:
            self.data[ETH + 1] |= CE << 4
            return
        self.data[ETH + 1] |= CE
        struct.pack_into("!H", self.data, ETH + 10, 0)
        header = bytes(self.data[ETH:self.tcp_at])
        struct.pack_into("!H", self.data, ETH + 10, checksum(header))


class Wire:
    """passes(frame) says whether the frame is forwarded; it may change it."""

    def __init__(self, passes):
        self.passes = passes
        self.failure = None
        # The same address each time: the engine's neighbour entry stays valid.
        run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR, "address", FAR_MAC)
        for name in (NEAR, FAR):
            run("ethtool", "-K", name, "tx", "off", "tso", "off", "gso", "off", "gro", "off")
            Path(f"/proc/sys/net/ipv6/conf/{name}/accept_dad").write_text("0")
        Path(f"/proc/sys/net/ipv4/conf/{TAP}/arp_ignore").write_text("1")
        run("ip", "address", "flush", "dev", TAP)
        run("ip", "address", "add", f"{HOST4}/24", "dev", FAR)
        run("ip", "address", "add", f"{HOST6}/64", "dev", FAR, "nodad")
        for name in (NEAR, FAR):
            run("ip", "link", "set", name, "up")
        self.engine, self.kernel = self._open(TAP), self._open(NEAR)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.is_open = True
        self.thread.start()

    @staticmethod
    def _open(name: str) -> socket.socket:
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        end.bind((name, ETH_P_ALL))
        return end

    def _run(self) -> None:
        try:
            while self.is_open:
                for end in select.select([self.engine, self.kernel], [], [], 0.1)[0]:
                    self._carry(end)
        except Exception as error:  # reported by close(), as this is a thread
            self.failure = error

    def _carry(self, end: socket.socket) -> None:
        data, address = end.recvfrom(65536)
        if address[2] == PACKET_OUTGOING:
            return
        frame = Frame(data, end is self.engine)
        other = self.kernel if frame.is_from_engine else self.engine
        if self.passes(frame):
            with contextlib.suppress(OSError):  # a frame beyond the other side's MTU is lost
                other.send(frame.data)

    def close(self) -> None:
        self.is_open = False
        self.thread.join()
        self.engine.close()
        self.kernel.close()
        run("ip", "link", "delete", NEAR, check=False)
        if self.failure is not None:
            raise self.failure
