"""What the kernel keeps for an idle connection and for a TIME_WAIT, by its slab caches."""
import gc
import resource
import socket
import time


def slab_bytes(prefix: str = "") -> int:
    """Bytes of live objects in caches whose name starts with prefix."""
    total = 0
    with open("/proc/slabinfo", encoding="ascii") as file:
        for line in file.readlines()[2:]:
            name, active, _, size = line.split()[:4]
            total += int(active) * int(size) if name.startswith(prefix) else 0
    return total


def settle() -> None:
    gc.collect()
    time.sleep(1.5)


def connect_pairs(count: int) -> tuple[list, list]:
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    ours, theirs = [], []
    for _ in range(count):
        ours.append(socket.create_connection(server.getsockname()))
        theirs.append(server.accept()[0])
    server.close()
    return ours, theirs


def measure(count: int) -> dict:
    """Bytes for one end of one connection over the loopback interface, and for one TIME_WAIT."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, (hard - 256) // 2)
    settle()
    before = slab_bytes()
    ours, theirs = connect_pairs(count)
    settle()
    established = (slab_bytes() - before) / (2 * count)
    waiting_before = slab_bytes("tw_sock_TCP")
    for connection in ours + theirs:
        connection.close()
    settle()
    time_wait = (slab_bytes("tw_sock_TCP") - waiting_before) / count
    return {"established_bytes": round(established, 1), "time_wait_bytes": round(time_wait, 1)}
