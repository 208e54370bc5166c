"""Whatever is forwarded means to the Engine, whose decoder is Go's, what was judged."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Need, Thing
from sockguard.engine.operation import BodyKind
from sockguard.engine.shape import Field, Map, Misplaced
from sockguard.errors import Malformed
from sockguard.policy.asked import read_asked
from sockguard.policy.complaints import PolicyError
from sockguard.policy.decide import decide
from sockguard.policy.judge import read_body
from sockguard.policy.load import load_text
from sockguard.policy.question import Question
from sockguard.wire.document import decode, encode
from tests.support.bodies import bent, documents
from tests.support.go_json import GoError, go_read, go_zero
from tests.support.items import items
from tests.support.meaning import objections
from tests.support.view_meaning import CONTAINERS, IMAGES, NETWORKS, VOLUMES, Asked
from tests.support.widest import routes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.shape import Shape
    from sockguard.policy.model import Client
    from sockguard.policy.question import Decision
    from sockguard.wire.document import Value

NAMES = {
    "container": "web",
    "network": "frontend",
    "volume": "data",
    "service": "api",
    "image": "alpine",
    "exec": "e1",
    "secret": "key",
    "config": "conf",
    "node": "one",
    "plugin": "acme/plugin",
}
JSON_OPERATIONS = sorted(
    name
    for name, one in OPERATIONS.items()
    if one.body is BodyKind.JSON and one.shape is not None and not one.refused
)


# --- requests --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tried:
    """A request that was forwarded, under the one item that there is."""

    operation: str
    conditions: Mapping[str, Any]
    body: bytes
    decision: Decision
    names: tuple[str, ...]


def client_of(operation: str, conditions: Mapping[str, Any]) -> Client | None:
    """Load a policy of one item; None for a policy that is none."""
    try:
        policy = load_text(f"version: 1\nallow: [{json.dumps({operation: conditions})}]\n")
    except PolicyError:
        return None
    return policy.clients["main"]


def decided(client: Client, operation: str, body: bytes) -> tuple[Decision, tuple[str, ...]]:
    """Judge a body as live traffic is judged, facts included; the verdict, and names in the path.

    Raises Malformed.
    """
    route = routes_of(operation)[0]
    steps = [NAMES[one.strip("{.}")] if one[0] == "{" else one for one in route.template]
    asked = read_asked(route.method, "/" + "/".join(steps))
    recognised = asked.recognised
    read = read_body(recognised.operation, decode(body), recognised.names)
    question = Question(recognised.operation, recognised.names, asked.query, read)
    while (decision := decide(client, question)).needs:
        told = {need: thing_of(need) for need in decision.needs}
        question = replace(question, facts={**question.facts, **told})
    return decision, recognised.names


def thing_of(need: Need) -> Thing | None:
    """Tell of an object as the Engine in `view_meaning` would."""
    kind, name = need
    if kind == "container" and (real := _container(name)):
        identity, user = CONTAINERS[real]
        return Thing(kind, identity, (real,), user=user)
    if kind == "network":
        for real, identity in NETWORKS.items():
            if name == real or identity.startswith(name):
                return Thing(kind, identity, (real,))
    if kind == "image" and name in IMAGES:
        return Thing(kind, "i" * 64, (name,), user=IMAGES[name])
    if kind == "volume" and name in VOLUMES:
        return Thing(kind, name, (name,), host_path=VOLUMES[name])
    return None


def _container(name: str) -> str:
    return next((real for real, (one, _) in CONTAINERS.items() if name in (real, one)), "")


# --- what must hold --------------------------------------------------------------------------


def as_judged(shape: Shape, value: object) -> object:
    """Return the fields of a judged document by their exact names, as a Go program would hold them.

    Unknown ones, which `body: any` lets in, are left out: the Engine ignores them.
    """
    inner = shape.shape if isinstance(shape, Field) else shape
    if value is None:
        return None
    if isinstance(inner, list):
        assert isinstance(value, list)
        read = [as_judged(inner[0], one) for one in value]
        return [go_zero(inner[0]) if one is None else one for one in read]
    if isinstance(inner, Map):
        assert isinstance(value, dict)
        entries = {key: as_judged(inner.values, one) for key, one in value.items()}
        return {k: go_zero(inner.values) if one is None else one for k, one in entries.items()}
    if isinstance(inner, Mapping):
        assert isinstance(value, dict)
        known = {key: as_judged(inner[key], one) for key, one in value.items() if key in inner}
        return {key: one for key, one in known.items() if one is not None}
    return value


def faults_of(tried: Tried) -> list[str]:
    """Say what is wrong with a request that was forwarded; [] for nothing."""
    shape = OPERATIONS[tried.operation].shape
    assert shape is not None
    document = cast("Value", tried.decision.document)
    forwarded = encode(document)
    seen = go_read(forwarded, shape)
    faults = []
    if seen != as_judged(shape, document) or seen != go_read(forwarded, shape, null_clears=False):
        faults.append("the Engine reads other fields than were judged")
    if "always" not in json.dumps(tried.conditions) and not is_same_request(tried, seen):
        faults.append("the Engine would have read other fields from the client")
    asked = Asked(tried.operation, shape, by_name(seen), tried.names)
    return faults + objections(by_name(tried.conditions), asked)


def by_name(value: Any) -> Any:
    """Put names for ids: a line is held against what the client wrote, and the id is sent."""
    if isinstance(value, dict):
        return {by_name(key): by_name(one) for key, one in value.items()}
    if isinstance(value, list):
        return [by_name(one) for one in value]
    if isinstance(value, str):
        for name, (identity, _) in CONTAINERS.items():
            value = value.replace(identity, name)
    return value


def is_same_request(tried: Tried, seen: object) -> bool:
    """Tell whether the client's own bytes say the same to the Engine, names for ids."""
    shape = OPERATIONS[tried.operation].shape
    assert shape is not None
    try:
        meant = go_read(tried.body, shape)
    except GoError:
        return False
    if isinstance(meant, dict) and isinstance(shape, Mapping):
        misplaced = {key for key, one in shape.items() if isinstance(one, Misplaced)}
        meant = {key: one for key, one in meant.items() if one or key not in misplaced}
    text, other = (json.dumps(by_name(one), sort_keys=True) for one in (seen, meant))
    return text == other


