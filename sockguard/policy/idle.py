"""Lines of a role that add nothing, because another line already says as much.

Must never call a line idle that lets anything through or shows anything that the other does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS
from sockguard.policy.named import named_fields, named_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.policy.model import Grant, Role, Source


def idle_lines(role: Role) -> Iterator[tuple[Source, str]]:
    """Yield the lines that add nothing, each with the reason."""
    sets = {
        grant.item: grant for grants in role.grants.values() for grant in grants if _is_set(grant)
    }
    yield from _idle_sets(sets)
    for grants in role.grants.values():
        yield from _idle_items(grants)
        yield from _idle_drops(grants)


def _is_set(grant: Grant) -> bool:
    return grant.item in SETS


def _idle_sets(sets: Mapping[str, Grant]) -> Iterator[tuple[Source, str]]:
    for name, grant in sets.items():
        for other, covering in sets.items():
            if SETS[name] < SETS[other]:
                message = f"{name} adds nothing: {other} ({covering.source}) holds all of it"
                yield grant.source, message


def _idle_items(grants: tuple[Grant, ...]) -> Iterator[tuple[Source, str]]:
    sets = [grant for grant in grants if _is_set(grant)]
    for grant in grants:
        covering = next((one for one in sets if _admits_all(one, grant)), None)
        if covering is not None and not _is_set(grant):
            narrow = "; to narrow it, do not grant the set" if _narrows(grant) else ""
            yield (
                grant.source,
                f"{grant.item} adds nothing: {covering.item} ({covering.source}) holds it{narrow}",
            )


def _narrows(grant: Grant) -> bool:
    response = grant.response
    parts = (grant.query, grant.body, grant.views, grant.target, response.keep, response.drop)
    return any(parts)


def _admits_all(one: Grant, other: Grant) -> bool:
    """Tell whether all that `other` admits is admitted by the grant of a set, and shown by it."""
    words = (
        (one.query_any, other.query_any),
        (one.body_any, other.body_any),
        (one.response.any, other.response.any),
        (one.response.any, bool(other.response.reveal)),
        (one.target_any, other.target_any),
        (one.compressed, other.compressed),
        (one.shared, other.shared),
        (one.record, other.record),
        (one.including_sockguard, other.including_sockguard),
        (one.query_any, any(named_parameters(other))),
        (one.body_any, any(named_fields(other))),
        (one.body_any and one.query_any, any(_gathers(other))),
    )
    return all(ours or not theirs for ours, theirs in words)


def _gathers(grant: Grant) -> Iterator[str]:
    """Yield the views of a grant that let pass what is sensitive."""
    return (name for name in grant.views if name not in ("image", "signal"))


def _idle_drops(grants: tuple[Grant, ...]) -> Iterator[tuple[Source, str]]:
    """Yield alternatives that leave out of an answer what another one shows: all of them count."""
    showing = next((one for one in grants if one.response.any), None)
    if showing is None or not OPERATIONS[showing.operation].masks or _narrows(showing):
        return
    for grant in grants:
        for word in ("drop", "keep"):
            if getattr(grant.response, word):
                message = (
                    f"{word} of {grant.operation} leaves nothing out: {showing.item}"
                    f" ({showing.source}) shows the whole answer; take one of the two away"
                )
                yield grant.source, message
