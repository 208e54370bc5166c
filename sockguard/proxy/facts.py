"""Ask the Engine for the facts that verdicts rest on: ids, names, labels, owners.

Must never answer for the Engine: what it does not tell in time, and in form, is a refusal.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, Need, Thing, element_of, route_of, thing_of
from sockguard.engine.names import NAMED
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.ask import ask_over, read_over
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

_FOUND = 200
_AMBIGUOUS, _ABSENT, _NO_SWARM = 400, 404, 503
NOT_THERE = frozenset({_AMBIGUOUS, _ABSENT, _NO_SWARM})
"""Answers after which a name names no object: an ambiguous prefix must not show that there are."""


class Memory:
    """What never changes of an object: its labels and image, by full id."""

    __slots__ = ("_things",)

    def __init__(self) -> None:
        self._things: dict[Need, Thing] = {}

    def find(self, need: Need) -> Thing | None:
        """Return what is remembered of an object that is named by its full id."""
        return self._things.get(need)

    def keep(self, need: Need, thing: Thing) -> None:
        """Remember an object; when there are too many, all are asked for anew."""
        if len(self._things) >= REMEMBERED:
            self._things.clear()
        self._things[need] = thing

    def forget(self) -> None:
        """Drop everything: the Engine may be another one."""
        self._things.clear()


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

    async def remember_containers(self) -> None:
        """Learn of all containers that there are, so that their end can still be told apart."""
        found: list[Thing] = []

        def note(element: dict[str, object]) -> None:
            found.append(element_of("container", element))

        try:
            async with asyncio.timeout(SECONDS):
                status, body = await read_over(
                    self._upstream, await self._target("/containers/json?all=1")
                )
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
            if status in NOT_THERE:
                return None
            if status != _FOUND:
                raise _failed(f"the Engine answered {status} when asked for a {need.kind}")
            return thing_of(need.kind, document)
        except (Malformed, ValueError) as error:
            self._upstream.drop()
            raise _failed(f"what the Engine tells of a {need.kind} cannot be read") from error

    async def _target(self, path: str) -> str:
        """Ask under the newest version that Engine and catalogue both know."""
        return f"/v1.{await self._engine.version_to_send(None)}{path}"


def _failed(why: str) -> Refusal:
    return Refusal(Reason.FACT_FAILED, f"there is no verdict: {why}")
