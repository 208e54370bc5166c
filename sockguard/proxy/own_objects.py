"""What on the Engine belongs to sockguard itself, so that no client can turn it against us.

Must never fail silently: when we run in a container and cannot find it, that is said.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sockguard.engine.reference import normalise_image, repository_of
from sockguard.errors import Refusal
from sockguard.policy.question import OwnObjects
from sockguard.proxy.ask import ask, follow
from sockguard.proxy.own_paths import OwnPaths, paths_through
from sockguard.proxy.upstream import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sockguard.wire.document import Value

# In place, not anywhere: while `docker cp` runs the host has the files of another under its root.
_MOUNTED = re.compile(
    r"/containers/([0-9a-f]{64})/(hostname|hosts|resolv\.conf)(?://deleted)? /etc/\2 "
)
_CGROUP = re.compile(r"(?:/docker[/-]|/libpod-)([0-9a-f]{64})(?:\.scope)?$", re.MULTILINE)
_RETRY_SECONDS = (1.0, 2.0)
_FOUND = 200
NO_PATHS = OwnPaths()
_FAILURES = (Refusal, ValueError, OSError)  # TimeoutError is an OSError


def own_container_id(proc: Path) -> str:
    """Return the full id of the container that this process runs in, "" outside of any.

    `proc` is /proc/self: the Engine mounts its hostname file into each container.
    """
    for name, pattern in (("mountinfo", _MOUNTED), ("cgroup", _CGROUP)):
        with suppress(OSError):
            found = pattern.search((proc / name).read_text("utf-8", "replace"))
            if found:
                return found[1]
    return ""


def own_objects(document: Value, inside: OwnPaths = NO_PATHS) -> OwnObjects:
    """Read our container's inspect document; raises ValueError when it is not one.

    `inside` are our paths as they are within the container.
    """
    match document:
        case {"Id": str(identity), "Name": str(name), "Image": str(image), **rest}:
            images, repositories = _images(rest.get("Config"))
            paths = paths_through(inside, rest.get("Mounts"))
            return OwnObjects(
                container_id=identity,
                container_names=frozenset({name.removeprefix("/")}),
                volumes=_volumes(rest.get("Mounts")),
                images=images,
                repositories=repositories,
                image_ids=frozenset({image.removeprefix("sha256:")}),
                paths=paths.held,
                engine_paths=paths.sockets,
            )
        case _:
            raise ValueError("not the inspect document of a container")


def _volumes(mounts: object) -> frozenset[str]:
    found = set()
    for mount in mounts if isinstance(mounts, list) else []:
        match mount:
            case {"Type": "volume", "Name": str(name)}:
                found.add(name)
    return frozenset(found)


def _images(config: object) -> tuple[frozenset[str], frozenset[str]]:
    """Return our tagged name, and our repository where a digest alone says what runs."""
    match config:
        case {"Image": str(name)}:
            tagged, _, digest = name.partition("@")
            full = normalise_image(tagged)
            if digest and ":" not in tagged.rpartition("/")[2]:
                return frozenset(), frozenset({repository_of(full)})
            return frozenset({full}), frozenset()
        case _:
            return frozenset(), frozenset()


@dataclass(frozen=True, slots=True)
class Ourselves:
    """The container that this process runs in, and our paths within it."""

    container_id: str
    paths: OwnPaths = NO_PATHS


class SelfKnowledge:
    """Keeps our own objects known: read at start, after a rename and after a reconnection."""

    def __init__(
        self,
        upstream: Path,
        ourselves: Ourselves,
        seconds: float,
        learned: Callable[[OwnObjects], None],
        tell: Callable[[str], None],
    ) -> None:
        self._upstream = upstream
        self._id = ourselves.container_id
        self._inside = ourselves.paths
        self._seconds = seconds
        self._learned = learned
        self._tell = tell
        self._found = False

    async def look(self) -> None:
        """Learn once, and say so when that fails; the id holds even while the Engine is away."""
        if not self._found:
            self._learned(OwnObjects(container_id=self._id))
        try:
            async with asyncio.timeout(self._seconds):
                await self._learn()
        except _FAILURES as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._tell(f"cannot find its own container {self._id[:12]}: {error}")

    async def watch(self) -> None:
        """Learn, then learn again whenever our container may have been renamed; never returns."""
        failures = 0
        while True:
            try:
                await self._follow()
                failures = 0
            except _FAILURES as error:
                if failures == 0:
                    self._complain(error)
            await asyncio.sleep(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
            failures += 1

    async def _follow(self) -> None:
        filters = quote(
            f'{{"type":["container"],"event":["rename"],"container":["{self._id}"]}}', safe=""
        )
        events = await connect(self._upstream, self._seconds)
        try:
            renamed = follow(events, f"/events?filters={filters}")
            await anext(renamed)  # the head: from here on no rename is missed
            await self._learn()
            async for _ in renamed:
                await self._learn()
        finally:
            events.close(self._seconds)

    async def _learn(self) -> None:
        channel = await connect(self._upstream, self._seconds)
        try:
            status, document = await ask(channel, f"/containers/{self._id}/json")
        finally:
            channel.close(self._seconds)
        if status != _FOUND:
            raise ValueError(f"the Engine answered {status}")
        self._found = True
        self._learned(own_objects(document, self._inside))
