"""A capture of whole transfers, read by tshark: nothing malformed, every checksum right, no expert
errors, and no loss on a lossless link."""
import re
import unittest

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, Capture, KernelSink, random_file, tshark, wait_for

SIZE = 20_000_000
CHECKS = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
          "-o", "tcp.analyze_sequence_numbers:TRUE")


class WholeTransfer(harness.SystemTest):
    """Frames as a wire would carry them."""

    daemon_arguments = ("--set", "checksum_offload=no")
    checks = CHECKS

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.file, cls.digest = random_file(str(cls.folder), SIZE)

    def setUp(self) -> None:
        self.capture = Capture(self.folder)

    def transfer_out(self, host: str) -> None:
        sink = KernelSink(host)
        with self.file.open("rb") as stdin:
            self.tcpctl("connect", host, sink.port, "-N", stdin=stdin, timeout=120)
        self.assertEqual(sink.finish(), self.digest)

    def transfer_in(self, engine: str, port: int) -> None:
        server = self.tcpctl_process("serve", "serve", port)
        wait_for(lambda: self.find(f"sport = :{port}", state="LISTEN"), what="LISTEN")
        with self.kernel_client(port, engine) as client, self.file.open("rb") as source:
            client.settimeout(120)
            client.sendfile(source)
            client.shutdown(1)
            self.assertEqual(client.recv(1), b"")
        self.assertEqual(server.wait(), 0, server.log)
        self.assertEqual(harness.sha256_of(server.out_path), self.digest)

    def from_engine(self) -> str:
        """The kernel's frames have partial checksums on a TAP: only ours are judged."""
        return f"(ip.src == {ENGINE4} or ipv6.src == {ENGINE6})"

    def judge(self) -> None:
        path = self.capture.finish()
        frames = tshark(path, *self.checks, "-Y", f"{self.from_engine()} and tcp")
        self.assertGreater(len(frames), 10)
        bad = tshark(path, *self.checks, "-Y", f"{self.from_engine()} and (_ws.malformed or "
                     'ip.checksum.status == "Bad" or tcp.checksum.status == "Bad" or '
                     "_ws.expert.severity == error)")
        self.assertEqual(bad, [], "segments that tshark's expert calls wrong")
        resent = tshark(path, "-Y", f"{self.from_engine()} and (tcp.analysis.retransmission or "
                        "tcp.analysis.fast_retransmission)")
        self.assertLess(len(resent), len(frames) // 100 + 2, resent[:5])
        self.ends_in_order(path)

    def ends_in_order(self, path) -> None:
        """The kernel may send its FIN once more, on a busy machine."""
        rows = tshark(path, "-Y", "tcp.flags.syn == 1 or tcp.flags.fin == 1 or "
                      "tcp.flags.reset == 1", "-T", "fields", "-e", "tcp.srcport",
                      "-e", "tcp.seq", "-e", "tcp.len", "-e", "tcp.flags.str")
        ends = {}
        for row in rows:
            port, seq, length, flags = row.split("\t")
            ends[port, int(seq) + int(length)] = flags
        text = " ".join(ends.values())
        self.assertEqual(len(re.findall("F", text)), 2, f"one FIN each way: {text}")
        self.assertEqual(len(re.findall("S", text)), 2, f"one SYN each way: {text}")
        self.assertNotIn("R", text)

    def test_out_ipv4(self) -> None:
        self.transfer_out(HOST4)
        self.judge()

    def test_out_ipv6(self) -> None:
        self.transfer_out(HOST6)
        self.judge()

    def test_in_ipv4(self) -> None:
        self.transfer_in(ENGINE4, 8080)
        self.judge()

    def test_in_ipv6(self) -> None:
        self.transfer_in(ENGINE6, 8081)
        self.judge()

    def test_options_of_the_handshake(self) -> None:
        self.transfer_out(HOST4)
        path = self.capture.finish()
        rows = tshark(path, "-Y", f"tcp.flags.syn == 1 and ip.src == {ENGINE4}", "-T", "fields",
                      "-e", "tcp.options.mss_val", "-e", "tcp.options.wscale.shift",
                      "-e", "tcp.options.sack_perm", "-e", "tcp.options.timestamp.tsval")
        mss, scale, sack, stamp = rows[0].split("\t")
        self.assertEqual(mss, "1460")
        self.assertTrue(0 < int(scale) <= 14)
        self.assertTrue(sack and stamp)


class WithOffloads(WholeTransfer):
    """The same but for TCP's checksums, which the kernel finishes behind the capture."""

    daemon_arguments = ()
    checks = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:FALSE",
              "-o", "tcp.analyze_sequence_numbers:TRUE")


if __name__ == "__main__":
    harness.main()
