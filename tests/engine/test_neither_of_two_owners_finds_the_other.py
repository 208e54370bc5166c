"""Two clients that are kept to their own objects, on one real Engine, each as if it were alone.

Whatever the catalogue has for such a client is asked with the other's objects, by every spelling
that the Engine reads, and answered byte for byte as for what does not exist.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind, ParameterKind
from tests.support.dockerd import IMAGE
from tests.support.guarded import Guarded
from tests.support.naming import KEPT_APART, body_for, by_body, by_path
from tests.support.raw_client import connected, exchange, read_head, request
from tests.support.sockguard_process import serving
from tests.support.widest import allow, path_on, routes_of, widest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.dockerd import Engine

POLICY = f"""
roles:
  owner: {{own_objects_only: true, allow: {allow(widest(name, own=True) for name in KEPT_APART)}}}
clients:
  ann: {{role: owner}}
  bob: {{role: owner}}
"""
SLEEPS = {"Image": IMAGE, "Cmd": ["sleep", "900"]}
ABSENT_ID = "f" * 64
OF_THE_MOMENT = re.compile(
    rb" \(event [0-9A-Z]{26}; [^)]*\)|\r\nDate: [^\r]*|\r\nContent-Length: [0-9]+"
)
"""Beyond a number of refusals, their events are counted, and have no id to tell."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Both clients and what bob has, by kind: each spelling with one of the kind that is absent."""

    ann: Guarded
    bob: Guarded
    engine: Engine
    bobs: dict[str, list[tuple[str, str]]]

    def state(self) -> object:
        """All that bob's objects are, as the Engine itself tells it, and the files in them."""
        direct = Guarded(self.engine.socket)
        box = direct.get("/containers/zebra-box/json")
        kept = ("Id", "Name", "State", "Config", "HostConfig", "Mounts", "RestartCount")
        others = ("/networks/zebra-net", "/volumes/zebra-vol", "/containers/zebra-box/changes")
        files = direct.ask("GET", "/containers/zebra-box/archive?path=/data").body
        return [box[key] for key in kept], [direct.get(one) for one in others], files


@pytest.fixture(scope="module")
def pair(dockerd: Engine) -> Iterator[Pair]:
    with serving(POLICY, dockerd.host, "ann", "bob") as guard:
        ann, bob = Guarded(guard.socket("ann")), Guarded(guard.socket("bob"))
        volume = bob.ask("POST", "/volumes/create", {"Name": "zebra-vol"}).json["Name"]
        pool = {"IPAM": {"Config": [{"Subnet": "10.213.7.0/24"}]}, "Internal": True}
        network = bob.ask("POST", "/networks/create", {"Name": "zebra-net"} | pool).json["Id"]
        host = {"Binds": [f"{volume}:/data"], "NetworkMode": "zebra-net"}
        container = bob.run("zebra-box", **SLEEPS, HostConfig=host)
        for kind in ("networks", "volumes"):
            assert bob.ask("POST", f"/{kind}/create", {"Name": f"zebra-spare-{kind}"}).status == 201
        made = bob.ask("POST", f"/containers/{container}/exec", {"Cmd": ["sleep", "9"]}).json
        ann.make("ants-box", **SLEEPS, HostConfig={"NetworkMode": "none"})
        bobs = {
            "container": spellings("zebra-box", container),
            "network": spellings("zebra-net", network),
            "volume": [(volume, "x" * len(volume))],
            "exec": spellings("", made["Id"]),
        }
        yield Pair(ann, bob, dockerd, bobs)
        dockerd.remove_containers()
        dockerd.docker("network", "rm", network, "zebra-spare-networks")
        dockerd.docker("volume", "rm", volume, "zebra-spare-volumes")


def spellings(name: str, identity: str) -> list[tuple[str, str]]:
    """Name, full id, and beginnings of the id that nobody else's has, with others of their kind."""
    prefixes = [(identity[:length], ABSENT_ID[:length]) for length in (64, 12, 7)]
    return [(name, "x" * len(name)), *prefixes] if name else prefixes


