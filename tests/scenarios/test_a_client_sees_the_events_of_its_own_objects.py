from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from demo.faults import Kind
from sockguard.proxy.showing import LONGEST_EVENT
from tests.support.asking import ask
from tests.support.guarded import SLEEPS, Guarded, of
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import read_until, running_stack
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

OWN = """    own_objects_only: true
    allow:
      - system.events
      - containers.create: {body: any}
      - containers.start
      - containers.stop
      - containers.remove: {query: any}
      - containers.list
      - containers.kill
      - exec.create
      - exec.start
      - networks.create
      - networks.connect
      - volumes.create
      - volumes.remove: {query: any}
"""
POLICY = f"""version: 1
roles:
  own:
{OWN}
clients:
  ann: {{role: own}}
  bob: {{role: own}}
  data: {{allow: [system.events: {{target: {{label: {{com.example.tier: data}}}}}}]}}
  web: {{allow: [system.events: {{target: {{name: "web*"}}}}]}}
"""


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        engine.clear()
        yield running


class Listener:
    """The events that a client gets, in the order in which they come."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._data = b""

    def until(self, kind: str, action: str, name: str) -> list[dict[str, Any]]:
        """All events up to this one."""
        while True:
            events = [json.loads(line) for line in self._lines()]
            last = events[-1] if events else {}
            if last and _short(last) == (kind, action, name):
                return events
            wanted = [_short(event) for event in events]
            if (kind, action, name) in wanted:
                return events
            piece = self._peer.recv(65536)
            assert piece, f"the stream ended after {wanted[-1:]}"
            self._data += piece

    def _lines(self) -> list[bytes]:
        pieces = self._data.split(b"\r\n")[1::2]
        return [piece for piece in pieces if piece.endswith(b"\n")]


def _short(event: dict[str, Any]) -> tuple[str, str, str]:
    attributes = event["Actor"]["Attributes"]
    name = attributes.get("name") or event["Actor"]["ID"]
    return event["Type"], event["Action"].partition(":")[0], name


@contextmanager
def listening(stack: Stack, engine: RunningDemo, client: str) -> Iterator[Listener]:
    """Listen until the Engine has told all containers that there are, so that none is missed."""
    before = len(engine.received)
    with connected(stack.socket(client)) as peer:
        peer.sendall(request("GET", "/v1.47/events"))
        assert read_head(peer).startswith(b"HTTP/1.1 200")

        def learnt() -> bool:
            return any(
                one.path == "/containers/json" and one.done for one in engine.received[before:]
            )

        wait_until(learnt, "the containers to be known")
        yield Listener(peer)


def live(client: Guarded, name: str) -> None:
    """A whole life of a container that is removed as it ends, with an exec and a network."""
    host = {"AutoRemove": True, "Binds": [f"{name}-vol:/data"]}
    client.ask("POST", "/volumes/create", {"Name": f"{name}-vol"})
    client.ask("POST", "/networks/create", {"Name": f"{name}-net"})
    client.run(name, HostConfig=host)
    made = client.ask("POST", f"/containers/{name}/exec", {"Cmd": ["true", "s3cr3t"]})
    client.ask("POST", f"/exec/{made.json['Id']}/start", {"Detach": True})
    client.ask("POST", f"/networks/{name}-net/connect", {"Container": name})
    client.ask("POST", f"/containers/{name}/kill")


def test_two_clients_each_get_the_whole_life_of_their_own_and_nothing_else(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "ann") as ann, listening(stack, engine, "bob") as bob:
        for client in ("bob", "ann", "bob"):
            live(of(stack, client), f"{client}s-{len(engine.received)}")
        live(of(stack, "ann"), "ann-last")
        live(of(stack, "bob"), "bob-last")
        hers = ann.until("container", "destroy", "ann-last")
        his = bob.until("container", "destroy", "bob-last")

    assert "bob" not in json.dumps(hers)
    assert "ann" not in json.dumps(his)
    last = [_short(event)[:2] for event in hers if "ann-last" in json.dumps(event)]
    for expected in (
        ("volume", "create"),
        ("network", "create"),
        ("network", "connect"),
        ("container", "create"),
        ("container", "start"),
        ("container", "exec_create"),
        ("container", "exec_start"),
        ("container", "kill"),
        ("container", "die"),
        ("container", "destroy"),
    ):
        assert expected in last
    assert "s3cr3t" not in json.dumps(hers)


def test_the_end_of_what_was_there_before_is_told_to_its_owner_alone(
    stack: Stack, engine: RunningDemo
) -> None:
    """Its labels cannot be asked for any more when the event comes."""
    for client in ("ann", "bob"):
        of(stack, client).make(f"{client}s")
    stack.gate.memory.forget()
    with listening(stack, engine, "ann") as ann:
        for client in ("bob", "ann"):
            of(stack, client).ask("DELETE", f"/containers/{client}s?force=1")
        events = ann.until("container", "destroy", "anns")
    assert [_short(event) for event in events] == [("container", "destroy", "anns")]


def test_a_stream_lasts_longer_than_the_objects_that_one_request_may_ask_for(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "ann") as ann:
        identity = of(stack, "ann").run("loop")
        for _ in range(300):
            for verb in ("pause", "unpause"):
                assert ask(engine, "POST", f"/containers/{identity}/{verb}").status == 204
        of(stack, "ann").ask("DELETE", "/containers/loop?force=1")
        events = ann.until("container", "destroy", "loop")
    assert sum(event["Action"] in {"pause", "unpause"} for event in events) == 600


def test_events_of_what_has_no_owner_are_told_to_nobody_who_is_kept_apart(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "ann") as ann:
        ask(engine, "POST", "/images/busybox/tag?repo=theirs")
        ask(engine, "POST", "/containers/create?name=past-us", SLEEPS)
        ask(engine, "DELETE", "/containers/past-us")
        ask(engine, "POST", "/networks/prune")
        of(stack, "ann").make("anns")
        events = ann.until("container", "create", "anns")
    assert [_short(event) for event in events] == [("container", "create", "anns")]


def test_a_label_of_a_target_filters_and_a_name_counts_as_it_was(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "data") as data, listening(stack, engine, "web") as web:
        for name in ("web", "db"):
            ask(engine, "POST", f"/containers/{name}/stop")
        ask(engine, "POST", "/containers/db/rename?name=web-db")
        ask(engine, "POST", "/containers/web-db/start")
        tiers = data.until("container", "start", "web-db")
        names = web.until("container", "start", "web-db")
    assert {event["Actor"]["Attributes"]["com.example.tier"] for event in tiers} == {"data"}
    told = {_short(event)[1:] for event in names}
    assert ("stop", "web") in told
    assert ("start", "web-db") in told
    assert all(name.startswith("web") for _, name in told)


def test_what_was_learnt_of_an_engine_that_is_gone_is_forgotten(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "ann"):
        wait_until(lambda: stack.gate.memory._things, "the containers to be known")
    of(stack, "ann").make("anns")
    engine.fault(Kind.CLOSE, path="/containers/json")
    of(stack, "ann").ask("GET", "/containers/json")
    wait_until(lambda: not stack.gate.memory._things, "what was known to be forgotten")


def test_a_stream_on_http10_ends_each_event_with_a_line(stack: Stack, engine: RunningDemo) -> None:
    with connected(stack.socket("ann")) as peer:
        peer.sendall(b"GET /v1.47/events HTTP/1.0\r\n\r\n")
        head = read_head(peer)
        assert b"chunked" not in head.lower()
        wait_until(lambda: engine.sent("GET", "/containers/json"), "the containers to be known")
        of(stack, "ann").make("anns")
        line = read_until(peer, b"\n")
    assert json.loads(line)["Actor"]["Attributes"]["name"] == "anns"


@pytest.mark.parametrize("client", ["ann", "web"])
def test_a_container_with_endless_labels_ends_nobodys_stream(
    stack: Stack, engine: RunningDemo, client: str
) -> None:
    with listening(stack, engine, client) as listener:
        labels = {"com.example.note": "x" * (3 * LONGEST_EVENT)}
        assert of(stack, "bob").make("noise", Labels=labels)
        assert of(stack, "ann").make("web-1")
        events = listener.until("container", "create", "web-1")

    assert "noise" not in json.dumps(events)


def test_a_container_of_which_the_engine_tells_nonsense_ends_nobodys_stream(
    stack: Stack, engine: RunningDemo
) -> None:
    with listening(stack, engine, "ann") as ann:
        engine.fault(Kind.BODY, path="/containers/[0-9a-f]{64}/json", status=200, text='{"Id":')
        noise = of(stack, "bob").make("noise")
        engine.wait_for(lambda one: one.path == f"/containers/{noise}/json" and one.done)
        assert of(stack, "ann").make("ann-1")
        events = ann.until("container", "create", "ann-1")

    assert "noise" not in json.dumps(events)
