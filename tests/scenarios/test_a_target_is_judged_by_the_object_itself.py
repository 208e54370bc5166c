from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from tests.support.asking import ask, make, run
from tests.support.guarded import Guarded, of
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

POLICY = """version: 1
clients:
  named:
    allow:
      - containers.restart: {target: {name: web}}
      - containers.inspect: {target: {name: "web*"}, response: any}
      - containers.rename: {target: {name: "web*"}}
      - containers.archive_info: {target: {name: web}}
      - containers.archive_get: {target: {name: web}}
      - networks.connect: {target: {name: [frontend, "web*"]}, body: any}
      - networks.disconnect: {target: {name: [frontend, "web*"]}, body: any}
      - containers.commit: {target: {name: web}, query: any, body: any}
      - volumes.inspect: {target: {name: "db-*"}, response: any}
  labelled:
    allow:
      - containers.restart: {target: {label: {com.example.tier: data}}}
      - containers.create: {target: {name: "job-*", label: {tier: batch}}, body: any, query: any}
"""


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        engine.clear()
        yield running


@pytest.fixture
def named(stack: Stack) -> Guarded:
    return of(stack, "named")


@pytest.fixture
def labelled(stack: Stack) -> Guarded:
    return of(stack, "labelled")


def identity(engine: RunningDemo, name: str) -> str:
    return engine.engine.world.container(name).id


def writes(engine: RunningDemo) -> list[str]:
    return [f"{one.method} {one.path}" for one in engine.received if one.method != "GET"]


def test_a_name_a_slash_a_prefix_and_a_full_id_are_all_forwarded_as_the_full_id(
    named: Guarded, engine: RunningDemo
) -> None:
    full = identity(engine, "web")
    for name in ("web", full[:12], full):
        engine.clear()
        assert named.ask("POST", f"/containers/{name}/restart").status == 204
        assert writes(engine) == [f"POST /containers/{full}/restart"]


def test_a_label_is_that_of_the_object_which_the_engine_finds(
    labelled: Guarded, engine: RunningDemo
) -> None:
    assert labelled.ask("POST", "/containers/db/restart").status == 204
    assert labelled.ask("POST", "/containers/web/restart").status == 404
    assert writes(engine) == [f"POST /containers/{identity(engine, 'db')}/restart"]


def test_text_that_matches_a_glob_is_no_right_to_what_it_is_an_id_prefix_of(
    short_path: Path, engine: RunningDemo
) -> None:
    victim = identity(engine, "db")
    glob = f"{victim[:4]}*"
    policy = f"version: 1\nallow: [{{containers.stop: {{target: {{name: '{glob}'}}}}}}]\n"
    with running_stack(short_path, short_path / "engine.sock", policy=policy) as stack:
        engine.clear()
        answer = Guarded(stack.socket()).ask("POST", f"/containers/{victim[:8]}/stop")

    assert answer.status == 404
    assert writes(engine) == []


def test_a_prefix_that_became_a_name_is_the_named_container(
    named: Guarded, engine: RunningDemo
) -> None:
    prefix = identity(engine, "db")[:6]
    other = make(engine, prefix)
    engine.clear()
    assert named.ask("POST", f"/containers/{prefix}/restart").status == 404
    assert engine.received[-1].path == f"/containers/{prefix}/json"
    assert writes(engine) == []
    assert ask(engine, "GET", f"/containers/{prefix}/json").json["Id"] == other


def test_a_container_renamed_between_two_requests_is_judged_by_its_name_of_then(
    stack: Stack, engine: RunningDemo
) -> None:
    """Over one connection, so that anything remembered by name would show."""
    full = identity(engine, "web")
    with connected(stack.socket("named")) as peer:
        peer.sendall(request("POST", "/containers/web/restart"))
        assert read_head(peer).startswith(b"HTTP/1.1 204")
        ask(engine, "POST", "/containers/web/rename?name=old")
        ask(engine, "POST", "/containers/db/rename?name=web")
        peer.sendall(request("POST", f"/containers/{full}/restart"))
        assert read_head(peer).startswith(b"HTTP/1.1 404")
        peer.sendall(request("POST", "/containers/web/restart"))
        assert read_head(peer).startswith(b"HTTP/1.1 204")
    restarted = [one.path for one in engine.received if one.path.endswith("/restart")]
    db = engine.engine.world.container("web").id
    assert restarted == [f"/containers/{full}/restart", f"/containers/{db}/restart"]


