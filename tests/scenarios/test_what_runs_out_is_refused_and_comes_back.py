"""Descriptors, memory for bodies, room on the disk, connections: each runs out, then is back."""

from __future__ import annotations

import json
import resource
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.audit.read_store import UNREADABLE, events
from sockguard.cli.main import main
from sockguard.proxy.server import connection_limit
from tests.support.audit_events import events_of, missing_numbers, told_missing
from tests.support.leaks import descriptors_of, memory_of, nothing_stays
from tests.support.mount import fill, small_disk
from tests.support.raw_client import connected, read_head, request
from tests.support.sockguard_process import sockguard
from tests.support.stack import QUICK, read_all, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard

MIB = 1024 * 1024
CLOSE = "Connection: close\r\n"
LIST = request("GET", "/v1.44/containers/json", headers=CLOSE)
PING = request("HEAD", "/v1.44/_ping")
RESTART = request("POST", "/v1.44/containers/web/restart?t=0", headers=CLOSE)


@contextmanager
def all_descriptors() -> Iterator[None]:
    """Allow this process as many descriptors as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_connections_cost_little_and_disturb_nobody(
    short_path: Path, engine: RunningDemo, record_property: Callable[[str, object], None]
) -> None:
    with (
        sockguard(short_path, "everything", engine.path) as guard,
        ExitStack() as peers,
        all_descriptors(),
    ):
        send(guard.socket(), LIST)
        count = connection_limit() - 64
        rest, memory = len(descriptors_of(guard.process.pid)), memory_of(guard.process.pid)
        idle = [peers.enter_context(patiently_connected(guard.socket())) for _ in range(count)]
        for peer in idle[::100]:
            peer.sendall(PING)
            assert status_of(read_head(peer)) == 200
        for peer in idle[1::100]:
            peer.sendall(PING[:20])
        wait_until(lambda: len(descriptors_of(guard.process.pid)) >= rest + count, "all", 20)
        each = (memory_of(guard.process.pid) - memory) / count
        began = time.monotonic()
        answers = [status_of(send(guard.socket(), LIST)) for _ in range(20)]
        took = (time.monotonic() - began) / 20
        peers.close()
        wait_until(lambda: len(descriptors_of(guard.process.pid)) <= rest, "all to leave", 20)
        after = send(guard.socket(), LIST)

    record_property("connections", count)
    record_property("bytes_of_each", round(each))
    record_property("milliseconds_of_a_list", round(took * 1000, 1))
    assert answers == [200] * 20
    assert each < 24 * 1024
    assert status_of(after) == 200


def patiently_connected(path: Path) -> socket.socket:
    """A connected socket; waits while the queue of those not accepted yet is full."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(path))
    client.settimeout(10)
    return client


def test_without_descriptors_requests_fail_quickly_and_come_back(
    short_path: Path, engine: RunningDemo
) -> None:
    with sockguard(short_path, "everything", engine.path) as guard:
        send(guard.socket(), LIST)
        pid = guard.process.pid
        wait_until(lambda: len(sockets_left(guard)) == 0, "connections to end")
        rest = len(descriptors_of(pid))
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (rest + 1, limits[1]))
        began = time.monotonic()
        with ExitStack() as peers:
            starving = [peers.enter_context(connected(guard.socket(), 3)) for _ in range(10)]
            for peer in starving:
                ask(peer, LIST)
            answers = [status_of(read_all(peer)) for peer in starving]
        took = time.monotonic() - began
        reached = len(engine.sent("GET", "/containers/json"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        read, write = send(guard.socket(), LIST), send(guard.socket(), RESTART)
        wait_until(lambda: len(descriptors_of(pid)) <= rest, "the descriptors of before")

    assert set(answers) <= {0, 502, 503}
    assert took < 20.0
    assert reached == 1
    assert (status_of(read), status_of(write)) == (200, 204)
    assert "Traceback" not in guard.log.read_text()
    found = events_of(guard.audit)
    assert missing_numbers(found) == told_missing(found)


def sockets_left(guard: Guard) -> list[str]:
    """The accepted connections of a guard, as the kernel lists them."""
    table = Path("/proc/net/unix").read_text().splitlines()
    return [line for line in table if line.endswith(f" {guard.socket()}") and " 03 " in line]


def ask(peer: socket.socket, data: bytes) -> None:
    """Send, whether or not the other side still wants it."""
    with suppress(OSError):
        peer.sendall(data)


BUDGET = """
version: 1
clients: {%s}
roles:
  all: {allow: [engine/everything]}
"""


def test_without_memory_for_a_body_it_is_refused_and_room_comes_back(
    short_path: Path, engine: RunningDemo
) -> None:
    names = [f"greedy{number}" for number in range(6)] + ["modest"]
    policy = BUDGET % ", ".join(f"{name}: {{role: all}}" for name in names)
    patient = replace(QUICK, body=20.0)
    create = request("POST", "/v1.44/containers/create", b'{"Image":"nginx:1.27"}', CLOSE)
    large = b'{"Image":"' + b"x" * (4 * MIB - 100)
    with running_stack(
        short_path, short_path / "engine.sock", policy=policy, timeouts=patient
    ) as stack:
        with nothing_stays(stack):
            with ExitStack() as peers:
                for name in names[:-1]:
                    for _ in range(4):
                        peer = peers.enter_context(connected(stack.socket(name)))
                        ask(peer, head_of(4 * MIB) + large)
                wait_until(lambda: stack.gate.limiter.buffered > 24 * MIB, "bodies", 10)
                held = stack.gate.limiter.buffered
                refused = send(stack.socket("greedy0"), head_of(4 * MIB) + large, seconds=2)
                asked = send(stack.socket("modest"), create)
            stack.until_quiet()
            after = send(stack.socket("modest"), create)

        reasons = {event["reason"] for event in stack.events(kind="decision", decision="deny")}

    assert held <= 64 * MIB
    assert len(engine.sent("POST", "/containers/create")) == (status_of(asked) == 201) + 1
    assert status_of(refused) in (413, 429)
    assert status_of(asked) in (201, 413, 429)
    assert status_of(after) == 201
    assert reasons <= {"too_large", "malformed", "rate_limited", "too_many_streams"}


def head_of(length: int) -> bytes:
    return (
        b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length
    )


def test_a_full_disk_under_the_record_refuses_everything_until_there_is_room(
    short_path: Path, engine: RunningDemo
) -> None:
    with (
        small_disk(short_path / "audit", "512k") as disk,
        sockguard(short_path, "everything", engine.path) as guard,
    ):
        before = [status_of(send(guard.socket(), data)) for data in (LIST, RESTART)]
        ballast = fill(disk)
        wait_until(lambda: status_of(send(guard.socket(), LIST)) == 503, "the disk to be full")
        engine.clear()
        full = [send(guard.socket(), data) for data in (LIST, RESTART, LIST)]
        reached = [item.path for item in engine.received]
        rest = len(descriptors_of(guard.process.pid))
        ballast.unlink()
        after = [status_of(send(guard.socket(), data)) for data in (LIST, RESTART)]
        wait_until(lambda: len(descriptors_of(guard.process.pid)) <= rest + 1, "no leak")
        assert guard.stop() == 0
        found = [event for event in events(disk) if event["kind"] != UNREADABLE]
        sound = main(["audit", "verify", "--dir", str(disk)])

    assert (before, after) == ([200, 204], [200, 204])
    assert [status_of(answer) for answer in full] == [503] * 3
    assert "No space left" in json.loads(full[0].partition(b"\r\n\r\n")[2])["message"]
    assert reached == []
    assert missing_numbers(found) == told_missing(found) > 0
    assert sound == 0
