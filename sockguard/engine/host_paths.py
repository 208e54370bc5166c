"""The directories, files and devices of the host that a body asks for by writing them out.

Must never look a volume up: what an existing one stands for is a fact that somebody else brings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.driver_options import paths_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def bound_paths(operation: str, document: object) -> Iterator[str]:
    """Yield each path as it was sent: of binds, of mounts, and of the options of volume drivers."""
    if not isinstance(document, dict):
        return
    if operation == "volumes.create":
        yield from _by_options(document.get("DriverOpts"))
        return
    for holder in (document.get("HostConfig"), _container_spec(document)):
        if isinstance(holder, dict):
            yield from _by_binds(holder.get("Binds"))
            yield from _by_mounts(holder.get("Mounts"))


def _container_spec(document: dict[str, object]) -> object:
    task = document.get("TaskTemplate")
    return task.get("ContainerSpec") if isinstance(task, dict) else None


def _by_binds(binds: object) -> Iterator[str]:
    for text in binds if isinstance(binds, list) else ():
        source, colon, _ = text.partition(":") if isinstance(text, str) else ("", "", "")
        if colon and source.startswith("/"):
            yield source


def _by_mounts(mounts: object) -> Iterator[str]:
    for mount in mounts if isinstance(mounts, list) else ():
        match mount:
            case {"Type": "bind", "Source": str(source)}:
                yield source
            case {"VolumeOptions": {"DriverConfig": {"Options": options}}}:
                yield from _by_options(options)
            case _:
                pass


def _by_options(options: object) -> Iterator[str]:
    if isinstance(options, dict):
        yield from paths_of(options)
