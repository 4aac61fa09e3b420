"""tcpctl forward, socks, and serve --exec: ways to the engine for programs that know nothing of it."""
import contextlib
import errno
import hashlib
import os
from pathlib import Path
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import threading

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, PATIENCE, at, recv_exactly, run, wait_for

PORT = 7979
MANY = 300
ABORT_ON_CLOSE = struct.pack("ii", 1, 0)


def read_all(end: socket.socket) -> bytes:
    return b"".join(iter(lambda: end.recv(1 << 18), b""))


def connect(address: str, port: int) -> socket.socket:
    return socket.create_connection((address, port), 15 * PATIENCE)


def abort(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
    end.close()


def rss_kib(pid: int) -> int:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])


class Echo:
    """A kernel server that sends all back, and half-closes when its client has."""

    def __init__(self, address: str = HOST4, family: int | None = None):
        if family == socket.AF_UNIX:
            self.server = socket.socket(family)
            self.server.bind(address)
            self.server.listen(512)
        else:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            self.server = socket.create_server((address, 0), family=family, backlog=512)
            self.port = self.server.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        poll = select.epoll()
        poll.register(self.server, select.EPOLLIN)
        ends = {}
        with contextlib.suppress(OSError, ValueError):
            while True:
                for fd, _ in poll.poll():
                    if fd == self.server.fileno():
                        end, _ = self.server.accept()
                        ends[end.fileno()] = end
                        poll.register(end, select.EPOLLIN)
                        continue
                    piece = b""
                    with contextlib.suppress(ConnectionError):
                        piece = ends[fd].recv(1 << 18)
                        ends[fd].sendall(piece)
                    if not piece:
                        poll.unregister(fd)
                        ends.pop(fd).close()

    def close(self) -> None:
        self.server.close()


class WayTest(harness.SystemTest):
    def way(self, *words, arguments=(), **options):
        """tcpctl VERB ..., and the places where it listens."""
        count = getattr(self, "ways", 0) + 1
        self.ways = count
        process = self.tcpctl_process(f"way-{count}", *arguments, *words, "-v", **options)
        wait_for(lambda: "listening on" in process.log or not process.is_running(),
                 what="the listener")
        self.assertTrue(process.is_running(), process.log)
        return process

    def port_of(self, process) -> int:
        return int(re.search(r"listening on .*?:(\d+)(,|$)", process.log, re.M)[1])

    def echo(self, *arguments) -> Echo:
        echo = Echo(*arguments)
        self.addCleanup(echo.close)
        return echo

    def keep(self, end: socket.socket) -> socket.socket:
        end.settimeout(15 * PATIENCE)
        self.addCleanup(end.close)
        return end

    def local_pair(self):
        """A client of -L, and the peer that it reaches over the engine."""
        server = self.kernel_server()
        way = self.way("forward", "-L", f"0:{HOST4}:{server.getsockname()[1]}")
        client = self.keep(connect("127.0.0.1", self.port_of(way)))
        peer, _ = server.accept()
        return client, self.keep(peer), way

    def remote_pair(self):
        """A peer that has connected to the engine, and the server that -R has reached."""
        server = self.kernel_server("127.0.0.1")
        way = self.way("forward", "-R", f"{PORT}:127.0.0.1:{server.getsockname()[1]}")
        client = self.keep(connect(ENGINE4, PORT))
        peer, _ = server.accept()
        return client, self.keep(peer), way

    def end(self, way) -> None:
        """A signal ends it without a word, whatever is under way."""
        before = way.log
        self.assertEqual(way.stop(signal.SIGTERM), -signal.SIGTERM)
        self.assertEqual(way.log, before)

    def check_many(self, connect_one, count: int = MANY) -> None:
        """Each sends something of its own, all of them before the first reads; then half-closes."""
        texts = [os.urandom(20000 + 7 * number) for number in range(count)]
        ends = [connect_one() for _ in texts]
        for end, text in zip(ends, texts):
            end.settimeout(60 * PATIENCE)
            end.sendall(text)
            end.shutdown(socket.SHUT_WR)
        for end, text in zip(ends, texts):
            self.assertEqual(read_all(end), text)
            end.close()


