"""1,000 connections at once, each way, each with its own bytes, and nothing left behind."""
import asyncio
import resource
import unittest

import harness
from harness import ENGINE4, HOST4, wait_for
from ipc import RpcError, endpoint, receive_all, release

COUNT = 1000


def words(number: int) -> bytes:
    return b"connection %d says hello\n" % number * 8


async def kernel_client(port: int, number: int, connected: asyncio.Semaphore) -> bool:
    async with connected:
        reader, writer = await asyncio.open_connection(ENGINE4, port)
    writer.write(words(number))
    await writer.drain()
    echoed = await reader.readexactly(len(words(number)))
    rest = await reader.read()
    writer.close()
    await writer.wait_closed()
    return echoed == words(number) and rest == b""


class Thousand(harness.SystemTest):
    @classmethod
    def setUpClass(cls) -> None:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        super().setUpClass()

    def echo(self, client, conn_id: int) -> None:
        data = b""
        while data.count(b"\n") < 8:
            data += client.call("receive", id=conn_id, from_offset=len(data), wait_ms=10000).data
        release(client, conn_id, len(data))
        sent = client.call("send", id=conn_id, offset=0, data=data, wait_ms=10000).accepted_to
        self.assertEqual(sent, len(data))

    def accept_all(self, client, listener: int) -> list[int]:
        ids = []
        while len(ids) < COUNT:
            ids.append(client.call("accept", listener_id=listener, wait_ms=20000).id)
        return ids

    def serve_all(self, listener: int) -> list[int]:
        """Accepts all before it answers any, so that all are open at the same time."""
        client = self.client()
        ids = self.accept_all(client, listener)
        rows = [row for row in self.ctl("ls", "state", "ESTABLISHED") if row["id"] in set(ids)]
        self.assertEqual(len(rows), COUNT)
        for conn_id in ids:
            self.echo(client, conn_id)
        for conn_id in ids:
            client.call("close", id=conn_id)
        return ids

    async def run_clients(self, listener: int, port: int) -> list[int]:
        limit = asyncio.Semaphore(64)
        served = asyncio.get_running_loop().run_in_executor(None, self.serve_all, listener)
        answers = await asyncio.gather(
            *(kernel_client(port, number, limit) for number in range(COUNT)))
        self.assertEqual(answers.count(True), COUNT)
        return await served

    def test_kernel_to_engine(self) -> None:
        listener = self.ctl("listen", 9000, "--backlog", 1024)["id"]
        ids = asyncio.run(asyncio.wait_for(self.run_clients(listener, 9000), 120))
        self.assertEqual(len(set(ids)), COUNT)
        self.tcpctl("close", listener)
        self.all_gone()

    async def engine_to_kernel(self, client) -> None:
        async def echo(reader, writer) -> None:
            writer.write(await reader.read())
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(echo, HOST4, 9100, backlog=1024)
        async with server:
            await asyncio.get_running_loop().run_in_executor(None, self.talk_to_kernel, client)

    def talk_to_kernel(self, client) -> None:
        ids = [client.call("open", remote=endpoint(HOST4, 9100)).id for _ in range(COUNT)]
        wait_for(lambda: len(self.ctl("ls", "state", "ESTABLISHED")) == COUNT, 30,
                 "1,000 ESTABLISHED connections")
        for number, conn_id in enumerate(ids):
            client.call("send", id=conn_id, offset=0, data=words(number), fin=True)
        for number, conn_id in enumerate(ids):
            self.assertEqual(receive_all(client, conn_id), words(number))
            client.call("close", id=conn_id)

    def test_engine_to_kernel(self) -> None:
        asyncio.run(asyncio.wait_for(self.engine_to_kernel(self.client()), 120))
        self.all_gone()

    def all_gone(self) -> None:
        """After 2MSL nothing is left, not even memory."""
        wait_for(lambda: self.ctl("ls") == [], 20, "an empty ls")
        wait_for(lambda: self.ctl("tw") == [], 20, "an empty TIME_WAIT table")
        totals = self.client().call("daemon_status")
        self.assertEqual((totals.connections, totals.time_wait, totals.orphans), (0, 0, 0))

    def test_backlog_is_a_limit(self) -> None:
        """Handshakes beyond the backlog are held back, and none that was promised is lost."""
        listener = self.ctl("listen", 9200, "--backlog", 4)["id"]
        clients = [self.kernel_client(9200) for _ in range(4)]
        client = self.client()
        ids = [client.call("accept", listener_id=listener, wait_ms=5000).id for _ in clients]
        self.assertEqual(len(set(ids)), 4)
        with self.assertRaises(RpcError) as caught:
            client.call("accept", listener_id=listener, wait_ms=50)
        self.assertEqual(caught.exception.code, "AGAIN")
        for conn_id in ids:
            client.call("abort", id=conn_id)
        self.tcpctl("close", listener)


if __name__ == "__main__":
    harness.main()
