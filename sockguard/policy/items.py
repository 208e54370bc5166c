"""The items of an `allow` list: operations, sets and conditions, as grants by operation.

Must never grant more than an item's words say, nor accept a word without knowing what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.conditions import read_grant
from sockguard.policy.model import Grant
from sockguard.policy.response import MASKED, SHOWN
from sockguard.policy.tree import Node, list_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.engine.operation import Operation
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Source
    from sockguard.policy.tree import Entry

Grants = dict[str, tuple[Grant, ...]]

EVERYTHING = "engine/everything"


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
    for item in items:
        if item.name in SETS:
            _add_set(grants, item)
    return {name: tuple(sorted(found, key=_narrowing)) for name, found in grants.items()}


def _narrowing(grant: Grant) -> int:
    """Rate how much the grant changes of what is sent, or holds back of what follows.

    Those that take a request as it is are tried first: otherwise removing another one would let
    through unchanged what that had narrowed.
    """
    if grant.replaced or any(term.constraint.replaces for term in grant.body):
        return 3
    if grant.operation.endswith(".prune"):
        return 2 if grant.target is not None else int(not grant.shared)
    return int(grant.operation == "containers.archive_put" and not grant.compressed)


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


def _add_set(grants: Grants, item: _Item) -> None:
    everything = item.name == EVERYTHING
    for name in SETS[item.name]:
        grant = Grant(
            name,
            item.name,
            item.source,
            query_any=everything,
            body_any=everything,
            response=SHOWN if everything else MASKED,
            target_any=everything,
            compressed=everything,
        )
        grants[name] = (*grants.get(name, ()), grant)


def _grants_of(operation: Operation, item: _Item, complaints: Complaints) -> tuple[Grant, ...]:
    alternatives = list(_alternatives(item, complaints))
    return tuple(
        read_grant(operation, item.name, item.source, entries, complaints)
        for entries in alternatives
    )


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
