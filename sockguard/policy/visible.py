"""Which objects of a list, of the disk use or of an event a client may see at all.

Must never show an object of which it is not known that it may be seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, Need, Unknown, element_of
from sockguard.engine.references import kind_in_path
from sockguard.errors import Malformed
from sockguard.policy.objects import is_filtered
from sockguard.policy.ownership import OWNABLE, STAMP, is_own, is_shared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.engine.facts import Facts, Thing
    from sockguard.policy.model import Client, Grant

USAGE = {"Containers": "container", "Volumes": "volume", "Images": "image"}
"""The lists in the answer to `/system/df`, and what they hold."""
NEWER_USAGE = {"ContainerUsage": "container", "VolumeUsage": "volume", "ImageUsage": "image"}
"""The same from API 1.52 on, where each is an object with its `Items`."""


def filters(client: Client, operation: str, grants: Iterable[Grant]) -> bool:
    """Tell whether objects are left out of the answer to this operation."""
    if not is_filtered(operation):
        return operation == "networks.inspect" and client.own.only
    return all(_limits(client, grant) for grant in grants)


def _limits(client: Client, grant: Grant) -> bool:
    return grant.target is not None or (client.own.only and not grant.shared)


def sees(client: Client, grant: Grant, thing: Thing, facts: Facts) -> bool:
    """Tell whether a grant shows this object; notes the facts that are missing."""
    if grant.target is not None and not grant.target.matches(thing):
        return False
    if not client.own.only or grant.shared:
        return True
    if is_shared(thing, client):
        return True
    return thing.kind in OWNABLE and is_own(thing, client, facts)


def admitting(
    client: Client, operation: str, grants: tuple[Grant, ...], element: object, facts: Facts
) -> tuple[Grant, ...]:
    """Return the grants that show this element of a list; Malformed where it is none."""
    kind = kind_in_path(operation)
    return tuple(grant for grant in grants if sees(client, grant, _thing(kind, element), facts))


def _thing(kind: str, element: object) -> Thing:
    try:
        return element_of(kind, element)
    except ValueError as error:
        raise Malformed(f"an element of the list is {error}") from error


# --- disk use ---------------------------------------------------------------------------------


def usage_seen(
    client: Client, grants: tuple[Grant, ...], document: object, facts: Facts
) -> dict[str, object]:
    """Leave out of the disk use what belongs to others, and all sums over it."""
    if not isinstance(document, dict):
        raise Malformed("the disk use is no object")
    seen: dict[str, object] = {}
    for key, value in document.items():
        if key in USAGE:
            seen[key] = _those_seen(client, grants, USAGE[key], value, facts)
        elif key in NEWER_USAGE and isinstance(value, dict):
            items = _those_seen(client, grants, NEWER_USAGE[key], value.get("Items"), facts)
            seen[key] = {**_emptied(value), "Items": items}
        else:
            seen[key] = _empty(value)
    return seen


def _those_seen(
    client: Client, grants: tuple[Grant, ...], kind: str, items: object, facts: Facts
) -> list[object]:
    return [
        item
        for item in (items if isinstance(items, list) else ())
        if any(sees(client, grant, _thing(kind, item), facts) for grant in grants)
    ]


def _emptied(value: Mapping[str, object]) -> dict[str, object]:
    return {key: _empty(part) for key, part in value.items()}


def _empty(value: object, *, keys: bool = True) -> object:
    """Return a value of the same type that tells nothing but, where asked for, its keys."""
    if isinstance(value, dict) and keys:
        return _emptied(value)
    return None if value is None else type(value)()


# --- one network ------------------------------------------------------------------------------


def network_seen(client: Client, document: object) -> object:
    """Leave out of a network that is not the client's own who is connected to it."""
    if not isinstance(document, dict):
        raise Malformed("a network is no object")
    labels = document.get("Labels")
    if isinstance(labels, dict) and labels.get(STAMP) == client.name:
        return document
    hidden = ("Containers", "Services", "Peers", "Status")
    return {key: _empty(one, keys=False) if key in hidden else one for key, one in document.items()}


# --- events -----------------------------------------------------------------------------------


def event_needs(event: object) -> tuple[Need, ...]:
    """Name the objects that an event is about; none where it is about no object that has labels."""
    match event:
        case {"Type": str(kind), "Actor": {"ID": str(identity), **actor}} if kind in _EVENT_KINDS:
            beside = _beside(kind, actor.get("Attributes"))
            return (Need(_EVENT_KINDS[kind], identity), *beside)
        case _:
            return ()


_EVENT_KINDS = {
    "container": f"container{ID}",
    "network": f"network{ID}",
    **{kind: kind for kind in ("volume", "image", "service", "secret", "config")},
}
"""The types of events, and the kinds of the objects that they are about."""


def _beside(kind: str, attributes: object) -> Iterator[Need]:
    """Name the container that a network or volume is connected to."""
    container = attributes.get("container") if isinstance(attributes, dict) else None
    if kind in ("network", "volume") and isinstance(container, str) and container:
        yield Need(f"container{ID}", container)


def event_seen(
    client: Client, grants: tuple[Grant, ...], event: object, facts: Facts
) -> tuple[Grant, ...]:
    """Return the grants that show an event: all objects that it is about have to be seen."""
    things = [facts.find(*need) for need in event_needs(event)]
    known = [thing for thing in things if thing is not None and not isinstance(thing, Unknown)]
    if not things or len(known) != len(things):
        return ()
    named = [_named_in(event, thing) for thing in known]
    return tuple(
        grant for grant in grants if all(sees(client, grant, thing, facts) for thing in named)
    )


def _named_in(event: object, thing: Thing) -> Thing:
    """Give a container the name that it has at the time of an event, none where that is not told.

    The Engine writes the name over whatever a label of this key says (daemon/events.go).
    """
    if thing.kind != "container":
        return thing
    match event:
        case {"Type": "container", "Actor": {"Attributes": {"name": str(name)}}}:
            return replace(thing, names=(name,))
        case _:
            return replace(thing, names=())
