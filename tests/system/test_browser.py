"""The live page, as a browser shows it: Chromium opens it, and is driven by keyboard and mouse."""
import json
import shutil
import signal
import socket

import harness
from browser import Browser
from harness import ENGINE4, HOST4, TCPCTL, wait_for
from rawpeer import RawConnection

PAGE = "http://127.0.0.1:9409/"
EVIL = "<img src=x>"
# Of each edge that was walked since the page was opened.
MOVES = """Object.fromEntries([...document.querySelectorAll(".edge")].map(
    (edge) => [`${edge.dataset.from} ${edge.dataset.to}`, Number(edge.dataset.moves)])
    .filter(([, moves]) => moves > 0))"""
COUNTS = """Object.fromEntries([...document.querySelectorAll("[data-state]")].map(
    (node) => [node.dataset.state, Number(node.dataset.count)]))"""
FOCUS = """(() => { const node = document.activeElement, style = getComputedStyle(node);
    return {name: node.id || node.dataset.sort || node.getAttribute("href") || node.tagName,
            outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0}; })()"""


class LivePage(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.browser = Browser(cls.folder)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self) -> None:
        self.browser.do("media", {"colorScheme": "light", "media": "screen", "reducedMotion": "no-preference",
                                  "forcedColors": "none"})
        self.browser.do("size", 1400, 1000)

    def tearDown(self) -> None:
        """The page never fails, breaks its own policy, or talks to anybody but the daemon."""
        seen = self.browser.do("seen")
        self.assertEqual(seen["errors"] + seen["console"] + seen["violations"], [])
        self.assertEqual(seen["hosts"], ["127.0.0.1:9409"])

    # --- helpers --------------------------------------------------------------------------------

    def open_page(self, fragment: str = "") -> None:
        self.browser.open("about:blank")
        self.browser.open(PAGE + fragment)
        self.browser.wait("document.documentElement.dataset.daemon === 'answering'")
        self.browser.wait("document.querySelectorAll('.edge').length > 20")

    def connect(self, server: socket.socket, tcpctl=TCPCTL) -> tuple[int, socket.socket]:
        """A connection of the engine, and the kernel's end of it."""
        done = harness.run(tcpctl, "--control", self.daemon.url, "--json", "open", HOST4,
                           server.getsockname()[1], "--wait")
        accepted, _ = server.accept()
        self.addCleanup(accepted.close)
        conn_id = json.loads(done.stdout)["id"]
        self.addCleanup(harness.run, TCPCTL, "--control", self.daemon.url, "abort", conn_id, check=False)
        return conn_id, accepted

    def wait_row(self, conn_id: int) -> str:
        selector = f'[data-connection="{conn_id}"]'
        self.browser.wait(f"document.querySelector('{selector}') !== null")
        return selector

    def rows(self) -> list[str]:
        return self.browser.get("[...document.querySelectorAll('[data-connection]')].map("
                                "(row) => row.dataset.connection)")

    # --- tests ----------------------------------------------------------------------------------

    def test_a_handshake_and_a_close_light_their_edges(self) -> None:
        """Those of the connection's history, each once, and no other."""
        wait_for(lambda: not self.ctl("ls") and not self.ctl("tw"), what="no connections")
        self.open_page()
        self.assertEqual(sorted(self.browser.get(COUNTS)), sorted([
            "CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2",
            "CLOSE_WAIT", "CLOSING", "LAST_ACK", "TIME_WAIT"]))
        self.assertEqual(self.browser.get(MOVES), {})
        conn_id, accepted = self.connect(self.kernel_server())
        opening = {"CLOSED SYN_SENT": 1, "SYN_SENT ESTABLISHED": 1}
        self.browser.wait(f"({COUNTS}).ESTABLISHED === 1")
        self.browser.wait(f"Object.keys({MOVES}).length === 2")
        self.assertEqual(self.browser.get(MOVES), opening)
        self.wait_row(conn_id)
        self.tcpctl("close", conn_id)
        self.browser.wait(f"({COUNTS}).FIN_WAIT_2 === 1")
        accepted.close()
        self.browser.wait(f"({MOVES})['TIME_WAIT CLOSED'] === 1")
        self.assertEqual(self.browser.get(MOVES), opening | {
            "ESTABLISHED FIN_WAIT_1": 1, "FIN_WAIT_1 FIN_WAIT_2": 1, "FIN_WAIT_2 TIME_WAIT": 1, "TIME_WAIT CLOSED": 1})
        self.assertEqual({f"{a} {b}" for a, b, _ in self.edges(conn_id)}, set(self.browser.get(MOVES)))

    def test_both_at_once(self) -> None:
        """Simultaneous open and close, by a peer that sends single segments: the middle of the diagram."""
        peer = self.raw_peer()
        self.open_page()
        conn_id = self.ctl("open", peer.address, 7000, "-p", 6000)["id"]
        connection = RawConnection(peer, ENGINE4, 7000, 6000)
        connection.expect("S")
        connection.send("S")
        connection.expect("SA")
        connection.send("SA", seq=connection.snd_nxt - 1)
        self.wait_state(conn_id, "ESTABLISHED")
        self.tcpctl("close", conn_id)
        fin = connection.expect("FA")
        connection.send("FA", ack=fin["TCP"].seq)
        connection.expect("A")
        connection.send("A")
        self.browser.wait(f"({MOVES})['TIME_WAIT CLOSED'] === 1")
        self.assertEqual(self.browser.get(MOVES), dict.fromkeys((
            "CLOSED SYN_SENT", "SYN_SENT SYN_RCVD", "SYN_RCVD ESTABLISHED", "ESTABLISHED FIN_WAIT_1",
            "FIN_WAIT_1 CLOSING", "CLOSING TIME_WAIT", "TIME_WAIT CLOSED"), 1))

    def viewer(self) -> socket.socket:
        """One that is let in: the places of pages that were left are free soon after somebody asks for one."""
        def let_in() -> socket.socket | None:
            stream = socket.create_connection(("127.0.0.1", 9409))
            self.addCleanup(stream.close)
            stream.sendall(b"GET /page/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return stream if b"200 OK" in stream.recv(4096) else None
        return wait_for(let_in, what="a place for a viewer")

    def test_one_viewer_too_many(self) -> None:
        """It is told so, and has its turn once another has gone."""
        self.browser.open("about:blank")
        streams = [self.viewer() for _ in range(8)]
        self.browser.open(PAGE)
        self.browser.wait_text("#notice", "as many viewers as it allows")
        streams[3].close()
        self.browser.wait("document.documentElement.dataset.daemon === 'answering'")

    def test_a_click_explains_a_connection(self) -> None:
        """In tcpctl's own words, with its way through the diagram, its segments and its plots."""
        conn_id, accepted = self.connect(self.kernel_server())
        accepted.shutdown(socket.SHUT_WR)
        self.wait_state(conn_id, "CLOSE_WAIT")
        self.open_page()
        self.browser.do("click", self.wait_row(conn_id) + " .address")
        self.browser.wait_text("#summary", "has not called CLOSE")
        explained = self.ctl("explain", conn_id)
        text = self.browser.text("#explanation")
        for part in (explained["waits_for"], explained["peer"], *explained["hints"]):
            self.assertIn(part, text)
        self.assertEqual(self.browser.get("location.hash"), f"#connection={conn_id}")
        self.assertEqual(self.browser.get(
            "[...document.querySelectorAll('.walked')].map((edge) => edge.dataset.from).sort()"),
            ["CLOSED", "ESTABLISHED", "SYN_SENT"])
        self.assertIn("recv FIN", self.browser.text("#history"))
        self.browser.wait("globalThis.Chart?.getChart(document.querySelector('canvas')).data.datasets[0].data.length > 1")
        self.tcpctl("send", conn_id, input=b"hello")
        for row in ("[data-direction=out][data-flags*=PSH]", "[data-direction=in][data-flags=ACK]"):
            self.browser.wait(f"document.querySelector('#segments {row}') !== null")
        self.assertRegex(self.browser.text("#segments [data-direction=out]"), r"ACK seq 1…6 +ack 2 +5 B")
        self.browser.do("click", "#back")
        self.browser.wait("document.querySelector('#explanation').hidden")
        self.assertNotEqual(self.browser.text(self.wait_row(conn_id)), "")

    def test_a_link_to_a_connection_can_be_kept(self) -> None:
        conn_id, _ = self.connect(self.kernel_server())
        self.open_page(f"#connection={conn_id}")
        self.browser.wait_text("#connection-title", f"ESTABLISHED {conn_id}")
        self.tcpctl("abort", conn_id)
        self.browser.wait_text("#explanation", "dead")
        self.open_page("#connection=999999999999")
        self.browser.wait_text("#explanation", "999999999999")
        self.browser.wait_text("#explanation", "dead")

    def test_the_ladder_of_an_older_connection(self) -> None:
        """What history keeps of the time before, once, then what passes."""
        conn_id, accepted = self.connect(self.kernel_server())
        accepted.shutdown(socket.SHUT_WR)
        self.wait_state(conn_id, "CLOSE_WAIT")
        self.open_page(f"#connection={conn_id}")
        self.browser.wait("document.querySelectorAll('#segments .past').length === 3")
        self.assertRegex(self.browser.text("#segments"), r"(?s)active OPEN.*CLOSED → SYN_SENT.*"
                         r"SYN,ACK seq 0 +ack 1 .*SYN_SENT → ESTABLISHED.*"
                         r"FIN,ACK seq 1 +ack 1 .*ESTABLISHED → CLOSE_WAIT.*No segment has passed since")
        self.tcpctl("send", conn_id, input=b"hello")
        self.browser.wait("document.querySelector('#segments [data-direction=out]') !== null")
        self.assertNotIn("No segment", self.browser.text("#segments"))
        self.browser.wait("document.querySelectorAll('#history tbody tr').length === 3")
        self.assertEqual(self.browser.get("document.querySelectorAll('#segments .past').length"), 3)

    def test_search(self) -> None:
        """By what tcpctl ls takes; what it does not take is said in its words."""
        server, other = self.kernel_server(), self.kernel_server()
        conn_id, _ = self.connect(server)
        other_id, _ = self.connect(other)
        self.open_page()
        self.wait_row(conn_id)
        self.wait_row(other_id)
        self.browser.do("fill", "#filter", f"state established and dport = :{server.getsockname()[1]}")
        self.browser.do("press", "Enter")
        self.browser.wait("document.querySelectorAll('[data-connection]').length === 1")
        self.assertEqual(self.rows(), [str(conn_id)])
        self.browser.do("fill", "#filter", "state nonsense")
        self.browser.do("press", "Enter")
        self.browser.wait("!document.querySelector('#filter-problem').hidden")
        said = self.tcpctl("ls", "state", "nonsense", status=2).stderr.decode()
        self.assertIn("nonsense", self.browser.text("#filter-problem"))
        self.assertIn(self.browser.text("#filter-problem").split(";")[0], said)
        self.browser.do("fill", "#filter", "")
        self.browser.do("press", "Enter")
        self.wait_row(other_id)
        self.assertTrue(self.browser.get("document.querySelector('#filter-problem').hidden"))

    def test_many_are_paged_and_sorted(self) -> None:
        server = self.kernel_server()
        ids = [self.connect(server)[0] for _ in range(3)]
        from ipc import endpoint
        with self.client() as client:
            ids += [client.call("open", remote=endpoint(HOST4, server.getsockname()[1]), wait_ms=5000).id
                    for _ in range(60)]
            wait_for(lambda: len(self.ctl("ls", "state", "established")) >= 63, what="63 connections")
            self.open_page()
            self.browser.wait("document.querySelectorAll('[data-connection]').length === 50")
            first = self.rows()
            self.browser.do("click", "#page-after")
            self.browser.wait(f"!document.querySelector('[data-connection=\"{first[0]}\"]')")
            self.assertFalse(set(first) & set(self.rows()))
            # Of another order, the page after is not known yet.
            self.browser.get("for (const name of ['[data-sort=local]', '#page-after']) document.querySelector(name).click()")
            self.browser.wait("document.querySelector('#where').innerText.startsWith('1 to 50')")
            self.assertTrue(self.browser.get("document.querySelector('#filter-problem').hidden"))
            self.browser.get("for (let n = 0; n < 2; n++) document.querySelector('[data-sort=id]').click()")
            self.browser.wait("document.querySelector('[aria-sort]').getAttribute('aria-sort') === 'descending'")
            self.browser.wait(f"document.querySelector('[data-connection]').dataset.connection === '{max(ids)}'")
            self.assertEqual(self.rows(), sorted(self.rows(), key=int, reverse=True))

    def test_keyboard_alone(self) -> None:
        """Everything has its turn, each visibly; and who comes back is where he was."""
        conn_id, _ = self.connect(self.kernel_server())
        self.open_page()
        self.wait_row(conn_id)
        self.browser.get("document.activeElement.blur()")
        walked = []
        while not walked or walked[-1]["name"] != f"#connection={conn_id}":
            self.assertLess(len(walked), 60, walked)
            self.browser.do("press", "Tab")
            walked.append(self.browser.get(FOCUS))
        self.assertEqual([step["name"] for step in walked if not step["outline"]], [])
        names = [step["name"] for step in walked]
        self.assertEqual(names[0], "skip")
        for name in ("filter", "filter-state", "id", "state", "rtt"):
            self.assertIn(name, names)
        self.browser.do("press", "Enter")
        self.browser.wait_text("#connection-title", f"ESTABLISHED {conn_id}")
        self.browser.do("press", "Shift+Tab")
        self.assertEqual(self.browser.get(FOCUS)["name"], "back")
        self.browser.do("press", "Enter")
        self.browser.wait(f"({FOCUS}).name === '#connection={conn_id}'")

    def test_screen_readers_get_all_of_it(self) -> None:
        conn_id, _ = self.connect(self.kernel_server())
        self.open_page()
        self.wait_row(conn_id)
        self.browser.wait(f"({COUNTS}).ESTABLISHED === 1")
        tree = self.browser.do("tree", "body")
        for part in ("banner", "main", "navigation", 'region "Health"', 'region "Connections"', 'img "The TCP state diagram',
                     'row "ESTABLISHED 1 data flows both ways"', "- search", 'combobox "Filter"', 'combobox "State"',
                     'button "RTT"', f'link "{conn_id}"'):
            self.assertIn(part, tree)

    def test_names_are_no_markup(self) -> None:
        program = self.folder / EVIL
        shutil.copy(TCPCTL, program)
        conn_id, accepted = self.connect(self.kernel_server(), program)
        self.open_page()
        row = self.wait_row(conn_id)
        self.browser.wait_text(row, EVIL)
        accepted.shutdown(socket.SHUT_WR)
        self.browser.do("press", "Home")
        self.browser.do("click", row + " a")
        self.browser.wait_text("#explanation", EVIL)
        self.assertEqual(self.browser.get("document.querySelectorAll('img').length"), 0)

    def test_dark_narrow_still_and_printed(self) -> None:
        background = "getComputedStyle(document.documentElement).backgroundColor"
        conn_id, _ = self.connect(self.kernel_server())
        self.open_page()
        light = self.browser.get(background)
        self.browser.do("media", {"colorScheme": "dark"})
        dark = self.browser.get(background)
        self.assertGreater(sum(channels(light)), 600)
        self.assertLess(sum(channels(dark)), 150)
        self.browser.do("size", 360, 740)
        for fragment in ("", f"#connection={conn_id}"):
            self.open_page(fragment)
            self.browser.wait("document.documentElement.scrollWidth <= 360")
        self.browser.wait_text("#diagram table", "ESTABLISHED\t1")  # the picture is too small to be read
        self.browser.do("media", {"media": "print"})
        self.assertEqual(self.browser.get("getComputedStyle(document.querySelector('.search')).display"), "none")
        self.assertEqual(self.browser.get(background), "rgb(255, 255, 255)")
        self.assertEqual(self.browser.get("getComputedStyle(document.querySelector('#back')).display !== 'none' && "
                                          "document.querySelector('#back').offsetParent !== null"), False)
        self.browser.do("media", {"media": "screen", "reducedMotion": "reduce"})
        self.open_page()
        self.tcpctl("abort", conn_id)
        self.browser.wait(f"({MOVES})['ESTABLISHED CLOSED'] >= 1")
        self.assertEqual(self.browser.get("document.querySelectorAll('.comet').length > 0 && "
                                          "[...document.querySelectorAll('.comet')].every("
                                          "(comet) => comet.getAnimations().length === 0)"), True)

    def test_colors_of_the_user_alone(self) -> None:
        """What is nothing but a background is still seen."""
        self.browser.do("media", {"forcedColors": "active"})
        self.open_page()
        ink = self.browser.get("getComputedStyle(document.querySelector('#health')).color")
        for selector, part in ((".live", "'::before'"), (".verdict", "'::before'")):
            self.browser.wait(f"document.querySelector('{selector}') !== null")
            self.assertEqual(self.browser.get(
                f"getComputedStyle(document.querySelector('{selector}'), {part}).backgroundColor"), ink, selector)
        self.assertEqual(self.browser.get(
            "(({borderTopWidth, borderTopColor}) => [borderTopWidth, borderTopColor])"
            "(getComputedStyle(document.querySelector('meter')))"), ["1px", ink])

    def test_listeners(self) -> None:
        listener = self.ctl("listen", 7200, "--backlog", "2")["id"]
        self.addCleanup(self.tcpctl, "close", listener)
        for _ in range(2):
            self.kernel_client(7200)
        self.open_page()
        self.browser.wait_text(f'[data-listener="{listener}"]', "2 of 2, full")
        self.browser.wait_text("#health", "full accept queue")
        self.browser.do("click", f'[data-listener="{listener}"] a')
        self.browser.wait_text("#explanation", self.ctl("explain", listener)["summary"][:20])
        self.browser.wait("document.querySelector('#plots-of-connection').hidden")
        self.assertEqual(self.browser.text(".ends"), "*:7200")

    def test_a_daemon_that_restarts(self) -> None:
        self.open_page()
        type(self).stop_daemon()
        self.browser.wait_text("#notice", "The daemon is not answering")
        self.assertEqual(self.browser.text("#live"), "not live")
        type(self).start_daemon()
        self.browser.wait("document.documentElement.dataset.daemon === 'answering'")
        conn_id, _ = self.connect(self.kernel_server())
        self.wait_row(conn_id)
        self.browser.wait(f"({MOVES})['SYN_SENT ESTABLISHED'] >= 1")
        self.assertTrue(self.browser.get("document.querySelector('#notice').hidden"))

    def test_a_daemon_that_stands_still(self) -> None:
        """It ends no connection, so the page counts the seconds: here they pass at once."""
        self.open_page()
        self.daemon.send_signal(signal.SIGSTOP)
        self.addCleanup(self.daemon.send_signal, signal.SIGCONT)
        self.browser.get("(() => { const now = performance.now.bind(performance); performance.now = () => now() + 15000; })()")
        self.browser.wait_text("#notice", "The daemon has become silent")
        self.assertEqual(self.browser.text("#live"), "not live")
        self.daemon.send_signal(signal.SIGCONT)
        self.browser.wait("document.documentElement.dataset.daemon === 'answering'")
        self.assertTrue(self.browser.get("document.querySelector('#notice').hidden"))


def channels(color: str) -> list[int]:
    return [int(part) for part in color.removeprefix("rgb(").removesuffix(")").split(",")]


if __name__ == "__main__":
    harness.main()
