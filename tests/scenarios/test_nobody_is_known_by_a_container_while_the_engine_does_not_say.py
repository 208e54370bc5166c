"""An Engine that is slow, silent, gone, or talks nonsense makes nobody a client."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.faults import Kind
from sockguard.proxy.network import MOST_LOOKUPS
from tests.support.container_callers import (
    EVENTS,
    PING,
    answer_to,
    called,
    guarded_by_container,
    make_network,
    opened,
    start,
)
from tests.support.engine_process import engine_process
from tests.support.guarded import Guarded
from tests.support.stack import read_all, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack
    from tests.support.tls_client import Address

POLICY = """
version: 1
clients:
  agent: {match: {container: {name: agent-1}}, allow: [system/hello, system.events]}
  rack: {match: {from: 127.0.9.0/24, anyone_there: true}, allow: [system/hello]}
"""
LIST = "/containers/json"
INSPECT = "/containers/[0-9a-f]{64}/json"
UNSAID = b"the Engine does not say which container calls: "


@pytest.fixture
def raw(engine: RunningDemo) -> Guarded:
    """The Engine past sockguard, with the client's container in it."""
    bare = Guarded(Path(engine.path))
    make_network(bare)
    start(bare, "agent-1", 5)
    return bare


@pytest.fixture
def served(short_path: Path, engine: RunningDemo, raw: Guarded) -> Iterator[tuple[Stack, Address]]:
    assert raw.get("/containers/agent-1/json")["State"]["Running"]
    with guarded_by_container(short_path, short_path / "engine.sock", POLICY) as running:
        assert status_of(answer_to(running[1], 5)) == 200
        engine.clear()
        yield running


def refused_for(stack: Stack, answer: bytes, why: bytes) -> None:
    """The caller was told that the Engine does not say, and why; so is the reader of the log."""
    assert status_of(answer) == 502, answer
    assert UNSAID in answer
    assert why in answer
    event = stack.events(kind="decision")[-1]
    assert event["reason"] == "fact_failed"
    assert "client" not in event
    assert why.decode() in event["text"]


def endpoint(text: object) -> str:
    """A list of one container that has this address."""
    ends = {"Networks": {"callers": {"IPAddress": text}}}
    return json.dumps([{"Id": "4b" * 32, "Names": ["/agent-1"], "NetworkSettings": ends}])


ANSWERS: dict[str, tuple[dict[str, Any], bytes]] = {
    "silence": ({"kind": Kind.HANG}, b"no answer within 1 s"),
    "an end": ({"kind": Kind.CLOSE}, b"the Engine closed the connection"),
    "no HTTP": ({"kind": Kind.RAW}, b"it holds a control character"),
    "an error": ({"kind": Kind.BODY, "status": 500, "text": "{}"}, b"it answered 500"),
    "no JSON": ({"kind": Kind.BODY, "status": 200, "text": "["}, b"JSON"),
}
LISTS: dict[str, tuple[dict[str, Any], bytes]] = {
    "half a list": ({"kind": Kind.TRUNCATED}, b"JSON"),
    "no list": ({"kind": Kind.BODY, "status": 200, "text": "{}"}, b"it did not answer with a list"),
    "no container": (
        {"kind": Kind.BODY, "status": 200, "text": '[{"Names":["/agent-1"]}]'},
        b"it listed something that is no container",
    ),
    "no address": (
        {"kind": Kind.BODY, "status": 200, "text": endpoint("127.0.7.5/24")},
        b"'127.0.7.5/24' does not appear to be an IPv4 or IPv6 address",
    ),
}


