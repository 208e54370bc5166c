"""The view `networks`: which networks a container, service or build joins or leaves.

Must never take the host's network, or that of another container, for a network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.cover import Cover, joined, within
from sockguard.engine.facts import Thing
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.names import NAMED
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.namespaces import HOSTS, is_shared
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
    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

DEFAULT = "bridge"
_NONE = "none"
_DEFAULTS = frozenset({"", "default", DEFAULT})

# Compose names each service so. An alias gives no more than the name of the container does, which
# is plain: in its network, others find it by that.
_PLAIN_OF_ENDPOINT = ("Aliases", "NetworkID")
_PLAIN_OF_TARGET = ("Target", "Aliases")


def gather(asking: Asking, facts: Facts) -> Gathered:
    """Gather the networks, each by its real name if there is one, else as it was sent."""
    if asking.operation in SERVICES:
        return _of_service(asking.document, facts)
    if asking.operation == "build.run":
        return _of_build(asking, facts)
    if asking.operation == "containers.create":
        return _of_container(asking.document, facts)
    endpoint = ("EndpointConfig", "NetworkID")
    items = [_item(asking.names[0], "path", facts)]
    if other := text_at(asking.document, *endpoint):
        items.append(_item(other, spell_steps(endpoint), facts))
    return Gathered(tuple(items), within(("EndpointConfig",), _endpoint(items)))


def _item(name: str, where: str, facts: Facts) -> Item:
    """Name a network as the Engine resolves it; it knows its own three by no other name."""
    if name in {*_DEFAULTS, HOSTS, _NONE}:
        return Item(DEFAULT if name in _DEFAULTS else name, where)
    if not NAMED["network"](name):
        return Item(name, where, strange=True)
    found = facts.find("network", name)
    return Item(found.name if isinstance(found, Thing) else name, where)


def _is_judged(items: list[Item]) -> bool:
    """Tell whether all of these are networks: the host's is for the view `namespaces`."""
    return all(item.value != HOSTS for item in items)


def _endpoint(items: list[Item]) -> Cover:
    """Name what is judged of an endpoint in these networks."""
    parts = _PLAIN_OF_ENDPOINT if _is_judged(items) else ("Aliases",)
    return joined(*(whole(part) for part in parts))


def _of_container(document: object, facts: Facts) -> Gathered:
    mode_at = (*HOST, "NetworkMode")
    mode = text_at(document, *mode_at)
    items: list[Item] = []
    covers: list[Cover] = []
    if not is_shared(mode):
        found = [] if mode == _NONE else [_item(mode, spell_steps(mode_at), facts)]
        items += found
        covers += [whole(*mode_at)] if _is_judged(found) else []
    for name, endpoint in entries_at(document, *ENDPOINTS).items():
        if not is_shared(name):
            found = _of_endpoint(name, endpoint, facts)
            items += found
            covers += _covers_of_endpoint(name, found)
    return Gathered(tuple(items), joined(*covers))


def _of_endpoint(name: str, endpoint: object, facts: Facts) -> list[Item]:
    """Gather the network that an endpoint is called after, and that of its id, which wins."""
    where = (*ENDPOINTS, "{}")
    found = [_item(name, spell_steps(where), facts)] if name != _NONE else []
    if other := text_at(endpoint, "NetworkID"):
        found.append(_item(other, spell_steps((*where, "NetworkID")), facts))
    return found


def _covers_of_endpoint(name: str, found: list[Item]) -> list[Cover]:
    # The step of an empty key would stand for every key.
    if not name or not _is_judged(found):
        return []
    return [within((*ENDPOINTS, "{" + name + "}"), _endpoint(found))]


def _of_service(document: object, facts: Facts) -> Gathered:
    items: list[Item] = []
    covers: list[Cover] = []
    for steps in SERVICE_NETWORKS:
        where = (*steps, ITEM)
        names = [text_at(one, "Target") for one in objects_at(document, *steps)]
        told = spell_steps((*where, "Target"))
        found = [
            _item(name, told, facts) if name else Item("", told, strange=True)
            for name in names
            if name not in (HOSTS, _NONE)
        ]
        items += found
        if HOSTS not in names and _is_judged(found):
            covers += [whole(*where, part) for part in _PLAIN_OF_TARGET]
    return Gathered(tuple(items), joined(*covers))


def _of_build(asking: Asking, facts: Facts) -> Gathered:
    mode = as_text(asking.query.get("networkmode"))
    if is_shared(mode):
        return Gathered()
    found = [] if mode == _NONE else [_item(mode, "networkmode", facts)]
    judged = frozenset({"networkmode"}) if _is_judged(found) else frozenset()
    return Gathered(tuple(found), parameters=judged)


VIEW = View(
    "networks",
    frozenset(
        {
            *("containers.create", "networks.connect", "networks.disconnect", "build.run"),
            *SERVICES,
        }
    ),
    gather,
)
