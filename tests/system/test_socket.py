"""Engine sockets: connections and listeners as plain descriptors (lib/socket)."""
import contextlib
import ctypes
import errno
import hashlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

import harness
import rawsocket
from harness import ENGINE4, ENGINE6, HOST4, HOST6, PATIENCE, recv_exactly, wait_for
from rawsocket import Control, accept, pack_address

PORT = 7878
SOL_TCP = socket.IPPROTO_TCP
ABORT_ON_CLOSE = struct.pack("ii", 1, 0)
EVERYTHING = select.POLLIN | select.POLLOUT | select.POLLRDHUP


def metric(name: str) -> int:
    with urllib.request.urlopen("http://127.0.0.1:9409/metrics", timeout=10) as page:
        rows = page.read().decode().splitlines()
    return int(next(row for row in rows if row.startswith(f"tcpengine_rpc_{name} ")).split()[1])


def events_of(end: socket.socket, timeout_s: float = 0) -> int:
    poll = select.poll()
    poll.register(end, EVERYTHING)
    found = poll.poll(timeout_s * 1000)
    return found[0][1] if found else 0


def read_all(end: socket.socket) -> bytes:
    return b"".join(iter(lambda: end.recv(1 << 18), b""))


class SocketTest(harness.SystemTest):
    def setUp(self) -> None:
        self.control = self.new_control()

    def tearDown(self) -> None:
        self.doCleanups()
        wait_for(lambda: metric("sockets") == 0, what="the end of all sockets")

    def new_control(self) -> Control:
        control = Control(self.daemon.control)
        self.addCleanup(control.close)
        return control

    def keep(self, end: socket.socket) -> socket.socket:
        self.addCleanup(end.close)
        return end

    def socket(self, family: int = socket.AF_INET) -> socket.socket:
        return self.keep(self.control.socket(family))

    def pair(self, address: str = HOST4):
        """A socket of ours that is connected to the kernel, and the kernel's end."""
        server = self.kernel_server(address)
        mine = self.keep(self.control.connected(address, server.getsockname()[1]))
        peer, _ = server.accept()
        peer.settimeout(30)
        return mine, self.keep(peer)

    def listening(self, host: str = ENGINE4, port: int = PORT, backlog: int = 128):
        return self.keep(self.control.listening(host, port, backlog))

    def accepted_pair(self):
        listener = self.listening()
        client = self.kernel_client(PORT)
        accepted = accept(listener)
        listener.close()
        return self.keep(accepted.socket), client

    def assert_errno(self, number: int, call, *arguments, **fields) -> None:
        with self.assertRaises(OSError) as raised:
            call(*arguments, **fields)
        self.assertEqual(raised.exception.errno, number, os.strerror(raised.exception.errno))


class Bytes(SocketTest):
    def test_they_flow_both_ways(self) -> None:
        for address in (HOST4, HOST6):
            mine, peer = self.pair(address)
            mine.sendall(b"from the program")
            self.assertEqual(recv_exactly(peer, 16), b"from the program")
            peer.sendall(b"from the kernel")
            self.assertEqual(recv_exactly(mine, 15), b"from the kernel")
            mine.close()
            self.assertEqual(peer.recv(1), b"")

    def test_many_flow_both_ways(self) -> None:
        text = os.urandom(8 << 20)
        for mine, peer in (self.pair(), self.accepted_pair()):
            got: dict = {}

            def send(to: socket.socket) -> None:
                to.sendall(text)
                to.shutdown(socket.SHUT_WR)

            def read(name: str, end: socket.socket) -> None:
                got[name] = hashlib.sha256(read_all(end)).digest()

            threads = [threading.Thread(target=send, args=(mine,)),
                       threading.Thread(target=send, args=(peer,)),
                       threading.Thread(target=read, args=("mine", mine)),
                       threading.Thread(target=read, args=("peer", peer))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60 * PATIENCE)
            want = hashlib.sha256(text).digest()
            self.assertEqual(got, {"mine": want, "peer": want})

    def test_a_reader_that_stops_stops_the_peer(self) -> None:
        mine, peer = self.pair()
        peer.setblocking(False)
        text, sent = bytes(1 << 20), 0
        with self.assertRaises(BlockingIOError):
            while True:
                if select.select([], [peer], [], 1)[1]:
                    sent += peer.send(text)
                else:
                    raise BlockingIOError
        self.assertGreater(self.find(state="ESTABLISHED")["receive_queue_bytes"], 0)
        peer.setblocking(True)
        left = sent
        while left:
            left -= len(mine.recv(min(left, 1 << 18)))
        peer.sendall(b"goes on")
        self.assertEqual(recv_exactly(mine, 7), b"goes on")

    def test_a_peer_that_stops_stops_the_writer(self) -> None:
        mine, peer = self.pair()
        mine.setblocking(False)
        piece = os.urandom(65536)
        sent = hashlib.sha256()
        count = 0
        while select.select([], [mine], [], 1)[1]:
            with contextlib.suppress(BlockingIOError):
                done = mine.send(piece)
                sent.update(piece[:done])
                count += done
        self.assertEqual(events_of(mine), 0)
        self.assertEqual(hashlib.sha256(recv_exactly(peer, count)).digest(), sent.digest())
        self.assertEqual(events_of(mine, 10), select.POLLOUT)

    def test_copies_share_one_stream(self) -> None:
        mine, peer = self.pair()
        copy = self.keep(mine.dup())
        child = os.fork()
        if child == 0:
            mine.send(b"child")
            os._exit(0)
        os.waitpid(child, 0)
        mine.send(b" parent")
        mine.close()
        copy.send(b" copy")
        self.assertEqual(recv_exactly(peer, 17), b"child parent copy")
        copy.close()
        self.assertEqual(peer.recv(1), b"")

    def test_an_executed_program_has_it(self) -> None:
        mine, peer = self.pair()
        peer.send(b"olleh")
        subprocess.run([sys.executable, "-c", "import os; os.write(0, os.read(0, 5)[::-1])"],
                       stdin=mine, check=True, timeout=30)
        self.assertEqual(recv_exactly(peer, 5), b"hello")

    def test_it_can_be_passed_on(self) -> None:
        mine, peer = self.pair()
        here, there = socket.socketpair()
        with here, there:
            socket.send_fds(here, [b"x"], [mine.fileno()])
            mine.close()
            peer.send(b"in flight")
            fd = socket.recv_fds(there, 1, 1)[1][0]
        passed = self.keep(rawsocket.as_socket(fd))
        self.assertEqual(recv_exactly(passed, 9), b"in flight")
        self.assertEqual(self.control.call(rawsocket.GETPEERNAME, passed).remote,
                         peer.getsockname())


