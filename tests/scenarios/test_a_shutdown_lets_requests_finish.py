from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.raw_client import connected, read_head
from tests.support.stack import QUICK, read_all, running_stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo


def test_a_running_request_gets_its_answer_and_a_stream_a_grace_time(
    short_path: Path, engine: RunningDemo
) -> None:
    engine.fault(Kind.SLOW, path="/containers/json", bytes_per_second=5000)
    answers: dict[str, bytes] = {}

    def ask(name: str, target: bytes) -> threading.Thread:
        peer = connected(stack.socket())
        opened = peer.__enter__()
        opened.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: d\r\n\r\n")
        answers[name] = read_head(opened)

        def read() -> None:
            answers[name] += read_all(opened)
            peer.__exit__(None, None, None)

        thread = threading.Thread(target=read)
        thread.start()
        return thread

    with running_stack(short_path, short_path / "engine.sock") as stack:
        threads = [ask("list", b"/v1.41/containers/json"), ask("events", b"/v1.41/events")]
    for thread in threads:
        thread.join(5)

    assert answers["list"].endswith((b"]\n", b"]", b"0\r\n\r\n"))
    ended = {event["operation"]: event["ended"] for event in events_of(short_path, kind="outcome")}
    assert ended == {"containers.list": "complete", "system.events": "shutdown"}


def test_sockets_are_gone_and_nobody_is_accepted_any_more(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock") as stack:
        path = stack.socket()
        assert path.is_socket()

    assert not path.exists()
    with pytest.raises(FileNotFoundError), connected(path):
        pass
    assert engine.received == []


def test_silent_clients_cost_no_time(short_path: Path, engine: RunningDemo) -> None:
    with ExitStack() as peers:
        patient = replace(QUICK, drain=10.0)
        with running_stack(short_path, short_path / "engine.sock", timeouts=patient) as stack:
            for number in range(20):
                peer = peers.enter_context(connected(stack.socket()))
                peer.sendall(b"GET /v1.44/" * (number % 2))
            began = time.monotonic()
        took = time.monotonic() - began

    assert took < patient.drain
    assert engine.received == []


def events_of(folder: Path, **wanted: object) -> list[dict[str, object]]:
    import json  # noqa: PLC0415

    lines = (folder / "audit").glob("*.jsonl")
    events = [json.loads(line) for file in lines for line in file.read_text().splitlines()]
    return [event for event in events if wanted.items() <= event.items()]
