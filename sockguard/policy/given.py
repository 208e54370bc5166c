"""Facts about objects that somebody writes down instead of the Engine telling them.

Must never be read where a real request is judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.facts import ID, ROUTES, Thing
from sockguard.engine.reference import normalise_image
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

KINDS = tuple(kind for kind in ROUTES if not kind.endswith(ID))
KEYS = ("id", "name", "labels", "user", "host_path", "container", "made_by")

_NO_ID = "0" * 64


NONE = "none"
"""What stands for an object that the Engine does not have."""


def read_given(node: Node, complaints: Complaints) -> Mapping[str, Thing | None]:
    """Read `given: {container: {name: web, labels: {…}}, volume: none}`: one of each kind."""
    entries = mapping_of(node, "given", complaints)
    refuse_unknown_keys(entries, KINDS, "given", complaints)
    given = {
        kind: _read_thing(kind, entry, complaints)
        for kind, entry in entries.items()
        if kind in KINDS
    }
    return {**given, **{f"{kind}{ID}": thing for kind, thing in given.items()}}


def _read_thing(kind: str, entry: Entry, complaints: Complaints) -> Thing | None:
    if entry.value.value == NONE:
        return None
    told = mapping_of(entry.value, f"what is given of a {kind}", complaints)
    refuse_unknown_keys(told, KEYS, f"what is given of a {kind}", complaints)
    texts = {
        key: text_of(told[key].value, key, complaints)
        for key in KEYS
        if key in told and key != "labels"
    }
    labels = {}
    if "labels" in told:
        pairs = mapping_of(told["labels"].value, "labels", complaints)
        labels = {key: text_of(one.value, f"label {key}", complaints) for key, one in pairs.items()}
    name = texts.get("name", "")
    if kind == "image" and name:
        name = normalise_image(name)
    return Thing(
        kind,
        texts.get("id") or (name if kind == "volume" else _NO_ID),
        (name,) if name else (),
        labels,
        container=texts.get("container", _NO_ID),
        user=texts.get("user", ""),
        host_path=texts.get("host_path", ""),
        creator=texts.get("made_by", ""),
    )
