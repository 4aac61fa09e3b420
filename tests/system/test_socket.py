"""Engine sockets: connections and listeners as plain descriptors (lib/socket)."""
import errno
import hashlib
import os
import select
import socket
import struct
import threading

import harness
import rawsocket
from harness import ENGINE4, ENGINE6, HOST4, HOST6, recv_exactly, wait_for
from rawsocket import Control, accept

PORT = 7878


class SocketTest(harness.SystemTest):
    def setUp(self) -> None:
        self.control = self.new_control()

    def new_control(self) -> Control:
        control = Control(self.daemon.control)
        self.addCleanup(control.close)
        return control

    def pair(self, address: str = HOST4):
        """A socket of ours that is connected to the kernel, and the kernel's end."""
        server = self.kernel_server(address)
        mine = self.control.connected(address, server.getsockname()[1])
        self.addCleanup(mine.close)
        peer, _ = server.accept()
        self.addCleanup(peer.close)
        peer.settimeout(30)
        return mine, peer


class Active(SocketTest):
    def test_bytes_flow_both_ways(self) -> None:
        for address in (HOST4, HOST6):
            mine, peer = self.pair(address)
            mine.sendall(b"from the program")
            self.assertEqual(recv_exactly(peer, 16), b"from the program")
            peer.sendall(b"from the kernel")
            self.assertEqual(recv_exactly(mine, 15), b"from the kernel")
            mine.close()
            self.assertEqual(peer.recv(1), b"")

    def test_much_flows_both_ways(self) -> None:
        mine, peer = self.pair()
        text = os.urandom(8 << 20)

        def send(to: socket.socket) -> None:
            to.sendall(text)
            to.shutdown(socket.SHUT_WR)

        senders = [threading.Thread(target=send, args=(end,)) for end in (mine, peer)]
        got: dict = {}

        def read(name: str, end: socket.socket) -> None:
            digest = hashlib.sha256()
            while piece := end.recv(1 << 18):
                digest.update(piece)
            got[name] = digest.digest()

        readers = [threading.Thread(target=read, args=item)
                   for item in (("mine", mine), ("peer", peer))]
        for thread in senders + readers:
            thread.start()
        for thread in senders + readers:
            thread.join(60)
        want = hashlib.sha256(text).digest()
        self.assertEqual(got, {"mine": want, "peer": want})


class Passive(SocketTest):
    def test_connections_are_accepted(self) -> None:
        for bound, engine in (("0.0.0.0", ENGINE4), (ENGINE6, ENGINE6)):
            listener = self.control.listening(bound, PORT)
            self.addCleanup(listener.close)
            client = self.kernel_client(PORT, engine)
            accepted = accept(listener)
            self.assertEqual(accepted.remote, client.getsockname()[:2])
            self.assertEqual(accepted.local, (engine, PORT))
            client.sendall(b"question")
            self.assertEqual(recv_exactly(accepted.socket, 8), b"question")
            accepted.socket.sendall(b"answer")
            accepted.socket.close()
            self.assertEqual(recv_exactly(client, 6), b"answer")
            self.assertEqual(client.recv(1), b"")
            listener.close()
            wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")


class Opening(SocketTest):
    def test_refused(self) -> None:
        mine = self.control.socket()
        with self.assertRaises(ConnectionRefusedError):
            self.control.connect(mine, HOST4, 9)
        server = self.kernel_server()
        self.control.connect(mine, HOST4, server.getsockname()[1]) # the same socket once more

    def test_no_wait(self) -> None:
        server = self.kernel_server()
        mine = self.control.socket()
        answer = self.control.ask(rawsocket.CONNECT, mine, flags=rawsocket.NOWAIT,
                                  address=rawsocket.pack_address(HOST4, server.getsockname()[1]))
        self.assertEqual(answer.error, errno.EINPROGRESS)
        peer, _ = server.accept()
        poll = select.poll()
        poll.register(mine, select.POLLIN | select.POLLOUT)
        self.assertEqual(poll.poll(10000), [(mine.fileno(), select.POLLOUT)])
        mine.sendall(b"hello")
        self.assertEqual(recv_exactly(peer, 5), b"hello")


if __name__ == "__main__":
    harness.main()
