"""Every verb runs exactly once, however often its request arrives and wherever the link breaks."""
import unittest

import harness
from harness import HOST4, recv_exactly
from ipc import Link, RpcError, endpoint, frame, pb

HANDSHAKE_MS = 5000


class ExactlyOnce(harness.SystemTest):
    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.port = self.server.getsockname()[1]

    def connected(self, client):
        conn_id = client.call("open", remote=endpoint(HOST4, self.port), wait_ms=HANDSHAKE_MS).id
        accepted, _ = self.server.accept()
        accepted.settimeout(10)
        self.addCleanup(accepted.close)
        return conn_id, accepted

    def twice(self, client, verb: str, **fields) -> tuple[pb.Response, pb.Response]:
        """The same request, byte for byte, on two successive links."""
        request = client.request(verb, fields)
        first = client.exchange(request)
        with Link(str(self.daemon.control)) as link:
            link.send(request.SerializeToString(), 1)
            second = pb.Response.FromString(link.receive()[1])
        return first, second

    def test_open_by_token(self) -> None:
        client = self.client()
        fields = {"remote": endpoint(HOST4, self.port), "token": 4711, "wait_ms": HANDSHAKE_MS}
        first, second = self.twice(client, "open", **fields)
        self.assertEqual(first.open.id, second.open.id)
        again = client.call("open", **fields)
        self.assertEqual(again.id, first.open.id)
        self.assertEqual(len(self.ctl("ls", "dport", "=", f":{self.port}")), 1)
        client.call("abort", id=first.open.id)

    def test_accept_by_token(self) -> None:
        client = self.client()
        listener = client.call("open", passive=True, local=endpoint("", 7000)).id
        self.kernel_client(7000)
        self.kernel_client(7000)
        first, second = self.twice(client, "accept", listener_id=listener, token=5, wait_ms=5000)
        self.assertEqual(first.accept.id, second.accept.id)
        other = client.call("accept", listener_id=listener, token=6, wait_ms=5000)
        self.assertNotEqual(other.id, first.accept.id)
        for conn_id in (first.accept.id, other.id, listener):
            client.call("abort" if conn_id != listener else "close", id=conn_id)

    def test_send_by_offset(self) -> None:
        client = self.client()
        conn_id, accepted = self.connected(client)
        first, second = self.twice(client, "send", id=conn_id, offset=0, data=b"once")
        self.assertEqual((first.send.accepted_to, second.send.accepted_to), (4, 4))
        overlapping = client.call("send", id=conn_id, offset=2, data=b"ce only", fin=True)
        self.assertEqual(overlapping.accepted_to, 9)
        self.assertEqual(recv_exactly(accepted, 10), b"once only")
        with self.assertRaises(RpcError) as caught:
            client.call("send", id=conn_id, offset=100, data=b"gap")
        self.assertIn(caught.exception.code, ("BAD_OFFSET", "CONNECTION_CLOSING"))
        client.call("abort", id=conn_id)

    def test_gap_is_an_error(self) -> None:
        client = self.client()
        conn_id, _ = self.connected(client)
        with self.assertRaises(RpcError) as caught:
            client.call("send", id=conn_id, offset=1, data=b"gap")
        self.assertEqual(caught.exception.code, "BAD_OFFSET")
        client.call("abort", id=conn_id)

    def test_receive_by_offset(self) -> None:
        client = self.client()
        conn_id, accepted = self.connected(client)
        accepted.sendall(b"0123456789")
        accepted.shutdown(1)
        first, second = self.twice(client, "receive", id=conn_id, from_offset=0, max=4,
                                   wait_ms=5000)
        self.assertEqual((first.receive.data, second.receive.data), (b"0123", b"0123"))
        rest = client.call("receive", id=conn_id, from_offset=2, wait_ms=5000)
        self.assertEqual((rest.offset, rest.data), (2, b"23456789"))
        end = client.call("receive", id=conn_id, from_offset=10, wait_ms=5000)
        self.assertEqual((end.data, end.end), (b"", True))
        with self.assertRaises(RpcError) as caught:
            client.call("receive", id=conn_id, from_offset=0)
        self.assertEqual(caught.exception.code, "BAD_OFFSET")
        client.call("close", id=conn_id)

    def test_close_again(self) -> None:
        """A repeated request gets the same answer; a new one finds the connection closing."""
        client = self.client()
        conn_id, _ = self.connected(client)
        first, second = self.twice(client, "close", id=conn_id)
        self.assertEqual((first.status.code, second.status.code), (pb.OK, pb.OK))
        with self.assertRaises(RpcError) as caught:
            client.call("close", id=conn_id)
        self.assertIn(caught.exception.code, ("CONNECTION_CLOSING", "NOT_FOUND"))

    def test_cut_off_at_any_byte(self) -> None:
        """A Send whose link breaks after each byte in turn, then sent whole."""
        client = self.client()
        conn_id, accepted = self.connected(client)
        sent = b""
        for number in range(60):
            data = b"piece %d;" % number
            fields = {"id": conn_id, "offset": len(sent), "data": data}
            whole = frame(client.request("send", fields).SerializeToString())
            with Link(str(self.daemon.control)) as link:
                link.socket.sendall(whole[:number % len(whole)] if number % 2 else whole)
            self.assertEqual(client.call("send", **fields).accepted_to, len(sent) + len(data))
            sent += data
        self.assertEqual(recv_exactly(accepted, len(sent)), sent)
        client.call("abort", id=conn_id)

    def test_deadline_is_kept(self) -> None:
        client = self.client()
        listener = client.call("open", passive=True, local=endpoint("", 7001)).id
        request = client.request("accept", {"listener_id": listener, "wait_ms": 20000})
        request.deadline_ms = 300
        response = client.exchange(request)
        self.assertIn(pb.Code.Name(response.status.code), ("DEADLINE", "AGAIN"))
        client.call("close", id=listener)

    def test_list_then_watch_has_no_gap(self) -> None:
        client = self.client()
        as_of = client.call("list").as_of_seq
        conn_id, _ = self.connected(client)
        events = client.call("next_events", after_seq=as_of, wait_ms=5000).events
        mine = [pb.State.Name(event.to) for event in events if event.id == conn_id]
        self.assertEqual(mine, ["SYN_SENT", "ESTABLISHED"])
        client.call("abort", id=conn_id)


if __name__ == "__main__":
    harness.main()
