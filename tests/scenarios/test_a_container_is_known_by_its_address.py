"""Whoever calls is the one container at its address, for as long as that is so."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from demo.events import end_streams
from tests.support.container_callers import (
    EVENTS,
    NETWORK,
    PING,
    PREFIX,
    answer_to,
    called,
    end_at,
    guarded_by_container,
    make_network,
    opened,
    place,
    start,
)
from tests.support.guarded import SLEEPS, Guarded
from tests.support.live_certificates import Authority
from tests.support.stack import read_all, status_of
from tests.support.tls_client import TlsClient, guarded_over_tls, server_folder
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack
    from tests.support.tls_client import Address

KEY = "com.example/job"
POLICY = f"""
version: 1
clients:
  agent: {{match: {{container: {{name: agent-1}}}}, allow: [system/hello, system.events]}}
  backup: {{match: {{container: {{label: {{{KEY}: backup}}}}}}, allow: [system/hello]}}
  rack: {{match: {{from: 127.0.9.0/24, anyone_there: true}}, allow: [system/hello]}}
"""
BOTH = """
version: 1
clients:
  agent:
    match: {cert: {dns: ops.home.lab}, container: {name: agent-1}}
    allow: [system/hello]
"""
LISTS = "/containers/json"


@pytest.fixture
def raw(engine: RunningDemo) -> Guarded:
    """The Engine past sockguard, with a network on which containers call."""
    bare = Guarded(Path(engine.path))
    make_network(bare)
    return bare


@pytest.fixture
def served(short_path: Path, engine: RunningDemo, raw: Guarded) -> Iterator[tuple[Stack, Address]]:
    start(raw, "agent-1", 5)
    with guarded_by_container(short_path, short_path / "engine.sock", POLICY) as running:
        engine.clear()
        yield running


def test_it_is_asked_for_each_connection_and_then_it_is_its_client(
    served: tuple[Stack, Address], engine: RunningDemo, raw: Guarded
) -> None:
    stack, address = served
    identity = raw.get("/containers/agent-1/json")["Id"]
    engine.clear()
    with opened(address, PING) as peer:
        peer.sendall(PING)
        assert status_of(peer.recv(65536)) == 200
    assert status_of(answer_to(address, 5)) == 200
    assert len(engine.sent("GET", f"/containers/{identity}/json")) == 2
    assert len(engine.sent("GET", "/_ping")) == 3
    event = stack.events(kind="decision")[-1]
    assert event["client"] == "agent"
    assert event["caller"] == f"address=127.0.7.5 container=agent-1/{identity[:12]}"


@pytest.mark.parametrize("twin", [{}, {"name": "agent-2"}, {"label": "backup"}])
def test_of_two_containers_at_one_address_neither_is_chosen(
    twin: dict[str, str], served: tuple[Stack, Address], engine: RunningDemo, raw: Guarded
) -> None:
    stack, address = served
    labels = {KEY: twin.get("label", "")}
    start(raw, twin.get("name", "twin"), 5, Labels=labels)
    began = time.monotonic()
    answer = answer_to(address, 5)
    assert time.monotonic() - began < 1
    assert status_of(answer) == 403
    assert b"not exactly one container is known at its address" in answer
    assert stack.events(kind="decision")[-1]["reason"] == "unknown_caller"
    assert engine.sent("GET", "/_ping") == []


def test_where_no_container_is_nobody_calls(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    answer = answer_to(address, 6)
    assert status_of(answer) == 403
    assert b"not exactly one container is known at its address" in answer
    assert stack.events(kind="decision")[-1]["caller"] == "address=127.0.7.6"
    assert engine.sent("GET", "/_ping") == []


def test_a_container_that_is_listed_a_moment_later_is_waited_for(
    served: tuple[Stack, Address], raw: Guarded
) -> None:
    _, address = served
    identity = place(raw, "late", 6, Labels={KEY: "backup"})
    begin = threading.Timer(0.3, raw.ask, ("POST", f"/containers/{identity}/start"))
    begin.start()
    with opened(address, PING, 6):
        begin.join()


def test_whoever_left_before_is_not_taken_for_a_container_that_came_later(
    served: tuple[Stack, Address], engine: RunningDemo, raw: Guarded
) -> None:
    stack, address = served
    identity = place(raw, "late", 6, Labels={KEY: "backup"})
    begin = threading.Timer(0.3, raw.ask, ("POST", f"/containers/{identity}/start"))
    begin.start()
    answer = answer_to(address, 6, end=True)
    begin.join()
    assert status_of(answer) == 502
    assert b"another may have its address now" in answer
    assert stack.events(kind="decision")[-1]["reason"] == "fact_failed"
    assert engine.sent("GET", "/_ping") == []


def test_an_end_of_what_is_sent_does_no_harm_where_the_container_is_known(
    served: tuple[Stack, Address],
) -> None:
    _, address = served
    assert status_of(answer_to(address, 5, end=True)) == 200


def test_whoever_is_nobody_is_asked_for_anew_on_the_next_connection(
    served: tuple[Stack, Address], raw: Guarded
) -> None:
    _, address = served
    with called(address, 6, PING) as peer:
        assert b"\r\nConnection: close\r\n" in read_all(peer)
    start(raw, "job", 6, Labels={KEY: "backup"})
    assert status_of(answer_to(address, 6)) == 200


def test_a_client_by_another_way_does_not_wait_for_a_container(
    served: tuple[Stack, Address],
) -> None:
    _, address = served
    began = time.monotonic()
    with socket.create_connection(address, 5, source_address=("127.0.9.1", 0)) as peer:
        peer.sendall(PING)
        assert status_of(peer.recv(65536)) == 200
    assert time.monotonic() - began < 1


def test_certificate_and_container_have_both_to_hold(short_path: Path, raw: Guarded) -> None:
    start(raw, "agent-1", 5)
    start(raw, "agent-2", 6)
    authority = Authority.new()
    tls_dir = server_folder(authority, short_path / "tls")
    for name in ("ops", "ci"):
        authority.issue(short_path / name, names=[x509.DNSName(f"{name}.home.lab")])
    upstream = short_path / "engine.sock"
    with guarded_over_tls(short_path, upstream, BOTH, tls_dir) as (_, address):
        for name, number, status in [("ops", 5, 200), ("ops", 6, 403), ("ci", 5, 403)]:
            source = (f"{PREFIX}.{number}", 0)
            with TlsClient(address, short_path / name, source=source).shake() as client:
                client.send(PING)
                assert status_of(client.read_some()) == status


# --- while it lasts --------------------------------------------------------------------------

DEEDS = {
    "rename": "/containers/agent-1/rename?name=other",
    "kill": "/containers/agent-1/kill",
    "disconnect": f"/networks/{NETWORK}/disconnect",
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("request_", [EVENTS, PING], ids=["a stream", "an idle connection"])
def test_what_it_has_open_ends_when_it_is_not_that_container_any_more(
    deed: str, request_: bytes, served: tuple[Stack, Address], raw: Guarded
) -> None:
    stack, address = served
    start(raw, "job", 6, Labels={KEY: "backup"})
    with opened(address, request_) as lost, opened(address, PING, 6) as kept:
        body = {"Container": "agent-1"} if deed == "disconnect" else None
        assert raw.ask("POST", DEEDS[deed], body).status in (200, 204)
        read_all(lost)
        wait_until(lambda: len(stack.gate.connections) == 1, "the connection to end")
        if request_ is EVENTS:
            outcomes = stack.events(kind="outcome", operation="system.events")
            assert [event["ended"] for event in outcomes] == ["disowned"]
        kept.sendall(PING)
        assert status_of(kept.recv(65536)) == 200


def test_whoever_comes_to_its_address_besides_ends_it(
    served: tuple[Stack, Address], raw: Guarded
) -> None:
    stack, address = served
    assert raw.ask("POST", "/containers/create?name=intruder", SLEEPS).status == 201
    assert raw.ask("POST", "/containers/intruder/start").status == 204
    with opened(address, EVENTS) as lost:
        body = {"Container": "intruder", "EndpointConfig": end_at(5)}
        assert raw.ask("POST", f"/networks/{NETWORK}/connect", body).status == 200
        read_all(lost)
    assert [event["ended"] for event in stack.events(kind="outcome")] == ["disowned"]
    assert status_of(answer_to(address, 5)) == 403


def test_its_heir_is_somebody_else(served: tuple[Stack, Address], raw: Guarded) -> None:
    _, address = served
    assert raw.ask("DELETE", "/containers/agent-1?force=1").status == 204
    start(raw, "heir", 5)
    assert status_of(answer_to(address, 5)) == 403
    assert raw.ask("DELETE", "/containers/heir?force=1").status == 204
    start(raw, "agent-1", 6)
    assert status_of(answer_to(address, 6)) == 200


def test_what_changes_no_address_costs_no_list(
    served: tuple[Stack, Address], engine: RunningDemo, raw: Guarded
) -> None:
    _, address = served
    with opened(address, PING) as kept:
        lists = len(engine.sent("GET", LISTS))
        for _ in range(5):
            made = raw.ask("POST", "/containers/web/exec", {"Cmd": ["true"]}).json["Id"]
            assert raw.ask("POST", f"/exec/{made}/start", {"Detach": True}).status == 200
        assert raw.ask("POST", "/containers/web/pause").status == 204
        time.sleep(0.2)
        assert len(engine.sent("GET", LISTS)) == lists
        kept.sendall(PING)
        assert status_of(kept.recv(65536)) == 200


def test_a_stream_of_events_that_ends_in_good_order_ends_all(
    served: tuple[Stack, Address], engine: RunningDemo
) -> None:
    stack, address = served
    with opened(address, PING) as idle:
        engine.loop.call_soon_threadsafe(end_streams, engine.engine.world)
        assert read_all(idle) == b""
    answer = answer_to(address, 5)
    assert status_of(answer) == 502
    assert b"its events cannot be followed: its events ended" in answer
    assert stack.events(kind="decision")[-1]["reason"] == "fact_failed"
    wait_until(lambda: status_of(answer_to(address, 5)) == 200, "the events to be followed")


# --- while policies change -------------------------------------------------------------------

WITHOUT = """
version: 1
clients:
  here: {match: {from: 127.0.0.0/8, anyone_there: true}, allow: [system/hello]}
"""


def test_a_policy_that_comes_to_ask_for_containers_knows_them_at_once(
    short_path: Path, raw: Guarded
) -> None:
    start(raw, "agent-1", 5)
    with guarded_by_container(short_path, short_path / "engine.sock", WITHOUT) as (stack, address):
        with opened(address, PING) as before:
            stack.reload(POLICY)
            assert read_all(before) == b""
        assert status_of(answer_to(address, 5)) == 200
        assert stack.events(kind="decision")[-1]["client"] == "agent"


def test_a_container_is_watched_on_under_a_policy_that_does_not_ask_for_it(
    served: tuple[Stack, Address], raw: Guarded
) -> None:
    stack, address = served
    with opened(address, PING) as peer:
        stack.reload(WITHOUT)
        assert raw.ask("POST", DEEDS["rename"]).status == 204
        assert read_all(peer) == b""
        stack.reload(POLICY)
        assert status_of(answer_to(address, 5)) == 403
