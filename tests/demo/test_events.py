"""What the demo engine tells of: who acted on what, in the form that was asked for."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.support.asking import ask, run
from tests.support.raw_client import connected, read_head, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.demo_engine import RunningDemo


@pytest.fixture
def newest(demo: RunningDemo) -> Iterator[RunningDemo]:
    demo.engine.configure({"api_max": [1, 56]})
    yield demo
    demo.engine.configure({"api_max": [1, 47]})


def told(demo: RunningDemo, since: float, version: str = "/v1.47", **filters: str) -> list[Any]:
    """The events since a moment, oldest first."""
    wanted = quote(json.dumps({name: [value] for name, value in filters.items()}))
    target = f"{version}/events?since={since:.6f}&until={time.time():.6f}&filters={wanted}"
    lines = ask(demo, "GET", target).body.split(b"\r\n")
    return [json.loads(line) for line in lines if line.startswith(b"{")]


def actions(events: list[Any]) -> list[str]:
    return [event["Action"] for event in events]


def test_a_container_s_events_carry_its_labels_image_and_name(demo: RunningDemo) -> None:
    since = time.time()
    identity = run(demo, "loud", Labels={"owner": "me"})
    exec_body = {"Cmd": ["sh", "-c", "echo hidden"]}
    command = ask(demo, "POST", "/containers/loud/exec", exec_body).json["Id"]
    ask(demo, "DELETE", "/containers/loud?force=1")
    events = told(demo, since, container="loud", type="container")
    assert actions(events)[:3] == ["create", "start", "exec_create: sh -c echo hidden"]
    assert actions(events)[-1] == "destroy"
    for event in events:
        attributes = event["Actor"]["Attributes"]
        assert event["Actor"]["ID"] == event["id"] == identity
        assert attributes.items() >= {"owner": "me", "image": "busybox", "name": "loud"}.items()
    assert events[2]["Actor"]["Attributes"]["execID"] == command


def test_networks_and_volumes_tell_who_uses_them(demo: RunningDemo) -> None:
    since = time.time()
    identity = run(demo, "user", HostConfig={"Binds": ["told:/t:ro"], "NetworkMode": "frontend"})
    ask(demo, "DELETE", "/containers/user?force=1")
    ask(demo, "DELETE", "/volumes/told")
    volume = told(demo, since, type="volume")
    assert actions(volume) == ["create", "mount", "unmount", "destroy"]
    assert volume[1]["Actor"]["Attributes"] == {
        "container": identity,
        "driver": "local",
        "destination": "/t",
        "propagation": "",
        "read/write": "false",
    }
    network = told(demo, since, type="network", container=identity)
    assert actions(network) == ["connect", "disconnect"]
    assert network[0]["Actor"]["Attributes"]["name"] == "frontend"


def test_images_tell_their_labels_and_names(demo: RunningDemo) -> None:
    since = time.time()
    ask(demo, "POST", "/images/create?fromSrc=-&repo=told&changes=LABEL%20owner=me")
    ask(demo, "POST", "/images/told/tag?repo=told&tag=2")
    ask(demo, "DELETE", "/images/told:2")
    ask(demo, "DELETE", "/images/told")
    events = told(demo, since, type="image", label="owner=me")
    assert actions(events) == ["import", "tag", "untag", "untag", "delete"]
    assert events[1]["Actor"]["Attributes"] == {"owner": "me", "name": "told:2"}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"event": "exec_create"}, {"exec_create: true "}),
        ({"label": "filtered=1", "event": "create"}, {"create"}),
        ({"label": "filtered=2"}, set()),
        ({"label": "filtered", "event": "start"}, {"start"}),
        ({"scope": "swarm"}, set()),
    ],
)
def test_events_are_filtered(demo: RunningDemo, filters: dict[str, str], found: set[str]) -> None:
    since = time.time()
    run(demo, "filtered", Labels={"filtered": "1"})
    ask(demo, "POST", "/containers/filtered/exec", {"Cmd": ["true"]})
    ask(demo, "DELETE", "/containers/filtered?force=1")
    assert set(actions(told(demo, since, **filters))) == found


def test_times_that_contradict_or_mean_nothing_are_refused(demo: RunningDemo) -> None:
    assert ask(demo, "GET", "/events?since=2&until=1").status == 400
    assert ask(demo, "GET", "/events?since=yesterday").status == 400
    assert ask(demo, "GET", "/events?since=2020-01-01T00:00:00Z&until=1m").status == 200


def test_old_fields_end_with_api_1_52_and_image_creation_begins_with_1_46(
    newest: RunningDemo,
) -> None:
    since = time.time()
    run(newest, "ages")
    ask(newest, "POST", "/commit?container=ages&repo=ages")
    ask(newest, "DELETE", "/containers/ages?force=1")
    assert "status" in told(newest, since, "/v1.51", event="start")[0]
    assert "status" not in told(newest, since, "/v1.52", event="start")[0]
    image = {"type": "image", "event": "create"}
    assert told(newest, since, "/v1.45", **image) == []
    assert len(told(newest, since, "/v1.46", **image)) == 1


@pytest.mark.parametrize(
    ("version", "accepts", "media", "start"),
    [
        ("/v1.47", ["application/json-seq"], b"application/json", b"{"),
        ("/v1.56", [], b"application/json", b"{"),
        ("/v1.56", ["application/json"], b"application/json", b"{"),
        ("/v1.56", ["application/jsonl", "application/json-seq"], b"application/jsonl", b"{"),
        ("/v1.52", ["application/jsonl", "application/x-ndjson"], b"application/x-ndjson", b"{"),
        ("/v1.56", ["application/json-seq"], b"application/json-seq", b"\x1e{"),
    ],
)  # fmt: skip
def test_the_form_of_events_is_negotiated(
    newest: RunningDemo, version: str, accepts: list[str], media: bytes, start: bytes
) -> None:
    headers = "".join(f"Accept: {accept}\r\n" for accept in accepts)
    with connected(newest.path) as client:
        client.sendall(request("GET", f"{version}/events", headers=headers))
        assert b"\r\nContent-Type: " + media + b"\r\n" in read_head(client)
        ask(newest, "POST", "/volumes/create", {})
        text = client.recv(65536).partition(b"\r\n")[2]
        assert text.startswith(start)
        assert text.endswith(b"}\n\r\n")
