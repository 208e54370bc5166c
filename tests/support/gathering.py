"""What a view gathers of an imagined request, and which of its parts the view does not judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Facts, Need, Thing
from sockguard.engine.inspection import inspect_body
from sockguard.engine.shape import sensitive
from sockguard.engine.view import Asking
from sockguard.engine.views.all import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.engine.view import Gathered

STRANGE = "strange: "
"""Stands before the value of an item that nothing may admit."""


def facts_of(*things: Thing, absent: Iterable[tuple[str, str]] = ()) -> Facts:
    """Know these things by their id and by each name, and that others are not there."""
    known: dict[Need, Thing | None] = {Need(*one): None for one in absent}
    for thing in things:
        for reference in (thing.id, *thing.names):
            known[Need(thing.kind, reference)] = thing
    return Facts(known)


def gather(  # noqa: PLR0913 - the parts of a request
    view: str,
    operation: str,
    document: object = None,
    *,
    facts: Facts | None = None,
    names: tuple[str, ...] = (),
    query: Mapping[str, object] | None = None,
    registries: tuple[str, ...] = (),
    reserved: Iterable[str] = (),
) -> Gathered:
    """Gather as a verdict would."""
    asking = Asking(operation, names, query or {}, document, registries, frozenset(reserved))
    return VIEWS[view].gather(asking, facts or Facts())


def values(gathered: Gathered) -> list[str]:
    """Return the items as texts; those without a normal form are marked."""
    return [STRANGE + item.value if item.strange else item.value for item in gathered.items]


def unjudged(operation: str, document: object, gathered: Gathered) -> set[str]:
    """Name the parts of the body that the view leaves to others, as if all were sensitive."""
    shape = sensitive(OPERATIONS[operation].shape or {}, "All of it.")
    parts = inspect_body(shape, document).sensitive
    return {part.path for part in parts if not gathered.cover.admits(part.steps)}


def within_host_config(**fields: object) -> dict[str, object]:
    """Write the body of a create that has only a HostConfig."""
    return {"HostConfig": fields}


def within_service(**fields: object) -> dict[str, object]:
    """Write the body of a service that has only a ContainerSpec."""
    return {"TaskTemplate": {"ContainerSpec": fields}}
