"""Engine sockets of connections that were opened over the control socket (lib/socket, WRAP)."""
import ctypes
import errno
import os
import socket
import sys
import time

import harness
import rawsocket
from harness import HOST4, recv_exactly, wait_for
from rawsocket import accept
from test_socket import SocketTest


class Wrapped(SocketTest):
    def test_a_connection_of_the_control_socket(self) -> None:
        server = self.kernel_server()
        opened = self.ctl("open", HOST4, server.getsockname()[1], "--wait")
        peer = self.keep(server.accept()[0])
        peer.send(b"before")
        wait_for(lambda: self.find(id=opened["id"])["receive_queue_bytes"] == 6, what="the bytes")
        answer = self.control.call(rawsocket.WRAP, id=opened["id"])
        mine = self.keep(rawsocket.as_socket(answer.fds[0]))
        self.assertEqual(recv_exactly(mine, 6), b"before")
        mine.sendall(b"after")
        self.assertEqual(recv_exactly(peer, 5), b"after")
        self.assert_errno(errno.EBUSY, self.control.call, rawsocket.WRAP, id=opened["id"])
        mine.close()
        self.assertEqual(peer.recv(1), b"")

    def test_what_cannot_be(self) -> None:
        self.assert_errno(errno.ENOENT, self.control.call, rawsocket.WRAP, id=1 << 50)
        listener = self.ctl("listen", 7901)
        self.assert_errno(errno.EINVAL, self.control.call, rawsocket.WRAP, id=listener["id"])
        self.tcpctl("close", listener["id"])

    def assert_works(self, fd: int, peer: socket.socket, first: bytes) -> None:
        mine = self.keep(rawsocket.as_socket(fd))
        self.assertEqual(recv_exactly(mine, len(first)), first)
        mine.sendall(b"from the descriptor")
        self.assertEqual(recv_exactly(peer, 19), b"from the descriptor")
        mine.close()
        self.assertEqual(peer.recv(1), b"")

    def test_from_c(self) -> None:
        path = harness.BUILD / "lib/client/libtcpclient.so"
        if b"__asan_init" in path.read_bytes():
            self.skipTest("a library with sanitizers can't be loaded into Python")
        library = ctypes.CDLL(str(path))
        library.tcpc_client_url.restype = ctypes.c_char_p
        client, fd = ctypes.c_void_p(), ctypes.c_int(-1)
        os.environ["TCPENGINE_CONTROL"] = self.daemon.url
        self.addCleanup(os.environ.pop, "TCPENGINE_CONTROL")
        self.assertEqual(library.tcpc_client_new(None, ctypes.byref(client), None), 0)
        self.addCleanup(library.tcpc_client_free, client)
        server = self.kernel_server()
        opened = self.ctl("open", HOST4, server.getsockname()[1], "--wait")
        peer = self.keep(server.accept()[0])
        peer.send(b"readshown later")
        buffer, length = ctypes.create_string_buffer(4), ctypes.c_size_t(4)
        self.assertEqual(library.tcpc_receive(client, ctypes.c_uint64(opened["id"]), buffer,
                                              ctypes.byref(length), 5000, None), 0)
        self.assertEqual(buffer.raw[:length.value], b"read")

        def ask(number: int) -> int:
            return library.tcpc_stream_fd(client, ctypes.c_uint64(number), ctypes.byref(fd), None)

        self.assertEqual(ask(opened["id"]), 0)
        self.assertFalse(os.get_inheritable(fd.value))
        self.assertEqual(ask(opened["id"]), 15) # BAD_STATE
        self.assertEqual(ask(1 << 50), 2) # NOT_FOUND
        self.assert_works(fd.value, peer, b"shown later")

    def test_from_python(self) -> None:
        sys.path.insert(0, str(harness.ROOT / "proto/example"))
        from client import Client
        client = Client(self.daemon.url)
        client.attach()
        server = self.kernel_server()
        opened = client.open(HOST4, server.getsockname()[1])
        peer = self.keep(server.accept()[0])
        peer.send(b"hello")
        mine = client.descriptor(opened.id)
        self.assertRaises(OSError, client.descriptor, opened.id)
        client.link.socket.close() # and its session: the descriptor is on its own
        time.sleep(1.5)
        self.assert_works(mine.detach(), peer, b"hello")

    def test_another_users(self) -> None:
        server = self.kernel_server()
        opened = self.ctl("open", HOST4, server.getsockname()[1], "--wait")
        self.daemon.control.with_name("control.sock.socket").chmod(0o666)
        with harness.effective_user(65534, 65534):
            other = self.new_control()
        self.assert_errno(errno.EPERM, other.call, rawsocket.WRAP, id=opened["id"])
        self.tcpctl("abort", opened["id"])


if __name__ == "__main__":
    harness.main()