def forwarded_of(operation: str, chance: Random) -> Iterator[Tried]:
    """Make up a body and an item, and yield in which of its forms the body may pass."""
    document = documents(chance, operation)
    conditions = items(chance, operation, document)
    client = client_of(operation, conditions)
    for _ in range(FORMS if client is not None else 0):
        body = bent(chance, document, operation)
        with contextlib.suppress(Malformed):
            decision, names = decided(cast("Client", client), operation, body)
            if decision.allowed:
                yield Tried(operation, conditions, body, decision, names)


@pytest.mark.parametrize("operation", JSON_OPERATIONS)
def test_the_engine_sees_what_was_judged_and_the_policy_allows(operation: str) -> None:
    forwarded = 0

    @settings(max_examples=MANY if operation in MOST_WANTED else FEW, deadline=None)
    @given(st.integers(0, 1 << 64))
    def try_some(seed: int) -> None:
        nonlocal forwarded
        chance = Random(seed)
        for _ in range(AT_ONCE):
            for tried in forwarded_of(operation, chance):
                forwarded += 1
                assert faults_of(tried) == [], (tried.conditions, tried.body)

    try_some()
    assert forwarded  # else nothing was shown


MOST_WANTED = frozenset(
    {
        *("containers.create", "containers.update", "services.create", "services.update"),
        *("volumes.create", "exec.create", "networks.create", "networks.connect"),
    }
)
MANY, FEW = 40, 8
FORMS, AT_ONCE = 4, 20
"""Forms of one body, and bodies of one seed, over which hypothesis takes longer than they do."""
