from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from demo.faults import Kind
from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.raw_client import connected, read_head
from tests.support.sockguard_process import MODULE, accepts, environment
from tests.support.stack import running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

MIB = 1024 * 1024
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
PING = b"GET /v1.44/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"
DELETE = b"DELETE /v1.44/containers/web HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"


def test_a_slow_reader_is_held_back_also_after_its_engine_connection_changed(
    short_path: Path,
) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {MIB}\r\nConnection: close\r\n\r\n" + "x" * MIB
    upstream = short_path / "engine.sock"
    with (
        running_demo_engine(upstream, Settings(save_bytes=64 * MIB)) as engine,
        running_stack(short_path, upstream) as stack,
        connected(stack.socket()) as slow,
    ):
        engine.fault(Kind.RAW, path="/containers/json", text=answer)
        slow.sendall(LIST)
        time.sleep(0.3)
        slow.sendall(b"GET /v1.44/images/nginx:1.27/get HTTP/1.1\r\nHost: d\r\n\r\n")
        time.sleep(0.7)
        waiting = sum(
            connection.channel.transport.get_write_buffer_size()
            for connection in stack.gate.connections
        )

    assert waiting < 4 * MIB


def test_a_client_that_leaves_while_the_engine_reads_nothing_is_noticed(
    stack: Stack, engine: RunningDemo
) -> None:
    engine.fault(Kind.DEAF, path=".*/archive")
    with connected(stack.socket(), timeout=0.5) as peer:
        peer.sendall(
            b"PUT /v1.44/containers/web/archive?path=/ HTTP/1.1\r\nHost: d\r\n"
            b"Content-Type: application/x-tar\r\nContent-Length: 99999999\r\n\r\n"
        )
        try:
            while True:
                peer.sendall(b"x" * 65536)
        except TimeoutError:
            pass

    stack.until_quiet()
    assert stack.gate.limiter.uses["main"].streams == 0


def test_many_clients_share_one_question_to_a_silent_engine(
    short_path: Path, engine: RunningDemo
) -> None:
    bare = b"GET /containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
    with ExitStack() as peers, running_stack(short_path, short_path / "engine.sock") as stack:
        engine.fault(Kind.HANG, path="/version", times=0)
        for _ in range(5):
            peers.enter_context(connected(stack.socket())).sendall(bare)
        time.sleep(0.5)

        assert len(engine.sent("GET", "/version")) == 1


def test_clients_that_never_take_the_end_of_their_answer_leave_room_for_others(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    with (
        ExitStack() as peers,
        running_stack(short_path, upstream, most_connections=10) as stack,
    ):
        size = 400 * 1024  # more than the kernel takes, and little enough to be let go of
        answer = f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n" + "x" * size
        engine.fault(Kind.RAW, path="/containers/json", text=answer, times=0)
        once = LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        for _ in range(30):
            peers.enter_context(connected(stack.socket())).sendall(once)
        time.sleep(0.5)

        assert len(stack.gate.connections) <= 10
        assert status_of(send(stack.socket(), PING)) in (200, 429)
        wait_until(lambda: status_of(send(stack.socket(), PING)) == 200, "room")


def test_nobody_waits_for_a_reader_of_standard_output(
    short_path: Path, engine: RunningDemo
) -> None:
    reader, writer = os.pipe()
    command = [
        *MODULE,
        "serve",
        "--policy=read-only",
        f"--socket-dir={short_path}/run",
        f"--upstream=unix://{engine.path}",
        f"--audit-dir={short_path}/audit",
        "--log=all",
    ]
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env=environment())
    os.close(writer)
    path = short_path / "run/main/docker.sock"
    try:
        wait_until(lambda: accepts(path), "the socket")
        with connected(path) as peer:
            for _ in range(1500):
                peer.sendall(b"HEAD /v1.44/_ping HTTP/1.1\r\nHost: d\r\n\r\n")
                assert status_of(read_head(peer)) == 200
    finally:
        process.terminate()
        code = process.wait(10)
        os.close(reader)

    assert code == 0