class Pairs(WayTest):
    """What must hold for a connection in the one direction and the other."""

    def each(self):
        for make in (self.local_pair, self.remote_pair):
            with self.subTest(make.__name__):
                client, peer, way = make()
                yield client, peer
                client.close()
                peer.close()
                self.end(way)

    def test_half_close_of_the_one_who_connects(self) -> None:
        for client, peer in self.each():
            client.sendall(b"question")
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(peer), b"question")
            for piece in (b"a long ", b"answer"):
                peer.sendall(piece)
                self.assertEqual(recv_exactly(client, len(piece)), piece)
            peer.close()
            self.assertEqual(client.recv(1), b"")

    def test_half_close_of_the_other(self) -> None:
        for client, peer in self.each():
            peer.sendall(b"banner")
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(client), b"banner")
            client.sendall(b"still here")
            self.assertEqual(recv_exactly(peer, 10), b"still here")
            client.close()
            self.assertEqual(peer.recv(1), b"")

    def test_reset_by_the_one_who_connects(self) -> None:
        for client, peer in self.each():
            client.sendall(b"x")
            self.assertEqual(peer.recv(1), b"x")
            abort(client)
            with self.assertRaises(ConnectionResetError):
                peer.recv(1)

    def test_reset_by_the_other(self) -> None:
        for client, peer in self.each():
            peer.sendall(b"x")
            self.assertEqual(client.recv(1), b"x")
            abort(peer)
            with self.assertRaises(ConnectionResetError):
                client.recv(1)

    def test_reset_after_a_half_close(self) -> None:
        for client, peer in self.each():
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(peer.recv(1), b"")
            abort(peer)
            with self.assertRaises(ConnectionResetError):
                client.recv(1)

    def test_reset_of_one_whose_peer_has_half_closed(self) -> None:
        for client, peer in self.each():
            peer.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b"")
            abort(client)
            with self.assertRaises(ConnectionResetError):
                peer.recv(1)

    def test_many_bytes_both_ways(self) -> None:
        text = os.urandom(6 << 20)
        for client, peer in self.each():
            got = {}

            def send(end: socket.socket) -> None:
                end.sendall(text)
                end.shutdown(socket.SHUT_WR)

            def read(name: str, end: socket.socket) -> None:
                got[name] = hashlib.sha256(read_all(end)).digest()

            threads = [threading.Thread(target=send, args=(end,)) for end in (client, peer)]
            threads += [threading.Thread(target=read, args=pair)
                        for pair in (("client", client), ("peer", peer))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60 * PATIENCE)
            want = hashlib.sha256(text).digest()
            self.assertEqual(got, {"client": want, "peer": want})

    def test_bytes_before_a_close(self) -> None:
        """Written, closed at once, and read by somebody who takes his time."""
        text = os.urandom(1 << 20)
        for client, peer in self.each():
            sender = threading.Thread(target=lambda: (client.sendall(text), client.close()))
            sender.start()
            self.assertEqual(recv_exactly(peer, 1), text[:1])
            sender.join(0.1)
            self.assertEqual(text[:1] + read_all(peer), text)
            sender.join(60 * PATIENCE)

    def test_a_reader_that_stops_stops_the_writer(self) -> None:
        for client, peer in self.each():
            process = self.ways
            for writer, reader in ((client, peer), (peer, client)):
                writer.setblocking(False)
                piece, sent = os.urandom(1 << 18), hashlib.sha256()
                count = 0
                while select.select([], [writer], [], 0.5)[1]:
                    with contextlib.suppress(BlockingIOError):
                        done = writer.send(piece)
                        sent.update(piece[:done])
                        count += done
                    self.assertLess(count, 256 << 20, "it is not stopped")
                writer.setblocking(True)
                got = hashlib.sha256()
                while count:
                    data = reader.recv(min(count, 1 << 18))
                    got.update(data)
                    count -= len(data)
                self.assertEqual(got.digest(), sent.digest())
            self.assertEqual(process, self.ways)


