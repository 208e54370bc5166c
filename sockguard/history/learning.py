"""Learning a role: for each operation the smallest line under which all past requests are allowed.

Must never judge by itself: a line is good once the real verdict lets the requests pass under it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Facts, Unknown
from sockguard.engine.view import Asking, Item
from sockguard.engine.views.all import VIEWS
from sockguard.engine.views.image import is_id
from sockguard.errors import Reason
from sockguard.history.drafts import IMAGE, VIEWED, Draft
from sockguard.history.lines import Line, Part, item_of, loaded
from sockguard.history.objects import objects_of, remark_on, why_wide
from sockguard.history.past import known_to
from sockguard.history.replay import is_told, replay
from sockguard.history.values import ANY, MOST_VALUES, constraint_for, distinct
from sockguard.policy.effective import value_at
from sockguard.policy.named import GATHERED
from sockguard.policy.noted import has_target
from sockguard.policy.objects import CREATES, NAMES_IN_QUERY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from sockguard.engine.view import View
    from sockguard.history.drafts import Key
    from sockguard.history.past import Past
    from sockguard.policy.question import Question
    from sockguard.policy.rehearse import Rehearsal

MOST_ROUNDS = 12
"""So often a line is made wider at most; what it does not allow then is told."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The requests for one operation, how often each was made, and what each asks."""

    operation: str
    counts: Mapping[Past, int]
    questions: Mapping[Past, Question]
    made: Collection[str]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def learn(client: str, counts: Mapping[Past, int]) -> list[Line]:
    """Return a line for each operation that was asked for, in the order of the catalogue."""
    made = frozenset(_names_made(client, counts))
    lines: dict[str, Line] = {}
    for operation in sorted(OPERATIONS, key=lambda name: name != "exec.create"):
        group = {past: count for past, count in counts.items() if past.operation == operation}
        if group:
            before = [line for line in lines.values() if line.operation == "exec.create"]
            lines[operation] = _learn_line(client, operation, group, before, made)
    return [lines[name] for name in OPERATIONS if name in lines]


def heard(client: str, lines: Iterable[Line], pasts: Iterable[Past]) -> dict[Past, Rehearsal]:
    """Judge past requests under these lines."""
    policy, subject = loaded(client, [item_of(line.operation, line.parts) for line in lines])
    return {past: replay(subject, past, policy) for past in pasts}


def _learn_line(
    client: str,
    operation: str,
    counts: Mapping[Past, int],
    before: list[Line],
    made: Collection[str],
) -> Line:
    bare = Line(operation, sum(counts.values()))
    asked = heard(client, [*before, bare], counts)
    questions = {past: one.question for past, one in asked.items() if one.question}
    group, draft = _Group(operation, counts, questions, made), Draft()
    line = _written(group, draft)
    for _ in range(MOST_ROUNDS):
        found = heard(client, [*before, line], counts)
        missed = {past: one for past, one in found.items() if not one.decision.allowed}
        if not draft.widen(one.decision for one in missed.values()):
            break
        line = _written(group, draft)
    return replace(line, unserved=_unserved(missed, counts))


