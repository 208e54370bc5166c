"""The socket proxies whose variables sockguard reads, each with the release that is followed.

Must never be guessed: the rules were read in the release that is named, and measured.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.compat.dialect import Dialect, Effect, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECTIONS = """
AUTH BUILD COMMIT CONFIGS CONTAINERS DISTRIBUTION EVENTS EXEC GRPC IMAGES INFO NETWORKS NODES PING
PLUGINS SECRETS SERVICES SESSION SWARM SYSTEM TASKS VERSION VOLUMES
"""
_LIBPOD_SECTIONS = """
CONTAINERS EVENTS EXEC GENERATE IMAGES INFO MANIFESTS NETWORKS PING PLAY PODS SECRETS SYSTEM
VERSION VOLUMES
"""
_ON = frozenset({"EVENTS", "PING", "VERSION"})
_NAME = "[a-zA-Z0-9_.-]+"
_ONE_CONTAINER = f"/containers/{_NAME}"
_ONE_OF_BOTH = f"(/libpod)?/(containers|pods)/{_NAME}"

_WRITES = Rule("POST", "", Effect.DENY_UNLESS_ON)


def _section(name: str) -> Rule:
    return Rule(name, "/_ping" if name == "PING" else f"/{name.lower()}")


def _libpod_section(name: str) -> Rule:
    return Rule(f"LIBPOD_{name}", f"/libpod{_section(name).path}")


def _action(name: str, verbs: str, objects: str, prefix: str = "ALLOW_") -> Rule:
    return Rule(f"{prefix}{name}", f"{objects}/({verbs})")


def _sub_resource(name: str, word: str) -> Rule:
    return Rule(f"ALLOW_{name}", f"{_ONE_OF_BOTH}/{word}", Effect.DENY_UNLESS_ON)


_ACTIONS = (("RESTARTS", "stop|restart|kill"), ("START", "start"), ("STOP", "stop"))
_PAUSES = (("PAUSE", "pause"), ("UNPAUSE", "unpause"))

# haproxy.cfg of v0.4.1: writes are refused before any ALLOW_ line is read.
TECNATIVA = Dialect(
    name="tecnativa",
    image="tecnativa/docker-socket-proxy",
    release="v0.4.1 of 2025-09",
    rules=(
        _WRITES,
        *(_action(name, verbs, _ONE_CONTAINER) for name, verbs in _ACTIONS),
        *map(_section, _SECTIONS.split()),
    ),
    on=_ON,
    ipv4_only="(?i:1|true|yes)",
    warning="Never expose this container's port to a public network.",
    later=MappingProxyType(
        {"BIND_CONFIG": "say the address with SOCKGUARD_LISTEN, as in tcp://127.0.0.1:2375"}
    ),
)

# root/templates/haproxy.cfg of 2026-08-18: what is refused by name comes first, and actions before
# the refusal of writes.
LINUXSERVER = Dialect(
    name="linuxserver",
    image="linuxserver/socket-proxy",
    release="2026-08-18",
    rules=(
        _sub_resource("ARCHIVE", "archive"),
        _sub_resource("CHANGES", "change"),
        _sub_resource("EXPORT", "export"),
        _sub_resource("LOGS", "logs"),
        _sub_resource("TOP", "top"),
        *(_action(name, verbs, _ONE_OF_BOTH) for name, verbs in (*_ACTIONS, *_PAUSES)),
        *(
            _action(name, verbs, f"/libpod/{objects}/{_NAME}", prefix)
            for prefix, objects in (
                ("LIBPOD_ALLOW_", "containers"),
                ("LIBPOD_ALLOW_POD_", "pods"),
            )
            for name, verbs in (*_ACTIONS, *_PAUSES)
        ),
        _WRITES,
        *map(_section, _SECTIONS.split()),
        *map(_libpod_section, _LIBPOD_SECTIONS.split()),
    ),
    on=_ON | {"LIBPOD_PING", "LIBPOD_VERSION"},
    ipv4_only="1",
    warning=(
        "Never expose this container's port to a public network. It should be treated the same way"
        " you would treat the docker socket or TCP endpoint."
    ),
    nothing_here=("LIBPOD_",),
)

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {one.name: one for one in (TECNATIVA, LINUXSERVER)}
)