class Forward(WayTest):
    def test_many_clients_of_a_port_of_the_kernel(self) -> None:
        way = self.way("forward", "-L", f"0:{HOST4}:{self.echo().port}")
        port = self.port_of(way)
        self.check_many(lambda: connect("127.0.0.1", port))
        self.end(way)

    def test_many_clients_of_a_port_of_the_engine(self) -> None:
        way = self.way("forward", "-R", f"{PORT}:127.0.0.1:{self.echo('127.0.0.1').port}")
        self.check_many(lambda: connect(ENGINE4, PORT))
        self.end(way)

    def test_many_who_are_stopped_cost_little_memory(self) -> None:
        server = self.kernel_server(backlog=64)
        way = self.way("forward", "-L", f"0:{HOST4}:{server.getsockname()[1]}")
        port, before = self.port_of(way), rss_kib(way.child.pid)
        clients = [self.keep(connect("127.0.0.1", port)) for _ in range(20)]
        peers = [self.keep(server.accept()[0]) for _ in clients]
        piece = bytes(1 << 18)
        for client in clients:
            client.setblocking(False)
        while ready := select.select([], clients, [], 0.5)[1]:
            for client in ready:
                with contextlib.suppress(BlockingIOError):
                    client.send(piece)
        self.assertLess(rss_kib(way.child.pid) - before, 20 * 128 + 1024)
        for peer in peers:
            abort(peer)
        for client in clients:
            client.setblocking(True)
            with self.assertRaises(ConnectionError):
                while True:
                    client.sendall(piece)

    def test_several_at_once_and_ipv6(self) -> None:
        echo4, echo6 = self.echo(), self.echo(HOST6)
        words = ("-L", f"127.0.0.2:7001:{HOST4}:{echo4.port}",
                 "-L", f"[::1]:7002:[{HOST6}]:{echo6.port}",
                 "-L", f"localhost:7003:[{HOST6}]:{echo6.port}",
                 "-L", f"*:7004:{HOST4}:{echo4.port}",
                 "-R", f"[{ENGINE6}]:7005:[{HOST6}]:{echo6.port}",
                 "-R", f"{ENGINE4}:7006:[{HOST6}]:{echo6.port}",
                 "-R", f":7007:{HOST4}:{echo4.port}")
        way = self.way("forward", *words)
        wait_for(lambda: ":7007" in way.log, what="the last listener")
        good = (("127.0.0.2", 7001), ("::1", 7002), ("127.0.0.1", 7003), ("::1", 7003),
                (HOST4, 7004), (HOST6, 7004), ("::1", 7004), (ENGINE6, 7005), (ENGINE4, 7006),
                (ENGINE4, 7007), (ENGINE6, 7007))
        for address, port in good:
            with self.subTest(address=address, port=port), connect(address, port) as end:
                end.sendall(b"hello")
                end.shutdown(socket.SHUT_WR)
                self.assertEqual(read_all(end), b"hello")
        for address, port in (("127.0.0.1", 7001), (HOST4, 7003), ("127.0.0.1", 7002),
                              (ENGINE4, 7005), (ENGINE6, 7006)):
            with self.subTest(address=address, port=port), \
                    self.assertRaises(ConnectionRefusedError):
                connect(address, port)
        self.end(way)

    def test_default_is_loopback(self) -> None:
        way = self.way("forward", "-L", f"7010:{HOST4}:{self.echo().port}")
        wait_for(lambda: way.log.count("listening on") == 2)
        connect("127.0.0.1", 7010).close()
        connect("::1", 7010).close()
        for address in (HOST4, HOST6):
            with self.assertRaises(ConnectionRefusedError):
                connect(address, 7010)

    def test_unix_sockets(self) -> None:
        entrance, exit_ = self.folder / "in", self.folder / "out"
        echo = self.echo(str(exit_), socket.AF_UNIX)
        way = self.way("forward", "-L", f"{entrance}:{HOST4}:{self.echo().port}",
                       "-R", f"{PORT}:{exit_}")
        wait_for(lambda: way.log.count("listening on") == 2)
        client = self.keep(socket.socket(socket.AF_UNIX))
        client.connect(str(entrance))
        for end in (client, self.keep(connect(ENGINE4, PORT))):
            end.sendall(b"hello")
            end.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(end), b"hello")
        echo.close()
        self.end(way)
        self.assertFalse(entrance.exists())

    def test_nobody_there(self) -> None:
        """Refused on the far side: a reset on the near one, and a message."""
        with socket.create_server((HOST4, 0)) as server, \
                socket.create_server(("127.0.0.1", 0)) as other:
            far, near = server.getsockname()[1], other.getsockname()[1]
        way = self.way("forward", "-L", f"0:{HOST4}:{far}", "-R", f"{PORT}:127.0.0.1:{near}")
        wait_for(lambda: f":{PORT}" in way.log)
        for address, port in (("127.0.0.1", self.port_of(way)), (ENGINE4, PORT)):
            with self.assertRaises(ConnectionResetError), connect(address, port) as client:
                client.recv(1)
        wait_for(lambda: way.log.count("(ECONNREFUSED)") == 2)
        self.assertIn(f"tcpctl: forward: {HOST4} port {far}: Connection refused (ECONNREFUSED)",
                      way.log)
        self.assertIn(f"tcpctl: forward: 127.0.0.1 port {near}: Connection refused", way.log)
        self.end(way)

    def test_a_client_that_goes_before_the_far_side_answers(self) -> None:
        way = self.way("forward", "-L", "0:10.9.0.99:80")
        client = connect("127.0.0.1", self.port_of(way))
        wait_for(lambda: self.find("dst 10.9.0.99"), what="the opening")
        abort(client)
        wait_for(lambda: self.find("dst 10.9.0.99") is None, what="the end of the opening")
        self.end(way)

    def test_openings_have_a_time_limit(self) -> None:
        way = self.way("forward", "-L", "0:10.9.0.98:80", arguments=("--timeout", "0.4"))
        with self.assertRaises(ConnectionResetError), \
                connect("127.0.0.1", self.port_of(way)) as client:
            client.recv(1)
        wait_for(lambda: "10.9.0.98 port 80: Connection timed out (ETIMEDOUT)" in way.log)

    def test_clients_beyond_the_limit_wait(self) -> None:
        echo = self.echo()
        way = self.way("forward", "--max-clients", "2", "-L", f"0:{HOST4}:{echo.port}")
        ends = [self.keep(connect("127.0.0.1", self.port_of(way))) for _ in range(3)]
        for end in ends:
            end.sendall(b"x")
        self.assertEqual(ends[0].recv(1) + ends[1].recv(1), b"xx")
        self.assertEqual(select.select(ends[2:], [], [], 0.2)[0], [])
        ends[0].close()
        self.assertEqual(ends[2].recv(1), b"x")

    def test_descriptors_may_run_out(self) -> None:
        """Those who come then wait, and nobody is lost."""
        echo = self.echo()
        way = self.tcpctl_process("few", "forward", "-v", "-L", f"0:{HOST4}:{echo.port}",
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)))
        wait_for(lambda: "listening on" in way.log)
        port = self.port_of(way)
        ends = [self.keep(connect("127.0.0.1", port)) for _ in range(40)]
        for end in ends:
            end.sendall(b"x")
            end.shutdown(socket.SHUT_WR)
        served = 0
        for end in ends:
            with contextlib.suppress(ConnectionResetError):
                served += read_all(end) == b"x"
            end.close()
        self.assertGreater(served, 10)
        with connect("127.0.0.1", port) as late:
            late.sendall(b"late")
            self.assertEqual(recv_exactly(late, 4), b"late")
        self.end(way)

    def test_mistakes(self) -> None:
        for words in ((), ("-L", "80"), ("-L", "x:h:80"), ("-L", "80:h:0"), ("-L", "80:h:65536"),
                      ("-L", "80:[::1:80"), ("-L", "80::80"), ("-R", f"/in:{HOST4}:80"),
                      ("-L", "80:/out"), ("-L", "1:2:3:4:5"), ("-L", f"0:{HOST4}:80", "more"),
                      ("-L", f"0:{HOST4}:80", "--max-clients", "0")):
            with self.subTest(words):
                done = self.tcpctl("forward", *words, status=2)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assertTrue(done.stderr.startswith(b"tcpctl: forward: "), done.stderr)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.tcpctl("forward", "-L", f"127.0.0.1:{port}:{HOST4}:80", status=1)
            self.assertEqual(done.stderr.decode(), f"tcpctl: forward: 127.0.0.1:{port}: Address "
                             "already in use (EADDRINUSE)\n")
        done = self.tcpctl("forward", "-R", f"192.0.2.1:80:{HOST4}:80", status=1)
        self.assertIn(b"192.0.2.1:80: Cannot assign requested address (EADDRNOTAVAIL)",
                      done.stderr)

    def test_a_listener_that_is_closed_ends_it(self) -> None:
        way = self.way("forward", "-R", f"{PORT}:127.0.0.1:9")
        self.tcpctl("close", self.find("state listening")["id"])
        self.assertEqual(way.wait(), 1)
        self.assertIn(f"tcpctl: forward: *:{PORT}: the listener was closed\n", way.log)

    def test_the_daemon_may_be_restarted(self) -> None:
        """-L and SOCKS find it again; -R has lost its listener, and ends."""
        echo = self.echo()
        local = self.way("forward", "-L", f"0:{HOST4}:{echo.port}")
        remote = self.way("forward", "-R", f"{PORT}:127.0.0.1:9")
        client = self.keep(connect("127.0.0.1", self.port_of(local)))
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        with self.assertRaises(ConnectionResetError):
            client.recv(1)
        self.assertEqual(remote.wait(), 3)
        with self.assertRaises(ConnectionResetError), \
                connect("127.0.0.1", self.port_of(local)) as client:
            client.recv(1)
        wait_for(lambda: "(ENETDOWN)" in local.log)
        self.start_daemon()
        with connect("127.0.0.1", self.port_of(local)) as client:
            client.sendall(b"again")
            self.assertEqual(recv_exactly(client, 5), b"again")
        self.daemon_is_missed()

    def daemon_is_missed(self) -> None:
        done = self.tcpctl("--control", f"ipc://{self.folder}/none", "forward", "-L",
                           f"0:{HOST4}:80", status=3)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)


