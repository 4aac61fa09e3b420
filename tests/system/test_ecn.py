"""ECN (RFC 3168) against the kernel's TCP, over a wire that marks what it could have dropped."""
import threading
import unittest
from pathlib import Path

import harness
from harness import ENGINE4, ENGINE6, HOST4, HOST6, recv_exactly, wait_for
from wire import ACK, CE, CWR, ECE, ECT0, NOT_ECT, SYN, Wire

SIZE = 2_000_000
MARK_EVERY = 200
PORT = 7007


class Ecn(harness.SystemTest):
    # The wire copies bytes: nobody behind it would finish checksums or cut large frames.
    daemon_arguments = ("--set", "ecn=on", "--set", "checksum_offload=no")

    def setUp(self) -> None:
        Path("/proc/sys/net/ipv4/tcp_ecn").write_text("1")
        self.marks = False
        self.segments = []  # (from engine, flags, ECN field, payload, seq)
        self.seen = 0
        self.wire = Wire(self.passes)
        self.addCleanup(self.wire.close)

    def passes(self, frame) -> bool:
        if not frame.is_tcp:
            return True
        self.segments.append((frame.is_from_engine, frame.flags, frame.ecn, frame.payload_bytes,
                              frame.seq))
        if self.marks and frame.ecn == ECT0:
            self.seen += 1
            if self.seen % MARK_EVERY == 0:
                frame.mark()
        return True

    def segments_of(self, engine: bool):
        return [row[1:] for row in self.segments if row[0] == engine]

    def check_engine_marks_right(self) -> None:
        """6.1.4 to 6.1.6: ECT(0) on new data, and on nothing else; CWR on nothing else."""
        highest = None
        for flags, ecn, length, seq in self.segments_of(True):
            end = seq + length & 0xffffffff
            is_new = length > 0 and (highest is None or 0 < (end - highest & 0xffffffff) < 1 << 31)
            self.assertEqual(ecn, ECT0 if is_new else NOT_ECT, (hex(flags), length))
            if flags & CWR and not flags & SYN:
                self.assertTrue(is_new)
            if is_new:
                highest = end

    def send_to_kernel(self, host: str) -> dict:
        server = self.kernel_server(host)
        data = harness.RANDOM.randbytes(SIZE)
        conn_id = self.ctl("open", host, server.getsockname()[1], "--wait")["id"]
        peer, _ = server.accept()
        peer.settimeout(60 * harness.PATIENCE)
        self.addCleanup(peer.close)
        self.assertIs(self.ctl("show", conn_id)["ecn"], True)
        received = []
        reader = threading.Thread(target=lambda: received.append(recv_exactly(peer, SIZE)))
        reader.start()
        self.tcpctl("send", conn_id, "-", input=data)
        reader.join()
        self.assertEqual(received[0], data)
        status = self.ctl("show", conn_id)
        self.tcpctl("abort", conn_id)
        return status

    def check_sending(self, host: str) -> None:
        before = self.counters()
        self.marks = True
        status = self.send_to_kernel(host)
        counters = self.counters()
        self.assertGreater(status["ecn_ece_in"], 0)
        self.assertGreater(counters["ecn_reductions"], before["ecn_reductions"])
        self.assertEqual(counters["ecn_handshakes"], before["ecn_handshakes"] + 1)
        self.assertEqual(status["retransmits"], 0)  # marked, not dropped
        answers = [row for row in self.segments_of(True) if row[0] & CWR and not row[0] & SYN]
        self.assertGreater(len(answers), 0)
        self.check_engine_marks_right()

    def test_engine_offers_and_sends(self) -> None:
        self.check_sending(HOST4)
        first = self.segments_of(True)[0]
        self.assertEqual(first[0] & (SYN | ACK | ECE | CWR), SYN | ECE | CWR)

    def test_engine_offers_and_sends_ipv6(self) -> None:
        self.check_sending(HOST6)

    def check_receiving(self, address: str) -> None:
        listener = self.ctl("listen", PORT)["id"]
        client = self.kernel_client(PORT, address)
        conn_id = self.ctl("accept", listener, "--wait", 10)["id"]
        self.marks = True
        data = harness.RANDOM.randbytes(SIZE)
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        received = b""
        while len(received) < SIZE:
            received += self.tcpctl("receive", conn_id, "--wait", 10).stdout
        sender.join()
        self.assertEqual(received, data)
        status = self.ctl("show", conn_id)
        self.assertIs(status["ecn"], True)
        self.assertGreater(status["ecn_ce_in"], 0)
        kernel = self.segments_of(False)
        self.assertGreater(sum(1 for row in kernel if row[0] & CWR and not row[0] & SYN), 0)
        self.assertGreater(sum(1 for row in self.segments_of(True)
                               if row[0] & ECE and not row[0] & SYN), 0)
        self.check_engine_marks_right()
        self.marks = False
        # The kernel has reduced its window and sent CWR: the echo has stopped.
        client.sendall(b"end")
        wait_for(lambda: self.ctl("show", conn_id)["bytes_received"] == SIZE + 3, what="the rest")
        wait_for(lambda: not self.segments_of(True)[-1][0] & ECE, what="an ACK without ECE")
        self.tcpctl("abort", conn_id)
        self.tcpctl("close", listener)

    def test_kernel_offers_and_sends(self) -> None:
        self.check_receiving(ENGINE4)

    def test_kernel_offers_and_sends_ipv6(self) -> None:
        self.check_receiving(ENGINE6)

    def test_kernel_refuses(self) -> None:
        Path("/proc/sys/net/ipv4/tcp_ecn").write_text("0")
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        self.assertIs(self.ctl("show", conn_id)["ecn"], False)
        self.tcpctl("send", conn_id, "-", input=b"words")
        wait_for(lambda: self.ctl("show", conn_id)["bytes_acked"] == 5, what="the ACK")
        self.assertEqual({row[1] for row in self.segments_of(True)}, {NOT_ECT})
        self.tcpctl("abort", conn_id)

    def test_a_firewall_drops_the_offer(self) -> None:
        """RFC 3168 6.1.1.1: the SYN is repeated without it."""
        passes = self.passes
        self.wire.passes = lambda frame: passes(frame) and not (
            frame.is_tcp and frame.flags & (SYN | ECE) == SYN | ECE)
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        self.assertIs(self.ctl("show", conn_id)["ecn"], False)
        self.assertGreaterEqual(self.counters()["ecn_syn_fallbacks"], 1)
        self.tcpctl("abort", conn_id)


class Passive(harness.SystemTest):
    """The default: accepted from the peer, not offered."""

    def test_both_directions(self) -> None:
        Path("/proc/sys/net/ipv4/tcp_ecn").write_text("1")
        listener = self.ctl("listen", PORT)["id"]
        self.kernel_client(PORT)
        conn_id = self.ctl("accept", listener, "--wait", 10)["id"]
        self.assertIs(self.ctl("show", conn_id)["ecn"], True)
        self.tcpctl("abort", conn_id)
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        self.assertIs(self.ctl("show", conn_id)["ecn"], False)
        self.tcpctl("abort", conn_id)
        self.tcpctl("close", listener)


if __name__ == "__main__":
    harness.main()
