from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from demo.state import Settings
from tests.support.asking import ask, make
from tests.support.demo_engine import running_demo_engine
from tests.support.guarded import SLEEPS, Guarded, of
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

STAMP = "sockguard.owner"
POLICY = """version: 1
roles:
  own:
    own_objects_only: true
    allow:
      - containers.list: {response: any}
      - containers.inspect: {response: any}
      - containers.create: {body: any}
      - containers.start
      - containers.remove: {query: any}
      - containers.commit: {shared: true, query: any, body: any}
      - networks.create: {body: any}
      - networks.inspect
      - volumes.create: {body: any}
      - volumes.inspect
      - volumes.list
      - build.run: {shared: true, query: any}
clients:
  ann: {role: own}
  bob: {role: own}
  root: {allow: [engine/everything]}
"""


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        engine.clear()
        yield running


@pytest.fixture
def ann(stack: Stack) -> Guarded:
    return of(stack, "ann")


@pytest.fixture
def bob(stack: Stack) -> Guarded:
    return of(stack, "bob")


@pytest.fixture
def root(stack: Stack) -> Guarded:
    return of(stack, "root")


def created(engine: RunningDemo, path: str = "/containers/create") -> Any:
    return engine.sent("POST", path)[-1].json()


def stamped_image(engine: RunningDemo, owner: str) -> str:
    """An image that bears a stamp, however it came by it."""
    source = make(engine, "source")
    answer = ask(
        engine, "POST", f"/commit?container={source}&repo=forged&changes=LABEL%20{STAMP}={owner}"
    )
    assert answer.status == 201
    return "forged"


FORGED = {STAMP: "bob", "Sockguard.Owner": "bob", "com.example": "kept"}


@pytest.mark.parametrize("client", ["ann", "root"])
def test_labels_in_a_body_never_count_as_a_stamp(
    stack: Stack, bob: Guarded, engine: RunningDemo, client: str
) -> None:
    owner = "ann" if client == "ann" else ""
    mount = {
        "Type": "volume",
        "Source": "new-vol",
        "Target": "/data",
        "VolumeOptions": {"Labels": FORGED, "NoCopy": True},
    }
    host = {"Mounts": [mount], "Memory": 1234567}
    body = SLEEPS | {"Labels": FORGED, "HostConfig": host}
    asker = of(stack, client)
    assert asker.ask("POST", "/containers/create?name=box", body).status == 201
    assert asker.ask("POST", "/networks/create", {"Name": "net", "Labels": FORGED}).status == 201
    assert asker.ask("POST", "/volumes/create", {"Name": "vol", "Labels": FORGED}).status == 201

    expected = FORGED | {STAMP: owner}
    sent = created(engine)
    assert sent["Labels"] == expected
    [sent_mount] = sent["HostConfig"]["Mounts"]
    assert sent_mount["VolumeOptions"] == {"Labels": expected, "NoCopy": True}
    assert sent["HostConfig"]["Memory"] == 1234567
    assert {key: sent[key] for key in SLEEPS} == SLEEPS
    assert created(engine, "/networks/create")["Labels"] == expected
    assert created(engine, "/volumes/create")["Labels"] == expected
    for target in ("/containers/box/json", "/networks/net", "/volumes/vol", "/volumes/new-vol"):
        assert bob.ask("GET", target).status == 404


@pytest.mark.parametrize("labels", [None, {}, "absent"])
def test_a_stamp_is_set_where_there_are_no_labels(
    ann: Guarded, engine: RunningDemo, labels: object
) -> None:
    body = SLEEPS if labels == "absent" else SLEEPS | {"Labels": labels}
    assert ann.ask("POST", "/containers/create?name=box", body).status == 201
    assert created(engine)["Labels"] == {STAMP: "ann"}
    assert ann.ask("POST", "/volumes/create").status == 201
    assert created(engine, "/volumes/create") == {"Labels": {STAMP: "ann"}}


def test_an_image_that_bears_a_stamp_gives_its_containers_to_nobody(
    ann: Guarded, bob: Guarded, root: Guarded, engine: RunningDemo
) -> None:
    image = stamped_image(engine, "bob")
    past_us = make(engine, "past-us", Image=image)
    by_root = root.make("by-root", Image=image)
    by_ann = ann.make("by-ann", Image=image)
    by_bob = bob.make("by-bob", Image=image)
    labels = {
        name: ask(engine, "GET", f"/containers/{name}/json").json["Config"]["Labels"][STAMP]
        for name in (past_us, by_root, by_ann, by_bob)
    }
    assert labels == {past_us: "bob", by_root: "", by_ann: "ann", by_bob: "bob"}

    for one in (past_us, by_root, by_ann, by_bob):
        assert bob.ask("GET", f"/containers/{one}/json").status == 404
        assert bob.ask("DELETE", f"/containers/{one}?force=1").status == 404
    assert bob.get("/containers/json?all=1") == []


