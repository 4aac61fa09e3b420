"""tcpctl capture: pcapng from inside the engine, read with tshark."""
import json
import os
import select
import signal
import stat
import subprocess
from pathlib import Path

import harness
from harness import ENGINE4, HOST4, run, tshark, wait_for
from rawpeer import RawConnection

EXTCAP = Path(__file__).resolve().parents[2] / "cli/extcap/tcpengine"
NOBODY, GROUP = 65534, 4242
NUMBER_OF_CAPTURES = 8


class Captures(harness.SystemTest):
    daemon_arguments = ("--set", f"control_group={GROUP}")
    number = 0

    def capture(self, *arguments, path: Path | None = None):
        """A running capture, and its file."""
        Captures.number += 1
        path = path or self.folder / f"{Captures.number}.pcapng"
        process = self.tcpctl_process(f"capture-{Captures.number}", "capture", "-w", path,
                                      *arguments)
        wait_for(lambda: path.exists() and path.stat().st_size > 100, what="the head of the file")
        return process, path

    def finish(self, process) -> str:
        """Ends it, and returns what it says."""
        process.stop(signal.SIGINT)
        return process.log

    def comments(self, path: Path, *arguments: str) -> list[str]:
        return [line.split("\t")[-1] for line in
                tshark(path, "-T", "fields", "-e", "tcp.flags.str", "-e", "frame.comment",
                       *arguments)]

    def opened(self):
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        peer, _ = server.accept()
        return conn_id, peer

    def short_life(self) -> int:
        """A connection that sends something and closes."""
        server = self.kernel_server()
        conn_id = self.ctl("open", HOST4, server.getsockname()[1], "--wait")["id"]
        peer, _ = server.accept()
        with peer:
            self.tcpctl("send", conn_id, "-", input=b"hello")
            self.assertEqual(harness.recv_exactly(peer, 5), b"hello")
        self.tcpctl("close", conn_id)
        wait_for(lambda: self.state_of(conn_id) in ("TIME_WAIT", "CLOSED"), what="the end")
        return conn_id

    # --- what is in it --------------------------------------------------------------------------

    def test_a_life_with_its_states(self) -> None:
        process, path = self.capture()
        conn_id = self.short_life()
        log = self.finish(process)
        comments = self.comments(path, "-Y", "tcp")
        self.assertIn(f"connection {conn_id}, SYN_SENT", comments[0])
        self.assertIn(f"connection {conn_id}, SYN_SENT -> ESTABLISHED", comments[1])
        self.assertTrue(any("ESTABLISHED -> CLOSE_WAIT" in text or "FIN_WAIT" in text
                            for text in comments), comments)
        count = len(tshark(path))
        self.assertIn(f"capture: {count} packets, 0 lost", log)
        self.assertEqual(set(tshark(path, "-Y", "tcp", "-o", "tcp.check_checksum:TRUE", "-T",
                                    "fields", "-e", "tcp.checksum.status")), {"1"})
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(set(tshark(path, "-T", "fields", "-e", "frame.interface_name")),
                         {harness.TAP})

    def test_names_and_statistics(self) -> None:
        process, path = self.capture()
        self.short_life()
        self.finish(process)
        # Without -n, names of the file's own block are used.
        lines = run("tshark", "-r", path, "-N", "n", "-T", "fields", "-e", "ip.src_host").stdout
        self.assertIn(b"tcpengine", lines)
        report = run("capinfos", "-M", path).stdout.decode()
        self.assertIn("tcpengined ", report)
        self.assertRegex(report, r"Number of stat entries = 1")

    def test_drops_and_challenges(self) -> None:
        port = 4321
        listener = self.ctl("listen", port)
        raw = self.raw_peer()
        raw.learn_engine(ENGINE4)
        peer = RawConnection(raw, ENGINE4, 5555, port)
        process, path = self.capture(f"dport = :{peer.port}")
        peer.open_to_listener()
        conn_id = self.ctl("accept", listener["id"], "--wait", "10")["id"]
        peer.send("R", seq=peer.snd_nxt + 100)
        peer.expect("A")
        peer.send("R", seq=peer.snd_nxt - 100)
        wait_for(lambda: "rst_unacceptable" in [row["reason"] for row in
                                                self.ctl("history", conn_id, "--drops")])
        self.finish(process)
        comments = self.comments(path)
        self.assertIn(f"connection {conn_id} of listener {listener['id']}, LISTEN -> SYN_RCVD",
                      comments[0])
        self.assertEqual(len([text for text in comments if "rst_inexact drop: A RST in" in text]), 1)
        self.assertIn("Challenge ACK", [text for text in comments if "rst_inexact" not in text
                                        and "hallenge" in text][0])
        self.assertTrue(any("rst_unacceptable drop: A RST outside" in text for text in comments))
        self.tcpctl("abort", conn_id)
        self.tcpctl("close", listener["id"])

    def test_a_retransmission_says_why(self) -> None:
        raw = self.raw_peer()
        raw.learn_engine(ENGINE4)
        process, path = self.capture(f"dst {raw.address}")
        opened = self.ctl("open", raw.address, "7777")
        raw.expect("S")
        raw.expect("S", timeout=10)
        self.finish(process)
        comments = self.comments(path)
        self.assertEqual(comments[0], f"connection {opened['id']}, SYN_SENT")
        self.assertIn("SYN retransmission 1: 1 byte from", comments[1])
        self.tcpctl("abort", opened["id"])

    # --- how much of it -------------------------------------------------------------------------

    def test_count_snaplen_and_filter(self) -> None:
        server = self.kernel_server()
        port = server.getsockname()[1]
        process, path = self.capture("--count", "3", "--snaplen", "60", f"dport = :{port}")
        self.short_life()  # another port
        conn_id = self.ctl("open", HOST4, port, "--wait")["id"]
        peer, _ = server.accept()
        with peer:
            self.tcpctl("send", conn_id, "-", input=b"x" * 500)
        self.assertEqual(process.wait(30), 0, process.log)
        rows = tshark(path, "-T", "fields", "-e", "frame.cap_len", "-e", "tcp.srcport", "-e",
                      "tcp.dstport")
        self.assertEqual(len(rows), 3)
        for row in rows:
            length, *ports = (int(word) for word in row.split("\t"))
            self.assertLessEqual(length, 60)
            self.assertIn(port, ports)
        self.tcpctl("abort", conn_id)

    def test_filter_by_program_and_id(self) -> None:
        """To the last packet, which comes when the connection is gone."""
        conn_id, peer = self.opened()
        ours, path = self.capture(f"program tcpc* and id {conn_id}")
        others, path_of_others = self.capture(f"program != tcpctl or id > {conn_id}")
        with peer:
            self.tcpctl("send", conn_id, "-", input=b"hello")
            self.assertEqual(harness.recv_exactly(peer, 5), b"hello")
            self.tcpctl("abort", conn_id)
            wait_for(lambda: self.comments(path, "-Y", "tcp.flags.reset == 1"), what="our RST")
        self.finish(ours)
        self.finish(others)
        self.assertEqual(self.comments(path_of_others), [])
        self.assertEqual({text.split(",")[0] for text in self.comments(path)},
                         {f"connection {conn_id}"})

    def test_seconds_end_it(self) -> None:
        process, path = self.capture("--seconds", "0.3")
        self.assertEqual(process.wait(30), 0, process.log)
        self.assertEqual(tshark(path, "-Y", "tcp"), [])

    def test_into_a_pipe(self) -> None:
        with subprocess.Popen([harness.TCPCTL, "--control", self.daemon.url, "capture", "-w", "-",
                               "-c", "1", "state", "syn-sent"], stdout=subprocess.PIPE) as process:
            self.wait_capturing(process.stdout)
            conn_id = self.short_life()
            done = run("tshark", "-r", "-", "-n", "-T", "fields", "-e", "frame.comment",
                       stdin=process.stdout)
        self.assertEqual(done.stdout.decode(), f"connection {conn_id}, SYN_SENT\n")

    def wait_capturing(self, pipe) -> None:
        """Its head comes as soon as it has begun."""
        self.assertTrue(select.select([pipe], [], [], 30)[0])

    def test_a_ring_of_files(self) -> None:
        path = self.folder / "ring"
        process = self.tcpctl_process("ring", "capture", "-w", path, "-C", "3000", "-W", "3")
        wait_for(lambda: Path(f"{path}.0").exists(), what="the first file")
        wait_for(lambda: Path(f"{path}.0").stat().st_size > 100, what="its head")
        for _ in range(5):
            self.short_life()
        self.finish(process)
        files = sorted(self.folder.glob("ring.*"))
        self.assertEqual([file.name for file in files], ["ring.0", "ring.1", "ring.2"])
        for file in files:
            self.assertLess(file.stat().st_size, 3400)
            self.assertTrue(self.comments(file)[0])

    # --- who may, and what it costs -------------------------------------------------------------

    def test_users_capture_their_own(self) -> None:
        server = self.kernel_server()
        command = [harness.TCPCTL, "--control", self.daemon.url]
        user = {"user": NOBODY, "group": GROUP, "extra_groups": [], "stdout": subprocess.PIPE}
        with subprocess.Popen([*command, "capture", "-w", "-", "-c", "3"], **user) as process:
            self.wait_capturing(process.stdout)
            self.short_life()  # root's
            opened = subprocess.run([*command, "--json", "open", HOST4,
                                     str(server.getsockname()[1]), "--wait"], check=True, **user)
            output, _ = process.communicate(timeout=60)
        conn_id = json.loads(opened.stdout)["id"]
        path = self.folder / "own.pcapng"
        path.write_bytes(output)
        comments = self.comments(path)
        self.assertEqual(len(comments), 3)
        for text in comments:
            self.assertIn(f"connection {conn_id},", text)
        self.tcpctl("abort", conn_id)

    def test_a_slow_reader_slows_nobody(self) -> None:
        """It loses packets, by number."""
        sink = harness.KernelSink()
        command = [harness.TCPCTL, "--control", self.daemon.url, "capture", "-w", "-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.wait_capturing(process.stdout)
            source, digest = harness.random_file(str(self.folder), 12 << 20)
            with open(source, "rb") as data:
                self.tcpctl("connect", "-N", HOST4, sink.port, stdin=data, timeout=120)
            self.assertEqual(sink.finish(), digest)
            process.send_signal(signal.SIGINT)
            output, log = process.communicate(timeout=60)
        self.assertRegex(log.decode(), r"capture: \d+ packets, [1-9]\d* lost because")
        path = self.folder / "slow.pcapng"
        path.write_bytes(output)
        self.assertTrue(tshark(path, "-c", "1"))

    def test_so_many_at_once(self) -> None:
        running = [self.capture()[0] for _ in range(NUMBER_OF_CAPTURES)]
        error = self.tcpctl("capture", "-w", self.folder / "more", status=1).stderr.decode()
        self.assertRegex(error, r"^tcpctl: capture: .*limit.*EMFILE.*\n$")
        for process in running:
            process.stop(signal.SIGKILL)
        wait_for(lambda: self.ctl("status")["links"] == 1, what="their ends")
        self.finish(self.capture()[0])

    def test_wrong_words(self) -> None:
        for words in (["capture"], ["capture", "-w", "-", "-C", "1000"],
                      ["capture", "-w", "x", "-c", "0"], ["capture", "-w", "x", "port"]):
            with self.subTest(words=words):
                self.tcpctl(*words, status=2)
        error = self.tcpctl("capture", "-w", "/nonexistent/x", status=1).stderr.decode()
        self.assertIn("/nonexistent/x: No such file", error)

    # --- Wireshark ------------------------------------------------------------------------------

    def test_extcap(self) -> None:
        environment = {**os.environ, "TCPCTL": str(harness.TCPCTL),
                       "TCPENGINE_CONTROL": self.daemon.url}
        done = run(EXTCAP, "--extcap-interfaces", env=environment).stdout.decode()
        self.assertIn("interface {value=tcpengine}", done)
        done = run(EXTCAP, "--extcap-interface=tcpengine", "--extcap-dlts", env=environment)
        self.assertIn(b"dlt {number=1}", done.stdout)
        done = run(EXTCAP, "--extcap-interface=tcpengine", "--extcap-config", env=environment)
        self.assertIn(b"{call=--control}", done.stdout)
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with subprocess.Popen([EXTCAP, "--capture", "--extcap-interface=tcpengine", "--fifo", fifo,
                               "--expression", "state syn-sent"], env=environment) as script, \
                open(fifo, "rb") as pipe:
            self.wait_capturing(pipe)
            conn_id = self.short_life()
            script.terminate()
            output = run("tshark", "-r", "-", "-n", "-c", "1", "-T", "fields", "-e",
                         "frame.comment", stdin=pipe).stdout
        self.assertEqual(output.decode(), f"connection {conn_id}, SYN_SENT\n")

    def test_a_reader_that_leaves_ends_it(self) -> None:
        """As Wireshark does when somebody stops the capture: nothing went wrong."""
        environment = {**os.environ, "TCPCTL": str(harness.TCPCTL),
                       "TCPENGINE_CONTROL": self.daemon.url}
        fifo = self.folder / "left"
        os.mkfifo(fifo)
        with subprocess.Popen([EXTCAP, "--capture", "--extcap-interface=tcpengine", "--fifo", fifo,
                               "--expression", "state syn-sent", "--extcap-capture-filter",
                               "dst 10.0.0.0/8"], env=environment, stderr=subprocess.PIPE) as script:
            with open(fifo, "rb") as pipe:
                self.wait_capturing(pipe)
            self.short_life()
            self.assertEqual(script.wait(60), 0)
            self.assertEqual(script.stderr.read(), b"")


if __name__ == "__main__":
    harness.main()
