"""The items of an `allow` list: operations, sets and conditions, as grants by operation.

Must never grant more than an item's words say, nor accept a word without knowing what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import BodyKind
from sockguard.engine.sets import SETS
from sockguard.policy.always import settle
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.constraints import read_constraint
from sockguard.policy.model import Grant
from sockguard.policy.protect import is_protected
from sockguard.policy.tree import Node, flag_of, list_of, refuse_unknown_keys
from sockguard.policy.values import Subject
from sockguard.policy.vocabulary import LATER, later, needs_body_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.engine.operation import Operation, Parameter
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Source
    from sockguard.policy.tree import Entry

Grants = dict[str, tuple[Grant, ...]]

EVERYTHING = "engine/everything"
CONDITIONS = ("query", "body", "response", "any_of", "including_sockguard")


@dataclass(frozen=True, slots=True)
class _Item:
    """One item: its name, where it stands and its conditions (None for a bare name)."""

    name: str
    source: Source
    conditions: Node | None


def read_allow(node: Node, complaints: Complaints) -> Grants:
    """Read one `allow` list; the grants of an operation are its items first, then its sets."""
    read = (_read_item(item, complaints) for item in list_of(node, "allow", complaints))
    items = [item for item in read if item is not None]
    grants: Grants = {}
    lines: dict[str, Source] = {}
    for item in items:
        if item.name in lines:
            first = lines[item.name].line
            also = "" if item.name in SETS else "; write any_of: [ {…}, {…} ] for alternatives"
            complaints.add(item.source, f"{item.name} stands here twice (first: {first}){also}")
        elif item.name in OPERATIONS:
            grants[item.name] = _grants_of(OPERATIONS[item.name], item, complaints)
        lines.setdefault(item.name, item.source)
    explicit = frozenset(grants)
    for item in items:
        if item.name in SETS:
            _add_set(grants, explicit, item, complaints)
    return {name: tuple(sorted(found, key=_rewrites)) for name, found in grants.items()}


def _rewrites(grant: Grant) -> bool:
    """Tell whether the grant changes what is sent.

    Such a grant is tried after those that take a request as it is: otherwise removing it would
    let through unchanged what it had rewritten.
    """
    return bool(grant.replaced)


def _read_item(node: Node, complaints: Complaints) -> _Item | None:
    if isinstance(node.value, str):
        item = _Item(node.value, node.source, None)
    elif isinstance(node.value, dict) and len(node.value) == 1:
        (name, entry), *_ = node.value.items()
        item = _Item(name, entry.source, entry.value)
    else:
        complaints.add(node.source, _not_an_item(node))
        return None
    if item.name in SETS and item.conditions is not None:
        complaints.add(item.source, f"{item.name} is a set: conditions need a single operation")
        return None
    return item if _is_known(item, complaints) else None


def _not_an_item(node: Node) -> str:
    if isinstance(node.value, dict) and node.value:
        names = ", ".join(map(repr, node.value))
        return f"one item has {len(node.value)} keys ({names}): mind the indentation below its name"
    return f"an item is an operation or a set, not {node.describe()}"


def _is_known(item: _Item, complaints: Complaints) -> bool:
    if item.name in SETS:
        return True
    operation = OPERATIONS.get(item.name)
    if operation is None:
        known = [*SETS, *(name for name, one in OPERATIONS.items() if not one.refused)]
        # YAML takes a deeper line that begins with a dash for more of the same text.
        slip = ": mind the indentation of what begins with a dash"
        hint = slip if " - " in item.name else did_you_mean(item.name, known)
        complaints.add(item.source, f"{item.name!r} is no operation and no set{hint}")
        return False
    if operation.refused:
        complaints.add(item.source, f"{item.name} is always refused: {operation.refused}")
        return False
    return True


def _add_set(grants: Grants, explicit: frozenset[str], item: _Item, complaints: Complaints) -> None:
    everything = item.name == EVERYTHING
    lacking: list[str] = []
    for name in sorted(SETS[item.name]):
        operation = OPERATIONS[name]
        words = _missing_words(operation, body=everything, response=everything)
        if words and name not in explicit:
            lacking.append(f"`- {name}: {{{words}}}`")
        elif not words:
            grant = Grant(
                name,
                item.name,
                item.source,
                query_any=everything,
                body_any=everything,
                response_any=everything,
            )
            grants[name] = (*grants.get(name, ()), grant)
    if lacking:
        complaints.add(
            item.source,
            f"{item.name} holds answers that carry secrets, which this version cannot mask: add"
            f" {' and '.join(lacking)} to this role, or list the operations you need one by one",
        )


def _missing_words(operation: Operation, *, body: bool, response: bool) -> str:
    """Return the words that an item still lacks, as they stand in a policy."""
    words = ["body: any"] if needs_body_word(operation) and not body else []
    words += ["response: any"] if operation.secret_answer and not response else []
    return ", ".join(words)


def _why(operation: Operation) -> str:
    if operation.secret_answer:
        return "whose answer carries secrets that this version cannot mask"
    return "whose body this version cannot judge field by field"


def _grants_of(operation: Operation, item: _Item, complaints: Complaints) -> tuple[Grant, ...]:
    alternatives = list(_alternatives(item, complaints))
    return tuple(_grant(operation, item, entries, complaints) for entries in alternatives)


def _alternatives(item: _Item, complaints: Complaints) -> Iterable[dict[str, Entry]]:
    """Yield the conditions of each alternative, those beside `any_of` included in each."""
    if item.conditions is None:
        yield {}
        return
    if not isinstance(item.conditions.value, dict) or not item.conditions.value:
        complaints.add(
            item.source, f"{item.name}: conditions are a mapping; without any, leave the colon out"
        )
        return
    shared = dict(item.conditions.value)
    any_of = shared.pop("any_of", None)
    if any_of is None:
        yield shared
        return
    nodes = list_of(any_of.value, "any_of", complaints)
    if any_of.value.value == ():
        complaints.add(any_of.source, "any_of takes a list of at least one alternative")
    for node in nodes:
        own = node.value if isinstance(node.value, dict) else {}
        if not own:
            complaints.add(node.source, "an alternative of any_of is a mapping of conditions")
        for key in own.keys() & shared.keys():
            complaints.add(own[key].source, f"{key} stands beside any_of and in an alternative")
        if "any_of" in own:
            complaints.add(own["any_of"].source, "any_of within any_of: list all alternatives flat")
        yield {**shared, **{key: entry for key, entry in own.items() if key != "any_of"}}


def _grant(
    operation: Operation, item: _Item, entries: dict[str, Entry], complaints: Complaints
) -> Grant:
    strange = _refuse_strange_conditions(operation, entries, complaints)
    body_any = _is_any("body", operation.body is BodyKind.JSON, operation, entries, complaints)
    response_any = _is_any("response", operation.secret_answer, operation, entries, complaints)
    words = _missing_words(operation, body=body_any, response=response_any)
    if words and not strange and not {"body", "response"} & entries.keys():
        complaints.add(
            item.source,
            f"{operation.name}, {_why(operation)}, needs to say so:"
            f" `- {operation.name}: {{{words}}}`",
        )
    elif words and not strange:
        complaints.add(item.source, f"{operation.name} also needs `{words}`")
    query, query_any = _read_query(operation, entries.get("query"), complaints)
    including = entries.get("including_sockguard")
    return Grant(
        operation.name,
        item.name,
        item.source,
        query=query,
        query_any=query_any,
        body_any=body_any,
        response_any=response_any,
        including_sockguard=including is not None
        and flag_of(including.value, "including_sockguard", complaints),
        replaced=frozenset(name for name, constraint in query.items() if constraint.replaces),
        always=settle(operation, query, item.source, complaints),
    )


def _refuse_strange_conditions(
    operation: Operation, entries: dict[str, Entry], complaints: Complaints
) -> bool:
    """Complain about keys without use here; tell whether there was one that is no condition."""
    below = f"parameters stand under `query:`, as in {operation.name}: {{query: {{…}}}}"
    misplaced = entries.keys() & operation.parameters.keys()
    for key in entries.keys() & LATER.keys():
        also = f"; {below}" if key in misplaced else ""
        complaints.add(entries[key].source, later(key, LATER[key]) + also)
    for key in misplaced - LATER.keys():
        complaints.add(entries[key].source, f"{operation.name} has no key {key!r}: {below}")
    known = LATER.keys() | misplaced
    rest = {key: entry for key, entry in entries.items() if key not in known}
    strange = refuse_unknown_keys(rest, CONDITIONS, operation.name, complaints) or bool(misplaced)
    if "including_sockguard" in entries and not is_protected(operation):
        complaints.add(
            entries["including_sockguard"].source,
            f"{operation.name} has no use for including_sockguard: it passes as granted",
        )
    return strange


def _is_any(
    word: str, useful: bool, operation: Operation, entries: dict[str, Entry], complaints: Complaints
) -> bool:
    """Tell whether `body` or `response` is `any`; both know no other value in this version."""
    entry = entries.get(word)
    if entry is None:
        return False
    if not useful:
        why = "it takes no JSON body" if word == "body" else "its answer is shown whole as it is"
        complaints.add(entry.source, f"{operation.name} has no use for {word}: {why}")
    elif isinstance(entry.value.value, dict):
        complaints.add(entry.source, later(f"{word} as a mapping", f"judging {word} fields"))
    elif entry.value.value != "any":
        complaints.add(entry.source, f"{word} can only be any in this version")
    return True


def _read_query(
    operation: Operation, entry: Entry | None, complaints: Complaints
) -> tuple[Mapping[str, Constraint], bool]:
    """Return the constraints by parameter, and whether everything passes."""
    if entry is None:
        return {}, False
    if not operation.parameters:
        complaints.add(entry.source, f"{operation.name} has no query parameters")
        return {}, False
    if entry.value.value == "any":
        return {}, True
    if not isinstance(entry.value.value, dict) or not entry.value.value:
        complaints.add(entry.source, "query is any, or a mapping of parameters to constraints")
        return {}, False
    dropped = {name for name, one in operation.parameters.items() if one.dropped}
    known = [name for name in operation.parameters if name not in dropped]
    given = {name: one for name, one in entry.value.value.items() if name not in dropped}
    refuse_unknown_keys(given, known, f"{operation.name} (query)", complaints)
    return {
        name: read_constraint(one.value, _subject(name, parameter), complaints)
        for name, one in entry.value.value.items()
        if (parameter := operation.parameters.get(name)) is not None
        and not _is_dropped(parameter, one, complaints)
    }, False


def _subject(name: str, parameter: Parameter) -> Subject:
    return Subject(name, parameter.kind, parameter.unlimited, parameter.shape)


def _is_dropped(parameter: Parameter, entry: Entry, complaints: Complaints) -> bool:
    if parameter.dropped:
        complaints.add(entry.source, f"{parameter.name} is never forwarded: no Engine reads it")
    return parameter.dropped
