"""The view `namespaces`: what a container shares with the host or with another container.

Must never take a mode that it does not know for a private one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING, joined, within
from sockguard.engine.facts import Thing
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.names import NAMED
from sockguard.engine.references import JOINED
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import (
    ENDPOINTS,
    HOST,
    SERVICE_NETWORKS,
    SERVICES,
    as_text,
    entries_at,
    objects_at,
    text_at,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

HOSTS = "host"


@dataclass(frozen=True, slots=True)
class Kind:
    """What one field may say: modes that share something, modes that share nothing."""

    name: str
    shared: frozenset[str] = frozenset({HOSTS})
    joined: bool = False
    own: frozenset[str] = field(default_factory=frozenset)


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "network": Kind("NetworkMode", joined=True),
        "pid": Kind("PidMode", joined=True),
        "ipc": Kind(
            "IpcMode",
            frozenset({HOSTS, "shareable"}),
            joined=True,
            own=frozenset({"private", "none"}),
        ),
        "uts": Kind("UTSMode"),
        "userns": Kind("UsernsMode"),
        "cgroupns": Kind("CgroupnsMode", own=frozenset({"private"})),
        "cgroup": Kind("Cgroup", frozenset(), joined=True),
    }
)
"""Fields of a HostConfig by the word for them (Engine source, api/types/container/hostconfig.go).

Each item is written `word=mode`, as in `pid=host` and `network=container:web`.
"""


def is_shared(mode: str) -> bool:
    """Tell whether a network mode is about no network but about whose to share."""
    return mode == HOSTS or mode.startswith(JOINED)


def gather(asking: Asking, facts: Facts) -> Gathered:
    """Gather all that is shared."""
    if asking.operation == "build.run":
        return _of_build(asking, facts)
    if asking.operation in SERVICES:
        return _of_service(asking)
    items, covers = [], []
    for word, kind in KINDS.items():
        steps = (*HOST, kind.name)
        mode = text_at(asking.document, *steps)
        if not mode or (word == "network" and not is_shared(mode)):
            continue
        covers.append(whole(*steps))
        if mode not in kind.own:
            items.append(_item(word, mode, spell_steps(steps), facts))
    mode = text_at(asking.document, *HOST, KINDS["network"].name)
    if is_shared(mode) and mode in entries_at(asking.document, *ENDPOINTS):
        # The docker command repeats the mode as the name of an endpoint, which says nothing more.
        covers.append(within((*ENDPOINTS, "{" + mode + "}"), NOTHING))
    return Gathered(tuple(items), joined(*covers))


def _item(word: str, mode: str, where: str, facts: Facts) -> Item:
    kind = KINDS[word]
    if mode in kind.shared:
        return Item(f"{word}={mode}", where)
    name = mode.removeprefix(JOINED).removeprefix("/")
    if not kind.joined or not mode.startswith(JOINED) or not NAMED["container"](name):
        return Item(mode, where, strange=True)
    found = facts.find("container", name)
    real = found.name if isinstance(found, Thing) else name
    return Item(f"{word}={JOINED}{real}", where)


def _of_build(asking: Asking, facts: Facts) -> Gathered:
    mode = as_text(asking.query.get("networkmode"))
    if not is_shared(mode):
        return Gathered()
    item = _item("network", mode, "networkmode", facts)
    return Gathered((item,), parameters=frozenset({"networkmode"}))


def _of_service(asking: Asking) -> Gathered:
    """Gather the host's network; a list that names others too is left for both views to name."""
    items, covers = [], []
    for steps in SERVICE_NETWORKS:
        names = [text_at(one, "Target") for one in objects_at(asking.document, *steps)]
        where = (*steps, ITEM, "Target")
        items += [Item(f"network={HOSTS}", spell_steps(where)) for name in names if name == HOSTS]
        if set(names) == {HOSTS}:
            covers.append(whole(*where))
    return Gathered(tuple(items), joined(*covers))


VIEW = View("namespaces", frozenset({"containers.create", "build.run", *SERVICES}), gather)
