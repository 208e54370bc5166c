"""Which paths of the host hold sockguard's sockets, policy, keys and log, and the Engine's socket.

Must never take a path inside our container for one of the host.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.policy.globs import clean, lies_under

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sockguard.settings import Settings

ENGINE_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock")
_ALIASES = (("/run", "/var/run"), ("/var/run", "/run"))
"""On Linux the one is a link to the other (FHS 3.0, section 5.13)."""


@dataclass(frozen=True, slots=True)
class OwnPaths:
    """`held` hold what is sockguard's, `sockets` are the Engine's; all absolute and clean."""

    held: frozenset[str] = frozenset()
    sockets: frozenset[str] = frozenset(ENGINE_SOCKETS)


def paths_of(settings: Settings) -> OwnPaths:
    """Return the paths of a server that runs on the host itself."""
    held = [str(settings.socket_dir)]
    if settings.audit != "stdout":
        held.append(settings.audit)
        if settings.audit_key is not None:
            held.append(str(settings.audit_key))
    if "/" in settings.policy:
        held.append(settings.policy)
    if settings.tls_dir is not None:
        held.append(str(settings.tls_dir))
    held.extend(path for target in settings.export for path in target.files)
    return OwnPaths(spelt(held), spelt([str(settings.upstream), *ENGINE_SOCKETS]))


def paths_through(inside: OwnPaths, mounts: object) -> OwnPaths:
    """Return the host's paths of a server in a container, from the mounts of that container.

    A mount counts if one of our paths lies in it, or it in one of them.
    """
    pairs = list(mounted(mounts))
    held = [source for source, target in pairs if _touches(target, inside.held)]
    sockets = [source for source, target in pairs if _touches(target, inside.sockets)]
    return OwnPaths(spelt(held), spelt([*sockets, *ENGINE_SOCKETS]))


def _touches(target: str, paths: Iterable[str]) -> bool:
    return any(lies_under(path, target) or lies_under(target, path) for path in paths)


def mounted(mounts: object) -> Iterator[tuple[str, str]]:
    """Yield source on the host and target of each mount that an Engine tells of."""
    for mount in mounts if isinstance(mounts, list) else []:
        match mount:
            case {"Source": str(source), "Destination": str(target)} if source.startswith("/"):
                yield clean(source), clean(target)
            case _:
                pass


def spelt(paths: Iterable[str]) -> frozenset[str]:
    """Return the paths in all spellings: as given, without links, by both names of /run."""
    found = {clean(str(Path(path).absolute())) for path in paths}
    found |= {str(Path(path).resolve()) for path in found}
    for path in list(found):
        for name, alias in _ALIASES:
            if lies_under(path, name):
                found.add(alias + path.removeprefix(name))
    return frozenset(found)