def test_a_commit_leaves_no_stamp_on_the_image_that_it_makes(
    ann: Guarded, bob: Guarded, root: Guarded, engine: RunningDemo
) -> None:
    ann.make("ours")
    forged = "changes=LABEL%20sockguard.owner=bob"
    for asker, body in ((ann, {"Labels": FORGED}), (root, {"Labels": FORGED}), (root, None)):
        target = f"/commit?container=ours&repo=mine&{forged}"
        assert asker.ask("POST", target, body).status == 201
        config = ask(engine, "GET", "/images/mine/json").json["Config"]
        assert config["Labels"][STAMP] == ""
    ann.make("next", Image="mine")
    assert ann.ask("GET", "/containers/next/json").status == 200
    assert bob.ask("GET", "/containers/next/json").status == 404


def test_labels_of_a_build_stamp_nothing_that_runs_from_it(
    ann: Guarded, bob: Guarded, engine: RunningDemo
) -> None:
    labels = json.dumps({STAMP: "bob"}, separators=(",", ":"))
    built = ann.ask("POST", f"/build?t=built&labels={labels}&remote=x", None)
    assert built.status == 200
    make(engine, "past-us", Image="built")
    ann.make("box", Image="built")
    assert bob.get("/containers/json?all=1") == []


@pytest.mark.parametrize("kind", ["volume", "VOLUME", "Volume"])
def test_a_service_gives_its_containers_and_volumes_to_nobody(short_path: Path, kind: str) -> None:
    upstream = short_path / "swarm.sock"
    policy = POLICY.replace(
        "      - networks.inspect\n",
        "      - networks.inspect\n      - services.create: {shared: true, body: any}\n",
    )
    mount = {
        "Type": kind,
        "Source": "srv-vol",
        "Target": "/data",
        "VolumeOptions": {"Labels": FORGED},
    }
    spec = {"Image": "busybox", "Labels": FORGED, "Mounts": [mount]}
    with (
        running_demo_engine(upstream, Settings(swarm=True)) as engine,
        running_stack(short_path, upstream, policy=policy) as stack,
    ):
        body = {"Name": "srv", "TaskTemplate": {"ContainerSpec": spec}}
        assert of(stack, "ann").ask("POST", "/services/create", body).status == 201
        sent = created(engine, "/services/create")["TaskTemplate"]["ContainerSpec"]
    assert sent["Labels"] == FORGED | {STAMP: ""}
    assert sent["Mounts"][0]["VolumeOptions"]["Labels"] == FORGED | {STAMP: ""}


def test_what_a_container_mounts_that_is_not_there_is_made_as_its_own(
    ann: Guarded, bob: Guarded, engine: RunningDemo
) -> None:
    mount = {"Type": "volume", "Source": "fresh", "Target": "/data"}
    ann.run("box", HostConfig={"Mounts": [mount]})
    assert engine.engine.world.volumes["fresh"].labels == {STAMP: "ann"}
    assert ann.ask("GET", "/volumes/fresh").status == 200
    assert bob.ask("GET", "/volumes/fresh").status == 404
    body = SLEEPS | {"HostConfig": {"Mounts": [mount]}}
    assert bob.ask("POST", "/containers/create", body).status == 403


def test_a_bind_by_name_never_makes_a_volume_without_a_stamp(
    ann: Guarded, engine: RunningDemo
) -> None:
    body = SLEEPS | {"HostConfig": {"Binds": ["fresh:/data"]}}
    assert ann.ask("POST", "/containers/create", body).status == 403
    assert "fresh" not in engine.engine.world.volumes
    assert ann.ask("POST", "/volumes/create", {"Name": "fresh"}).status == 201
    assert ann.ask("POST", "/containers/create", body).status == 201


def test_no_stamp_is_set_where_nobody_is_kept_to_his_own(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock") as stack:
        Guarded(stack.socket()).make("box", Labels={"a": "b"})
    assert created(engine)["Labels"] == {"a": "b"}