@pytest.mark.parametrize("answer", [*ANSWERS, *LISTS])
def test_without_a_list_nobody_is_known(
    answer: str, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    order, why = (ANSWERS | LISTS)[answer]
    engine.fault(path=LIST, **order)
    refused_for(stack, answer_to(address, 5), why)
    assert engine.sent("GET", "/_ping") == []
    assert status_of(answer_to(address, 5)) == 200


@pytest.mark.parametrize("answer", ANSWERS)
def test_without_a_word_of_the_container_itself_nobody_is_known(
    answer: str, served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    order, why = ANSWERS[answer]
    engine.fault(path=INSPECT, **order)
    refused_for(stack, answer_to(address, 5), why)
    assert engine.sent("GET", "/_ping") == []
    assert status_of(answer_to(address, 5)) == 200


STALE = {
    "it has ended": "/containers/agent-1/kill",
    "it has another name": "/containers/agent-1/rename?name=other",
    "it is gone": "/containers/agent-1?force=1",
}


@pytest.mark.parametrize("change", STALE)
def test_a_list_that_lags_behind_makes_nobody_a_client(
    change: str, served: tuple[Stack, Address], engine: RunningDemo, raw: Guarded
) -> None:
    stack, address = served
    before = json.dumps(raw.get(LIST))
    method = "DELETE" if "force" in STALE[change] else "POST"
    assert raw.ask(method, STALE[change]).status == 204
    wait_until(lambda: engine.sent("GET", LIST)[1:], "the change to be noticed")
    engine.fault(Kind.BODY, path=LIST, status=200, text=before)
    assert status_of(answer_to(address, 5)) == 403
    assert stack.events(kind="decision")[-1]["reason"] == "unknown_caller"
    assert engine.sent("GET", "/_ping") == []


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"kind": Kind.HANG}, b"its events cannot be followed: no answer within 1 s"),
        ({"kind": Kind.BODY, "status": 500, "text": "{}"}, b"answered GET /events"),
        ({"kind": Kind.CLOSE}, b"the Engine closed on GET /events"),
    ],
)
def test_nobody_is_known_while_the_events_cannot_be_followed(
    order: dict[str, Any], why: bytes, short_path: Path, engine: RunningDemo, raw: Guarded
) -> None:
    assert raw.get("/containers/agent-1/json")["State"]["Running"]
    engine.fault(path="/events", **order)
    with guarded_by_container(short_path, short_path / "engine.sock", POLICY) as (stack, address):
        refused_for(stack, answer_to(address, 5), why)
        assert engine.sent("GET", "/_ping") == []
        wait_until(lambda: status_of(answer_to(address, 5)) == 200, "the events to be followed")


def test_whoever_is_a_client_without_a_container_is_served_all_the_same(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    engine.fault(Kind.HANG, path=LIST)
    with socket.create_connection(address, 5, source_address=("127.0.9.1", 0)) as peer:
        peer.sendall(PING)
        assert status_of(peer.recv(65536)) == 200
    assert stack.events(kind="decision")[-1]["client"] == "rack"


def test_many_who_come_at_once_share_lists(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    _, address = served
    peers = [called(address, 5, PING) for _ in range(100)]
    for peer in peers:
        assert status_of(peer.recv(65536)) == 200
        peer.close()
    assert len(engine.sent("GET", LIST)) < 50


def test_a_crowd_of_one_address_keeps_out_itself_alone(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    crowd = [called(address, 66) for _ in range(MOST_LOOKUPS + 20)]
    assert status_of(answer_to(address, 5)) == 200
    wait_until(lambda: stack.events(kind="connection_refused"), "the crowd to be told of")
    event = stack.events(kind="connection_refused")[0]
    assert event["caller"] == "address=127.0.7.66"
    assert event["reason"] == "fact_failed"
    for peer in crowd:
        peer.close()
    assert len(engine.sent("GET", "/_ping")) == 1


# --- an Engine that ends and comes back ------------------------------------------------------


def furnish(path: Path) -> None:
    bare = Guarded(path)
    make_network(bare)
    start(bare, "agent-1", 5)


def test_an_engine_that_ends_takes_its_clients_along_until_it_is_back(short_path: Path) -> None:
    path = short_path / "engine.sock"
    with engine_process(path) as process:
        furnish(path)
        with guarded_by_container(short_path, path, POLICY) as (stack, address):
            with opened(address, PING) as idle, opened(address, EVENTS) as stream:
                process.kill()
                assert read_all(idle) == b""
                read_all(stream)
            refused_for(stack, answer_to(address, 5), b"its events cannot be followed")
            process.start()
            furnish(path)
            wait_until(lambda: status_of(answer_to(address, 5)) == 200, "the client to be known")


def test_an_engine_that_hangs_makes_nobody_a_client_and_takes_nothing_back(
    short_path: Path,
) -> None:
    path = short_path / "engine.sock"
    with engine_process(path) as process:
        furnish(path)
        with guarded_by_container(short_path, path, POLICY) as (stack, address):
            with opened(address, PING) as idle:
                process.pause()
                refused_for(stack, answer_to(address, 5), b"no answer within 1 s")
                process.resume()
                idle.sendall(PING)
                assert status_of(idle.recv(65536)) == 200
            assert status_of(answer_to(address, 5)) == 200


def test_a_start_without_an_engine_makes_nobody_a_client(short_path: Path) -> None:
    path = short_path / "engine.sock"
    with guarded_by_container(short_path, path, POLICY) as (stack, address):
        refused_for(stack, answer_to(address, 5), b"cannot be reached")
