"""Bulk by a channel, as it looks on the wire: how many ACKs, how large the window."""
import json

import harness
from harness import ENGINE4, HOST4, Capture, Process, run, tshark, wait_for

PROGRAMS = harness.BUILD / "tests" / "bench"
BYTES = 20_000_000
FIELDS = ["ip.src", "tcp.len", "tcp.window_size", "tcp.flags.syn", "tcp.flags.reset", "tcp.flags.fin"]
# A whole GSO frame, less what the peer's window or buffer may cut off.
LARGE_FRAME = 32_768
RING = 4 << 20
ATTEMPTS = 5


class Fetch:
    """What a fetch was on the wire."""

    def __init__(self, path):
        rows = [line.split("\t") for line in tshark(path, "-T", "fields", *sum(
            (["-e", field] for field in FIELDS), []))]
        rows = [(source, int(size), int(window), "1" in (syn[:1], rst[:1], fin[:1]) or
                 "True" in (syn, rst, fin)) for source, size, window, syn, rst, fin in rows]
        self.frames = [size for source, size, _, _ in rows if source == HOST4 and size > 0]
        plain = [(size, window) for source, size, window, is_control in rows
                 if source == ENGINE4 and not is_control]
        self.acks = sum(size == 0 for size, _ in plain)
        self.windows = [window for _, window in plain]

    def __str__(self) -> str:
        return (f"{len(self.frames)} frames, {sum(self.frames)} bytes, {self.acks} ACKs, windows "
                f"{self.windows[:3]}... least {min(self.windows)}, "
                f"{self.windows.count(0)} times 0")


class BulkCase(harness.SystemTest):
    def fetch(self, port: int) -> Fetch:
        """Until tcpdump has kept up with it."""
        for _ in range(ATTEMPTS):
            fetch = self.fetch_once(port)
            if sum(fetch.frames) >= BYTES:
                return fetch
        self.fail("no capture is complete")

    def fetch_once(self, port: int) -> Fetch:
        capture = Capture(self.folder, f"-s 96 tcp port {port}")  # headers only
        done = run(PROGRAMS / "work", "channel", "bulk_in", HOST4, port, BYTES,
                   f"url={self.daemon.url}")
        self.assertEqual(json.loads(done.stdout)["bytes"], BYTES)
        fetch = Fetch(capture.finish())
        print(fetch)
        return fetch

    def with_peer(self, port: int):
        peer = Process([PROGRAMS / "peer", HOST4, port, "bulk_in"], self.folder, f"peer-{port}")
        self.addCleanup(peer.stop)
        wait_for(lambda: b"ready" in peer.output, what="the peer")


class LargeFrameTest(BulkCase):
    def test_one_ack_per_large_frame(self):
        """An application that keeps up or does not: an ACK for what has come, and none beside it only to
        say that it was read. Where the kernel may merge segments, that is one per frame."""
        self.with_peer(4300)
        fetch = self.fetch(4300)
        large = sum(size >= LARGE_FRAME for size in fetch.frames)
        self.assertGreater(large, len(fetch.frames) // 2, "the peer does not send large frames")
        # Beside them: the handshake's, the request's, and updates of a window that was half closed.
        self.assertLessEqual(fetch.acks, len(fetch.frames) + 2 + BYTES // (RING // 4))

    def test_the_window_never_closes(self):
        """It is as large as the ring from the first round trip on, so a fast peer does not find it closed
        before the application could have read. If this machine lets the application wait for as long
        as the ring takes to fill, that shows nothing: once in a few fetches it does not."""
        self.with_peer(4302)
        for _ in range(ATTEMPTS):
            fetch = self.fetch(4302)
            self.assertGreater(fetch.windows[0], RING * 9 // 10, "the first window")
            if 0 not in fetch.windows:
                return
        self.fail(f"each of {ATTEMPTS} fetches has met a window of 0")


class SmallSegmentTest(BulkCase):
    daemon_arguments = ("--set", "checksum_offload=no")

    def test_acks_of_small_segments(self):
        """Without offloads one per two segments suffices, or fewer; none is left out."""
        self.with_peer(4301)
        fetch = self.fetch(4301)
        self.assertLess(max(fetch.frames), 1500)
        self.assertLessEqual(fetch.acks, len(fetch.frames) // 2 + 100)


if __name__ == "__main__":
    harness.main()