def test_a_rename_leaves_neither_the_old_name_nor_the_new_one_outside_the_target(
    named: Guarded, engine: RunningDemo
) -> None:
    run(engine, "other")
    engine.clear()
    assert named.ask("POST", "/containers/web/rename?name=db2").status == 403
    assert named.ask("POST", "/containers/other/rename?name=web2").status == 404
    assert writes(engine) == []
    assert named.ask("POST", "/containers/web/rename?name=web2").status == 204
    assert writes(engine) == [f"POST /containers/{identity(engine, 'web2')}/rename"]


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
@pytest.mark.parametrize(
    ("network", "container", "status"),
    [
        ("frontend", "web-2", 200),
        ("backend", "web-2", 404),
        ("frontend", "db", 404),
    ],
)
def test_a_network_and_its_container_have_both_to_be_meant(  # noqa: PLR0913, PLR0917 - a table
    named: Guarded, engine: RunningDemo, verb: str, network: str, container: str, status: int
) -> None:
    full = run(engine, "web-2")
    if verb == "disconnect":
        for one in ("web-2", "db"):
            ask(engine, "POST", "/networks/frontend/connect", {"Container": one})
    engine.clear()
    answer = named.ask("POST", f"/networks/{network}/{verb}", {"Container": container})
    assert answer.status == status
    if status == 404:
        assert writes(engine) == []
        return
    [sent] = [one for one in engine.received if one.method == "POST"]
    assert sent.path == f"/networks/{engine.engine.world.network('frontend').id}/{verb}"
    assert sent.json()["Container"] == full


def test_a_commit_names_a_container_that_is_meant(named: Guarded, engine: RunningDemo) -> None:
    assert named.ask("POST", "/commit?container=db&repo=stolen", {}).status == 404
    assert writes(engine) == []
    assert named.ask("POST", "/commit?container=web&repo=mine", {}).status == 201
    [sent] = engine.sent("POST", "/commit")
    assert sent.argument("container") == identity(engine, "web")


def test_a_create_gives_the_name_and_the_labels_that_the_target_asks_for(
    labelled: Guarded, engine: RunningDemo
) -> None:
    def create(query: str, **body: object) -> int:
        return labelled.ask(
            "POST", f"/containers/create{query}", {"Image": "busybox", **body}
        ).status

    assert create("", Labels={"tier": "batch"}) == 403
    assert create("?name=web2", Labels={"tier": "batch"}) == 403
    assert create("?name=job-1") == 403
    assert create("?name=job-1", Labels={"tier": "other"}) == 403
    assert writes(engine) == []
    assert create("?name=job-1", Labels={"tier": "batch"}) == 201


def test_head_archive_is_for_the_containers_that_are_meant(
    named: Guarded, engine: RunningDemo
) -> None:
    outside = named.ask("HEAD", "/containers/db/archive?path=/etc")
    absent = named.ask("HEAD", "/containers/nothing/archive?path=/etc")
    assert (outside.status, outside.body) == (404, b"")
    assert outside.head.lower().count(b"content-length") == 1
    assert b"path-stat" not in outside.head.lower()
    assert absent.status == 404
    assert all(one.method == "GET" for one in engine.received)

    inside = named.ask("HEAD", "/containers/web/archive?path=/etc")
    assert inside.status == 200
    assert b"x-docker-container-path-stat" in inside.head.lower()
    assert engine.received[-1].path == f"/containers/{identity(engine, 'web')}/archive"
    tar = named.ask("GET", "/containers/web/archive?path=/etc").body
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        assert archive.getnames()


def test_an_object_that_cannot_be_asked_about_is_not_touched(
    stack: Stack, named: Guarded, engine: RunningDemo
) -> None:
    engine.fault(Kind.BODY, path="/containers/web/json", status=500, text='{"message":"disk"}')
    answer = named.ask("POST", "/containers/web/restart")
    assert answer.status == 502
    assert writes(engine) == []
    [event] = stack.events(kind="decision")
    assert event["reason"] == "fact_failed"


def test_the_event_says_which_object_a_name_turned_out_to_be(
    stack: Stack, named: Guarded, engine: RunningDemo
) -> None:
    named.ask("POST", "/containers/web/restart")
    named.ask("POST", "/containers/db/restart")
    named.ask("POST", "/containers/nothing/restart")

    inside, outside, absent = stack.events(kind="decision")
    assert inside["facts"] == f"container web={identity(engine, 'web')[:12]}"
    assert outside["facts"] == f"container db={identity(engine, 'db')[:12]}"
    assert absent["facts"] == "container nothing=none"
    assert (outside["reason"], outside["decision"]) == ("target", "deny")
    assert "outside the target" in outside["text"]
    assert "not there" in absent["text"]
    assert json.dumps(outside).isascii()
