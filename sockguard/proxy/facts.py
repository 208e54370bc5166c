"""Ask the Engine for the facts that verdicts rest on: ids, names, labels, owners.

Must never answer for the Engine: what it does not tell in time, and in form, is a refusal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, Need, Thing, element_of, route_of, thing_of
from sockguard.engine.names import NAMED
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.ask import TooLong, ask_over, read_over
from sockguard.proxy.read_body import in_slices
from sockguard.wire.elements import list_steps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.proxy.engine_facts import EngineRange
    from sockguard.proxy.execs import Execs
    from sockguard.proxy.upstream import Upstream

MOST = 512
"""So many objects are looked up for one request at most."""
SECONDS = 10.0
"""So long all look-ups of one round may take."""
REMEMBERED = 4096
MOST_LETTERS = 16 * 1024**2
"""Letters of labels that are remembered at most: who makes objects decides how long theirs are."""

LONGEST_LIST = 16 * 1024**2
"""Bytes of all containers of an Engine as it lists them: some 8,000."""

_FOUND, _UNREADABLE, _ABSENT, _ERROR, _NO_SWARM = 200, 400, 404, 500, 503
_SWARM = frozenset({"service", "task", "node", "secret", "config"})
_AMBIGUOUS = ("multiple ids found", "is ambiguous")
# An ambiguous prefix is answered with 400, by Engines before 25 with 500 (daemon/container.go,
# daemon/cluster/helpers.go): either way the client must not learn that there is something.


class Memory:
    """What never changes of an object: its labels and image, by full id."""

    __slots__ = ("_letters", "_things")

    def __init__(self) -> None:
        self._things: dict[Need, Thing] = {}
        self._letters = 0

    def find(self, need: Need) -> Thing | None:
        """Return what is remembered of an object that is named by its full id."""
        return self._things.get(need)

    def keep(self, need: Need, thing: Thing) -> None:
        """Remember an object; when there are too many, all are asked for anew."""
        if need in self._things:
            return
        letters = sum(len(key) + len(value) for key, value in thing.labels.items())
        if len(self._things) >= REMEMBERED or self._letters + letters > MOST_LETTERS:
            self.forget()
        self._things[need] = thing
        self._letters += letters

    def forget(self) -> None:
        """Drop everything: the Engine may be another one."""
        self._things.clear()
        self._letters = 0


class Unreadable(Refusal):
    """What the Engine tells of one object has no form or no bounds: a fault of this object."""


class Enquiry:
    """Looks up what one request needs, over the connections of its client."""

    __slots__ = ("_engine", "_execs", "_left", "_memory", "_upstream")

    def __init__(
        self, upstream: Upstream, engine: EngineRange, memory: Memory, execs: Execs
    ) -> None:
        self._upstream = upstream
        self._engine = engine
        self._memory = memory
        self._execs = execs
        self._left = MOST

    def begin(self) -> None:
        """Count anew: what is looked up from here on is for another event."""
        self._left = MOST

    async def find(self, needs: Iterable[Need]) -> Mapping[Need, Thing | None]:
        """Return each object, None for one that the Engine does not have; raises a refusal."""
        wanted = sorted(needs)
        self._left -= len(wanted)
        if self._left < 0:
            raise _failed(f"it rests on more than {MOST} objects")
        try:
            async with asyncio.timeout(SECONDS):
                return {need: await self._one(need) for need in wanted}
        except TimeoutError as error:
            self._upstream.drop()
            raise _failed(f"the Engine did not tell of them in {SECONDS:g} s") from error
        except Refusal as refusal:
            if refusal.reason is not Reason.UPSTREAM:
                raise
            raise _failed(refusal.message) from refusal

    async def remember_containers(self) -> None:
        """Learn of all containers that there are, so that their end can still be told apart."""
        found: list[Thing] = []

        def note(element: dict[str, object]) -> None:
            found.append(element_of("container", element))

        try:
            async with asyncio.timeout(SECONDS):
                target = await self._target("/containers/json?all=1")
                status, body = await read_over(self._upstream, target, LONGEST_LIST)
                if status != _FOUND:
                    raise _failed(f"the Engine answered {status} when asked for its containers")
                await in_slices(list_steps(body, note))
        except TimeoutError as error:
            self._upstream.drop()
            raise _failed(f"the Engine did not list its containers in {SECONDS:g} s") from error
        except (Malformed, ValueError) as error:
            self._upstream.drop()
            raise _failed("the Engine's list of containers cannot be read") from error
        for thing in found:
            self._memory.keep(Need(f"container{ID}", thing.id), thing)

    def close(self) -> None:
        """Let the connection go."""
        self._upstream.drop()

    async def _one(self, need: Need) -> Thing | None:
        if need.kind == "exec" and (made := self._execs.find(need.reference)) is not None:
            return made
        if need.kind.endswith(ID) and (known := self._memory.find(need)) is not None:
            return known
        thing = await self._ask(need)
        if thing is not None and need.kind.endswith(ID):
            self._memory.keep(need, thing)
        return thing

    async def _ask(self, need: Need) -> Thing | None:
        if not NAMED[need.kind.removesuffix(ID)](need.reference):
            return None
        target = await self._target(route_of(need))
        try:
            status, document = await ask_over(self._upstream, target)
            if _is_absent(need.kind.removesuffix(ID), status, document):
                return None
            if status != _FOUND:
                raise _failed(f"the Engine answered {status} when asked for a {need.kind}")
            return thing_of(need.kind, document)
        except (Malformed, TooLong, ValueError) as error:
            self._upstream.drop()
            raise Unreadable(
                Reason.FACT_FAILED,
                f"there is no verdict: what the Engine tells of a {need.kind} cannot be read",
            ) from error

    async def _target(self, path: str) -> str:
        """Ask under the newest version that Engine and catalogue both know."""
        return f"/v1.{await self._engine.version_to_send(None)}{path}"


def _is_absent(kind: str, status: int, document: object) -> bool:
    """Tell whether a name names no object; of a volume, which a mount would make, for certain."""
    if status == _ABSENT:
        return True
    if kind == "volume":
        return False
    told = document.get("message") if isinstance(document, dict) else None
    ambiguous = isinstance(told, str) and any(words in told.lower() for words in _AMBIGUOUS)
    return (
        status == _UNREADABLE
        or (status == _NO_SWARM and kind in _SWARM)
        or (status == _ERROR and ambiguous)
    )


def _failed(why: str) -> Refusal:
    return Refusal(Reason.FACT_FAILED, f"there is no verdict: {why}")