def asked(client: Guarded, method: str, target: str, body: object, spelt: str) -> bytes:
    """The whole answer, without the name that was asked with."""
    data = b"" if body is None else json.dumps(body).encode()
    head = "Connection: close\r\n"
    answer = exchange(str(client.path), request(method, target, data, head))
    parts = answer.partition(b"\r\n\r\n")
    return OF_THE_MOMENT.sub(b"", b"".join(parts).replace(spelt.encode(), b"@"))


QUERIES = {
    "containers.archive_get": "?path=/data",
    "containers.archive_info": "?path=/data",
    "containers.archive_put": "?path=/tmp",
    "containers.rename": "?name=mine",
    "containers.resize": "?h=9&w=9",
    "containers.logs": "?stdout=1&stderr=1",
    "containers.stats": "?stream=0",
    "containers.attach": "?stream=1&stdin=1&stdout=1&logs=1",
    "containers.attach_ws": "?stream=1&stdin=1&stdout=1&logs=1",
    "containers.remove": "?force=1&v=1",
    "volumes.remove": "?force=1",
    "exec.resize": "?h=9&w=9",
}


@pytest.mark.parametrize(("operation", "kind"), list(by_path()))
def test_a_path_reaches_nothing_of_the_others(pair: Pair, operation: str, kind: str) -> None:
    [route] = routes_of(operation)
    is_json = OPERATIONS[operation].body is BodyKind.JSON
    body = body_for(operation) if is_json else None
    query, before = QUERIES.get(operation, ""), pair.state()
    for both in pair.bobs[kind]:
        theirs, absent = (
            asked(pair.ann, route.method, path_on(route, name) + query, body, name) for name in both
        )
        assert theirs == absent
        assert theirs.startswith(b"HTTP/1.1 404 ")
    assert pair.state() == before


def naming_what_is_there() -> Iterator[tuple[str, str, object]]:
    """Each body but those that make the volume which they name."""
    for operation, kind, body in by_body():
        if operation != "volumes.create" and "Mounts" not in json.dumps(body):
            yield operation, kind, body


@pytest.mark.parametrize(("operation", "kind", "body"), list(naming_what_is_there()))
def test_a_body_reaches_nothing_of_the_others(
    pair: Pair, operation: str, kind: str, body: object
) -> None:
    [route] = routes_of(operation)
    before = pair.state()
    for both in pair.bobs[kind]:
        theirs, absent = (
            asked(pair.ann, route.method, path_on(route, "none"), filled(body, name), name)
            for name in both
        )
        assert theirs == absent
        assert theirs.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 404 "))
    assert pair.state() == before


def filled(body: object, name: str) -> object:
    """The body with this name, and with an image that is there."""
    return json.loads(json.dumps(body).replace("@", name).replace('"busybox"', f'"{IMAGE}"'))


MAKING = (
    ("/volumes/create", {"Name": "zebra-vol"}),
    ("/volumes/create", {"Name": "zebra-vol", "Labels": {"sockguard.owner": "ann"}}),
    ("/networks/create", {"Name": "zebra-net", "CheckDuplicate": True}),
    ("/containers/create?name=zebra-box", SLEEPS),
    ("/containers/create", SLEEPS | {"HostConfig": {"Binds": ["zebra-vol:/x"]}}),
    (
        "/containers/create",
        SLEEPS
        | {"HostConfig": {"Mounts": [{"Type": "volume", "Source": "zebra-vol", "Target": "/x"}]}},
    ),
    ("/containers/ants-box/rename?name=zebra-box", None),
)
"""Names are one space for all: that one is taken shows, and nothing else does."""


@pytest.mark.parametrize(("target", "body"), MAKING)
def test_a_name_that_is_taken_says_nothing_else(pair: Pair, target: str, body: object) -> None:
    before = pair.state()
    answer = pair.ann.ask("POST", target, body)
    assert answer.status in (403, 409)
    told = answer.body + answer.head
    for spelt, _ in (*pair.bobs["container"][1:], *pair.bobs["network"][1:]):
        assert spelt.encode() not in told
    assert b"bob" not in told
    assert pair.state() == before


FILTERS = {
    "containers.list": ("id", "name", "before", "since", "volume", "network", "ancestor", "label"),
    "networks.list": ("id", "name", "label"),
    "volumes.list": ("name", "label"),
    "system.df": (),
    "system.events": ("container", "network", "volume"),
}


