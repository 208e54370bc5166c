"""The conditions of one item, or of one of its alternatives, as a grant.

Must never accept a word that its operation has no use for, nor one that nothing enforces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.views.all import VIEWS
from sockguard.policy.always import settle
from sockguard.policy.body_terms import read_body_words
from sockguard.policy.constraints import read_constraint
from sockguard.policy.model import Grant
from sockguard.policy.objects import TARGETABLE, UNSHARED
from sockguard.policy.protect import is_protected
from sockguard.policy.recorded import RECORDABLE, UNRECORDED
from sockguard.policy.response import read_response
from sockguard.policy.target import read_target
from sockguard.policy.tree import flag_of, refuse_unknown_keys
from sockguard.policy.values import Subject
from sockguard.policy.view import read_view
from sockguard.policy.vocabulary import LATER, later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation, Parameter
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Source
    from sockguard.policy.target import Target
    from sockguard.policy.tree import Entry
    from sockguard.policy.view import ViewConstraint

FLAGS = ("including_sockguard", "shared", "compressed", "record")
CONDITIONS = ("target", "query", "body", *VIEWS, "response", "any_of", *FLAGS)


def read_grant(
    operation: Operation,
    item: str,
    source: Source,
    entries: Mapping[str, Entry],
    complaints: Complaints,
) -> Grant:
    """Read the conditions of an item; `item` is its name."""
    _refuse_strange_conditions(operation, entries, complaints)
    query, query_any = _read_query(operation, entries.get("query"), complaints)
    body = read_body_words(operation, entries.get("body"), complaints)
    target, target_any = _read_target(operation, entries.get("target"), complaints)
    flags = {name: _read_flag(name, entries.get(name), complaints) for name in FLAGS}
    return Grant(
        operation.name,
        item,
        source,
        query=query,
        query_any=query_any,
        body=body.terms,
        body_any=body.any,
        body_cover=body.cover,
        views=_read_views(operation, entries, complaints),
        target=target,
        target_any=target_any,
        response=read_response(operation, entries.get("response"), complaints),
        replaced=frozenset(name for name, constraint in query.items() if constraint.replaces),
        always=settle(operation, query, source, complaints),
        **flags,
    )


def _refuse_strange_conditions(
    operation: Operation, entries: Mapping[str, Entry], complaints: Complaints
) -> None:
    """Complain about keys that are no conditions, or of no use here."""
    below = f"parameters stand under `query:`, as in {operation.name}: {{query: {{…}}}}"
    misplaced = {
        key
        for key in entries
        if key in operation.parameters and key not in useful_conditions(operation)
    }
    for key in misplaced:
        complaints.add(entries[key].source, f"{operation.name} has no key {key!r}: {below}")
    for key in entries.keys() & LATER.keys():
        complaints.add(entries[key].source, later(key, LATER[key]))
    rest = {
        key: entry for key, entry in entries.items() if key not in LATER and key not in misplaced
    }
    refuse_unknown_keys(rest, CONDITIONS, operation.name, complaints)
    for key in rest.keys() & USELESS.keys() - useful_conditions(operation):
        why = UNRECORDED.get(operation.name) if key == "record" else None
        told = f"{operation.name} has no use for {key}: {why or USELESS[key]}"
        complaints.add(rest[key].source, told)


USELESS = {
    "including_sockguard": "it passes as granted",
    "shared": "it makes and names no objects",
    "compressed": "it takes no archive into a container",
    "record": "nothing is typed or shown in it",
    "target": "it is about no object with a name or labels",
    **{name: f"it asks for nothing that {name} gathers" for name in VIEWS},
}
"""Conditions that are for some operations only, and why they are not for the others."""


def useful_conditions(operation: Operation) -> set[str]:
    """Return those of the conditions above that say something of an operation."""
    useful = {name for name, view in VIEWS.items() if operation.name in view.operations}
    if is_protected(operation):
        useful.add("including_sockguard")
    if operation.name not in UNSHARED:
        useful.add("shared")
    if operation.name == "containers.archive_put":
        useful.add("compressed")
    if operation.name in TARGETABLE:
        useful.add("target")
    if operation.name in RECORDABLE:
        useful.add("record")
    return useful


def _read_flag(name: str, entry: Entry | None, complaints: Complaints) -> bool:
    return entry is not None and flag_of(entry.value, name, complaints)


def _read_views(
    operation: Operation, entries: Mapping[str, Entry], complaints: Complaints
) -> dict[str, ViewConstraint]:
    return {
        name: read_view(view, operation, entries[name], complaints)
        for name, view in VIEWS.items()
        if name in entries and operation.name in view.operations
    }


def _read_target(
    operation: Operation, entry: Entry | None, complaints: Complaints
) -> tuple[Target | None, bool]:
    """Return the target, and whether an exec may be anybody's."""
    if entry is None or operation.name not in TARGETABLE:
        return None, False
    if entry.value.value == "any":
        of_execs = operation.name.startswith("exec.") and operation.name != "exec.create"
        if not of_execs:
            complaints.add(entry.source, "target: any is for exec.start, exec.resize, exec.inspect")
        return None, of_execs
    target = read_target(entry.value, complaints)
    if operation.name.endswith(".prune"):
        if target.name is not None:
            complaints.add(entry.source, "a prune knows no names: its target can only be a label")
        if target.exact.keys() != target.labels.keys():
            complaints.add(entry.source, "a label of a prune has one value: the Engine compares it")
    return target, False


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
        name: read_constraint(one.value, _subject(parameter), complaints)
        for name, one in entry.value.value.items()
        if (parameter := operation.parameters.get(name)) is not None
        and not _is_dropped(parameter, one, complaints)
    }, False


def _subject(parameter: Parameter) -> Subject:
    return Subject(parameter.name, parameter.kind, parameter.unlimited, parameter.shape)


def _is_dropped(parameter: Parameter, entry: Entry, complaints: Complaints) -> bool:
    if parameter.dropped:
        complaints.add(entry.source, f"{parameter.name} is never forwarded: no Engine reads it")
    return parameter.dropped
