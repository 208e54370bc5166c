"""The view `ports`: which ports of the host a container or service takes.

Must never take a port that the Engine chooses for one that somebody named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.cover import joined
from sockguard.engine.inspection import spell_steps
from sockguard.engine.ports import PROTOCOLS, Ports, normal_address, read_range
from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import (
    HOST,
    SERVICES,
    as_object,
    entries_at,
    number_at,
    objects_at,
    text_at,
    value_at,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

_BINDINGS = (*HOST, "PortBindings")
_PUBLISH_ALL = (*HOST, "PublishAllPorts")
_OF_SERVICE = ("EndpointSpec", "Ports")
_COVER = joined(whole(*_BINDINGS), whole(*_PUBLISH_ALL))
_BINDING = spell_steps((*_BINDINGS, "{}"))
_MOST = 65535


def gather(asking: Asking, _: Facts) -> Gathered:
    """Gather the ports with their addresses, each as one item."""
    if asking.operation in SERVICES:
        entries = objects_at(asking.document, *_OF_SERVICE)
        return Gathered(tuple(map(_published, entries)), whole(*_OF_SERVICE))
    items = list(_bound(asking.document))
    if value_at(asking.document, _PUBLISH_ALL) is True:
        items.append(Item(str(Ports()), spell_steps(_PUBLISH_ALL)))
    return Gathered(tuple(items), _COVER)


def _bound(document: object) -> Iterator[Item]:
    for key, bindings in entries_at(document, *_BINDINGS).items():
        protocol = _protocol_of(key)
        # Engines before 29, and later ones below API 1.53, take none for one that they choose
        # themselves, on all addresses (handlePortBindingsBC, container_routes.go).
        for binding in bindings if isinstance(bindings, list) and bindings else ({},):
            yield _item(protocol, as_object(binding))


def _protocol_of(key: str) -> str:
    """Read `80/tcp`, the port in the container; "" for what the Engine could read otherwise."""
    _, _, protocol = key.partition("/")
    known = protocol.lower() or PROTOCOLS[0]
    return known if known in PROTOCOLS else ""


def _item(protocol: str, binding: Mapping[str, object]) -> Item:
    address = normal_address(text_at(binding, "HostIp"))
    ports = read_range(text_at(binding, "HostPort"))
    if not protocol or address is None or ports is None:
        return Item("", _BINDING, strange=True)
    return Item(str(Ports(address, *ports, protocol)), _BINDING)


def _published(entry: Mapping[str, object]) -> Item:
    """Read one port of a service, which its nodes open on all their addresses."""
    port = number_at(entry, "PublishedPort")
    protocol = text_at(entry, "Protocol") or PROTOCOLS[0]
    where = f"{spell_steps(_OF_SERVICE)}[].PublishedPort"
    if protocol not in PROTOCOLS or not 0 <= port <= _MOST:
        return Item("", where, strange=True)
    return Item(str(Ports(first=port, last=port, protocol=protocol)), where)


VIEW = View("ports", frozenset({"containers.create", *SERVICES}), gather)
