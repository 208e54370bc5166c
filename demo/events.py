"""What happens in the demo engine, told to everyone who listens, and the route that streams it.

Must never change state.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiohttp import web

    from demo.state import Container, World

KEPT_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """One change; `moment` in nanoseconds since the epoch."""

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]
    moment: int

    def line(self) -> bytes:
        """The Engine's JSON line, with the old fields that some clients still read."""
        document: dict[str, Any] = {}
        if self.kind == "container":
            old = {"status": self.action, "id": self.actor, "from": self.attributes.get("image")}
            document |= old
        document |= {
            "Type": self.kind,
            "Action": self.action,
            "Actor": {"ID": self.actor, "Attributes": dict(self.attributes)},
            "scope": "local",
            "time": self.moment // 10**9,
            "timeNano": self.moment,
        }
        return json.dumps(document, separators=(",", ":")).encode() + b"\n"


def emit(
    world: World, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None
) -> None:
    """Tell that something happened."""
    event = Event(kind, action, actor, attributes or {}, time.time_ns())
    world.events.append(event)
    del world.events[:-KEPT_EVENTS]
    for listener in world.listeners:
        listener.put_nowait(event)


def emit_container(world: World, action: str, container: Container, **more: str) -> None:
    """Tell that something happened to a container."""
    attributes = {"image": container.image, "name": container.name} | container.labels | more
    emit(world, "container", action, container.id, attributes)


async def stream(call: Call) -> web.StreamResponse:
    """GET /events: past ones from `since`, then live ones until `until`."""
    tests = _tests(call.filters())
    since, until = _moment(call.arg("since")), _moment(call.arg("until"))
    return await call.send("application/json", _lines(call.world, tests, since, until))


async def _lines(
    world: World, tests: list[Callable[[Event], bool]], since: float | None, until: float | None
) -> AsyncIterator[bytes]:
    listener: asyncio.Queue[Event] = asyncio.Queue()
    world.listeners.add(listener)
    past = [] if since is None else [item for item in world.events if item.moment >= since * 1e9]
    try:
        for event in past:
            if _passes(event, tests) and (until is None or event.moment <= until * 1e9):
                yield event.line()
        while until is None or until > time.time():
            left = None if until is None else until - time.time()
            event = await asyncio.wait_for(listener.get(), left)
            if _passes(event, tests):
                yield event.line()
    except TimeoutError:
        return
    finally:
        world.listeners.discard(listener)


def _passes(event: Event, tests: list[Callable[[Event], bool]]) -> bool:
    return all(test(event) for test in tests)


def _tests(filters: Mapping[str, list[str]]) -> list[Callable[[Event], bool]]:
    unknown = set(filters) - set(_FILTERS)
    if unknown:
        raise EngineError(400, f"invalid filter '{min(unknown)}'")
    return [_any_of(_FILTERS[name], values) for name, values in filters.items()]


def _any_of(matches: Callable[[Event, str], bool], values: list[str]) -> Callable[[Event], bool]:
    return lambda event: any(matches(event, value) for value in values)


def _matches_action(event: Event, value: str) -> bool:
    return event.action == value or event.action.startswith(f"{value}:")


def _matches_label(event: Event, value: str) -> bool:
    key, equals, wanted = value.partition("=")
    return key in event.attributes and (not equals or event.attributes[key] == wanted)


def _names(kind: str) -> Callable[[Event, str], bool]:
    def matches(event: Event, value: str) -> bool:
        known = value == event.attributes.get("name") or event.actor.startswith(value)
        return (event.kind == kind and known) or event.attributes.get(kind) == value

    return matches


_FILTERS: dict[str, Callable[[Event, str], bool]] = {
    "type": lambda event, value: event.kind == value,
    "event": _matches_action,
    "label": _matches_label,
    "scope": lambda _, value: value == "local",
    "container": _names("container"),
    "image": _names("image"),
    "network": _names("network"),
    "volume": _names("volume"),
}


def _moment(text: str) -> float | None:
    """Seconds since the epoch from `1700000000`, `1700000000.5` or nothing."""
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise EngineError(400, f"invalid time: {text}") from error
