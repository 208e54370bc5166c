from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.stack import running_stack, send, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack


def get(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n".encode()


@pytest.fixture
def newer(short_path: Path) -> Iterator[tuple[Stack, RunningDemo]]:
    """An Engine that speaks a newer API than the catalogue knows."""
    with (
        running_demo_engine(short_path / "newer.sock", Settings(api_max=(1, 60))) as engine,
        running_stack(short_path, short_path / "newer.sock") as stack,
    ):
        yield stack, engine


def test_a_bare_path_is_sent_as_the_engines_newest(stack: Stack, engine: RunningDemo) -> None:
    send(stack.socket(), get("/containers/json"))

    assert engine.sent("GET", "/containers/json")[0].version == "1.47"


def test_a_bare_path_is_sent_as_the_catalogues_newest_to_a_newer_engine(
    newer: tuple[Stack, RunningDemo],
) -> None:
    stack, engine = newer
    send(stack.socket(), get("/containers/json"))

    assert engine.sent("GET", "/containers/json")[0].version == "1.56"


def test_clients_of_a_newer_engine_are_told_to_negotiate_down(
    newer: tuple[Stack, RunningDemo],
) -> None:
    stack, _ = newer
    ping = send(stack.socket(), get("/_ping"))
    head, _, body = send(stack.socket(), get("/version")).partition(b"\r\n\r\n")

    assert b"\r\nApi-Version: 1.56\r\n" in ping
    assert json.loads(body)["ApiVersion"] == "1.56"
    assert b"1.60" not in body
    assert b"Content-Length: %d\r\n" % len(body) in head


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/v1.57/containers/json", b"client version 1.57 is too new"),
        ("/v1.23/containers/json", b"client version 1.23 is too old"),
    ],
)
def test_a_version_outside_the_range_gets_the_engines_kind_of_400(
    stack: Stack, engine: RunningDemo, target: str, words: bytes
) -> None:
    answer = send(stack.socket(), get(target))

    assert status_of(answer) == 400
    assert words in answer
    assert engine.received == []
    assert stack.events(kind="decision")[0]["reason"] == "version"


@pytest.mark.parametrize(
    ("target", "cure"),
    [
        ("/v1.24/containers/json", "the Engine serves API 1.40 to 1.47 and refuses 1.24: update"),
        ("/v1.50/containers/json", "and refuses 1.50: the program guesses where it may not ask"),
    ],
)
def test_the_event_names_the_cure_where_the_engine_refuses_a_version(
    short_path: Path, target: str, cure: str
) -> None:
    settings = Settings(api_min=(1, 40))
    with (
        running_demo_engine(short_path / "younger.sock", settings) as engine,
        running_stack(short_path, short_path / "younger.sock") as stack,
    ):
        send(stack.socket(), get("/containers/json"))  # from then on its range is known
        for _ in range(2):  # the second is remembered
            answer = send(stack.socket(), get(target))
            assert status_of(answer) == 400
            assert b"sockguard" not in answer
        assert len(engine.sent("GET", "/containers/json")) == 3  # the refusal is the Engine's own
        _, *events = stack.events(kind="decision")
    assert [event["decision"] for event in events] == ["allow", "allow"]
    assert all(cure in str(event["text"]) for event in events)


def test_nothing_is_said_of_versions_that_the_engine_serves(stack: Stack) -> None:
    send(stack.socket(), get("/containers/json"))
    for version in ("1.24", "1.47"):
        assert status_of(send(stack.socket(), get(f"/v{version}/containers/json"))) == 200
    assert not any("refuses" in str(event["text"]) for event in stack.events(kind="decision"))


def test_a_version_that_only_the_engine_does_not_serve_is_the_engines_to_refuse(
    stack: Stack, engine: RunningDemo
) -> None:
    answer = send(stack.socket(), get("/v1.50/containers/json"))

    assert status_of(answer) == 400
    assert b"sockguard" not in answer
    assert len(engine.received) == 1
