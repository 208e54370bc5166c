"""The parameter `filters`: which names count, and with which texts.

Must never take a name without a text for a condition: to the Engine's matchers it is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from sockguard.wire.document import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.policy.question import Query
    from sockguard.wire.document import Value

FILTERS_OF_WRITES: Mapping[str, frozenset[str]] = {
    "containers.prune": frozenset({"until", "label", "label!"}),
    "images.prune": frozenset({"dangling", "until", "label", "label!"}),
    "networks.prune": frozenset({"until", "label", "label!"}),
    "volumes.prune": frozenset({"all", "label", "label!"}),
    "build.prune": frozenset(
        {"until", "id", "parent", "type", "description", "inuse", "shared", "private", "label"}
    ),
}
"""The filters that each Engine handler knows, from the API documents and `daemon/*/prune.go`."""


def judged_filters(document: Value) -> dict[str, frozenset[str]] | None:
    """Return the texts by name; None unless one of the two shapes holds throughout.

    The Engine tries each shape on the whole. A text marked false counts as present, because
    matchers by label and name take it so. A name without texts restricts nothing.
    """
    if not isinstance(document, dict):
        return None
    lists = {name: frozenset(item) for name, item in document.items() if _is_texts(item)}
    maps = {name: frozenset(item) for name, item in document.items() if _is_marks(item)}
    whole = next((shape for shape in (lists, maps) if len(shape) == len(document)), None)
    return None if whole is None else {name: texts for name, texts in whole.items() if texts}


def narrowed(query: Query, labels: Iterable[str]) -> Query:
    """Return the query of a prune with more labels that what it removes must have.

    Labels of a prune must all hold (Engine source, filters.Args.MatchKVList).
    """
    wanted = list(labels)
    if not wanted:
        return query
    sent = next((text for name, text in query.pairs if name == "filters" and text), "{}")
    document = decode(sent.encode())
    filters = document if isinstance(document, dict) else {}
    there = filters.get("label") or ([] if all(map(_is_texts, filters.values())) else {})
    marked = {**there, **dict.fromkeys(wanted, True)} if isinstance(there, dict) else None
    added: Value = [*there, *wanted] if isinstance(there, list) else marked
    text = encode({**filters, "label": added}).decode()
    others = tuple(pair for pair in query.pairs if pair[0] != "filters")
    return replace(query, pairs=(*others, ("filters", text)))


def without_empty(document: Value) -> Value:
    """Leave out the names that have no texts."""
    if not isinstance(document, dict):
        return document
    return {name: item for name, item in document.items() if item}


def _is_texts(item: Value) -> TypeGuard[list[str]]:
    return isinstance(item, list) and all(isinstance(text, str) for text in item)


def _is_marks(item: Value) -> TypeGuard[dict[str, bool]]:
    return isinstance(item, dict) and all(isinstance(mark, bool) for mark in item.values())
