#!/usr/bin/python3
"""repairs.py FOLDER...: how a sender dealt with its losses, from captures of recovery --capture.

For each folder: how many segments were sent and dropped, how soon a dropped one was sent again
(first losses, and losses of retransmissions), how many were sent again needlessly, how long the
sender was silent with data outstanding, and how much was in flight."""
import argparse
import json
import statistics
import struct
from pathlib import Path

SILENCE_S = 0.15
MASK = 0xffffffff


def frames_of(path: Path):
    """(seconds, sender's address, seq, ack, flags, payload bytes, SACK blocks) of each segment."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        seconds, nanoseconds, kept, _ = struct.unpack_from("=IIII", data, at)
        frame = data[at + 16:at + 16 + kept]
        at += 16 + kept
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        total, source = struct.unpack_from("!H", frame, 16)[0], frame[26:30]
        tcp = frame[34:]
        seq, ack = struct.unpack_from("!II", tcp, 4)
        header = (tcp[12] >> 4) * 4
        yield (seconds + nanoseconds / 1e9, source, seq, ack, tcp[13], total - 20 - header,
               list(sack_blocks(tcp[20:header])))


def sack_blocks(options: bytes):
    while options and options[0] != 0:
        if options[0] == 1:
            options = options[1:]
            continue
        length = options[1]
        if options[0] == 5:
            for at in range(2, length, 8):
                yield struct.unpack_from("!II", options, at)
        options = options[length:]


class Story:
    def __init__(self, folder: Path):
        self.frames = sorted(frames_of(folder / "a.pcap"))
        self.sender = next(frame[1] for frame in self.frames if frame[4] & 2 and not frame[4] & 16)
        self.iss = next(frame[2] for frame in self.frames if frame[1] == self.sender)
        self.drops = [frame for frame in frames_of(folder / "dropped.pcap")
                      if frame[1] == self.sender and frame[5] > 0]
        self.sent: dict[int, list] = {}  # by relative sequence number: (time, bytes)
        for seconds, source, seq, _, _, count, _ in self.frames:
            if source == self.sender and count > 0:
                self.sent.setdefault(seq - self.iss & MASK, []).append((seconds, count))

    def summary(self) -> dict:
        copies = sum(len(times) for times in self.sent.values())
        first, again = self._delays()
        duplicates = sum(len(times) - 1 for times in self.sent.values())
        return {"segments": copies, "dropped": len(self.drops), "retransmitted": duplicates,
                "without_need": self._needless(), "first_repair_ms": spread(first),
                "repair_of_repair_ms": spread(again), "dsacks": self._dsacks(),
                "silences": self._silences(), "flight_segments": self._flight()}

    def _delays(self) -> tuple[list, list]:
        first, again = [], []
        for seconds, _, seq, _, _, _, _ in self.drops:
            times = [one for one, _ in self.sent.get(seq - self.iss & MASK, [])]
            later = [one for one in times if one > seconds + 1e-6]
            earlier = [one for one in times if one < seconds - 1e-6]
            if later:
                (again if earlier else first).append((later[0] - seconds) * 1000)
        return first, again

    def _needless(self) -> int:
        """Copies beyond one more than the number dropped."""
        dropped: dict[int, int] = {}
        for frame in self.drops:
            seq = frame[2] - self.iss & MASK
            dropped[seq] = dropped.get(seq, 0) + 1
        return sum(max(0, len(times) - 1 - dropped.get(seq, 0)) for seq, times in self.sent.items())

    def _dsacks(self) -> int:
        count = 0
        for _, source, _, ack, _, _, blocks in self.frames:
            if source != self.sender and blocks:
                left = blocks[0][0] - self.iss & MASK
                below = left < (ack - self.iss & MASK)
                inside = len(blocks) > 1 and (blocks[1][0] - self.iss & MASK) <= left and \
                    (blocks[0][1] - self.iss & MASK) <= (blocks[1][1] - self.iss & MASK)
                count += below or inside
        return count

    def _silences(self) -> dict:
        last, lengths = None, []
        for seconds, source, _, _, _, count, _ in self.frames:
            if source == self.sender and count > 0:
                if last is not None and seconds - last > SILENCE_S:
                    lengths.append(seconds - last)
                last = seconds
        return {"count": len(lengths), "seconds": round(sum(lengths), 2),
                "longest": round(max(lengths, default=0), 2)}

    def _flight(self) -> dict:
        """Segments sent and not acknowledged, ignoring SACK, at each new one."""
        top = acked = 0
        samples = []
        for _, source, seq, ack, _, count, _ in self.frames:
            if source != self.sender:
                acked = max(acked, ack - self.iss & MASK)
            elif count > 0:
                top = max(top, (seq - self.iss & MASK) + count)
                samples.append((top - acked) / 1448)
        return spread(samples)


def spread(values: list) -> dict:
    if not values:
        return {"count": 0}
    ordered = sorted(values)
    return {"count": len(ordered), "mean": round(statistics.mean(ordered), 1),
            **{f"p{part}": round(ordered[min(len(ordered) - 1, len(ordered) * part // 100)], 1)
               for part in (10, 50, 90, 99)}, "max": round(ordered[-1], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    for folder in parser.parse_args().folders:
        print(folder.name)
        for key, value in Story(folder).summary().items():
            print(f"    {key:20} {value if isinstance(value, int) else json.dumps(value)}")


if __name__ == "__main__":
    main()
