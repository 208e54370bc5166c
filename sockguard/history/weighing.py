"""What of a proposal hands over too much to be in force before a person has read it.

Must never leave in force what, alone or with the rest, amounts to more than the level asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.history.lines import FILE, item_of, loaded
from sockguard.policy.risks import risks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sockguard.history.lines import Line, Part
    from sockguard.policy.cause import Cause

_WIDENING = frozenset({"query", "body"})
"""Keys of an item that let more in; the others narrow it."""


def weighed(client: str, lines: Sequence[Line], limit: Level) -> list[Line]:
    """Hold back the lines and conditions that amount to more than this level, with the reasons."""
    if limit is Level.ROOT:
        return list(lines)
    kept = [_weigh(client, line, limit) for line in lines]
    while reasons := _together(client, kept, limit):
        kept = [
            replace(line, says=reasons[line.operation]) if line.operation in reasons else line
            for line in kept
        ]
    return kept


def in_force(lines: Iterable[Line]) -> list[str]:
    """Return the items that the proposal has in force as it stands."""
    return [item_of(line.operation, line.in_force) for line in lines if not line.says]


def _weigh(client: str, line: Line, limit: Level) -> Line:
    if line.wide:
        return replace(
            line, says=(line.wide, *_causes(client, line, line.parts, Level.NOTHING)[:1])
        )
    if not _causes(client, line, line.parts, limit):
        return line
    narrow = [part for part in line.parts if part.word not in _WIDENING]
    if bare := _causes(client, line, narrow, limit):
        return replace(line, says=bare)
    parts = tuple(
        replace(part, says=_causes(client, line, [*narrow, part], limit))
        if part.word in _WIDENING
        else part
        for part in line.parts
    )
    found = replace(line, parts=parts)
    rest = _causes(client, found, found.in_force, limit)
    return replace(line, says=rest) if rest else found


def _causes(client: str, line: Line, parts: Iterable[Part], limit: Level) -> tuple[str, ...]:
    """Say by what a line with these conditions amounts to more than the limit."""
    _, subject = loaded(client, [item_of(line.operation, parts)])
    causes = risks_of(subject).causes
    return tuple(dict.fromkeys(_sentence(one) for one in causes if one.level > limit))


def _sentence(cause: Cause) -> str:
    """Say it without the lines of a text that nobody sees."""
    return f"{cause.level.word}: {_PLACE.sub('', cause.sentence)}"


_PLACE = re.compile(rf" \({FILE}:[0-9]+\)")


def _together(client: str, lines: Iterable[Line], limit: Level) -> dict[str, tuple[str, ...]]:
    """Say by which operations the rest amounts to more than each of its lines does."""
    _, subject = loaded(client, in_force(lines))
    found: dict[str, tuple[str, ...]] = {}
    held = subject.role.grants
    for cause in risks_of(subject).causes:
        if cause.level > limit:
            at = cause.source
            names = (
                [cause.operation]
                if cause.operation in held
                else [
                    name for name, grants in held.items() if any(one.source == at for one in grants)
                ]
            )
            for name in names or list(held):
                found[name] = (*found.get(name, ()), _sentence(cause))
    return found
