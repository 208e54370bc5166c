"""Objects that an Engine would tell of, and verdicts on requests that name them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, Need, Thing
from sockguard.engine.reference import normalise_image
from sockguard.policy.asked import read_asked
from sockguard.policy.decide import decide
from sockguard.policy.judge import read_body
from sockguard.policy.model import MAIN
from sockguard.policy.question import Body, OwnObjects, Question
from sockguard.wire.document import decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.policy.model import Policy
    from sockguard.policy.question import Decision

STAMP = "sockguard.owner"
ROUNDS = 8


def full_id(letter: str) -> str:
    """Return a full id that begins with this letter or these."""
    return (letter + "0" * 64)[:64]


def container(name: str, identity: str = "c1", image: str = "e1", **labels: str) -> Thing:
    """Describe a container; `owner` among the labels stands for the stamp."""
    return Thing("container", full_id(identity), (name,), _labels(labels), image=full_id(image))


def image(*names: str, identity: str = "e1", **labels: str) -> Thing:
    """Describe an image under these names."""
    return Thing("image", full_id(identity), tuple(map(normalise_image, names)), _labels(labels))


def network(name: str, identity: str = "d1", **labels: str) -> Thing:
    """Describe a network."""
    return Thing("network", full_id(identity), (name,), _labels(labels))


def volume(name: str, **labels: str) -> Thing:
    """Describe a volume."""
    return Thing("volume", name, (name,), _labels(labels))


def _labels(labels: dict[str, str]) -> dict[str, str]:
    return {STAMP if key == "owner" else key: text for key, text in labels.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, and what the Engine was asked before it."""

    decision: Decision
    asked: tuple[Need, ...]


def judge(
    policy: Policy,
    do: str,
    *things: Thing,
    body: object = None,
    client: str = MAIN,
    own: OwnObjects | None = None,
) -> Judged:
    """Judge `METHOD /target` of a client; the Engine has these objects and no others."""
    method, _, target = do.partition(" ")
    asked = read_asked(method, target)
    operation, names = asked.recognised.operation, asked.recognised.names
    read = Body()
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        read = read_body(operation, decode(data), names)
    own = own or OwnObjects(callers=policy.callers)
    question = Question(operation, names, asked.query, read, own, asked.sent, stamps=policy.stamps)
    return answered(policy, question, things, client)


def answered(
    policy: Policy, question: Question, things: Iterable[Thing], client: str = MAIN
) -> Judged:
    """Ask until no fact is missing."""
    there = tuple(things)
    needed: list[Need] = []
    for _ in range(ROUNDS):
        decision = decide(policy.clients[client], question)
        if not decision.needs:
            return Judged(decision, tuple(needed))
        needs = sorted(decision.needs)
        needed += needs
        facts = {need: found(need, there) for need in needs}
        question = replace(question, facts={**question.facts, **facts})
    raise AssertionError("the verdict never settles")


def found(need: Need, things: Iterable[Thing]) -> Thing | None:
    """Find an object as the Engine does: by id, by name, by the beginning of an id."""
    kind, reference = need.kind.removesuffix(ID), need.reference
    of_kind = [thing for thing in things if thing.kind == kind]
    name = normalise_image(reference) if kind == "image" else reference
    tests = (
        lambda thing: thing.id == reference,
        lambda thing: name in thing.names,
        lambda thing: kind != "volume" and thing.id.startswith(reference),
    )
    return next((thing for test in tests for thing in of_kind if test(thing)), None)
