"""What happens to connections whose client is gone: abort, close, keep and re-attachment."""
import signal
import socket
import unittest

import harness
from harness import HOST4, wait_for
from ipc import RpcError, endpoint, pb


class ClientDeath(harness.SystemTest):
    daemon_arguments = ("--set", "session_grace=0.2")

    def setUp(self) -> None:
        self.server = self.kernel_server()
        self.port = self.server.getsockname()[1]

    def owned(self, **policy):
        """A client with a session that owns one connection; the kernel's end of it."""
        client = self.client()
        attached = client.attach(client_name="test", **policy)
        conn_id = client.call("open", remote=endpoint(HOST4, self.port), wait_ms=5000).id
        accepted, _ = self.server.accept()
        accepted.settimeout(15)
        self.addCleanup(accepted.close)
        return client, attached, conn_id, accepted

    def test_abort_policy_resets(self) -> None:
        client, _, conn_id, accepted = self.owned(policy=pb.POLICY_ABORT)
        client.close()
        with self.assertRaises(ConnectionResetError):
            accepted.recv(1)
        self.wait_state(conn_id, "CLOSED")

    def test_close_policy_sends_the_rest(self) -> None:
        client, _, conn_id, accepted = self.owned(policy=pb.POLICY_CLOSE)
        client.call("send", id=conn_id, offset=0, data=b"last words")
        client.close()
        self.assertEqual(self.read_all(accepted), b"last words")
        accepted.close()
        wait_for(lambda: self.state_of(conn_id) in ("TIME_WAIT", "CLOSED"), what="the end")

    def test_keep_policy_waits_for_the_token(self) -> None:
        client, attached, conn_id, accepted = self.owned(policy=pb.POLICY_KEEP, keep_seconds=30)
        client.call("send", id=conn_id, offset=0, data=b"before ")
        client.close()
        again = self.client()
        result = again.attach(token=attached.token)
        self.assertIn(conn_id, list(result.ids))
        status = again.call("status", id=conn_id)
        self.assertEqual(status.send_accepted, 7)
        again.call("send", id=conn_id, offset=status.send_accepted, data=b"after", fin=True)
        self.assertEqual(self.read_all(accepted), b"before after")
        again.call("abort", id=conn_id)

    def test_keep_policy_ends_in_close(self) -> None:
        client, _, conn_id, accepted = self.owned(policy=pb.POLICY_KEEP, keep_seconds=1)
        client.close()
        self.assertEqual(self.state_of(conn_id), "ESTABLISHED")
        self.assertEqual(self.read_all(accepted), b"")

    def test_wrong_token_opens_nothing(self) -> None:
        with self.assertRaises(RpcError) as caught:
            self.client().attach(token=b"0123456789abcdef")
        self.assertEqual(caught.exception.code, "SESSION")

    def test_detach_is_the_end_at_once(self) -> None:
        client, _, conn_id, accepted = self.owned(policy=pb.POLICY_ABORT)
        client.call("detach")
        with self.assertRaises(ConnectionResetError):
            accepted.recv(1)
        self.wait_state(conn_id, "CLOSED")

    def test_killed_connect(self) -> None:
        """tcpctl connect takes its connection with it, even when killed."""
        process = self.tcpctl_process("connect", "connect", HOST4, self.port, stdin=-1)
        accepted, _ = self.server.accept()
        self.addCleanup(accepted.close)
        accepted.settimeout(15)
        conn_id = wait_for(lambda: self.find(f"dport = :{self.port}", state="ESTABLISHED"))["id"]
        process.send_signal(signal.SIGKILL)
        process.child.wait()
        process.child.stdin.close()
        try:
            self.assertEqual(accepted.recv(1), b"")
        except ConnectionResetError:
            pass
        accepted.close()
        wait_for(lambda: self.state_of(conn_id) in ("TIME_WAIT", "CLOSED"), what="the end")

    def test_one_shot_verbs_outlive_their_process(self) -> None:
        """A connection made by open belongs to the uid and stays until it is closed."""
        conn_id = self.ctl("open", HOST4, self.port, "--wait")["id"]
        accepted, _ = self.server.accept()
        self.addCleanup(accepted.close)
        self.tcpctl("send", conn_id, "-", input=b"one-shot")
        self.assertEqual(accepted.recv(100), b"one-shot")
        self.assertEqual(self.ctl("show", conn_id)["state"], "ESTABLISHED")
        self.tcpctl("abort", conn_id)

    @staticmethod
    def read_all(connection: socket.socket) -> bytes:
        data = b""
        while piece := connection.recv(65536):
            data += piece
        return data


if __name__ == "__main__":
    harness.main()