class Socks(WayTest):
    """RFC 1928."""

    def setUp(self) -> None:
        self.proxy = self.way("socks", "0")
        self.port = self.port_of(self.proxy)

    def client(self) -> socket.socket:
        return self.keep(connect("127.0.0.1", self.port))

    def greeted(self) -> socket.socket:
        client = self.client()
        client.sendall(b"\x05\x01\x00")
        self.assertEqual(recv_exactly(client, 2), b"\x05\x00")
        return client

    def ask(self, client: socket.socket, host: str, port: int, command: int = 1) -> bytes:
        """The request; returns the reply."""
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            address = bytes([4 if ":" in host else 1]) + socket.inet_pton(family, host)
        except (OSError, ValueError):
            address = bytes([3, len(host)]) + host.encode()
        client.sendall(bytes([5, command, 0]) + address + port.to_bytes(2, "big"))
        return self.reply(client)

    def reply(self, client: socket.socket) -> bytes:
        head = recv_exactly(client, 4)
        return head + recv_exactly(client, {1: 6, 4: 18}[head[3]])

    def refusal(self, *arguments, **options) -> int:
        """The code of a reply after which the proxy closes."""
        with self.greeted() as client:
            reply = self.ask(client, *arguments, **options)
            self.assertEqual(client.recv(1), b"")
            self.assertEqual(reply[4:], bytes(6))
            return reply[1]

    def test_curl(self) -> None:
        folder = self.folder / "www"
        folder.mkdir(exist_ok=True)
        path, digest = harness.random_file(folder, 3 << 20)
        for address, version in ((HOST4, "-4"), (HOST6, "-6")):
            port = 8000 + len(version) + (address == HOST6)
            server = harness.Process(["/usr/bin/python3", "-m", "http.server", "--bind", address,
                                      "--directory", folder, port], self.folder, f"http{version}")
            self.addCleanup(server.stop)
            wait_for(lambda: not connect_error(address, port), what="the web server")
            for option in ("--socks5", "--socks5-hostname"):
                with self.subTest(address=address, option=option):
                    got = run("curl", "-sSg", option, f"127.0.0.1:{self.port}",
                              f"http://{at(address, port)}/{path.name}").stdout
                    self.assertEqual(hashlib.sha256(got).hexdigest(), digest)
        refused = run("curl", "-sS", "--socks5", f"127.0.0.1:{self.port}", f"http://{HOST4}:9/",
                      check=False)
        self.assertEqual(refused.returncode, 97, refused.stderr)  # CURLE_PROXY

    def test_nc(self) -> None:
        echo = self.echo()
        got = run("nc", "-N", "-X", "5", "-x", f"127.0.0.1:{self.port}", HOST4, echo.port,
                  input=b"hello").stdout
        self.assertEqual(got, b"hello")

    def test_the_reply_has_our_address(self) -> None:
        for address, ours, kind in ((HOST4, ENGINE4, 1), (HOST6, ENGINE6, 4)):
            client = self.greeted()
            reply = self.ask(client, address, self.echo(address).port)
            self.assertEqual(reply[:4], bytes([5, 0, 0, kind]))
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            self.assertEqual(reply[4:-2], socket.inet_pton(family, ours))
            row = self.find("state established and dst " + address)
            self.assertEqual(row["local"], at(ours, int.from_bytes(reply[-2:], "big")))
            client.close()
            wait_for(lambda: self.find("state established") is None)

    def test_names_are_resolved_here_and_hold_up_nobody(self) -> None:
        """The name server is silent; /etc/hosts has one name."""
        for file, text in (("hosts", f"{HOST4} peer.example\n{HOST6} peer6.example\n"),
                           ("resolv.conf", "nameserver 10.9.0.88\noptions timeout:1 attempts:2\n"),
                           ("nsswitch.conf", "hosts: files dns\n")):
            path = self.folder / file
            path.write_text(text)
            run("mount", "--bind", path, f"/etc/{file}")
            self.addCleanup(run, "umount", f"/etc/{file}")
        self.setUp()
        slow = [self.greeted() for _ in range(8)]
        for client in slow:
            name = b"silent.example"
            client.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + b"\x00\x50")
        for name, address in (("peer.example", HOST4), ("peer6.example", HOST6)):
            client = self.greeted()
            self.assertEqual(self.ask(client, name, self.echo(address).port)[1], 0)
            client.sendall(b"hello")
            self.assertEqual(recv_exactly(client, 5), b"hello")
        self.assertEqual(select.select(slow, [], [], 0)[0], [])
        slow.pop().close()  # does not wait for the answer
        for client in slow:
            self.assertEqual(self.reply(client)[1], 4)

    def test_all_in_one_piece(self) -> None:
        """A client that waits for no answer: the data is not lost, nor taken for a request."""
        port = self.echo().port
        request = b"\x05\x01\x00\x01" + socket.inet_aton(HOST4) + port.to_bytes(2, "big")
        client = self.client()
        client.sendall(b"\x05\x02\x80\x00" + request + b"\x05\x01\x00hello")
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(recv_exactly(client, 2), b"\x05\x00")
        self.assertEqual(self.reply(client)[1], 0)
        self.assertEqual(read_all(client), b"\x05\x01\x00hello")

    def test_byte_by_byte(self) -> None:
        port = self.echo().port
        client = self.client()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"\x05\x01\x00\x05\x01\x00\x03" + bytes([len(HOST4)]) + HOST4.encode():
            client.sendall(bytes([byte]))
        client.sendall(port.to_bytes(2, "big"))
        self.assertEqual(recv_exactly(client, 2), b"\x05\x00")
        self.assertEqual(self.reply(client)[1], 0)

    def test_replies_to_failures(self) -> None:
        with socket.create_server((HOST4, 0)) as server:
            closed = server.getsockname()[1]
        self.assertEqual(self.refusal(HOST4, closed), 5)
        self.assertEqual(self.refusal("2001:db8::1", 80), 3)  # no route
        self.assertEqual(self.refusal("10.9.0.97", 80), 4)  # nobody answers ARP
        self.assertEqual(self.refusal("", 80), 4)
        self.assertEqual(self.refusal("a\0b", 80), 4)
        self.assertEqual(self.refusal("/run/socket", 80), 4)
        self.assertEqual(self.refusal(HOST4, 80, command=2), 7)
        self.assertEqual(self.refusal(HOST6, 80, command=3), 7)
        self.assertEqual(self.refusal("peer.example", 80, command=9), 7)

    def test_timeouts(self) -> None:
        proxy = self.way("socks", "0", arguments=("--timeout", "0.3"))
        self.port = self.port_of(proxy)
        self.assertEqual(self.refusal("10.9.0.96", 80), 6)
        wait_for(lambda: "10.9.0.96 port 80: Connection timed out (ETIMEDOUT)" in proxy.log)

    def test_unknown_address_type(self) -> None:
        client = self.greeted()
        client.sendall(b"\x05\x01\x00\x02" + bytes(300))
        self.assertEqual(self.reply(client), b"\x05\x08\x00\x01" + bytes(6))
        self.assertEqual(client.recv(1), b"")

    def test_no_acceptable_method(self) -> None:
        for methods in (b"", b"\x02", b"\x01\x02\xff"):
            client = self.client()
            client.sendall(b"\x05" + bytes([len(methods)]) + methods)
            self.assertEqual(read_all(client), b"\x05\xff")

    def test_what_is_not_socks_is_reset(self) -> None:
        for nonsense in (b"GET / HTTP/1.0\r\n\r\n", b"\x04\x01\x00\x50\x0a\x09\x00\x01\x00"):
            client = self.client()
            with self.assertRaises(ConnectionResetError):
                client.sendall(nonsense)
                client.recv(1)
        client = self.greeted()
        with self.assertRaises(ConnectionResetError):
            client.sendall(b"\x04\x01\x00\x01")
            client.recv(1)

    def test_many_clients(self) -> None:
        port = self.echo().port

        def connect_one() -> socket.socket:
            client = self.greeted()
            self.assertEqual(self.ask(client, HOST4, port)[1], 0)
            return client

        self.check_many(connect_one)
        self.end(self.proxy)

    def test_resets_cross(self) -> None:
        server = self.kernel_server()
        for number in range(2):
            client = self.greeted()
            self.assertEqual(self.ask(client, HOST4, server.getsockname()[1])[1], 0)
            ends = [client, self.keep(server.accept()[0])]
            abort(ends[number])
            with self.assertRaises(ConnectionResetError):
                ends[1 - number].recv(1)

    def test_mistakes(self) -> None:
        for words in ((), ("x",), ("65536",), ("80", "81"), ("[::1:80",)):
            with self.subTest(words):
                done = self.tcpctl("socks", *words, status=2)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)