def _unserved(missed: Mapping[Past, Rehearsal], counts: Mapping[Past, int]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for past, rehearsal in missed.items():
        found[_why_not(past, rehearsal)] += counts[past]
    return found


def _why_not(past: Past, rehearsal: Rehearsal) -> str:
    decision = rehearsal.decision
    if not is_told(rehearsal):
        return "the log does not tell which object was meant"
    if decision.reason is Reason.TARGET:
        if past.operation.startswith("exec."):
            return "the exec was not made by this client, or the log does not tell"
        return "the object was not there, or its name is not told"
    return decision.message


# --- the line --------------------------------------------------------------------------------


def _written(group: _Group, draft: Draft) -> Line:
    """Write the line as far as it is known what it has to name."""
    line = _unnamed(group) if group.operation == "containers.create" else _targeted(group)
    views = [part for view in VIEWED for part in _viewed(group, draft, view)]
    named = [part for part in _named(group, draft) if not _is_gathered(part, views)]
    return replace(line, parts=(*line.parts, *views, *named))


def _unnamed(group: _Group) -> Line:
    """Begin a line with what names tell of containers that were made without one."""
    line = Line(group.operation, group.total)
    where = ("query", NAMES_IN_QUERY[group.operation])
    nameless = (past for past, one in group.questions.items() if not _value(one, where))
    count = sum(group.counts[past] for past in nameless)
    if not count:
        return line
    told = f"{count} of {group.total} gave no name, so that it was made up: own_objects_only: true"
    note = f"{told} on the role reaches what it makes again, a target does not"
    return replace(line, note=note)


def _targeted(group: _Group) -> Line:
    """Begin a line with the objects that were meant."""
    operation = OPERATIONS[group.operation]
    line = Line(operation.name, group.total)
    if not has_target(operation):
        return line
    seen = objects_of(group.questions, group.counts)
    if wide := why_wide(seen):
        return replace(line, wide=wide, note=remark_on(seen))
    if not seen.names:
        return replace(line, wide="reaches any: no object that was named was there")
    served = group.total - seen.absent - seen.nameless
    part = Part("target", "", {"name": list(seen.names)}, served)
    own = sum(name in group.made for name in seen.names)
    return replace(line, parts=(part,), note=remark_on(seen), own=own)


def _viewed(group: _Group, draft: Draft, name: str) -> Iterator[Part]:
    """Yield a list of what a view gathered, where all of that has a name."""
    view = VIEWS[name]
    needless = name != IMAGE and not any(_is_of(key[1], name) for key in draft.named)
    if group.operation not in view.operations or name in draft.left_out or needless:
        return
    asked = {past: _gathered(past, one, view) for past, one in group.questions.items()}
    items = [item for gathered in asked.values() for item in gathered]
    values = distinct(item.value for item in items)
    fit = all(
        item.value and "*" not in item.value and not item.strange and not is_id(item.value)
        for item in items
    )
    if values and fit and len(values) <= MOST_VALUES:
        requests = sum(group.counts[past] for past, gathered in asked.items() if gathered)
        yield Part(name, "", values, requests)


def _is_gathered(part: Part, views: Iterable[Part]) -> bool:
    """Tell whether a view that is named lets pass what this condition is about."""
    return any(_is_of(part.name, view.word) for view in views)


def _is_of(path: str, view: str) -> bool:
    return path.rpartition(".")[2] in GATHERED.get(view, ())


def _gathered(past: Past, question: Question, view: View) -> tuple[Item, ...]:
    """Gather with what the log tells of objects; what it does not tell comes back without name."""
    asking = Asking(
        question.operation.name,
        question.names,
        question.query.values,
        question.body.document,
        question.registries,
    )
    facts = Facts()
    for _ in range(MOST_ROUNDS):
        items = view.gather(asking, facts).items
        if not facts.missing:
            return items
        found = {need: known_to(past, by_name=True, need=need) for need in facts.missing}
        told = {need: one for need, one in found.items() if not isinstance(one, Unknown)}
        if len(told) < len(found):
            break
        facts = Facts({**facts.known, **told})
    return (Item("", ""),)


def _named(group: _Group, draft: Draft) -> Iterator[Part]:
    """Yield what is sensitive and was asked for, with the values that it had."""
    for key in sorted(draft.named, key=lambda one: one[0] != "query"):
        word, name = key
        if not name:
            yield Part(word, "", ANY, group.total, "any, since a field is not known to sockguard")
        elif (word, "") not in draft.named:
            yield _part(group, key, draft)


def _part(group: _Group, key: Key, draft: Draft) -> Part:
    given = {past: _value(question, key) for past, question in group.questions.items()}
    present = {past: value for past, value in given.items() if value not in _EMPTY}
    values = given.values() if key in draft.whole else present.values()
    constraint, note = constraint_for(value for value in values if value is not None)
    if key in draft.open:
        constraint, note = ANY, "any, since a list of what was seen does not admit all of it"
    return Part(*key, constraint, sum(group.counts[past] for past in present), note)


_EMPTY: tuple[object, ...] = (None, "", False, 0, [], {}, ())


def _value(question: Question, key: Key) -> object:
    word, name = key
    if word == "query":
        return question.query.values.get(name)
    return value_at(question.body.document, tuple(name.split(".")))


def _names_made(client: str, counts: Mapping[Past, int]) -> Iterator[str]:
    """Yield the names that the client gave to what it made."""
    creating = [past for past in counts if past.operation in CREATES]
    lines = [Line(name, 0) for name in dict.fromkeys(past.operation for past in creating)]
    for past, rehearsal in heard(client, lines, creating).items():
        question = rehearsal.question
        if question is None:
            continue
        word = "query" if past.operation in NAMES_IN_QUERY else "body"
        where = NAMES_IN_QUERY.get(past.operation, "Name")
        name = _value(question, (word, where))
        if isinstance(name, str) and name:
            yield name.removeprefix("/")
