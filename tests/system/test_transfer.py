"""Files of 100 MB through the engine, both ways, against nginx, curl and kernel sockets."""
import hashlib
import os
import socket
import subprocess
import unittest
from pathlib import Path

import harness
from harness import (ENGINE4, ENGINE6, HOST4, HOST6, KernelSink, Nginx, at, random_file, run,
                     sha256_of, wait_for)

SIZE = int(os.environ.get("TCPENGINE_TRANSFER_BYTES", 100_000_000))


class Transfer(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.file, cls.digest = random_file(str(cls.folder), SIZE)
        cls.nginx = Nginx(cls.folder)
        cls.addClassCleanup(cls.nginx.stop)
        (cls.nginx.root / "file").symlink_to(cls.file)

    def fetch(self, address: str) -> None:
        request = f"GET /file HTTP/1.0\r\nHost: {at(address, 80)}\r\n\r\n".encode()
        answer = self.tcpctl("connect", address, 80, input=request, timeout=300).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"200 OK", head)
        self.assertEqual(len(body), SIZE)
        target = self.folder / "fetched"
        target.write_bytes(body)
        self.assertEqual(sha256_of(target), self.digest)

    def put(self, address: str) -> None:
        head = f"PUT /put HTTP/1.0\r\nContent-Length: {SIZE}\r\n\r\n".encode()
        body = self.folder / "body-with-head"
        with body.open("wb") as out, self.file.open("rb") as source:
            out.write(head)
            out.write(source.read())
        with body.open("rb") as stdin:
            answer = self.tcpctl("connect", address, 80, stdin=stdin, timeout=300).stdout
        self.assertRegex(answer[:40], rb"HTTP/1.1 20[14]")
        target = self.nginx.root / "put"
        self.assertEqual(sha256_of(target), self.digest)
        target.unlink()

    def serve_to_curl(self, engine: str, port: int) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\nConnection: close\r\n\r\n"
        body = self.folder / "answer"
        with body.open("wb") as out, self.file.open("rb") as source:
            out.write(head.encode())
            out.write(source.read())
        with body.open("rb") as stdin:
            server = self.tcpctl_process("serve", "serve", port, "-N", stdin=stdin)
        self.wait_listening(port)
        target = self.folder / "curled"
        run("curl", "-sS", "--max-time", 280, "-o", target, f"http://{at(engine, port)}/",
            timeout=300)
        self.assertEqual(sha256_of(target), self.digest)
        self.assertEqual(server.wait(), 0, server.log)
        self.assertIn(b"GET / HTTP/1.1", server.output)

    def upload_to_serve(self, engine: str, port: int) -> None:
        server = self.tcpctl_process("serve", "serve", port)
        self.wait_listening(port)
        with self.kernel_client(port, engine) as client, self.file.open("rb") as source:
            client.settimeout(300)
            client.sendfile(source)
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(client.recv(1), b"", "serve ends its stream after the peer's FIN")
        self.assertEqual(server.wait(60), 0, server.log)
        self.assertEqual(sha256_of(server.out_path), self.digest)

    def wait_listening(self, port: int) -> None:
        wait_for(lambda: self.find(f"sport = :{port}", state="LISTEN"), what=f"LISTEN on {port}")

    def test_fetch_from_nginx_ipv4(self) -> None:
        self.fetch(HOST4)

    def test_fetch_from_nginx_ipv6(self) -> None:
        self.fetch(HOST6)

    def test_put_to_nginx_ipv4(self) -> None:
        self.put(HOST4)

    def test_put_to_nginx_ipv6(self) -> None:
        self.put(HOST6)

    def test_curl_from_serve_ipv4(self) -> None:
        self.serve_to_curl(ENGINE4, 8080)

    def test_curl_from_serve_ipv6(self) -> None:
        self.serve_to_curl(ENGINE6, 8081)

    def test_upload_to_serve_ipv4(self) -> None:
        self.upload_to_serve(ENGINE4, 8082)

    def test_upload_to_serve_ipv6(self) -> None:
        self.upload_to_serve(ENGINE6, 8083)

    def test_half_close_sends_all_first(self) -> None:
        """connect -N: FIN after stdin's last byte, and the peer's bytes still arrive."""
        sink = KernelSink()
        with self.file.open("rb") as stdin:
            self.tcpctl("connect", HOST4, sink.port, "-N", stdin=stdin, timeout=300)
        self.assertEqual(sink.finish(), self.digest)

    def test_netcat_on_the_other_side(self) -> None:
        """nc on the kernel's TCP against serve and connect: both sides' words arrive."""
        server = self.tcpctl_process("serve", "serve", 8090, "-N", stdin=subprocess.PIPE)
        self.wait_listening(8090)
        server.child.stdin.write(b"from the engine\n")
        server.child.stdin.close()
        done = run("nc", "-N", ENGINE4, 8090, input=b"from the kernel\n")
        self.assertEqual(done.stdout, b"from the engine\n")
        self.assertEqual(server.wait(), 0, server.log)
        self.assertEqual(server.output, b"from the kernel\n")

    def test_peer_half_closes_first(self) -> None:
        """The peer's FIN before a byte of ours: serve -N still sends all of its stdin."""
        with self.file.open("rb") as stdin:
            server = self.tcpctl_process("serve", "serve", 8092, "-N", stdin=stdin)
        self.wait_listening(8092)
        digest = hashlib.sha256()
        with self.kernel_client(8092) as client:
            client.settimeout(120)
            client.shutdown(socket.SHUT_WR)
            while piece := client.recv(1 << 20):
                digest.update(piece)
        self.assertEqual(server.wait(), 0, server.log)
        self.assertEqual(digest.hexdigest(), self.digest)

    def test_serve_keeps_serving(self) -> None:
        """serve -k accepts one connection after another."""
        server = self.tcpctl_process("serve", "serve", 8091, "-k")
        self.wait_listening(8091)
        for number in range(3):
            with self.kernel_client(8091) as client:
                client.sendall(b"client %d\n" % number)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(1), b"")
        wait_for(lambda: server.output.count(b"client") == 3, what="three clients' words")
        self.assertTrue(server.is_running())


class TransferOffloaded(Transfer):
    """The same with segments of up to 64 KiB and partial checksums both ways."""

    daemon_arguments = ("--set", "large_receive=true", "--set", "gso=true",
                        "--set", "checksum_offload=true")


class TransferPlain(Transfer):
    """The same with frames of the link's MTU and full checksums both ways."""

    daemon_arguments = ("--set", "large_receive=false", "--set", "gso=false",
                        "--set", "checksum_offload=false")


if __name__ == "__main__":
    harness.main()
