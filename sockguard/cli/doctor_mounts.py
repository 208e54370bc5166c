"""Which containers mount sockets as files, and which mount the Engine's own.

Must never take a path inside our container for one of the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.cli.finding import remark, warning
from sockguard.policy.globs import clean, lies_under
from sockguard.proxy.own_paths import mounted, paths_through, spelt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.cli.finding import Finding
    from sockguard.proxy.own_paths import OwnPaths
    from sockguard.wire.document import Value

    Containers = Sequence[Mapping[str, Value]]

_MOST_NAMES = 8


def containers_in(document: Value) -> Containers:
    """Return those of the Engine's list, none where it is no list."""
    listed = document if isinstance(document, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _name(container: Mapping[str, Value]) -> str:
    match container:
        case {"Names": [str(name), *_]}:
            return name.removeprefix("/")
        case _:
            return str(container.get("Id"))[:12]


def _others(containers: Containers, own: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, source and target of each mount of containers that are not our own."""
    for one in containers:
        if not own or one.get("Id") != own:
            for source, target in mounted(one.get("Mounts")):
                yield _name(one), source, target


def judge_bypassing(containers: Containers, inside: OwnPaths, own: str) -> Iterator[Finding]:
    """Name the containers that have the Engine's own socket, whatever the policy says."""
    paths = paths_through(inside, _own_mounts(containers, own)) if own else inside
    names = {
        name
        for name, source, _ in _others(containers, own)
        if any(lies_under(socket, source) for socket in paths.sockets)
    }
    if names:
        listed = sorted(names)
        more = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
        yield remark(
            "these containers mount the Engine's own socket, past sockguard: "
            f"{', '.join(listed[:_MOST_NAMES])}{more}",
            "in each: take docker.sock out of `volumes`, and mount the folder of a client instead",
        )


def judge_file_mounts(
    containers: Containers, sockets: Mapping[str, str], own: str
) -> Iterator[Finding]:
    """Name the containers that mount one of our sockets itself; `sockets` by listener."""
    mounts = list(mounted(_own_mounts(containers, own)))
    places = {
        host: (listener, path)
        for listener, path in sockets.items()
        for host in (_on_host(path, mounts) if own else spelt([path]))
    }
    for name, source, target in _others(containers, own):
        if source in places:
            yield warning(
                f"container {name} mounts the socket of '{places[source][0]}' as a file, which is"
                " dead once sockguard is restarted",
                f"in {name}, the folder instead: - {_folder(source)}:{_folder(target)}",
            )


def _folder(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _own_mounts(containers: Containers, own: str) -> Value:
    return next((one.get("Mounts") for one in containers if own and one.get("Id") == own), None)


def _on_host(path: str, mounts: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Return where a path of our container lies on the host, through the nearest mount."""
    within = [(source, target) for source, target in mounts if lies_under(path, target)]
    if not within:
        return frozenset()
    source, target = max(within, key=lambda pair: len(pair[1]))
    return spelt([clean(f"{source}/{path.removeprefix(target)}")])
