"""The Engine is killed, or stops, at each stage of a request, and is there again afterwards."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.engine_process import EngineProcess, engine_process
from tests.support.leaks import nothing_stays
from tests.support.raw_client import connected
from tests.support.stack import Stack, read_all, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
UPLOAD = (
    b"PUT /v1.44/containers/web/archive?path=/tmp HTTP/1.1\r\nHost: d\r\n"
    b"Content-Type: application/x-tar\r\nContent-Length: 5000\r\n\r\n"
)
CONFIG = b'{"Image":"nginx:1.27"}'
CREATE = (
    b"POST /v1.44/containers/create HTTP/1.1\r\nHost: d\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(CONFIG), CONFIG)
)
ATTACH = (
    b"POST /v1.44/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
HALF = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf an answer"


@dataclass(frozen=True)
class Stage:
    """How far a request has come, and what becomes of it.

    `fault` keeps the Engine there; `seen` is what the client has read by then; `killed` is the
    client's status and the outcome's end, `hung` the same once the client has given up waiting
    (status 0) or the time for a quick answer is over.
    """

    name: str
    request: bytes
    killed: tuple[int, str]
    hung: tuple[int, str]
    fault: dict[str, Any] = field(default_factory=dict)
    seen: bytes = b""
    body_length: int = 0
    paused_before: bool = False


STAGES = (
    Stage("before it accepts", LIST, (502, "engine_gone"), (504, "timeout"), paused_before=True),
    Stage(
        "after the request head", UPLOAD, (502, "engine_gone"), (0, "client_gone"), {"kind": "hang"}
    ),
    Stage(
        "within the request body",
        UPLOAD + b"x" * 3000,
        (502, "engine_gone"),
        (0, "client_gone"),
        {"kind": "hang"},
        body_length=3000,
    ),
    Stage(
        "before the answer head",
        CREATE,
        (502, "engine_gone"),
        (0, "client_gone"),
        {"kind": "hang"},
        body_length=len(CONFIG),
    ),
    Stage(
        "within the answer body",
        LIST,
        (200, "engine_gone"),
        (200, "client_gone"),
        {"kind": "raw", "text": HALF, "keep": True},
        seen=b"half an answer",
    ),
    Stage(
        "in a tunnel",
        ATTACH,
        (101, "complete"),
        (101, "client_gone"),
        seen=b"\r\n\r\n",
    ),
)
each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """One engine for all stages; each test leaves it running."""
    with engine_process(tmp_path_factory.mktemp("e") / "engine.sock") as running:
        yield running


@pytest.fixture
def guarded(short_path: Path, process: EngineProcess) -> Iterator[Stack]:
    with running_stack(short_path, process.path) as running:
        yield running


def bring_to(stage: Stage, process: EngineProcess, client: socket.socket) -> bytes:
    """Send the request and wait until the Engine is where the stage says; what came back."""
    number = len(process.received())
    if stage.fault:
        process.fault(**stage.fault)
    if stage.paused_before:
        process.pause()
    client.sendall(stage.request)
    answer = b""
    while stage.seen not in answer:
        answer += client.recv(65536)
    if stage.paused_before:
        time.sleep(0.1)
    else:
        process.wait_for(
            lambda item: item["number"] > number and item["body_length"] >= stage.body_length
        )
    return answer


@each_stage
def test_killed_and_back_again(guarded: Stack, process: EngineProcess, stage: Stage) -> None:
    status, ended = stage.killed
    with nothing_stays(guarded):
        with connected(guarded.socket()) as client:
            answer = bring_to(stage, process, client)
            process.kill()
            answer += read_all(client)
        down = send(guarded.socket(), LIST)
        process.start()
        back = send(guarded.socket(), LIST, end=True)

    assert status_of(answer) == status
    assert (status_of(down), status_of(back)) == (502, 200)
    outcomes = [(event["status"], event["ended"]) for event in guarded.events(kind="outcome")]
    assert outcomes == [(status, ended), (502, "engine_gone"), (200, "complete")]
    assert len(guarded.events(kind="decision", decision="allow")) == 3


@each_stage
def test_hung_and_awake_again(guarded: Stack, process: EngineProcess, stage: Stage) -> None:
    status, ended = stage.hung
    try:
        with nothing_stays(guarded):
            with connected(guarded.socket()) as client:
                answer = bring_to(stage, process, client)
                process.pause()
                if ended == "timeout":
                    answer += read_all(client)
            wait_until(lambda: guarded.events(kind="outcome"), "the end of the request")
    finally:
        process.resume()
    with nothing_stays(guarded):
        after = send(guarded.socket(), LIST, end=True)

    assert status_of(answer) == status
    assert status_of(after) == 200
    outcomes = [event["ended"] for event in guarded.events(kind="outcome")]
    assert outcomes == [ended, "complete"]
