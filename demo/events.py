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
from demo.moments import read_moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiohttp import web

    from demo.state import Container, World

KEPT_EVENTS = 1000
SWARM_KINDS = ("service", "node", "secret", "config")
MEDIA = {
    "application/json": (1, 0),
    "application/x-ndjson": (1, 52),
    "application/json-seq": (1, 52),
    "application/jsonl": (1, 53),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One change; `moment` in nanoseconds since the epoch."""

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]
    moment: int

    @property
    def scope(self) -> str:
        """Where it is known: on this node, or in the whole swarm."""
        return "swarm" if self.kind in SWARM_KINDS else "local"

    def line(self, legacy: bool) -> bytes:
        """The Engine's JSON line; `legacy` adds old fields that some clients still read."""
        document: dict[str, Any] = {}
        if legacy and self.kind in ("container", "image"):
            document = {"status": self.action, "id": self.actor}
        if legacy and self.kind == "container":
            document["from"] = self.attributes.get("image")
        document |= {
            "Type": self.kind,
            "Action": self.action,
            "Actor": {"ID": self.actor, "Attributes": dict(self.attributes)},
            "scope": self.scope,
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


def end_streams(world: World) -> None:
    """End everybody's stream in good order, as an Engine does that stops."""
    for listener in world.listeners:
        listener.put_nowait(None)


def emit_container(world: World, action: str, container: Container, **more: str) -> None:
    """Tell that something happened to a container."""
    attributes = {"image": container.image, "name": container.name} | container.labels | more
    emit(world, "container", action, container.id, attributes)


async def stream(call: Call) -> web.StreamResponse:
    """GET /events: past ones from `since`, then live ones until `until`."""
    tests = _tests(call.filters())
    if call.version < (1, 46):
        tests.append(lambda event: (event.kind, event.action) != ("image", "create"))
    since, until = read_moment(call.arg("since")), read_moment(call.arg("until"))
    if since is not None and until is not None and until < since:
        times = f"`since` time ({call.arg('since')}) cannot be after `until` time"
        raise EngineError(400, f"{times} ({call.arg('until')})")
    media = _media_type(call)
    start = b"\x1e" if media == "application/json-seq" else b""
    legacy = call.version < (1, 52)
    told = _told(call.world, tests, since, until)
    return await call.send(media, (start + event.line(legacy) async for event in told))


def _media_type(call: Call) -> str:
    """What Accept asks for, in the order of its header lines; plain JSON before API 1.52."""
    known = [media for media, since in MEDIA.items() if call.version >= since]
    for text in ",".join(call.request.headers.getall("Accept", [])).split(","):
        media = text.partition(";")[0].strip()
        if media in known:
            return media
    return "application/json"


async def _told(
    world: World, tests: list[Callable[[Event], bool]], since: float | None, until: float | None
) -> AsyncIterator[Event]:
    listener: asyncio.Queue[Event | None] = asyncio.Queue()
    world.listeners.add(listener)
    past = [] if since is None else [item for item in world.events if item.moment >= since * 1e9]
    try:
        for event in past:
            if _passes(event, tests) and (until is None or event.moment <= until * 1e9):
                yield event
        while until is None or until > time.time():
            left = None if until is None else until - time.time()
            came = await asyncio.wait_for(listener.get(), left)
            if came is None:
                return
            if _passes(came, tests):
                yield came
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
    return [
        (_all_of if name == "label" else _any_of)(_FILTERS[name], values)
        for name, values in filters.items()
    ]


def _all_of(matches: Callable[[Event, str], bool], values: list[str]) -> Callable[[Event], bool]:
    return lambda event: all(matches(event, value) for value in values)


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
    "scope": lambda event, value: value == event.scope,
    "container": _names("container"),
    "image": _names("image"),
    "network": _names("network"),
    "volume": _names("volume"),
    "plugin": _names("plugin"),
    "service": _names("service"),
    "node": _names("node"),
    "secret": _names("secret"),
    "config": _names("config"),
    "daemon": _names("daemon"),
}
