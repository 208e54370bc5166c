"""What one grant amounts to by itself: its operation, and the sensitive things that it names.

Must never count a thing for less than it hands over unless its constraint proves that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.answer import Masked, places_of
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.inspection import ITEM
from sockguard.engine.level import Level
from sockguard.engine.shape import is_absent
from sockguard.policy.cause import Cause, target_words, told
from sockguard.policy.named import named_fields, named_parameters
from sockguard.policy.objects import FILTERED, kind_judged
from sockguard.policy.ownership import OWNABLE
from sockguard.policy.risks_of_views import PLAIN_CAPABILITIES, view_causes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sockguard.engine.operation import Operation
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.named import NamedField, NamedParameter

MOST_SENTENCES = 3


def grant_causes(client: Client, grant: Grant) -> Iterator[Cause]:
    """Yield what a grant of this client amounts to."""
    operation = OPERATIONS[grant.operation]
    yield _cause(client, grant, _bare_level(operation), operation.hands_over)
    yield from _of_parameters(client, grant)
    yield from _of_fields(grant)
    yield from view_causes(grant)
    yield from _of_response(client, grant, operation)
    if grant.including_sockguard:
        yield _including_sockguard(grant, operation)


def keeps_to_own(client: Client, grant: Grant) -> bool:
    """Tell whether a grant reaches only what this client made itself."""
    kept = kind_judged(grant.operation) in OWNABLE or grant.operation in FILTERED
    return client.own.only and not grant.shared and kept


def _bare_level(operation: Operation) -> Level:
    """Return what is left of the operation's own level while secrets in its answer are masked."""
    if operation.masks and operation.level is Level.SECRETS:
        return Level.METADATA
    return operation.level


def _cause(client: Client, grant: Grant, level: Level, sentence: str) -> Cause:
    """Make a cause of what is done to objects that are there: whose and which says the grant."""
    if keeps_to_own(client, grant) and not _makes(grant):
        sentence = f"{sentence} Only of what this client made itself."
        level = Level.METADATA if level in (Level.SECRETS, Level.DISTURB) else level
    if grant.target is not None:
        sentence = f"{sentence} Only of {target_words(grant.operation, grant.target)}."
    return Cause(level, grant.source, grant.operation, sentence)


def _makes(grant: Grant) -> bool:
    return grant.operation.endswith(".create") and grant.operation != "exec.create"


# --- parameters ------------------------------------------------------------------------------


def _of_parameters(client: Client, grant: Grant) -> Iterator[Cause]:
    named = [one for one in named_parameters(grant) if not _is_idle(one)]
    if grant.query_any and named:
        worst = max((one.parameter for one in named), key=lambda one: one.level)
        yield _cause(client, grant, worst.level, _all_pass("query", worst.name, worst.hands_over))
        return
    for one in named:
        text = one.constraint.text if one.constraint else "any"
        says = told(one.parameter.name, text, one.parameter.hands_over)
        yield _cause(client, grant, one.parameter.level, says)


def _is_idle(named: NamedParameter) -> bool:
    """Tell whether all values that may be sent say as much as none."""
    exact = named.constraint.exact if named.constraint else None
    absent = named.parameter.absent
    return exact is not None and all(
        not value or (isinstance(value, str) and value in absent) for value in exact
    )


def _all_pass(word: str, strongest: str, hands_over: str) -> str:
    return f"{word}: any lets all of it pass, {strongest} too: {hands_over}"


# --- fields ----------------------------------------------------------------------------------


def _of_fields(grant: Grant) -> Iterator[Cause]:
    named = list(named_fields(grant))
    if grant.body_any and named:
        worst = max(named, key=lambda one: one.field.level)
        says = _all_pass("body", worst.path, worst.field.hands_over)
        yield Cause(worst.field.level, grant.source, grant.operation, says)
        return
    for one in named:
        level = level_of(one)
        if level > Level.NOTHING:
            text = one.constraint.text if one.constraint else "any"
            says = told(one.path, text, one.field.hands_over)
            yield Cause(level, grant.source, grant.operation, says)


def level_of(named: NamedField) -> Level:
    """Weigh a sensitive field by its constraint: by the values that it may have, where these show.

    NOTHING where all of them hand over no more than the operation itself.
    """
    constraint, part = named.constraint, named.field
    if constraint is None:
        return part.level
    if constraint.exact is not None and not any(
        part.hands_over_with(value) and not is_absent(part, value) for value in constraint.exact
    ):
        return Level.NOTHING
    weigh = _WEIGHED.get(named.steps[-1])
    return min(part.level, weigh(constraint)) if weigh else part.level


def _capabilities(constraint: Constraint) -> Level:
    lists = constraint.exact
    if lists is None and constraint.item is not None and constraint.item.exact is not None:
        lists = (list(constraint.item.exact),)
    if lists is None:
        return Level.ROOT
    names = [name for one in lists for name in (one if isinstance(one, list) else [one])]
    plain = all(
        isinstance(name, str) and name.upper().removeprefix("CAP_") in PLAIN_CAPABILITIES
        for name in names
    )
    return Level.CODE if plain else Level.ROOT


_NO_HOST = frozenset({"volume", "tmpfs"})
_DRIVER = (ITEM, "VolumeOptions", "DriverConfig")


def _mounts(constraint: Constraint) -> Level:
    """Count mounts of volumes alone, without options for their driver, for what is in them."""
    kind = constraint.item.parts.get("Type") if constraint.item else None
    listed = kind is not None and kind.exact is not None and set(kind.exact) <= _NO_HOST
    return Level.CODE if listed and not constraint.cover.admits(_DRIVER) else Level.ROOT


_WEIGHED: Mapping[str, Callable[[Constraint], Level]] = {
    "CapAdd": _capabilities,
    "Capabilities": _capabilities,
    "CapabilityAdd": _capabilities,
    "Mounts": _mounts,
}
"""Fields whose constraint can prove more than which whole values they have."""


# --- answers, and sockguard itself -----------------------------------------------------------


def _of_response(client: Client, grant: Grant, operation: Operation) -> Iterator[Cause]:
    if operation.answer is None or not operation.masks:
        return
    shown = {
        path: place.shows
        for path, place in places_of(operation.answer.shape)
        if isinstance(place, Masked) and (grant.response.any or _reveals(grant, path))
    }
    if not shown:
        return
    sentences = list(dict.fromkeys(shown.values()))
    more = " And more." if len(sentences) > MOST_SENTENCES else ""
    says = told("response", grant.response.text, " ".join(sentences[:MOST_SENTENCES]) + more)
    yield _cause(client, grant, Level.SECRETS, says)


def _reveals(grant: Grant, path: str) -> bool:
    return any(
        path == one or path.startswith((f"{one}.", f"{one}[")) for one in grant.response.reveal
    )


def _including_sockguard(grant: Grant, operation: Operation) -> Cause:
    level = Level.ROOT if operation.writes else Level.SECRETS
    says = (
        "Reaches sockguard itself, which commands the Engine."
        if operation.writes
        else "Reads what sockguard keeps: its policy and its log."
    )
    return Cause(level, grant.source, grant.operation, told("including_sockguard", "any", says))