class Exec(WayTest):
    """tcpctl serve --exec."""

    def serve(self, command: str, *words, **options):
        return self.way("serve", str(PORT), "--exec", command, *words, **options)

    def connect(self, address: str = ENGINE4) -> socket.socket:
        return self.keep(connect(address, PORT))

    def answer(self, question: bytes = b"", address: str = ENGINE4) -> bytes:
        with connect(address, PORT) as client:
            client.sendall(question)
            client.shutdown(socket.SHUT_WR)
            return read_all(client)

    def test_stdin_and_stdout_are_the_connection(self) -> None:
        way = self.serve("tr a-z A-Z")
        self.assertEqual(self.answer(b"hello"), b"HELLO")
        self.assertEqual(self.answer(b"again", ENGINE6), b"AGAIN")
        self.end(way)

    def test_the_environment_has_the_addresses(self) -> None:
        names = ("PROTO TCPLOCALIP TCPLOCALPORT TCPREMOTEIP TCPREMOTEPORT SOCAT_SOCKADDR "
                 "SOCAT_SOCKPORT SOCAT_PEERADDR SOCAT_PEERPORT").split()
        environment = dict(os.environ, TCPREMOTEIP="stale", TCPREMOTEHOST="stale", KEPT="kept")
        self.serve("env", env=environment)
        for ours, theirs in ((ENGINE4, HOST4), (ENGINE6, HOST6)):
            with connect(ours, PORT) as client:
                port = str(client.getsockname()[1])
                rows = dict(row.split("=", 1) for row in read_all(client).decode().splitlines())
            shown = [f"[{end}]" if ":" in end else end for end in (ours, theirs)]
            self.assertEqual([rows[name] for name in names],
                             ["TCP", ours, str(PORT), theirs, port, shown[0], str(PORT), shown[1],
                              port])
            self.assertEqual(rows["KEPT"], "kept")
            self.assertNotIn("TCPREMOTEHOST", rows)
            self.assertEqual(self.path_of(int(rows["TCPENGINE_ID"]))[:2], ["LISTEN", "SYN_RCVD"])

    def test_it_is_a_shell_command(self) -> None:
        self.serve('read -r line; printf "%s from %s" "$line" "$TCPREMOTEIP"; exit 0')
        self.assertEqual(self.answer(b"two  words\n"), b"two  words from " + HOST4.encode())

    def test_exit_statuses_are_reported(self) -> None:
        way = self.serve('read -r how; eval "$how"')
        client = self.connect()
        peer = at(HOST4, client.getsockname()[1])
        client.sendall(b"exit 3\n")
        self.assertEqual(client.recv(1), b"")
        wait_for(lambda: re.search(rf"^tcpctl: serve: {peer}: process \d+ has ended with status 3$",
                                   way.log, re.M))
        self.answer(b"kill -KILL $$\n")
        wait_for(lambda: re.search(r"process \d+ was killed by SIGKILL$", way.log, re.M))
        self.answer(b"exit 0\n")
        wait_for(lambda: re.search(r"process \d+ has ended with status 0$", way.log, re.M))

    def test_only_failures_are_reported_without_v(self) -> None:
        way = self.tcpctl_process("quiet", "serve", PORT, "--exec", 'read -r n; exit "$n"')
        wait_for(lambda: self.find("state listening"))
        self.answer(b"0\n")
        self.answer(b"5\n")
        wait_for(lambda: "status 5" in way.log)
        self.assertEqual(way.log.count("\n"), 1)
        self.end(way)

    def test_a_process_has_nothing_of_ours(self) -> None:
        """No other descriptor, no SIGPIPE ignored, nothing blocked."""
        self.serve("ls /proc/self/fd | wc -l; grep -E 'Sig(Ign|Blk)' /proc/self/status")
        rows = self.answer().decode().split()
        self.assertEqual(rows[0], "4")  # 0 to 2, and the directory
        self.assertEqual((rows[1], int(rows[2], 16)), ("SigBlk:", 0))
        self.assertEqual((rows[3], int(rows[4], 16) >> signal.SIGPIPE - 1 & 1), ("SigIgn:", 0))

    def test_many_clients(self) -> None:
        self.serve("cat", "--max-clients", "400")
        self.check_many(self.connect, 100)

    def test_many_bytes(self) -> None:
        path, digest = harness.random_file(self.folder, 3 << 20)
        self.serve(f"cat {path}")
        self.assertEqual(hashlib.sha256(self.answer()).hexdigest(), digest)

    def test_clients_beyond_the_limit_wait(self) -> None:
        self.serve("cat", "--max-clients", "2")
        ends = [self.connect() for _ in range(3)]
        for end in ends:
            end.sendall(b"x")
        self.assertEqual(ends[0].recv(1) + ends[1].recv(1), b"xx")
        self.assertEqual(select.select(ends[2:], [], [], 0.2)[0], [])
        ends[0].close()
        self.assertEqual(ends[2].recv(1), b"x")

    def test_no_process_is_left_behind(self) -> None:
        way = self.serve("cat")
        for _ in range(20):
            self.answer(b"x")
        children = Path(f"/proc/{way.child.pid}/task/{way.child.pid}/children")
        wait_for(lambda: children.read_text() == "", what="the end of all processes")
        wait_for(lambda: way.log.count("has ended with status 0") == 20)
        fds = len(list(Path(f"/proc/{way.child.pid}/fd").iterdir()))
        self.answer(b"x")
        wait_for(lambda: way.log.count("has ended with status 0") == 21)
        self.assertEqual(len(list(Path(f"/proc/{way.child.pid}/fd").iterdir())), fds)

    def test_half_close_by_the_process(self) -> None:
        """Closing stdout alone does not say FIN, as stdin is the same socket; shutdown does."""
        self.serve("/usr/bin/python3 -c 'import socket\nend = socket.socket(fileno=0)\n"
                   "end.sendall(b\"banner\")\nend.shutdown(socket.SHUT_WR)\n"
                   "data = end.recv(5)\nassert data == b\"reply\"'")
        client = self.connect()
        self.assertEqual(read_all(client), b"banner")
        client.sendall(b"reply")
        wait_for(lambda: "has ended with status 0" in self.last_log())

    def last_log(self) -> str:
        return (self.folder / f"{self._testMethodName}-way-{self.ways}.log").read_text()

    def test_unread_bytes_at_the_end_are_a_reset(self) -> None:
        self.serve("head -c 1 > /dev/null; sleep 0.1")
        client = self.connect()
        client.sendall(bytes(1 << 20))
        with self.assertRaises(ConnectionResetError):
            client.recv(1)

    def test_a_peer_that_resets_ends_the_process(self) -> None:
        way = self.serve("cat")
        client = self.connect()
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        abort(client)
        wait_for(lambda: "has ended with status" in way.log, what="the end of cat")

    def test_those_who_are_served_outlive_the_server(self) -> None:
        way = self.serve("cat")
        client = self.connect()
        client.sendall(b"x")
        self.assertEqual(client.recv(1), b"x")
        self.end(way)
        client.sendall(b"y")
        self.assertEqual(client.recv(1), b"y")
        with self.assertRaises(ConnectionRefusedError):
            self.connect()

    def test_a_listener_that_is_closed_ends_it(self) -> None:
        way = self.serve("cat")
        self.tcpctl("close", self.find("state listening")["id"])
        self.assertEqual(way.wait(), 1)
        self.assertIn(f"tcpctl: serve: *:{PORT}: the listener was closed\n", way.log)

    def test_mistakes(self) -> None:
        for words in (("80", "--exec", "cat", "-N"), ("80", "--exec", "cat", "-w", "1"),
                      ("80", "--max-clients", "2"), ("80", "--exec"), ("--exec", "cat")):
            with self.subTest(words):
                done = self.tcpctl("serve", *words, status=2)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.serve("cat")
        done = self.tcpctl("serve", PORT, "--exec", "cat", status=1)
        self.assertEqual(done.stderr.decode(),
                         f"tcpctl: serve: *:{PORT}: Address already in use (EADDRINUSE)\n")


def connect_error(address: str, port: int) -> str:
    try:
        connect(address, port).close()
    except OSError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    harness.main()
