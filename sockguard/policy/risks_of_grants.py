"""What one grant amounts to by itself: its operation, and the sensitive things that it names.

Must never count a thing for less than it hands over unless its constraint proves that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sockguard.engine.answer import Map, Masked, places_of
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.level import Level
from sockguard.policy.cause import Cause, target_words, told
from sockguard.policy.named import named_parameters
from sockguard.policy.objects import FILTERED, kind_judged
from sockguard.policy.ownership import OWNABLE
from sockguard.policy.risks_of_fields import field_causes
from sockguard.policy.risks_of_views import view_causes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.answer import AnswerShape
    from sockguard.engine.operation import Operation
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.named import NamedParameter

MOST_SENTENCES = 3

UNPACKS = "containers.archive_put"
_COMPRESSED = (
    "compressed: Engines before 29.5.1 unpack by a program that they find in the container, and run"
    " it as root on the host."  # CVE-2026-41567
)

REACHES_OTHERS = frozenset({"containers.rename", "containers.update"})
"""What is done to one's own objects and yet felt by others: names they trust, what they share."""


def grant_causes(client: Client, grant: Grant) -> Iterator[Cause]:
    """Yield what a grant of this client amounts to."""
    operation = OPERATIONS[grant.operation]
    yield _cause(client, grant, _bare_level(operation), operation.says(shown=grant.response.any))
    yield from _of_parameters(client, grant)
    yield from field_causes(client, grant)
    yield from view_causes(grant)
    yield from _of_response(client, grant)
    if grant.including_sockguard:
        yield _including_sockguard(grant, operation)
    if grant.compressed and grant.operation == UNPACKS:
        yield Cause(Level.ROOT, grant.source, grant.operation, _COMPRESSED)


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
        harmless = level is Level.SECRETS or (
            level is Level.DISTURB and grant.operation not in REACHES_OTHERS
        )
        level = Level.METADATA if harmless else level
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
        says = f"query: any lets all of it pass, {worst.name} too: {worst.hands_over}"
        yield _cause(client, grant, worst.level, says)
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


# --- answers, and sockguard itself -----------------------------------------------------------


COMMANDING = {"swarm.inspect": "JoinTokens"}
"""Answers with what makes a machine a manager of the swarm, which commands all of its hosts."""


def _of_response(client: Client, grant: Grant) -> Iterator[Cause]:
    sentences = shown_by(grant)
    if not sentences:
        return
    more = " And more." if len(sentences) > MOST_SENTENCES else ""
    says = told("response", grant.response.text, " ".join(sentences[:MOST_SENTENCES]) + more)
    commands = grant.response.any or _reveals(grant, COMMANDING.get(grant.operation, ""))
    level = Level.ROOT if grant.operation in COMMANDING and commands else Level.SECRETS
    yield _cause(client, grant, level, says)


def shown_by(grant: Grant) -> list[str]:
    """Say what of the masked parts of an answer a grant shows, each once."""
    operation = OPERATIONS[grant.operation]
    if operation.answer is None or not operation.masks:
        return []
    found = (
        says
        for path, place in places_of(operation.answer.shape)
        if grant.response.any or _reveals(grant, path)
        for says in _shows(place)
    )
    return list(dict.fromkeys(found))


def _shows(place: AnswerShape) -> list[str]:
    """Say what revealing a place shows; what stands in an object has places of its own."""
    while isinstance(place, list | Map):
        place = place[0] if isinstance(place, list) else place.values
    if isinstance(place, Masked):
        return [place.shows]
    return [] if not isinstance(place, Mapping) else [s for p in place.values() for s in _shows(p)]


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
