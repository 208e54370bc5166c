from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind
from sockguard.policy.objects import TOLD_OPENLY
from tests.support.asking import get
from tests.support.guarded import SLEEPS, Guarded, of
from tests.support.naming import KEPT_APART, body_for, by_body, by_path
from tests.support.raw_client import exchange, request
from tests.support.stack import running_stack
from tests.support.widest import allow, granted, path_on, routes_of, widest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.asking import Answer
    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

EVERYTHING = allow(widest(name, own=True) for name in KEPT_APART)
POLICY = f"""version: 1
roles:
  builder: {{own_objects_only: true, allow: {EVERYTHING}}}
clients:
  ann: {{role: builder}}
  bob: {{role: builder}}
  root: {{allow: [engine/everything]}}
"""
LISTED = ("containers.list", "networks.list", "volumes.list", "system.df")
ABOUT_NOTHING = frozenset({"system.ping", "system.version", "system.info", "system.auth"})
MAKES = frozenset({"containers.create", "networks.create", "volumes.create"})
PRUNES = frozenset({"networks.prune", "volumes.prune"})


@dataclass(frozen=True, slots=True)
class Bobs:
    """What bob has, in all spellings that the Engine reads."""

    container: str
    network: str
    volume: str
    exec: str

    def spelt(self, kind: str) -> list[str]:
        if kind == "container":
            return ["zebra-box", "/zebra-box", self.container, self.container[:12]]
        if kind == "network":
            return ["zebra-net", self.network, self.network[:12]]
        return [self.volume] if kind == "volume" else [self.exec]


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    assert engine.received == []
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as running:
        yield running


@pytest.fixture
def bobs(stack: Stack, engine: RunningDemo) -> Bobs:
    bob = of(stack, "bob")
    bob.ask("POST", "/volumes/create", {"Name": "zebra-vol"})
    network = bob.ask("POST", "/networks/create", {"Name": "zebra-net"}).json["Id"]
    host = {"Binds": ["zebra-vol:/data"], "NetworkMode": "zebra-net"}
    container = bob.run("zebra-box", HostConfig=host)
    made = bob.ask("POST", f"/containers/{container}/exec", {"Cmd": ["sleep", "9"]})
    assert made.status == 201
    of(stack, "ann").run("ants-box")
    engine.clear()
    return Bobs(container, network, "zebra-vol", made.json["Id"])


def state(engine: RunningDemo) -> str:
    """All that bob's objects are, as the Engine itself tells it."""
    world = engine.engine.world
    box = world.container("zebra-box")
    execs = [(one.id, one.process is None) for one in world.execs.values()]
    kept = [box.status, box.networks, box.mounts, box.config, box.host_config, box.restarts]
    nets = {name.name: name.options for name in world.networks.values()}
    return json.dumps([kept, execs, nets, sorted(world.volumes)], default=str, sort_keys=True)


def forwarded(engine: RunningDemo) -> list[str]:
    """What the Engine got that was no look-up of ours."""
    others = (one for one in engine.received if one.header("user-agent") != "sockguard")
    return [f"{one.method} {one.target}" for one in others]


@pytest.mark.parametrize(("operation", "kind"), list(by_path()))
def test_nothing_of_anothers_is_reached_by_a_path(
    stack: Stack, engine: RunningDemo, bobs: Bobs, operation: str, kind: str
) -> None:
    [route] = routes_of(operation)
    body = body_for(operation) if OPERATIONS[operation].body is BodyKind.JSON else None
    query = {"containers.commit": "?container=", "containers.rename": "?name=mine"}
    upgrade = "Connection: close\r\n"
    before = state(engine)
    for spelt in bobs.spelt(kind):
        target = path_on(route, spelt.removeprefix("/")) + query.get(operation, "?path=/")
        target = target.removesuffix("?path=/") if "archive" not in target else target
        absent = target.replace(spelt.removeprefix("/"), "nothing")
        answers = [
            exchange(
                str(stack.socket("ann")),
                request(route.method, one, json.dumps(body).encode() if body else b"", upgrade),
            )
            for one in (target, absent)
        ]
        assert answers[0].startswith(b"HTTP/1.1 404 "), answers[0]
        named = spelt.removeprefix("/").encode()
        expected = answers[1].replace(b"nothing", named).partition(b"\r\n\r\n")[2]
        assert answers[0].partition(b"\r\n\r\n")[2] == expected
    assert forwarded(engine) == []
    assert state(engine) == before


