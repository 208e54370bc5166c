"""Whoever may only read gets none of the secrets that a real Engine is full of.

Every operation of a role is asked for all that there is and for what is not, in several ways. The
Engine itself is asked the same: what it tells shows that the secrets were there to be found.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import ParameterKind
from sockguard.policy.load import load_policy, shipped_folder
from tests.support.dockerd import IMAGE
from tests.support.guarded import Guarded
from tests.support.planted import secret
from tests.support.raw_client import connected, read_head, request
from tests.support.sockguard_process import Guard, serving
from tests.support.widest import path_on, routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.operation import Operation, Route
    from tests.support.planted import Planted

ROLES = ("read-only", "portainer-read-only", "traefik", "nginx-proxy")
"""The shipped roles of programs that only look."""

SHOWS_BY_ITS_NATURE = {"containers.top": "the processes in a container with their command lines"}
READS = [
    name
    for name, operation in OPERATIONS.items()
    if operation.answer is not None
    and not operation.writes
    and not operation.refused
    and name not in SHOWS_BY_ITS_NATURE
    and any(route.method == "GET" for route in routes_of(name))
]
"""Every operation that reads objects; the client `reader` has them without a further word."""

POLICY = (
    "clients:\n  reader:\n    allow:\n"
    + "".join(f"      - {name}{': {target: any}' * (name == 'exec.inspect')}\n" for name in READS)
    + "  starter: {allow: [containers/lifecycle, containers.archive_get]}\n"
    + "".join(f"  {role}: {{role: shipped/{role}}}\n" for role in ROLES)
)

NEVER_TOLD = {
    "exec-environment",
    "secret",
    "registry-password",
    "default-log-option",
    "proxy-password",
}
"""What the Engine itself never tells again."""

ONLY_ERRORS = {
    *("checkpoints.list", "images.attestations", "plugins.inspect"),
    *("distribution.inspect", "images.search", "plugins.privileges"),
}
"""What this Engine does not know or have, and what asks the network, where there is none."""

TOLD_BY_ERRORS = {"distribution.inspect": {"proxy-of-tls"}, "images.search": {"proxy-of-tls"}}
"""Both ask the network; the Engine says by which proxy, never as whom, where it does not answer."""

ALWAYS = {"system.events": "since=0&until={now}", "containers.stats": "stream=0&one-shot=1"}
"""What keeps an answer from having no end."""

VERSIONS = {"containers.stats": ("/v1.41",)}  # before, each takes two seconds

FILTERS = (
    '{"name":["box"]}',
    '{"label":["nothing"]}',
    '{"dangling":["true"]}',
    '{"type":["container"]}',
    '{"nonsense":["nonsense"]}',
    '{"id":["nothing"],"status":["nothing"]}',
    '{"before":["nothing"]}',
    "[]",
    "nonsense",
)
VALUES = {ParameterKind.INTEGER: ("2", "x"), ParameterKind.FILTERS: FILTERS}


def operations_of(client: str) -> list[str]:
    if client == "reader":
        return READS
    policy = load_policy(client, shipped=shipped_folder())
    return sorted(policy.clients["main"].role.grants)


@pytest.fixture(scope="module")
def guard(planted: Planted) -> Iterator[Guard]:
    with serving(POLICY, planted.engine.host, "reader", "starter", *ROLES) as guard:
        yield guard


def targets(operation: Operation, planted: Planted) -> Iterator[str]:
    """Each way to ask for each object, for no object, and in ways that are wrong."""
    for route in routes_of(operation.name):
        if route.method == "GET":
            for path in paths(route, planted):
                for query in queries(operation):
                    yield path + query
                for version in VERSIONS.get(operation.name, ("/v1.24", "/v1.41", "/v1.99")):
                    yield version + path + next(queries(operation))


def paths(route: Route, planted: Planted) -> list[str]:
    kinds = [part.strip("{.}") for part in route.template if part.startswith("{")]
    if not kinds:
        return [path_on(route, "")]
    there = planted.names.get(kinds[0], [])
    return [path_on(route, name) for name in (*there, "nobody", "0" * 64)]


def queries(operation: Operation) -> Iterator[str]:
    always = ALWAYS.get(operation.name, "").format(now=int(time.time()))
    flags = [
        f"{name}=1"
        for name, one in operation.parameters.items()
        if one.kind is ParameterKind.BOOLEAN and f"{name}=" not in always
    ]
    yield f"?{always}"
    yield "?" + "&".join([*flags, always] if always else flags)
    for name, one in operation.parameters.items():
        if f"{name}=" not in always:
            for value in VALUES.get(one.kind, ("1", "nothing")):
                yield f"?{name}={value}&{always}"


@pytest.mark.parametrize("client", ["reader", *ROLES])
def test_no_answer_has_any_of_them(client: str, guard: Guard, planted: Planted) -> None:
    guarded = Guarded(guard.socket(client))
    leaked = set()
    for name in operations_of(client):
        if name in SHOWS_BY_ITS_NATURE:
            continue
        statuses = set()
        for target in targets(OPERATIONS[name], planted):
            answer = guarded.ask("GET", target)
            statuses.add(answer.status)
            shown = planted.found_in(answer.head + answer.body)
            leaked |= {(name, target, place) for place in shown - TOLD_BY_ERRORS.get(name, set())}
        assert 200 in statuses or name in ONLY_ERRORS, name
    assert leaked == set()


def test_no_event_has_any_of_them_as_it_happens(guard: Guard, planted: Planted) -> None:
    docker = planted.engine.docker
    with connected(guard.socket("reader"), 30) as watcher:
        watcher.sendall(request("GET", "/events"))
        said = read_head(watcher)
        docker("exec", "box", "sh", "-c", f"echo {secret('exec')}")
        docker("exec", "box", "echo", secret("exec"))
        options = ("--env", f"TOKEN={secret('environment')}", "--entrypoint", secret("command"))
        docker("create", "--name=watched", *options, IMAGE, secret("command"))
        docker("rm", "watched")
        device = f"--opt=device=//server/{secret('volume-device')}"
        docker("volume", "create", device, "--opt=type=cifs", "watched")
        docker("volume", "rm", "watched")
        docker("network", "create", "--internal", "last")
        docker("network", "rm", "last")
        while b'"name":"last"' not in said:
            said += watcher.recv(65536)
    assert b"exec_create: sockguard:masked" in said
    assert planted.found_in(said) == set()


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/containers/unmounted/start"),
        ("POST", "/containers/unmounted/restart?t=0"),
        ("GET", "/containers/unmounted/archive?path=/files"),
    ],
)
def test_an_error_says_why_a_volume_was_not_mounted_but_not_how(
    guard: Guard, planted: Planted, method: str, target: str
) -> None:
    """The Engine's own words have the options of the driver in them, passwords included."""
    told = Guarded(planted.engine.socket).ask(method, target).body
    assert planted.found_in(told) == {"volume-option", "volume-device"}
    answer = Guarded(guard.socket("starter")).ask(method, target)
    assert answer.status == 500
    assert planted.found_in(answer.head + answer.body) == set()
    assert "failed to mount local volume: mount sockguard:masked: no such " in answer.message


def test_the_engine_itself_tells_them(planted: Planted) -> None:
    direct = Guarded(planted.engine.socket)
    told: set[str] = set()
    for name in READS:
        for target in targets(OPERATIONS[name], planted):
            told |= planted.found_in(direct.ask("GET", target).body)
    assert told == set(planted.secrets) - NEVER_TOLD
