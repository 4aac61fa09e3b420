"""Many remote hosts on the TAP that speak just enough TCP to take memory: each connection is
opened, and then misbehaves. Frames are built by hand, thousands a second; rawpeer.py is for single
ones."""
import ctypes
import socket
import struct
import threading
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33  # asm-generic/socket.h
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
MAC = bytes.fromhex("02000000beef")
BROADCAST = b"\xff" * 6
UNANSWERED_MAX = 200  # SYNs on their way: the TAP's queue takes 1,000 frames
MSS_AND_SCALE = bytes([2, 4, 5, 0xb4, 1, 3, 3, 14])


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    return 0xffff - int.from_bytes(data, "big") % 0xffff


def attach_filter(packets: socket.socket) -> None:
    """Only ARP and what goes to MAC: others' transfers cost the swarm nothing."""
    mac_low = int.from_bytes(MAC[2:], "big")
    program = b"".join(struct.pack("=HBBI", *step) for step in [
        (0x28, 0, 0, 12), (0x15, 2, 0, 0x0806),   # type: ARP
        (0x20, 0, 0, 2), (0x15, 0, 1, mac_low),   # destination
        (0x06, 0, 0, 0xffffffff), (0x06, 0, 0, 0)])
    steps = ctypes.create_string_buffer(program)
    packets.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                       struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(steps)))


class Connection:
    """One of the swarm's: what the engine has sent, and what was acknowledged of it."""

    def __init__(self, local: bytes, port: int, remote_port: int):
        self.local, self.port, self.remote_port = local, port, remote_port
        self.seq, self.ack = 1000, 0
        self.is_open = False


class Swarm:
    def __init__(self, interface: str, engine: str, addresses: list[str]):
        self.engine = socket.inet_aton(engine)
        self.addresses = [socket.inet_aton(address) for address in addresses]
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        attach_filter(self.socket)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
        self.socket.settimeout(0.1)
        self.engine_mac = BROADCAST
        self.connections: dict[tuple[bytes, int], Connection] = {}
        self.established, self.resets = 0, 0
        self.finished: set[Connection] = set()  # those that got a FIN
        self.after_open = None  # called with each new connection
        self.is_running = True
        self.thread = threading.Thread(target=self._receive, daemon=True)
        self.thread.start()
        self._find_engine()

    def _find_engine(self) -> None:
        ask = (struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + MAC + self.addresses[0] + bytes(6) +
               self.engine)
        while self.engine_mac == BROADCAST:
            self._put(BROADCAST + MAC + b"\x08\x06" + ask)
            time.sleep(0.05)

    def close(self) -> None:
        self.is_running = False
        self.thread.join()
        self.socket.close()

    # --- sending --------------------------------------------------------------------------------

    def send(self, connection: Connection, flags: int, *, offset: int = 0, payload: bytes = b"",
             window: int = 65535, options: bytes = b"") -> None:
        header = struct.pack("!HHIIBBHHH", connection.port, connection.remote_port,
                             (connection.seq + offset) & 0xffffffff, connection.ack,
                             (5 + len(options) // 4) << 4, flags, window, 0, 0) + options
        length = len(header) + len(payload)
        pseudo = connection.local + self.engine + struct.pack("!HH", 6, length)
        total = checksum(pseudo + header + payload)
        header = header[:16] + struct.pack("!H", total) + header[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + length, 1, 0, 64, 6, 0,
                         connection.local, self.engine)
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self._put(self.engine_mac + MAC + b"\x08\x00" + ip + header + payload)

    def _put(self, frame: bytes) -> None:
        while True:
            try:
                self.socket.send(frame)
                return
            except OSError:  # ENOBUFS: the TAP's queue is full
                time.sleep(0.001)

    # --- receiving ------------------------------------------------------------------------------

    def _receive(self) -> None:
        while self.is_running:
            try:
                data, address = self.socket.recvfrom(1 << 17)
            except TimeoutError:
                continue
            if address[2] == PACKET_OUTGOING:
                continue
            if data[12:14] == b"\x08\x06":
                self._on_arp(data)
            elif data[12:14] == b"\x08\x00" and data[23] == 6:
                self._on_segment(data)

    def _on_arp(self, data: bytes) -> None:
        asked = data[38:42]
        if data[28:32] == self.engine:
            self.engine_mac = data[22:28]
        if data[20:22] == b"\0\1" and asked in self.addresses:
            body = struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + MAC + asked + data[22:32]
            self._put(data[6:12] + MAC + b"\x08\x06" + body)

    def _on_segment(self, data: bytes) -> None:
        header_len = (data[14] & 15) * 4
        total_len = int.from_bytes(data[16:18], "big")
        tcp = data[14 + header_len:]
        port, seq = int.from_bytes(tcp[2:4], "big"), int.from_bytes(tcp[4:8], "big")
        connection = self.connections.get((data[30:34], port))
        if connection is None:
            return
        flags, text_len = tcp[13], total_len - header_len - (tcp[12] >> 4) * 4
        if flags & FIN:
            self.finished.add(connection)
        if flags & RST:
            self.resets += 1
            self.connections.pop((data[30:34], port))
        elif flags & SYN:
            if not connection.is_open:
                connection.is_open = True
                self.established += 1
                connection.ack = (seq + 1) & 0xffffffff
                connection.seq += 1
                self.send(connection, ACK)
                if self.after_open is not None:
                    self.after_open(connection)
        elif text_len > 0:
            end = (seq + text_len) & 0xffffffff
            if (end - connection.ack) & 0xffffffff < 1 << 31:
                connection.ack = end

    # --- the attacks ----------------------------------------------------------------------------

    def open(self, count: int, ports: list[int], timeout: float = 30) -> None:
        """Opens so many connections, from each address in turn to each port in turn."""
        deadline = time.monotonic() + timeout
        made = []
        for number in range(count):
            local = self.addresses[number % len(self.addresses)]
            connection = Connection(local, 1024 + number // len(self.addresses),
                                    ports[number % len(ports)])
            self.connections[(local, connection.port)] = connection
            made.append(connection)
            self.send(connection, SYN, options=MSS_AND_SCALE)
            while len(made) - self.established > UNANSWERED_MAX and time.monotonic() < deadline:
                time.sleep(0.0005)

    def hold_far_byte(self, distance: int) -> None:
        """From now on each new connection sends a byte so far beyond a hole."""
        self.after_open = lambda connection: self.send(connection, ACK, offset=distance,
                                                       payload=b"x")

    def acknowledge_all(self, window: int = 65535) -> None:
        """The highest byte, whether everything before it came or not."""
        for connection in list(self.connections.values()):
            if connection.is_open:
                self.send(connection, ACK, window=window)

    def reset_all(self) -> None:
        for connection in list(self.connections.values()):
            self.send(connection, RST | ACK)
        self.connections.clear()
