"""Variables of a dialect as what `serve` needs: a policy, and other values for flags not given.

Must never widen what a flag says: only what nobody said is filled in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.compat.dialects import DIALECTS
from sockguard.compat.granted import groups_of, variables_for
from sockguard.compat.toggles import turned_on, warnings_of
from sockguard.compat.written import WrittenClient, write
from sockguard.errors import SockguardError
from sockguard.policy.lint import half_open

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.compat.dialect import Dialect
    from sockguard.policy.model import Role

PORT = 2375
ANYBODY: Mapping[str, object] = MappingProxyType(
    {"from": ["0.0.0.0/0", "::/0"], "anyone_there": True}
)
CLIENT = "anybody"

# HAProxy writes a line for each request at the level info.
_LEVELS = {"debug": "all", "info": "all", **dict.fromkeys(
    ("notice", "warning", "err", "crit", "alert", "emerg"), "denied"
)}  # fmt: skip
_DEFAULT_SOCKET = "/var/run/docker.sock"
_PATH = re.compile(r"/[!-~]+")


class CompatError(SockguardError):
    """A variable of a dialect that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a dialect's variables come to. `defaults` are texts of flags, by their names.

    `on` are the variables that are on, `warnings` those of slips.
    """

    dialect: Dialect
    policy: str
    defaults: Mapping[str, str]
    warnings: tuple[str, ...]
    on: frozenset[str]


def follow(name: str, environ: Mapping[str, str]) -> Followed:
    """Read the variables as that dialect does; raises CompatError for what cannot be meant here."""
    dialect = DIALECTS[name]
    for variable, instead in dialect.later.items():
        if environ.get(variable):
            raise CompatError(
                f"{variable} came after {dialect.image} {dialect.release}, which is followed:"
                f" take it away, and {instead}"
            )
    return Followed(
        dialect,
        policy_of(dialect, environ),
        {
            "listen": ",".join(listeners_of(dialect, environ)),
            "upstream": f"unix://{_socket_path(environ)}",
            "log": _log(environ),
            "audit": "stdout",  # that image has no volume, and may have no folder to write to
        },
        tuple(warnings_of(dialect, environ)),
        turned_on(dialect, environ),
    )


def left_halfway(followed: Followed, role: Role) -> Iterator[str]:
    """Say what a program with the role of that policy would lack, and which variables mend it."""
    for one in half_open(role):
        found = variables_for(followed.dialect, followed.on, one.lacks)
        mend = " ".join(f"{name}=1" for name in found)
        if mend:
            yield f"whoever calls {one.says}: that needs {mend}"


def policy_of(dialect: Dialect, environ: Mapping[str, str]) -> str:
    """Write the policy that means what these variables mean to that dialect."""
    on = turned_on(dialect, environ)
    unset = sorted(on - environ.keys())
    said = [f"{name}={environ[name]}" for name in dialect.toggles if name in environ]
    head = [
        f"What these variables mean to {dialect.image}, {dialect.release}:",
        f"{' '.join(said) or 'none is set'}; on without being set: {' '.join(unset) or 'none'}",
        "Whole operations, with whatever they carry, and nothing in their answers masked.",
    ]
    return write(head, [WrittenClient(CLIENT, groups_of(dialect, on), ANYBODY)])


def listeners_of(dialect: Dialect, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return where that dialect listens: on every address of the host."""
    ipv4 = f"tcp://0.0.0.0:{PORT}"
    if re.fullmatch(dialect.ipv4_only, environ.get("DISABLE_IPV6", "")):
        return (ipv4,)
    return (ipv4, f"tcp://[::]:{PORT}")


def _socket_path(environ: Mapping[str, str]) -> str:
    path = environ.get("SOCKET_PATH") or _DEFAULT_SOCKET
    if not _PATH.fullmatch(path):
        raise CompatError(f"SOCKET_PATH={path}: must be an absolute path, as in {_DEFAULT_SOCKET}")
    return path


def _log(environ: Mapping[str, str]) -> str:
    level = environ.get("LOG_LEVEL") or "info"
    if level not in _LEVELS:
        raise CompatError(f"LOG_LEVEL={level}: must be one of {', '.join(_LEVELS)}")
    return _LEVELS[level]
