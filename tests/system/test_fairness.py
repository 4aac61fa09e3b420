"""Long answers come in short pages, complete while things come and go; nobody's requests keep the
network, or other users, waiting. What it costs them is for tests/bench/pressure: here only what
must be true at any speed is tested."""
import contextlib
import os
import socket
import threading

import harness
from harness import HOST4
from ipc import Client, RpcError, endpoint, frame, pb

GROUP, ATTACKER, SENDER, CLIENT = 54300, 54301, 54302, 54303
PAGE_MAX = 128
SEARCH_MAX = 4096  # events looked at in one turn
FIRST_PORT = 20000


class Fairness(harness.SystemTest):
    daemon_arguments = ("--set", f"control_group={GROUP}", "--msl", "60")

    def client_of(self, uid: int) -> Client:
        with harness.effective_user(uid, GROUP):
            client = Client(str(self.daemon.control))
        self.addCleanup(client.close)
        return client

    def listen(self, client: Client, port: int) -> int:
        return client.call("open", passive=True, local=endpoint("", port),
                           token=int.from_bytes(os.urandom(7), "big")).id

    # --- pages ----------------------------------------------------------------------------------

    def pages(self, client: Client, verb: str, between, **fields):
        """All pages of a list; between() is called after each."""
        cursor, pages = 0, []
        while True:
            result = client.call(verb, cursor=cursor, **fields)
            pages.append(result)
            if result.done:
                return pages
            cursor = result.cursor
            between()

    def test_a_list_is_complete_while_things_come_and_go(self) -> None:
        client, other = self.client_of(CLIENT), self.client_of(CLIENT)
        stay = {self.listen(client, FIRST_PORT + i) for i in range(600)}
        moving = [self.listen(client, FIRST_PORT + 1000 + i) for i in range(300)]

        def change() -> None:
            for _ in range(20):
                other.call("close", id=moving.pop(0))
                moving.append(self.listen(other, FIRST_PORT + 2000 + len(seen)))
                seen.append(moving[-1])

        seen: list[int] = []
        pages = self.pages(client, "list", change, max=50)
        ids = [row.id for page in pages for row in page.connections]
        self.assertTrue(all(len(page.connections) <= 50 for page in pages))
        self.assertEqual(len(ids), len(set(ids)), "some came twice")
        self.assertLessEqual(stay, set(ids), "some were missed")
        # The first page's number leaves no gap: with the events since, the list is what there is.
        alive, after = set(ids), pages[0].as_of_seq
        while events := client.call("next_events", after_seq=after).events:
            for event in events:
                (alive.add if event.to == pb.LISTEN else alive.discard)(event.id)
            after = events[-1].seq
        self.assertEqual(alive, stay | set(moving))
        for number in stay | set(moving):
            client.call("close", id=number)

    def test_a_page_has_an_upper_bound(self) -> None:
        client = self.client_of(CLIENT)
        ids = [self.listen(client, FIRST_PORT + i) for i in range(600)]
        pages = self.pages(client, "list", lambda: None, max=1000)
        self.assertEqual([len(page.connections) for page in pages], [128, 128, 128, 128, 88])
        self.assertEqual(sorted(row.id for page in pages for row in page.connections), sorted(ids))
        self.assertEqual(len(client.call("next_events", max=1000).events), PAGE_MAX)
        for number in ids:
            client.call("close", id=number)

    def test_time_wait_comes_in_pages(self) -> None:
        client = self.client_of(CLIENT)
        server = self.kernel_server()

        def wait_one() -> int:
            result = client.call("open", remote=endpoint(HOST4, server.getsockname()[1]),
                                 wait_ms=10000, token=int.from_bytes(os.urandom(7), "big"))
            peer, _ = server.accept()
            client.call("shutdown", id=result.id)
            peer.recv(1)
            peer.close()
            client.call("close", id=result.id, wait_ms=10000)
            return result.id

        stay = {wait_one() for _ in range(150)}
        pages = self.pages(client, "time_wait_list", lambda: [wait_one() for _ in range(10)], max=20)
        ids = [row.id for page in pages for row in page.entries]
        self.assertTrue(all(len(page.entries) <= 20 for page in pages))
        self.assertEqual(len(ids), len(set(ids)), "some came twice")
        self.assertLessEqual(stay, set(ids), "some were missed")

    def test_a_search_goes_on_until_it_finds(self) -> None:
        """One event of ours behind so many of others that one turn does not look at them all."""
        noisy, client = self.client_of(SENDER), self.client_of(CLIENT)
        after = client.call("next_events", after_seq=2 ** 64 - 1).last_seq
        for _ in range(SEARCH_MAX // 2 + 100):
            noisy.call("close", id=self.listen(noisy, FIRST_PORT))
        ours = self.listen(client, FIRST_PORT)
        events = client.call("next_events", after_seq=after).events
        self.assertEqual([event.id for event in events], [ours])
        self.assertGreater(events[0].seq - after, SEARCH_MAX)
        client.call("close", id=ours)

    # --- turns ----------------------------------------------------------------------------------

    def pipeline(self, client: Client, request: bytes) -> threading.Event:
        """Asks without pause, and reads the answers, until the event is set."""
        stop = threading.Event()
        link = client.link.socket

        def ask() -> None:
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    link.sendall(frame(request) * 64)

        def read() -> None:
            with contextlib.suppress(OSError):
                while link.recv(1 << 20):
                    pass

        for target in (ask, read):
            threading.Thread(target=target, daemon=True).start()
        self.addCleanup(stop.set)
        return stop

    def test_a_transfer_and_others_beside_a_flood_of_requests(self) -> None:
        attackers = [self.client_of(ATTACKER) for _ in range(4)]
        owned = [self.listen(attackers[0], FIRST_PORT + i) for i in range(300)]
        request = attackers[0].request("list", {"max": 1000}).SerializeToString()
        sender, client = self.client_of(SENDER), self.client_of(CLIENT)
        sink = harness.KernelSink()
        conn = sender.call("open", remote=endpoint(HOST4, sink.port), wait_ms=10000, token=1).id
        stops = [self.pipeline(attacker, request) for attacker in attackers]
        piece, offset = bytes(65536), 0
        while offset < 32 << 20:
            offset = sender.call("send", id=conn, offset=offset, data=piece,
                                 wait_ms=10000).accepted_to
            if offset % (1 << 20) == 0:
                client.call("daemon_status")  # another user is answered all the time
        sender.call("send", id=conn, offset=offset, fin=True, wait_ms=10000)
        sink.finish()
        self.assertEqual(sink.count, offset)
        counters = {row.name: row.value for row in client.call("counters").counters}
        self.assertGreater(counters["ipc_turns_held_back"], 0)
        for stop in stops:
            stop.set()
        for attacker in attackers:
            attacker.close()
        root = self.client()
        for number in owned:
            root.call("close", id=number)

    def test_a_storm_of_connections_delays_no_other_user(self) -> None:
        stop = threading.Event()
        self.addCleanup(stop.set)
        path = str(self.daemon.control)

        def storm() -> None:
            while not stop.is_set():
                link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                with link:
                    link.connect(path)

        thread = threading.Thread(target=storm, daemon=True)  # root's
        thread.start()
        for _ in range(20):
            client = harness.wait_for(self.connect_as_client, what="a place in the queue")
            with self.assertRaises(RpcError):
                client.call("status", id=10 ** 9)
            client.close()
        stop.set()
        thread.join(10)
        counters = self.counters()
        self.assertGreater(counters["ipc_links_abandoned"], 0)

    def connect_as_client(self) -> Client | None:
        with contextlib.suppress(BlockingIOError):  # Python's sockets with a timeout do not block
            return self.client_of(CLIENT)


if __name__ == "__main__":
    harness.main()
