"""What a swarm of one node holds: its versions, node, services, tasks, secrets and configs.

Must never speak HTTP, and never know a container.
"""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.moments import moment

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject = dict[str, Any]
OUT_OF_SEQUENCE = "rpc error: code = Unknown desc = update out of sequence"
DIGITS = string.digits + string.ascii_lowercase


def new_swarm_id() -> str:
    """25 digits and lower letters."""
    return "".join(secrets.choice(DIGITS) for _ in range(25))


@dataclass(slots=True)
class Thing:
    """One object of the swarm as the Engine shows it; `name` is what a person calls it."""

    id: str
    name: str
    spec: JsonObject
    version: int
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    previous: JsonObject | None = None

    def meta(self) -> JsonObject:
        """The fields that every object of a swarm begins with."""
        return {
            "ID": self.id,
            "Version": {"Index": self.version},
            "CreatedAt": moment(self.created),
            "UpdatedAt": moment(self.updated),
        }


@dataclass(slots=True)
class Task(Thing):
    """One slot of a service, with the container that runs in it; `spec` is a TaskTemplate."""

    service: str = ""
    slot: int = 0
    container: str = ""
    desired: str = "running"


Kind = dict[str, Thing]


@dataclass(slots=True)
class Swarm:
    """Everything in it; `index` counts changes as Raft does."""

    id: str = field(default_factory=new_swarm_id)
    index: int = 10
    version: int = 10
    created: float = field(default_factory=time.time)
    spec: JsonObject = field(default_factory=dict)
    nodes: Kind = field(default_factory=dict)
    services: Kind = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    secrets: Kind = field(default_factory=dict)
    configs: Kind = field(default_factory=dict)

    def next(self) -> int:
        """The version of the next change."""
        self.index += 1
        return self.index

    def add(self, things: Kind, name: str, spec: JsonObject) -> Thing:
        """Keep a new object under a new id."""
        thing = Thing(new_swarm_id(), name, spec, self.next())
        things[thing.id] = thing
        return thing

    def change(self, thing: Thing, spec: JsonObject, version: int) -> None:
        """Replace a spec and keep the one before; EngineError 500 for an old version."""
        if version != thing.version:
            raise EngineError(500, OUT_OF_SEQUENCE)
        thing.previous, thing.spec = thing.spec, spec
        thing.version, thing.updated = self.next(), time.time()


def find(kind: str, things: Mapping[str, Thing], reference: str) -> Thing:
    """An object by id, name or id prefix; EngineError 404, or 400 when it is ambiguous."""
    if reference in things:
        return things[reference]
    found = [thing for thing in things.values() if thing.name == reference]
    found = found or [thing for key, thing in things.items() if key.startswith(reference)]
    if not found:
        raise EngineError(404, f"{kind} {reference} not found")
    if len(found) > 1:
        raise EngineError(400, f"{kind} {reference} is ambiguous ({len(found)} matches found)")
    return found[0]