@pytest.mark.parametrize(("operation", "kind", "body"), list(by_body()))
def test_nothing_of_anothers_is_reached_by_a_body(  # noqa: PLR0913, PLR0917 - a table
    stack: Stack, engine: RunningDemo, bobs: Bobs, operation: str, kind: str, body: object
) -> None:
    ann, [route] = of(stack, "ann"), routes_of(operation)
    target = path_on(route, "bridge")
    before = state(engine)
    for spelt in bobs.spelt(kind):
        if spelt.startswith("/") and "VolumesFrom" not in json.dumps(body):
            continue
        filled = json.loads(json.dumps(body).replace("@", spelt))
        answer = ann.ask(route.method, target, filled)
        refused = 403 if operation in TOLD_OPENLY else 404
        assert answer.status == refused, (filled, answer.body)
        assert b"bob" not in answer.body
    assert forwarded(engine) == []
    assert state(engine) == before


def naming_only() -> Iterator[tuple[str, str, object]]:
    """The same, but for those that make the volume when it is not there."""
    for operation, kind, body in by_body():
        if operation != "volumes.create" and "Mounts" not in json.dumps(body):
            yield operation, kind, body


@pytest.mark.parametrize(("operation", "kind", "body"), list(naming_only()))
def test_a_body_tells_nobody_whether_what_is_anothers_is_there(
    stack: Stack, bobs: Bobs, operation: str, kind: str, body: object
) -> None:
    ann, [route] = of(stack, "ann"), routes_of(operation)
    told = set()
    for spelt in (bobs.spelt(kind)[0], "nobodys"):
        filled = json.loads(json.dumps(body).replace("@", spelt))
        answer = ann.ask(route.method, path_on(route, "bridge"), filled)
        message = answer.message.partition(" (event")[0].replace(spelt, "@")
        told.add((answer.status, message))
    assert len(told) == 1


def test_a_create_that_names_what_is_anothers_does_not_look_like_a_missing_image(
    stack: Stack, engine: RunningDemo, bobs: Bobs
) -> None:
    """The docker command takes any 404 on a create for a missing image, and pulls that."""
    ann = of(stack, "ann")
    create = "/containers/create?name=fresh"
    missing = ann.ask("POST", create, {"Image": "nowhere:1"})
    assert (missing.status, missing.message) == (404, "No such image: nowhere:1")
    for host in ({"Binds": ["zebra-vol:/d"]}, {"VolumesFrom": [bobs.container]}):
        assert ann.ask("POST", create, SLEEPS | {"HostConfig": host}).status == 403
    [sent] = engine.sent("POST", "/containers/create")
    assert sent.json()["Image"] == "nowhere:1"


@pytest.mark.parametrize("operation", LISTED)
def test_no_list_shows_what_is_anothers(stack: Stack, bobs: Bobs, operation: str) -> None:
    [route] = routes_of(operation)
    for query in ("", "?all=1", "?size=1", '?filters={"name":["zebra-box","zebra-net"]}'):
        if query and operation != "containers.list" and not query.startswith("?f"):
            continue
        if query.startswith("?f") and operation == "system.df":
            continue
        told = of(stack, "ann").ask("GET", path_on(route, "") + query)
        assert told.status == 200
        for secret in ("zebra", bobs.container, bobs.network, "db-data", "nginx", "frontend"):
            assert secret.encode() not in told.body
    mine = of(stack, "bob").ask("GET", path_on(route, "") + "?all=1".removesuffix("?all=1"))
    assert b"zebra" in mine.body


@pytest.mark.usefixtures("bobs")
def test_the_disk_use_holds_no_sum_over_what_is_anothers(stack: Stack) -> None:
    told = of(stack, "ann").get("/system/df")
    assert told["LayersSize"] == 0
    assert told["Images"] == told["Volumes"] == told["BuildCache"] == []
    assert [one["Names"] for one in told["Containers"]] == [["/ants-box"]]


@pytest.mark.parametrize("word", ["before", "since"])
def test_a_list_compares_with_nothing_of_anothers(
    stack: Stack, engine: RunningDemo, bobs: Bobs, word: str
) -> None:
    for spelt in bobs.spelt("container"):
        filters = json.dumps({word: [spelt]}, separators=(",", ":"))
        told = of(stack, "ann").ask("GET", f"/containers/json?filters={filters}")
        assert told.status == 404
    assert forwarded(engine) == []