def with_filters() -> Iterator[str]:
    """Every list and stream that shows objects: alone, with its flags and by each filter."""
    for operation, words in FILTERS.items():
        path = path_on(routes_of(operation)[0], "")
        always = ["until=NOW", "since=0"] if operation == "system.events" else []
        parameters = OPERATIONS[operation].parameters
        flags = [name for name, one in parameters.items() if one.kind is ParameterKind.BOOLEAN]
        written = [f"{flag}=1" for flag in flags]
        for word in words:
            written += [f'filters={{"{word}":["@"]}}', f'filters={{"{word}":{{"@":true}}}}']
        for one in ("", *written):
            yield f"{path}?{'&'.join([one, *always] if one else always)}"


def unordered(answer: bytes) -> tuple[bytes, list[str]]:
    """An answer with its list sorted, as an Engine lists networks in no order."""
    head, _, body = answer.partition(b"\r\n\r\n")
    listed = json.loads(body) if body.startswith(b"[") else [body.decode()]
    return head, sorted(json.dumps(one, sort_keys=True) for one in listed)


@pytest.mark.parametrize("target", list(with_filters()))
def test_no_list_shows_or_knows_anything_of_the_others(pair: Pair, target: str) -> None:
    target = target.replace("NOW", str(int(time.time())))
    words = [one for kind in ("container", "network", "volume") for one in pair.bobs[kind]]
    for both in words if "@" in target else [("@", "@")]:
        theirs, absent = (
            asked(pair.ann, "GET", target.replace("@", name), None, name) for name in both
        )
        assert unordered(theirs) == unordered(absent)
        for name, _ in words:
            assert name == both[0] or name.encode() not in theirs


@pytest.mark.parametrize("kind", ["networks", "volumes"])
@pytest.mark.parametrize(
    "filters", ["", "{}", '{"label":["sockguard.owner=bob"]}', '{"label":{"sockguard.owner":true}}']
)
def test_a_prune_leaves_what_is_the_others(pair: Pair, kind: str, filters: str) -> None:
    pair.ann.ask("POST", f"/{kind}/create", {"Name": "ants-spare"})
    query = f"?filters={filters}" if filters else ""
    answer = pair.ann.ask("POST", f"/{kind}/prune{query}")
    assert b"zebra" not in answer.body
    pair.ann.ask("DELETE", f"/{kind}/ants-spare")
    assert f"zebra-spare-{kind}" in pair.engine.docker(kind.removesuffix("s"), "ls")


def test_an_event_stream_has_only_ones_own(pair: Pair) -> None:
    with connected(pair.ann.path, 30) as watcher:
        watcher.sendall(request("GET", "/events"))
        said = read_head(watcher)
        pair.bob.ask("POST", "/containers/zebra-box/pause")
        pair.bob.ask("POST", "/containers/zebra-box/unpause")
        pair.bob.ask("POST", "/networks/zebra-spare-networks/connect", {"Container": "zebra-box"})
        pair.bob.ask(
            "POST", "/networks/zebra-spare-networks/disconnect", {"Container": "zebra-box"}
        )
        gone = pair.bob.make("zebra-gone", **SLEEPS)
        pair.bob.ask("DELETE", f"/containers/{gone}")
        pair.bob.ask("POST", "/volumes/create", {"Name": "zebra-gone"})
        pair.bob.ask("DELETE", "/volumes/zebra-gone")
        pair.engine.docker("exec", "zebra-box", "true")
        pair.ann.ask("POST", "/volumes/create", {"Name": "ants-last"})
        pair.ann.ask("DELETE", "/volumes/ants-last")
        while b'"ants-last"' not in said:
            said += watcher.recv(65536)
    assert b"zebra" not in said
    for kind in ("container", "network"):
        assert all(spelt.encode() not in said for spelt, _ in pair.bobs[kind])
    assert pair.bobs["container"][1][0].encode() not in said
    assert gone.encode() not in said


def test_every_operation_of_such_a_client_is_tried_here_or_is_about_nobodys_objects() -> None:
    tried = {name for name, _ in by_path()} | {name for name, *_ in by_body()} | {*FILTERS}
    about_nothing = {"system.ping", "system.version", "system.info", "system.auth"}
    assert {*KEPT_APART} - tried - about_nothing == {"networks.prune", "volumes.prune"}