class Ends(SocketTest):
    def test_half_close_by_the_program(self) -> None:
        for mine, peer in (self.pair(), self.accepted_pair()):
            mine.sendall(b"request")
            mine.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(peer), b"request")
            peer.sendall(b"answer")
            peer.close()
            self.assertEqual(read_all(mine), b"answer")
            self.assertEqual(self.control.error_of(mine), 0)

    def test_half_close_by_the_peer(self) -> None:
        for mine, peer in (self.pair(), self.accepted_pair()):
            peer.sendall(b"request")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(mine), b"request")
            self.assertEqual(events_of(mine),
                             select.POLLIN | select.POLLOUT | select.POLLRDHUP)
            mine.sendall(b"answer")
            mine.close()
            self.assertEqual(read_all(peer), b"answer")

    def test_what_was_written_before_the_end_is_sent(self) -> None:
        mine, peer = self.pair()
        text = os.urandom(3 << 20)
        child = os.fork()
        if child == 0:
            mine.sendall(text)
            os._exit(0)
        mine.close()
        time.sleep(0.3)
        self.assertEqual(hashlib.sha256(read_all(peer)).digest(), hashlib.sha256(text).digest())
        os.waitpid(child, 0)

    def test_a_writer_that_is_killed(self) -> None:
        mine, peer = self.pair()
        child = os.fork()
        if child == 0:
            mine.sendall(b"last words")
            os.kill(os.getpid(), signal.SIGKILL)
        mine.close()
        os.waitpid(child, 0)
        self.assertEqual(read_all(peer), b"last words")

    def test_closing_with_bytes_unread_resets(self) -> None:
        for mine, peer in (self.pair(), self.accepted_pair()):
            peer.sendall(b"nobody reads this")
            wait_for(lambda: events_of(mine) & select.POLLIN, what="the bytes")
            mine.close()
            self.assert_errno(errno.ECONNRESET, peer.recv, 1)

    def test_bytes_that_come_after_closing_reset(self) -> None:
        mine, peer = self.pair()
        mine.close()
        self.assertEqual(peer.recv(1), b"")
        peer.send(b"too late")
        wait_for(lambda: events_of(peer) & select.POLLHUP, what="the RST")

    def test_lingering_for_no_time_resets(self) -> None:
        mine, peer = self.pair()
        self.control.setsockopt(mine, socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
        self.assertEqual(self.control.getsockopt(mine, socket.SOL_SOCKET, socket.SO_LINGER, 8),
                         ABORT_ON_CLOSE)
        mine.close()
        self.assert_errno(errno.ECONNRESET, peer.recv, 1)

    def test_lingering_for_no_time_drops_what_waits(self) -> None:
        """However much of it there is, and although the peer takes none."""
        mine, peer = self.pair()
        mine.setblocking(False)
        while select.select([], [mine], [], 1)[1]:
            with contextlib.suppress(BlockingIOError):
                mine.send(bytes(65536))
        self.control.setsockopt(mine, socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
        mine.close()
        wait_for(lambda: events_of(peer) & select.POLLHUP, what="the RST")

    def test_a_reset_by_the_peer(self) -> None:
        for mine, peer in (self.pair(), self.accepted_pair()):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
            peer.close()
            wait_for(lambda: events_of(mine) & select.POLLHUP, what="POLLHUP")
            self.assertEqual(self.control.error_of(mine), errno.ECONNRESET)
            self.assertEqual(self.control.error_of(mine), 0)
            self.assert_errno(errno.ENOTCONN, self.control.call, rawsocket.GETPEERNAME, mine)
            with self.assertRaises(BrokenPipeError):
                mine.send(b"x")

    def test_a_reset_while_the_reader_sleeps(self) -> None:
        mine, peer = self.pair()
        peer.setblocking(False)
        while select.select([], [peer], [], 1)[1]:
            peer.send(bytes(1 << 20))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
        peer.close()
        wait_for(lambda: events_of(mine) & select.POLLHUP, what="POLLHUP")
        self.assertEqual(self.control.error_of(mine), errno.ECONNRESET)
        read_all(mine) # what was there already

    def test_a_reset_while_bytes_wait(self) -> None:
        """The kernel knows of unsent bytes, and says so by itself."""
        mine, peer = self.pair()
        mine.setblocking(False)
        while select.select([], [mine], [], 1)[1]:
            with contextlib.suppress(BlockingIOError):
                mine.send(bytes(65536))
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
        peer.close()
        wait_for(lambda: events_of(mine) & select.POLLERR, what="POLLERR")
        self.assert_errno(errno.ECONNRESET, mine.recv, 1)

    def test_a_reader_that_has_shut_down(self) -> None:
        mine, peer = self.pair()
        mine.shutdown(socket.SHUT_RD)
        peer.sendall(bytes(4 << 20)) # what comes is for nobody, and stops nothing
        mine.sendall(b"still writes")
        self.assertEqual(recv_exactly(peer, 12), b"still writes")

    def test_abort(self) -> None:
        mine, peer = self.pair()
        self.control.call(rawsocket.ABORT, mine)
        self.assert_errno(errno.ECONNRESET, peer.recv, 1)
        self.assertTrue(events_of(mine) & select.POLLHUP)
        self.assertEqual(self.control.error_of(mine), errno.ECONNABORTED)
        self.assert_errno(errno.ENOTCONN, self.control.call, rawsocket.ABORT, mine)


class Opening(SocketTest):
    def no_wait(self, mine, host: str, port: int):
        return self.control.ask(rawsocket.CONNECT, mine, flags=rawsocket.NOWAIT,
                                address=pack_address(host, port)).error

    def silent_server(self):
        """A listener whose queue is full: SYNs to it stay without an answer."""
        server = self.kernel_server(backlog=0)
        port = server.getsockname()[1]
        self.keep(socket.create_connection((HOST4, port)))
        return server, port

    def test_refused(self) -> None:
        mine = self.socket()
        with self.assertRaises(ConnectionRefusedError):
            self.control.connect(mine, HOST4, 9)
        server = self.kernel_server()
        self.control.connect(mine, HOST4, server.getsockname()[1]) # the same socket once more
        self.assert_errno(errno.EISCONN, self.control.connect, mine, HOST4, 9)

    def test_without_waiting(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        mine = self.socket()
        self.assertEqual(self.no_wait(mine, HOST4, port), errno.EINPROGRESS)
        peer, _ = server.accept()
        self.keep(peer)
        self.assertEqual(events_of(mine, 10), select.POLLOUT)
        self.assertEqual(self.control.error_of(mine), 0)
        self.assertEqual(self.no_wait(mine, HOST4, port), 0) # how some ask for the outcome
        self.assertEqual(self.no_wait(mine, HOST4, port), errno.EISCONN)
        mine.sendall(b"hello")
        self.assertEqual(recv_exactly(peer, 5), b"hello")

    def test_not_writable_before(self) -> None:
        server, port = self.silent_server()
        mine = self.socket()
        self.assertEqual(self.no_wait(mine, HOST4, port), errno.EINPROGRESS)
        watch = select.epoll()
        watch.register(mine, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        self.assertEqual(watch.poll(0.3), [])
        self.assertEqual(self.no_wait(mine, HOST4, port), errno.EALREADY)
        server.accept()[0].close()
        self.assertEqual(watch.poll(20), [(mine.fileno(), select.EPOLLOUT)])
        peer, _ = server.accept()
        mine.sendall(b"x" * 300000)
        self.assertEqual(recv_exactly(self.keep(peer), 300000), b"x" * 300000)

    def test_refused_without_waiting(self) -> None:
        mine = self.socket()
        self.assertEqual(self.no_wait(mine, HOST4, 9), errno.EINPROGRESS)
        wait_for(lambda: events_of(mine) == EVERYTHING | select.POLLERR | select.POLLHUP,
                 what="the refusal")
        self.assertEqual(self.control.error_of(mine), errno.ECONNREFUSED)
        self.assertEqual(self.control.error_of(mine), 0)

    def test_refused_and_asked_by_connecting(self) -> None:
        mine = self.socket()
        self.no_wait(mine, HOST4, 9)
        wait_for(lambda: events_of(mine) & select.POLLERR, what="the refusal")
        self.assertEqual(self.no_wait(mine, HOST4, 9), errno.ECONNREFUSED)

    def test_a_program_that_stops_waiting(self) -> None:
        """Its connection for requests is gone: the opening goes on."""
        server, port = self.silent_server()
        mine, other = self.socket(), self.new_control()
        other.send(rawsocket.CONNECT, mine, address=pack_address(HOST4, port))
        wait_for(lambda: self.find(state="SYN_SENT"), what="SYN_SENT")
        other.close()
        wait_for(lambda: events_of(mine) == 0, what="an end that is not writable")
        server.accept()[0].close()
        self.assertEqual(events_of(mine, 20), select.POLLOUT)

    def test_a_program_that_goes_while_it_connects(self) -> None:
        for flags in (rawsocket.NOWAIT, 0):
            _, port = self.silent_server()
            mine, other = self.socket(), self.new_control()
            other.send(rawsocket.CONNECT, mine, address=pack_address(HOST4, port), flags=flags)
            wait_for(lambda: self.find(state="SYN_SENT"), what="SYN_SENT")
            mine.close()
            other.close()
            wait_for(lambda: self.find(state="SYN_SENT") is None, what="the end of SYN_SENT")

    def test_shut_down_while_it_connects(self) -> None:
        for flags in (rawsocket.NOWAIT, 0):
            _, port = self.silent_server()
            mine, other = self.socket(), self.new_control()
            other.send(rawsocket.CONNECT, mine, address=pack_address(HOST4, port), flags=flags)
            wait_for(lambda: self.find(state="SYN_SENT"), what="SYN_SENT")
            mine.shutdown(socket.SHUT_RDWR)
            self.assertEqual(other.answer().error,
                             errno.EINPROGRESS if flags else errno.ECONNABORTED)
            wait_for(lambda: self.find(state="SYN_SENT") is None, what="the end of SYN_SENT")

    def test_two_wait_for_one(self) -> None:
        server, port = self.silent_server()
        mine, first, second = self.socket(), self.new_control(), self.new_control()
        for control in (first, second):
            control.send(rawsocket.CONNECT, mine, address=pack_address(HOST4, port))
        wait_for(lambda: self.find(state="SYN_SENT"), what="SYN_SENT")
        server.accept()[0].close()
        for control in (first, second):
            answer = control.answer()
            self.assertEqual((answer.error, answer.state), (0, rawsocket.CONNECTED))

    def test_where_nobody_is(self) -> None:
        mine = self.socket()
        self.assert_errno(errno.EHOSTUNREACH, self.control.connect, mine, "10.9.0.77", 80)

    def test_from_a_source(self) -> None:
        server = self.kernel_server()
        mine = self.socket()
        self.control.bind(mine, ENGINE4, 4711)
        self.control.connect(mine, HOST4, server.getsockname()[1])
        self.assertEqual(self.keep(server.accept()[0]).getpeername(), (ENGINE4, 4711))
        other = self.socket()
        self.assert_errno(errno.EADDRNOTAVAIL, self.control.bind, other, "10.9.0.99", 0)

    def test_names(self) -> None:
        mine, peer = self.pair(HOST6)
        self.assertEqual(self.control.call(rawsocket.GETSOCKNAME, mine).local,
                         peer.getpeername()[:2])
        answer = self.control.call(rawsocket.GETPEERNAME, mine)
        self.assertEqual(answer.remote, peer.getsockname()[:2])
        row = self.find(id=answer.id)
        self.assertEqual(row["state"], "ESTABLISHED")
        name = mine.getpeername().decode()
        self.assertRegex(name, "^\0tcpengine/[0-9a-f]{16}/[0-9]+/6$")
        fresh = self.socket()
        self.assert_errno(errno.ENOTCONN, self.control.call, rawsocket.GETPEERNAME, fresh)
        self.assertEqual(self.control.call(rawsocket.GETSOCKNAME, fresh).local, ("0.0.0.0", 0))

    def test_a_thousand_at_once(self) -> None:
        server = self.kernel_server(backlog=1024)
        port = server.getsockname()[1]
        ends = [self.socket() for _ in range(1000)]
        for end in ends:
            self.assertEqual(self.no_wait(end, HOST4, port), errno.EINPROGRESS)
        peers = [self.keep(server.accept()[0]) for _ in ends]
        self.assertEqual(metric("sockets"), 1000)
        for end in ends:
            self.assertEqual(events_of(end, 20), select.POLLOUT)
            end.send(struct.pack("=i", end.fileno()))
        seen = {struct.unpack("=i", recv_exactly(peer, 4))[0] for peer in peers}
        self.assertEqual(seen, {end.fileno() for end in ends})
        for peer in peers:
            peer.close()
        for end in ends:
            self.assertEqual(end.recv(1), b"")


class Memory(SocketTest):
    def test_many_sockets_have_small_buffers(self) -> None:
        """What lies in them counts as the daemon's memory."""
        ends = [self.socket() for _ in range(1500)]
        sizes = [end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) for end in ends]
        self.assertEqual(sizes, sorted(sizes, reverse=True))
        for count, size in enumerate(sizes, 1):
            if size < sizes[0]:
                self.assertLessEqual(size * count, 128 << 20)
        self.assertLess(sizes[-1], sizes[0] / 2)
        mine, peer = self.pair()
        text = os.urandom(1 << 20)
        for here, there in ((mine, peer), (peer, mine)):
            sender = threading.Thread(target=here.sendall, args=(text,))
            sender.start()
            self.assertTrue(recv_exactly(there, len(text)) == text)
            sender.join()
        last = self.socket()
        answer = self.control.ask(rawsocket.CONNECT, last, flags=rawsocket.NOWAIT,
                                  address=pack_address("10.9.0.77", 80))
        self.assertEqual(answer.error, errno.EINPROGRESS)
        self.assertEqual(events_of(last), 0)


class Listening(SocketTest):
    def test_connections_are_accepted(self) -> None:
        for bound, engine in (("0.0.0.0", ENGINE4), (ENGINE6, ENGINE6)):
            listener = self.listening(bound)
            client = self.kernel_client(PORT, engine)
            accepted = accept(listener)
            self.keep(accepted.socket)
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

    def test_one_on_all_addresses_of_both_families(self) -> None:
        listener = self.listening("::")
        for engine, seen in ((ENGINE4, f"::ffff:{HOST4}"), (ENGINE6, HOST6)):
            client = self.kernel_client(PORT, engine)
            accepted = accept(listener)
            self.keep(accepted.socket)
            self.assertEqual(accepted.remote[1], client.getsockname()[1])
            self.assertEqual(rawsocket.ipaddress.ip_address(accepted.remote[0]),
                             rawsocket.ipaddress.ip_address(seen))

    def test_one_for_each_family(self) -> None:
        first, second = self.listening("0.0.0.0"), self.socket(socket.AF_INET6)
        self.assert_errno(errno.EADDRINUSE, self.control.bind, second, "::", PORT)
        self.control.setsockopt(second, socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.control.bind(second, "::", PORT)
        self.control.listen(second)
        for listener, engine in ((first, ENGINE4), (second, ENGINE6)):
            self.kernel_client(PORT, engine)
            self.assertEqual(accept(listener).local, (engine, PORT))

    def test_readable_when_somebody_has_connected(self) -> None:
        listener = self.listening()
        watch = select.epoll()
        watch.register(listener, select.EPOLLIN | select.EPOLLET)
        self.assertEqual(watch.poll(0.1), [])
        listener.setblocking(False)
        self.assertRaises(BlockingIOError, accept, listener)
        self.kernel_client(PORT)
        self.assertEqual(watch.poll(10), [(listener.fileno(), select.EPOLLIN)])
        self.keep(accept(listener).socket)
        self.assertRaises(BlockingIOError, accept, listener)

    def test_more_than_can_be_on_their_way(self) -> None:
        listener = self.listening(backlog=256)
        clients = [self.kernel_client(PORT) for _ in range(200)]
        wait_for(lambda: metric("sockets") > 5, what="the first records")
        self.assertLess(metric("sockets"), 100)
        ports = set()
        for _ in clients:
            accepted = accept(listener)
            self.keep(accepted.socket)
            ports.add(accepted.remote[1])
        self.assertEqual(ports, {client.getsockname()[1] for client in clients})

    def test_several_processes_share_one(self) -> None:
        listener = self.listening()
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                for _ in range(20):
                    accept(listener).socket.send(struct.pack("=i", os.getpid()))
                os._exit(0)
            children.append(child)
        pids = [struct.unpack("=i", recv_exactly(self.kernel_client(PORT), 4))[0]
                for _ in range(60)]
        self.assertEqual(set(pids), set(children))
        for child in children:
            os.waitpid(child, 0)

    def test_sockets_that_share_a_port(self) -> None:
        ends = []
        for _ in range(2):
            end = self.socket()
            self.control.setsockopt(end, socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.control.bind(end, ENGINE4, PORT)
            self.control.listen(end)
            ends.append(end)
        for _ in range(4):
            self.kernel_client(PORT)
        for end in ends * 2:
            self.keep(accept(end).socket)
        held = metric("sockets")
        ends[0].close()
        wait_for(lambda: metric("sockets") == held - 1, what="the daemon's word of its end")
        for _ in range(2):
            self.kernel_client(PORT)
            self.keep(accept(ends[1]).socket)
        self.assertEqual(len(self.ctl("ls", "state", "listen")), 1)

    def test_those_that_nobody_took_are_reset(self) -> None:
        listener = self.listening()
        clients = [self.kernel_client(PORT) for _ in range(50)]
        taken = self.keep(accept(listener).socket)
        listener.close()
        for client in clients[1:]:
            self.assert_errno(errno.ECONNRESET, client.recv, 1)
        taken.send(b"lives")
        self.assertEqual(recv_exactly(clients[0], 5), b"lives")

    def test_one_that_is_shut_down(self) -> None:
        for how in (socket.SHUT_RD, socket.SHUT_RDWR):
            listener = self.listening()
            listener.shutdown(how)
            with contextlib.suppress(OSError):
                self.kernel_client(PORT)
            self.assertRaises(EOFError, accept, listener)
            wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")

    def test_a_port_that_is_taken(self) -> None:
        self.listening()
        other = self.socket()
        self.control.setsockopt(other, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.assert_errno(errno.EADDRINUSE, self.control.bind, other, ENGINE4, PORT)
        self.assert_errno(errno.EADDRINUSE, self.control.bind, other, "0.0.0.0", PORT)
        listener = self.ctl("listen", 7900)
        self.assert_errno(errno.EADDRINUSE, self.control.bind, other, ENGINE4, 7900)
        self.tcpctl("close", listener["id"])

    def test_bound_ports_exclude_each_other(self) -> None:
        first, second, third = (self.socket() for _ in range(3))
        self.control.bind(first, ENGINE4, PORT)
        self.assert_errno(errno.EINVAL, self.control.bind, first, ENGINE4, PORT)
        self.assert_errno(errno.EADDRINUSE, self.control.bind, second, ENGINE4, PORT)
        first.close()
        self.control.bind(second, ENGINE4, PORT)
        self.control.setsockopt(second, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.control.setsockopt(third, socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.control.bind(third, ENGINE4, PORT)
        self.control.listen(third)
        self.assert_errno(errno.EADDRINUSE, self.control.listen, second)

    def test_a_port_is_free_once_its_socket_is_closed(self) -> None:
        """Also while the news of it waits behind the request."""
        bound = self.socket()
        self.control.bind(bound, ENGINE4, PORT)
        for port, first in ((PORT, bound), (PORT + 1, self.listening(port=PORT + 1))):
            second = self.socket()
            self.daemon.send_signal(signal.SIGSTOP)
            self.control.send(rawsocket.BIND, second, address=pack_address(ENGINE4, port))
            first.close()
            self.daemon.send_signal(signal.SIGCONT)
            self.assertEqual(self.control.answer().error, 0)

    def test_a_port_is_chosen(self) -> None:
        ports = set()
        for _ in range(20):
            end = self.socket()
            self.control.bind(end, ENGINE4, 0)
            ports.add(self.control.call(rawsocket.GETSOCKNAME, end).local[1])
        self.assertEqual(len(ports), 20)
        self.assertNotIn(0, ports)
        unbound = self.socket()
        self.control.listen(unbound)
        port = self.control.call(rawsocket.GETSOCKNAME, unbound).local[1]
        self.kernel_client(port)
        self.keep(accept(unbound).socket)

    def test_an_inherited_listener(self) -> None:
        """A server that executes itself anew keeps it."""
        listener = self.listening()
        program = ("import sys; sys.path.insert(0, sys.argv[1]); import rawsocket, socket; "
                   "rawsocket.accept(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, "
                   "fileno=0)).socket.send(b'heir')")
        child = subprocess.Popen([sys.executable, "-c", program, harness.HERE], stdin=listener)
        listener.close()
        self.assertEqual(recv_exactly(self.kernel_client(PORT), 4), b"heir")
        self.assertEqual(child.wait(30), 0)
        wait_for(lambda: self.find(state="LISTEN") is None, what="the listener's end")


class Options(SocketTest):
    def test_what_was_set_is_had(self) -> None:
        numbers = [(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1), (socket.SOL_SOCKET,
                   socket.SO_KEEPALIVE, 1), (SOL_TCP, socket.TCP_NODELAY, 1),
                   (SOL_TCP, socket.TCP_CORK, 1), (SOL_TCP, socket.TCP_KEEPIDLE, 33),
                   (SOL_TCP, socket.TCP_KEEPINTVL, 5), (SOL_TCP, socket.TCP_KEEPCNT, 3),
                   (SOL_TCP, socket.TCP_USER_TIMEOUT, 4000), (SOL_TCP, socket.TCP_DEFER_ACCEPT, 1),
                   (SOL_TCP, socket.TCP_FASTOPEN, 16)]
        mine, _ = self.pair()
        for end in (self.socket(), mine):
            for level, name, value in numbers:
                self.control.setsockopt(end, level, name, value)
                self.assertEqual(self.control.getsockopt(end, level, name), value)
            for name in (socket.SO_SNDBUF, socket.SO_RCVBUF):
                self.control.setsockopt(end, socket.SOL_SOCKET, name, 50000)
                self.assertEqual(self.control.getsockopt(end, socket.SOL_SOCKET, name), 100000)

    def test_the_engine_does_it(self) -> None:
        mine = self.socket()
        self.control.setsockopt(mine, SOL_TCP, socket.TCP_NODELAY, 1)
        self.control.setsockopt(mine, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self.control.setsockopt(mine, SOL_TCP, socket.TCP_CONGESTION, b"reno")
        server = self.kernel_server()
        answer = self.control.connect(mine, HOST4, server.getsockname()[1])
        shown = self.ctl("show", answer.id)
        self.assertEqual((shown["nagle"], shown["keepalive"], shown["congestion_control"]),
                         (False, True, "reno"))
        self.control.setsockopt(mine, SOL_TCP, socket.TCP_NODELAY, 0)
        self.assertTrue(self.ctl("show", answer.id)["nagle"])

    def test_accepted_ones_inherit(self) -> None:
        listener = self.listening()
        self.control.setsockopt(listener, SOL_TCP, socket.TCP_NODELAY, 1)
        self.kernel_client(PORT)
        accepted = accept(listener)
        self.keep(accepted.socket)
        self.assertFalse(self.ctl("show", accepted.id)["nagle"])
        self.assertEqual(self.control.getsockopt(accepted.socket, SOL_TCP, socket.TCP_NODELAY), 1)

    def test_what_a_socket_is(self) -> None:
        listener = self.listening()
        for end, accepts in ((self.socket(socket.AF_INET), 0), (listener, 1)):
            for name, value in ((socket.SO_TYPE, socket.SOCK_STREAM), (socket.SO_ERROR, 0),
                                (socket.SO_PROTOCOL, SOL_TCP), (socket.SO_ACCEPTCONN, accepts),
                                (socket.SO_DOMAIN, socket.AF_INET)):
                self.assertEqual(self.control.getsockopt(end, socket.SOL_SOCKET, name), value)

    def test_tcp_info(self) -> None:
        mine, peer = self.pair()
        mine.sendall(b"x" * 1000)
        recv_exactly(peer, 1000)
        info = self.control.getsockopt(mine, SOL_TCP, socket.TCP_INFO, 256)
        self.assertEqual(info[0], 1) # ESTABLISHED
        mss, = struct.unpack_from("=I", info, 16)
        self.assertEqual(mss, self.control.getsockopt(mine, SOL_TCP, socket.TCP_MAXSEG))
        listener = self.listening()
        self.assertEqual(self.control.getsockopt(listener, SOL_TCP, socket.TCP_INFO, 256)[0], 10)
        self.assertEqual(self.control.getsockopt(self.socket(), SOL_TCP, socket.TCP_INFO, 1),
                         b"\x07")

    def test_what_there_is_not(self) -> None:
        mine = self.socket()
        for level, name in ((socket.SOL_SOCKET, 36), (SOL_TCP, 9999), (9999, 1),
                            (SOL_TCP, socket.TCP_MAXSEG), (socket.IPPROTO_IP, 19)):
            self.assert_errno(errno.ENOPROTOOPT, self.control.setsockopt, mine, level, name, 1)
        self.assert_errno(errno.ENOPROTOOPT, self.control.setsockopt, mine,
                          socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.assert_errno(errno.ENOENT, self.control.setsockopt, mine, SOL_TCP,
                          socket.TCP_CONGESTION, b"none")
        self.assert_errno(errno.EINVAL, self.control.setsockopt, mine, SOL_TCP,
                          socket.TCP_KEEPCNT, 128)
        self.assert_errno(errno.EINVAL, self.control.setsockopt, mine, SOL_TCP,
                          socket.TCP_NODELAY, b"x")


class Hostile(SocketTest):
    def assert_alive(self) -> None:
        mine, peer = self.pair()
        mine.send(b"x")
        self.assertEqual(recv_exactly(peer, 1), b"x")

    def ask_new(self, op: int, fd=None, **fields) -> int:
        control = self.new_control()
        answer = control.ask(op, fd, **fields)
        for made in answer.fds:
            os.close(made)
        control.close()
        return answer.error

    def test_every_field(self) -> None:
        mine = self.socket()
        extremes = (0, 1, 7, 0x7fffffff, 0x80000000, 0xffffffff)
        for op in (*range(12), 0xffffffff):
            for field in ("flags", "argument", "length"):
                for value in extremes:
                    self.ask_new(op, mine if op not in (1, 10) else None, **{field: value})
            for level in (-1, 0, 1, 6, 41, 0x7fffffff):
                for name in (-1, 0, 2, 4, 9, 13, 15, 26, 0x7fffffff):
                    self.ask_new(op, mine if op not in (1, 10) else None, level=level, name=name,
                                 length=256)
            self.ask_new(op, mine if op not in (1, 10) else None, address=b"\xff" * 24)
            self.ask_new(op, mine if op not in (1, 10) else None, id=(1 << 64) - 1)
        self.assert_alive()

    def test_what_is_no_request(self) -> None:
        for message in (b"x", bytes(319), bytes(320), bytes(321), bytes(100000)):
            control = self.new_control()
            control.send_raw(message)
            self.assertEqual(control.answer().error, errno.EPROTO)
            self.assertRaises(EOFError, control.answer)
        self.assertEqual(self.ask_new(rawsocket.SOCKET, argument=2, magic=1), errno.EPROTO)
        self.assertEqual(self.ask_new(rawsocket.SOCKET, argument=2, version=2), errno.EPROTO)
        for op in (0, 11, 0xffffffff):
            self.assertEqual(self.ask_new(op), errno.EINVAL)
        self.assertEqual(self.ask_new(rawsocket.SOCKET, argument=2, flags=2), errno.EINVAL)
        self.assertEqual(self.ask_new(rawsocket.SOCKET, argument=1), errno.EAFNOSUPPORT)
        self.assertEqual(self.ask_new(rawsocket.SETSOCKOPT, self.socket(), length=257),
                         errno.EINVAL)

    def test_descriptors_that_are_not_ours(self) -> None:
        here, there = socket.socketpair()
        with open("/dev/null", "rb") as null, here, there, socket.socket() as other:
            for end in (null, here, other):
                for op in range(2, 10):
                    self.assertEqual(self.ask_new(op, end), errno.ENOTSOCK)
        self.assert_alive()

    def test_none_and_several(self) -> None:
        mine = self.socket()
        before = len(os.listdir(f"/proc/{self.daemon.child.pid}/fd"))
        for op in range(2, 10):
            self.assertEqual(self.ask_new(op), errno.EBADF)
            for count in (2, 8, 9, 200):
                self.assertEqual(self.ask_new(op, fds=[mine.fileno()] * count), errno.EBADF)
        for op in (rawsocket.SOCKET, rawsocket.WRAP):
            self.assertEqual(self.ask_new(op, mine, argument=2), errno.EBADF)
        wait_for(lambda: len(os.listdir(f"/proc/{self.daemon.child.pid}/fd")) <= before,
                 what="no descriptor to stay")
        self.assert_alive()

    def test_a_name_alone_is_worth_nothing(self) -> None:
        """The abstract name of a socket, bound again in another network namespace."""
        mine, _ = self.pair()
        name = mine.getpeername()
        here, there = socket.socketpair()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                subprocess.run([sys.executable, "-c",
                                "import ctypes, socket, sys, os\n"
                                "assert ctypes.CDLL(None).unshare(0x40000000) == 0\n"
                                "a, b = socket.socketpair()\n"
                                "b.bind(bytes.fromhex(sys.argv[1]))\n"
                                "assert a.getpeername() == bytes.fromhex(sys.argv[1])\n"
                                "to = socket.socket(fileno=0)\n"
                                "socket.send_fds(to, [b'x'], [a.fileno()])\n"
                                "to.recv(1)", name.hex()], stdin=there, timeout=30)
            os._exit(0)
        _, fds, _, _ = socket.recv_fds(here, 1, 1)
        spoofed = self.keep(rawsocket.as_socket(fds[0]))
        self.assertEqual(spoofed.getpeername(), name)
        for op in range(2, 10):
            self.assertEqual(self.ask_new(op, spoofed), errno.ENOTSOCK)
        here.send(b"x")
        os.waitpid(child, 0)

    def test_descriptors_within_the_stream(self) -> None:
        mine, peer = self.pair()
        before = len(os.listdir(f"/proc/{self.daemon.child.pid}/fd"))
        with open("/dev/null", "rb") as null:
            for _ in range(100):
                socket.send_fds(mine, [b"x"], [null.fileno()] * 10)
        self.assertEqual(recv_exactly(peer, 100), b"x" * 100)
        self.assertLessEqual(len(os.listdir(f"/proc/{self.daemon.child.pid}/fd")), before)

    def test_a_full_end_does_not_block_the_daemon(self) -> None:
        mine = self.socket()
        mine.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                mine.send(bytes(4096))
        server = self.kernel_server()
        answer = self.control.ask(rawsocket.CONNECT, mine, flags=rawsocket.NOWAIT,
                                  address=pack_address(HOST4, server.getsockname()[1]))
        self.assertEqual(answer.error, errno.EINPROGRESS)
        self.assert_alive()

    def test_requests_that_come_while_one_waits(self) -> None:
        control, mine = self.new_control(), self.socket()
        control.send(rawsocket.CONNECT, mine, address=pack_address("10.9.0.77", 80))
        control.send(rawsocket.SOCKET, argument=2)
        self.assertRaises((EOFError, ConnectionResetError), control.answer)
        self.assert_alive()

    def test_silent_ones_are_closed(self) -> None:
        control = self.new_control()
        start = time.monotonic()
        self.assertRaises(EOFError, control.answer)
        self.assertLess(time.monotonic() - start, 5 * PATIENCE)

    def test_a_port_below_1024(self) -> None:
        self.daemon.control.with_name("control.sock.socket").chmod(0o666)
        with harness.effective_user(65534, 65534):
            other = self.new_control()
        end = self.keep(other.socket())
        self.assert_errno(errno.EACCES, other.bind, end, ENGINE4, 80)
        other.bind(end, ENGINE4, 8080)
        other.listen(end)
        self.assertEqual(self.find(state="LISTEN")["uid"], 65534)
        other.call(rawsocket.GETSOCKNAME, end)
        # What counts is who has it, and whose it is: root may use it, and it stays the other's.
        self.assertEqual(self.control.call(rawsocket.GETSOCKNAME, end).local, (ENGINE4, 8080))


class Limits(SocketTest):
    daemon_arguments = ("--set", "sockets_max=8", "--set", "sockets_per_uid_max=5")

    def test_sockets_of_one_user_and_in_all(self) -> None:
        self.daemon.control.with_name("control.sock.socket").chmod(0o666)
        mine = [self.socket() for _ in range(5)]
        self.assert_errno(errno.EMFILE, self.control.socket)
        with harness.effective_user(65534, 65534):
            other = self.new_control()
        for _ in range(3):
            self.keep(other.socket())
        self.assert_errno(errno.ENFILE, other.socket)
        mine.pop().close()
        wait_for(lambda: metric("sockets") == 7, what="the end of one")
        self.socket()

    def test_connections_wait_until_there_is_room(self) -> None:
        listener = self.listening()
        clients = [self.kernel_client(PORT) for _ in range(6)]
        taken = [self.keep(accept(listener).socket) for _ in range(4)]
        listener.settimeout(1)
        self.assertRaises(TimeoutError, accept, listener)
        taken.pop().close()
        listener.settimeout(10)
        self.keep(accept(listener).socket)
        del clients


class Stopped(SocketTest):
    """Its daemon ends in the middle."""

    def tearDown(self) -> None:
        self.doCleanups()

    def test_programs_learn_that_the_daemon_stops(self) -> None:
        mine, peer = self.pair()
        listener = self.listening()
        idle = self.socket()
        self.daemon.send_signal(signal.SIGTERM)
        self.assertEqual(peer.recv(1), b"")
        peer.close()
        self.assertEqual(mine.recv(1), b"")
        self.assertRaises(EOFError, accept, listener)
        self.assertEqual(idle.recv(1), b"")
        with self.assertRaises(BrokenPipeError):
            while True:
                mine.send(b"x")
                time.sleep(0.01)
        self.assertEqual(self.daemon.wait(), 0)
        type(self).daemon = None


if __name__ == "__main__":
    harness.main()
