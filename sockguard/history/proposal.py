"""The proposal of a role as the text of a policy, with comments that say where it comes from.

Must never leave out of the comments what was generalised, left open or not allowed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.history.lines import conditions_of
from sockguard.policy.tree import spell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.engine.level import Level
    from sockguard.history.lines import Line, Part

WIDTH = 100
_HELD_BACK = (
    "Commented out is what amounts to more than {}, or reaches more than was seen: read what it"
    " hands over before you take the marks away."
)
_OWN = (
    "Some or all of the objects of {} it made itself: own_objects_only: true on the role would hold"
    " it to such."
)
_ITEM = " " * 6
_KEY = " " * 10
_INNER = " " * 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was learned of one client.

    `left_out` says how many requests were not learned from, by the reason, `limit` is the strongest
    that its lines in force may amount to.
    """

    client: str
    role: str
    lines: Sequence[Line]
    limit: Level
    amounts_to: str
    requests: int
    first: str = ""
    last: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def unserved(self) -> Mapping[str, int]:
        """How many requests no line allows, in force or not, by the reason."""
        found: Counter[str] = Counter()
        for line in self.lines:
            found.update(line.unserved or {})
        return found

    @property
    def held_back(self) -> int:
        """How many lines or conditions are commented out."""
        return sum(
            1 if line.says else sum(bool(part.says) for part in line.parts) for line in self.lines
        )


def proposal_text(proposal: Proposal) -> str:
    """Write the policy."""
    allow = [text for line in proposal.lines for text in _line(line)]
    some = any(not line.says for line in proposal.lines)
    return "\n".join(
        [
            *_head(proposal),
            "version: 1",
            "roles:",
            f"  {proposal.role}:",
            "    allow:" if some else "    allow: []",
            *allow,
            "",
        ]
    )


def _head(proposal: Proposal) -> Iterator[str]:
    yield f"# As it stands, amounts to {proposal.amounts_to}."
    span = f", {proposal.first[:16]} to {proposal.last[:16]} UTC" if proposal.first else ""
    yield f"# Learned from {_counted(proposal.requests)} of client {proposal.client}{span}."
    if proposal.held_back:
        yield from _wrapped("", _HELD_BACK.format(proposal.limit.words))
    if own := [line.operation for line in proposal.lines if line.own]:
        yield from _wrapped("", _OWN.format(", ".join(own)))
    for title, counts in (
        ("Not learned from", proposal.left_out),
        ("Allowed by no line below", proposal.unserved),
    ):
        for reason, count in sorted(counts.items(), key=lambda one: -one[1]):
            yield from _wrapped("", f"{title}: {_counted(count)}: {reason}")


def _line(line: Line) -> Iterator[str]:
    yield from _wrapped(_ITEM, line.note)
    if line.unserved:
        yield from _wrapped(_ITEM, f"{_counted(sum(line.unserved.values()))} not allowed by this")
    if line.says:
        for sentence in line.says:
            yield from _wrapped(_ITEM, sentence)
        yield from (_marked(text, _ITEM) for text in _item(line, line.parts))
        return
    held = [part for part in line.parts if part.says]
    yield from _item(line, line.in_force)
    if not held:
        return
    if not line.in_force:
        yield f"{_KEY}# to add what follows, put a colon behind {line.operation}:"
    yield from _held(held, {part.word for part in line.in_force})


def _item(line: Line, parts: Sequence[Part]) -> Iterator[str]:
    colon = ":" if parts else ""
    masked = "; what is secret in its answer stays masked"
    told = masked if OPERATIONS[line.operation].masks else ""
    yield f"{_ITEM}- {line.operation}{colon}  # {_counted(line.requests)}{told}"
    yield from _conditions(parts)


def _conditions(parts: Sequence[Part]) -> Iterator[str]:
    for word in dict.fromkeys(part.word for part in parts):
        inner = [part for part in parts if part.word == word]
        if not inner[0].name:
            yield f"{_KEY}{word}: {spell(inner[0].value)}{_remark(inner[0])}"
            continue
        yield f"{_KEY}{word}:"
        for part in inner:
            yield f"{_INNER}{spell(part.name)}: {spell(part.value)}{_remark(part)}"


def _held(parts: Sequence[Part], opened: set[str]) -> Iterator[str]:
    """Write the conditions that are held back, so that each reads on where its key stands."""
    for part in parts:
        inside = part.name and part.word in opened
        for sentence in part.says:
            yield from _wrapped(_INNER if inside else _KEY, sentence)
        if inside:
            (text,) = list(_conditions([part]))[1:]
            yield _marked(text, _INNER)
        else:
            opened.add(part.word)
            yield from (_marked(text, _KEY) for text in _conditions([part]))


def _remark(part: Part) -> str:
    return "  # " + "; ".join(filter(None, [_counted(part.requests), part.note]))


def _marked(text: str, indent: str) -> str:
    return f"{indent}# {text.removeprefix(indent)}"


def _counted(count: int) -> str:
    return f"{count:,} request" + ("" if count == 1 else "s")


def _wrapped(indent: str, text: str) -> Iterator[str]:
    """Break a comment where it gets too long."""
    line = ""
    for word in text.split():
        if line and len(indent) + 2 + len(line) + 1 + len(word) > WIDTH:
            yield f"{indent}# {line}"
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line:
        yield f"{indent}# {line}"


def as_document(proposal: Proposal) -> dict[str, object]:
    """Return the proposal as JSON has it."""
    return {
        "client": proposal.client,
        "role": proposal.role,
        "amounts_to": proposal.amounts_to,
        "requests": proposal.requests,
        "first": proposal.first,
        "last": proposal.last,
        "left_out": dict(proposal.left_out),
        "unserved": dict(proposal.unserved),
        "lines": [_line_document(line) for line in proposal.lines],
        "text": proposal_text(proposal),
    }


def _line_document(line: Line) -> dict[str, object]:
    return {
        "operation": line.operation,
        "requests": line.requests,
        "in_force": not line.says,
        "hands_over": list(line.says),
        "note": line.note,
        "wide": line.wide,
        "own": line.own,
        "conditions": conditions_of(line.in_force),
        "held_back": [
            {"condition": conditions_of([part]), "hands_over": list(part.says)}
            for part in line.parts
            if part.says
        ],
        "generalised": [
            {"word": part.word, "name": part.name, "note": part.note}
            for part in line.parts
            if part.note
        ],
        "unserved": dict(line.unserved or {}),
    }