@pytest.mark.parametrize("operation", sorted(PRUNES))
@pytest.mark.parametrize(
    "filters",
    [{}, {"label": ["x"]}, {"label": {"sockguard.owner=bob": True}}, {"label": []}],
)
@pytest.mark.usefixtures("bobs")
def test_a_prune_takes_only_what_is_ones_own(
    stack: Stack, engine: RunningDemo, operation: str, filters: dict[str, object]
) -> None:
    assert of(stack, "bob").ask("DELETE", "/containers/zebra-box?force=1").status == 204
    ann, [route] = of(stack, "ann"), routes_of(operation)
    for kind in ("volumes", "networks"):
        ann.ask("POST", f"/{kind}/create", {"Name": f"ants-{kind}"})
    kind, _, _ = operation.partition(".")
    if kind == "volumes":
        whole = {"all": {"1": True} if isinstance(filters.get("label"), dict) else ["1"]}
        filters = filters | whole
    asked = json.dumps(filters, separators=(",", ":"))
    assert ann.ask("POST", f"{path_on(route, '')}?filters={asked}").status == 200

    [sent] = engine.sent("POST", path_on(route, ""))
    assert "sockguard.owner=ann" in json.loads(sent.argument("filters") or "{}")["label"]
    world = engine.engine.world
    assert "zebra-vol" in world.volumes
    assert any(one.name == "zebra-net" for one in world.networks.values())
    left = [*world.volumes, *(one.name for one in world.networks.values())]
    assert (f"ants-{kind}" in left) is bool(filters.get("label"))


def test_every_operation_is_held_apart_here_or_is_about_nobodys_objects() -> None:
    """So that an operation which is added shows up."""
    covered = {name for name, _ in by_path()} | {name for name, *_ in by_body()}
    others = {*LISTED, *PRUNES, *ABOUT_NOTHING, "system.events"}
    assert {*KEPT_APART} - covered == others & {*KEPT_APART} - covered
    assert all(name in KEPT_APART for name in MAKES | PRUNES)


def test_what_nobody_can_own_has_to_be_granted_as_shared() -> None:
    kinds = {name.partition(".")[0] for name in granted() if name not in KEPT_APART}
    assert kinds >= {"images", "services", "secrets", "configs", "nodes", "plugins", "build"}
    apart = {name for name in granted() if name not in KEPT_APART}
    assert {"containers.prune", "containers.commit"} == {
        one for one in apart if one.startswith("containers.")
    }


def test_predefined_networks_may_be_used_and_do_not_tell_who_is_in_them(
    stack: Stack, engine: RunningDemo, bobs: Bobs
) -> None:
    ann = of(stack, "ann")
    inside = get(engine, "/networks/bridge")["Containers"]
    assert bobs.container not in inside
    of(stack, "root").ask("POST", "/networks/bridge/connect", {"Container": "zebra-box"})
    for target in ("/networks/bridge", "/networks/bridge?verbose=1", "/v1.27/networks/bridge"):
        shown = ann.ask("GET", target)
        assert shown.status == 200
        assert b"zebra" not in shown.body
        assert shown.json["Containers"] == {}
    assert b"zebra" in of(stack, "root").ask("GET", "/networks/bridge").body


def test_an_old_list_of_networks_does_not_tell_either(
    stack: Stack, engine: RunningDemo, bobs: Bobs
) -> None:
    """Up to API 1.27 an Engine lists the containers of each network."""
    bridge = get(engine, "/networks/bridge") | {"Containers": {bobs.container: {"Name": "zebra"}}}
    engine.fault(Kind.BODY, path="/networks", status=200, text=json.dumps([bridge]))
    shown = of(stack, "ann").get("/v1.27/networks")
    assert [(one["Name"], one["Containers"]) for one in shown] == [("bridge", {})]


@pytest.mark.usefixtures("bobs")
def test_a_name_that_another_has_is_refused_without_a_word_of_whose_it_is(stack: Stack) -> None:
    for target, body in (
        ("/containers/create?name=zebra-box", SLEEPS),
        ("/networks/create", {"Name": "zebra-net"}),
        ("/volumes/create", {"Name": "zebra-vol"}),
        ("/containers/ants-box/rename?name=zebra-box", None),
    ):
        answer: Answer = of(stack, "ann").ask("POST", target, body)
        assert answer.status in (403, 409)
        assert b"bob" not in answer.body
    assert Guarded(stack.socket("bob")).ask("GET", "/containers/zebra-box/json").status == 200
