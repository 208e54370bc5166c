"""What an item's `response` says: which masked values are shown, what is removed, what is kept.

Must never take a path for more than it names: what no known place has is a complaint.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.answer import Map, Masked, masks, places_of
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.tree import list_of, mapping_of, refuse_unknown_keys, spelled, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.answer import AnswerShape
    from sockguard.engine.operation import Operation
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

WORDS = ("reveal", "drop", "keep")


@dataclass(frozen=True, slots=True)
class Reveal:
    """Which masked values at one place are shown: any, or those that one of the globs matches.

    Globs match the keys of a map, the names of assignments, and of other texts the whole.
    """

    any: bool = False
    globs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """What one item lets through of an answer; without a word all that is masked stays so.

    `reveal` is by path; `drop` removes what is not revealed there, and `keep`, where it has any
    path, removes all else. `text` is what the policy says, on one line.
    """

    any: bool = False
    reveal: Mapping[str, Reveal] = field(default_factory=dict, hash=False)
    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    text: str = ""


MASKED = Response()
SHOWN = Response(any=True, text="any")


def read_response(operation: Operation, entry: Entry | None, complaints: Complaints) -> Response:
    """Read the condition `response` of an item; None stands for an item that has none."""
    if entry is None:
        return Response()
    if operation.answer is None:
        complaints.add(entry.source, _no_use(operation, "response", "its answer has no fields"))
        return Response()
    if entry.value.value == "any":
        _refuse_idle(operation, "response: any", entry, complaints)
        return Response(any=True, text="any")
    if not isinstance(entry.value.value, dict) or not entry.value.value:
        complaints.add(entry.source, "response is any, or a mapping of reveal, drop and keep")
        return Response()
    return _read_words(_Reading(operation, complaints), entry, entry.value.value)


def _no_use(operation: Operation, word: str, why: str) -> str:
    return f"{operation.name} has no use for {word}: {why}"


def _refuse_idle(operation: Operation, word: str, entry: Entry, complaints: Complaints) -> bool:
    """Complain about a word that shows something where nothing is masked."""
    if not operation.masks:
        why = "nothing in its answer is masked"
        complaints.add(entry.source, _no_use(operation, word, why))
    return not operation.masks


class _Reading:
    """The known places of one operation's answer, and where complaints about others go."""

    def __init__(self, operation: Operation, complaints: Complaints) -> None:
        self.operation = operation
        self.complaints = complaints
        answer = operation.answer
        self.places: dict[str, AnswerShape] = dict(places_of(answer.shape)) if answer else {}

    def knows(self, path: str, node: Node | Entry) -> bool:
        """Tell whether there is such a place; a complaint where there is none."""
        if path in self.places:
            return True
        hint = self._stops_before(path) or did_you_mean(path, self.places)
        self.complaints.add(
            node.source, f"no field of what {self.operation.name} answers is {path!r}{hint}"
        )
        return False

    def _stops_before(self, path: str) -> str:
        """Name the map or the masked value that somebody tried to look into."""
        for place, shape in self.places.items():
            if path.startswith((f"{place}.", f"{place}[]")) and isinstance(shape, Map | Masked):
                return f": paths go no deeper than {place}"
        return ""


def _read_words(reading: _Reading, entry: Entry, entries: Mapping[str, Entry]) -> Response:
    what = f"{reading.operation.name} (response)"
    refuse_unknown_keys(entries, WORDS, what, reading.complaints)
    reveal = _read_reveal(reading, entries.get("reveal"))
    keep = _read_paths(reading, "keep", entries.get("keep"))
    for path in reveal:
        if keep and not any(_is_within(path, kept) or _is_within(kept, path) for kept in keep):
            message = f"{path} is revealed, and keep leaves it out"
            reading.complaints.add(entries["reveal"].source, message)
    return Response(
        reveal=reveal,
        drop=_read_paths(reading, "drop", entries.get("drop")),
        keep=keep,
        text=spelled(entry.value),
    )


def _read_reveal(reading: _Reading, entry: Entry | None) -> Mapping[str, Reveal]:
    complaints = reading.complaints
    if entry is None or _refuse_idle(reading.operation, "reveal", entry, complaints):
        return {}
    if entry.value.value == {}:
        complaints.add(entry.source, "reveal takes a mapping of at least one path")
    found: dict[str, Reveal] = {}
    for path, one in mapping_of(entry.value, "reveal", complaints).items():
        shown = _read_shown(path, one.value, complaints)
        if not reading.knows(path, one):
            continue
        if not masks(reading.places[path]):
            complaints.add(one.source, f"reveal: nothing there is masked ({path})")
        found[path] = shown
    return found


def _read_shown(path: str, node: Node, complaints: Complaints) -> Reveal:
    if node.value == "any":
        return Reveal(any=True)
    what = f"what {path} reveals"
    if isinstance(node.value, str):
        return Reveal(globs=(node.value,))
    if node.value == ():
        complaints.add(node.source, f"{what} is any, a glob or a list of at least one glob")
    globs = list_of(node, what, complaints)
    return Reveal(globs=tuple(text_of(glob, what, complaints) for glob in globs))


def _read_paths(reading: _Reading, word: str, entry: Entry | None) -> tuple[str, ...]:
    if entry is None:
        return ()
    nodes = list_of(entry.value, word, reading.complaints)
    if entry.value.value == ():
        reading.complaints.add(entry.source, f"{word} takes a list of at least one path")
    named = ((text_of(node, f"a path of {word}", reading.complaints), node) for node in nodes)
    return tuple(path for path, node in named if path and reading.knows(path, node))


def _is_within(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
