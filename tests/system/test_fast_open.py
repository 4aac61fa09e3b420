"""TCP Fast Open (RFC 7413) against the kernel's: each is the client, each is the server."""
import contextlib
import socket
import threading
import unittest
from pathlib import Path

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, PATIENCE, at, recv_exactly, wait_for
from ipc import endpoint, receive_all

MSG_FASTOPEN = 0x20000000
TCP_FASTOPEN = 23
TCPI_OPTIONS_AT, TCPI_OPT_SYN_DATA = 5, 32
WORDS = b"words with the SYN " * 20
ANSWER = b"an answer"


def netstat(name: str) -> int:
    """A counter of the kernel's TcpExt in this namespace."""
    rows = [line.split() for line in Path("/proc/net/netstat").read_text().splitlines()
            if line.startswith("TcpExt:")]
    return int(dict(zip(rows[0], rows[1]))[name])


class FastOpen(harness.SystemTest):
    daemon_arguments = ("--set", "tcp_fast_open=both")

    @classmethod
    def setUpClass(cls) -> None:
        Path("/proc/sys/net/ipv4/tcp_fastopen").write_text("3")
        super().setUpClass()

    def setUp(self) -> None:
        harness.run("ip", "tcp_metrics", "flush")  # where the kernel keeps its cookies
        self.before = self.counters()

    def passed(self, name: str) -> int:
        return self.counters()[name] - self.before[name]

    # --- the engine is the server ---------------------------------------------------------------

    def connect(self, address: str, port: int) -> socket.socket:
        """A kernel client with data on its SYN, if it has a cookie."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        client = socket.socket(family)
        self.addCleanup(client.close)
        client.sendto(WORDS, MSG_FASTOPEN, (address, port))
        client.settimeout(10 * PATIENCE)
        return client

    def serve(self, listener: int) -> int:
        """Accepts, reads the words, answers; returns the id."""
        rpc = self.client()
        conn_id = rpc.call("accept", listener_id=listener, wait_ms=10000).id
        data = b""
        while len(data) < len(WORDS):
            data += rpc.call("receive", id=conn_id, from_offset=len(data), wait_ms=10000).data
        self.assertEqual(data, WORDS)
        rpc.call("send", id=conn_id, offset=0, data=ANSWER, wait_ms=10000)
        return conn_id

    def exchange(self, address: str, listener: int, port: int) -> bool:
        """One connection, served to its end; returns whether the client's SYN data was accepted."""
        client = self.connect(address, port)
        conn_id = self.serve(listener)
        self.assertEqual(recv_exactly(client, len(ANSWER)), ANSWER)
        self.assertEqual(self.path_of(conn_id),
                         ["LISTEN", "SYN_RCVD", "ESTABLISHED"])
        info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        client.close()
        self.tcpctl("close", conn_id)
        return bool(info[TCPI_OPTIONS_AT] & TCPI_OPT_SYN_DATA)

    def serve_kernel_clients(self, address: str, port: int) -> None:
        listener = self.ctl("listen", at(address, port), "--fast-open")["id"]
        self.assertFalse(self.exchange(address, listener, port))  # the first asks for a cookie
        self.assertEqual(self.passed("fast_open_cookies_given"), 1)
        for number in range(1, 4):
            self.assertTrue(self.exchange(address, listener, port))
            self.assertEqual(self.passed("fast_open_passive"), number)
        self.assertEqual(self.passed("fast_open_passive_failed"), 0)
        self.tcpctl("close", listener)

    def test_server_ipv4(self) -> None:
        self.serve_kernel_clients(ENGINE4, 8001)

    def test_server_ipv6(self) -> None:
        self.serve_kernel_clients(ENGINE6, 8002)

    def test_listener_that_did_not_ask(self) -> None:
        listener = self.ctl("listen", at(ENGINE4, 8003))["id"]
        for _ in range(2):
            self.exchange(ENGINE4, listener, 8003)
        self.assertEqual(self.passed("fast_open_cookies_given"), 0)
        self.assertEqual(self.passed("fast_open_passive"), 0)
        self.tcpctl("close", listener)

    # --- the engine is the client ---------------------------------------------------------------

    def kernel_echo(self, address: str, is_fast: bool) -> int:
        """A kernel server that echoes, one connection after another; returns its port."""
        server = self.kernel_server(address)
        if is_fast:
            server.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        while data := connection.recv(65536):
                            connection.sendall(data)

        threading.Thread(target=answer, daemon=True).start()
        return server.getsockname()[1]

    def open_with_words(self, address: str, port: int) -> None:
        rpc = self.client()
        opened = rpc.call("open", remote=endpoint(address, port), fast_open=True, data=WORDS,
                          wait_ms=10000)
        self.assertEqual(opened.accepted_to, len(WORDS))
        rpc.call("send", id=opened.id, offset=len(WORDS), data=b"", fin=True, wait_ms=10000)
        self.assertEqual(receive_all(rpc, opened.id), WORDS)
        rpc.call("close", id=opened.id)

    def open_to_kernel_server(self, address: str) -> None:
        port = self.kernel_echo(address, True)
        taken = netstat("TCPFastOpenPassive")
        self.open_with_words(address, port)
        self.assertEqual(self.passed("fast_open_active"), 0)
        for number in range(1, 4):
            self.open_with_words(address, port)
            self.assertEqual(self.passed("fast_open_active"), number)
        self.assertEqual(netstat("TCPFastOpenPassive") - taken, 3)
        self.assertEqual(self.passed("fast_open_active_failed"), 0)

    def test_client_ipv4(self) -> None:
        self.open_to_kernel_server(HOST4)

    def test_client_ipv6(self) -> None:
        self.open_to_kernel_server(HOST6)

    def test_server_that_speaks_no_fast_open(self) -> None:
        port = self.kernel_echo(HOST4, False)
        for _ in range(3):
            self.open_with_words(HOST4, port)
        self.assertEqual(self.passed("fast_open_active"), 0)
        self.assertEqual(self.passed("fast_open_active_avoided"), 2)

    def test_server_that_has_forgotten_its_key(self) -> None:
        """The cookie is refused, the data follows the handshake, the new cookie works."""
        port = self.kernel_echo(HOST4, True)
        self.open_with_words(HOST4, port)
        key = Path("/proc/sys/net/ipv4/tcp_fastopen_key")
        key.write_text("00112233-44556677-8899aabb-ccddeeff")
        self.open_with_words(HOST4, port)
        self.assertEqual(self.passed("fast_open_active"), 0)
        self.assertEqual(self.passed("fast_open_active_failed"), 1)
        self.open_with_words(HOST4, port)
        self.assertEqual(self.passed("fast_open_active"), 1)

    def test_tcpctl_connect(self) -> None:
        port = self.kernel_echo(HOST4, True)
        for number in range(3):
            done = self.tcpctl("connect", HOST4, port, "--fast-open", "-N", input=WORDS * 100)
            self.assertEqual(done.stdout, WORDS * 100)
            self.assertEqual(self.passed("fast_open_active"), number)

    def test_tcpctl_connect_without_input(self) -> None:
        port = self.kernel_echo(HOST4, True)
        self.assertEqual(self.tcpctl("connect", HOST4, port, "--fast-open", "-N", input=b"").stdout,
                         b"")

    def test_tcpctl_serve(self) -> None:
        server = self.tcpctl_process("serve", "serve", at(ENGINE4, 8004), "-k", "--fast-open")
        wait_for(lambda: self.ctl("ls", "state", "LISTEN", "and", "sport", "=", ":8004"),
                 what="the listener")
        for number in range(2):
            client = self.connect(ENGINE4, 8004)
            client.shutdown(socket.SHUT_WR)
            wait_for(lambda: server.output == WORDS * (number + 1), what="the words")
            client.close()
        self.assertEqual(self.passed("fast_open_passive"), 1)


if __name__ == "__main__":
    harness.main()
