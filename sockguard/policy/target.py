"""Which objects an item is about: by name or by label.

Must never match an object whose name or labels are not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.operation import ParameterKind
from sockguard.engine.reference import normalise_image
from sockguard.policy.constraints import Constraint, read_constraint
from sockguard.policy.tree import mapping_of, refuse_unknown_keys, spelled
from sockguard.policy.values import Subject
from sockguard.policy.words import like

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Thing
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node

KEYS = ("name", "label")


@dataclass(frozen=True, slots=True)
class Target:
    """Names and labels that an object must have; `text` is the target as the policy writes it."""

    text: str
    name: Constraint | None = None
    labels: Mapping[str, Constraint] = field(default_factory=dict)
    exact: Mapping[str, str] = field(default_factory=dict)
    """Those of the labels that must have one value, and which."""

    def matches(self, thing: Thing, reference: str = "") -> bool:
        """Tell whether this is an object that is meant.

        An image with several names counts by the one it was asked for by, else by all of them.
        """
        names = thing.names
        if thing.kind == "image" and (asked := normalise_image(reference)) in names:
            names = (asked,)
        return self.fits_name(names) and self.fits_labels(thing.labels)

    def fits_name(self, names: tuple[str, ...]) -> bool:
        """Tell whether an object may have these names; one without any has no name to fit."""
        return self.name is None or (bool(names) and all(map(self.name.holds, names)))

    def fits_labels(self, labels: Mapping[str, str]) -> bool:
        """Tell whether an object may have these labels."""
        return all(
            key in labels and wanted.holds(labels[key]) for key, wanted in self.labels.items()
        )


def read_target(node: Node, complaints: Complaints) -> Target:
    """Read `target: {name: glob, label: {key: value}}`."""
    entries = mapping_of(node, "target", complaints)
    refuse_unknown_keys(entries, KEYS, "target", complaints)
    if isinstance(node.value, dict) and not node.value:
        complaints.add(node.source, "target names objects by `name` or by `label`")
    name = None
    if "name" in entries:
        name = _read_globs(entries["name"].value, "target name", complaints)
    labels: dict[str, Constraint] = {}
    exact: dict[str, str] = {}
    if "label" in entries:
        wanted = mapping_of(entries["label"].value, "target label", complaints)
        if isinstance(entries["label"].value.value, dict) and not wanted:
            complaints.add(entries["label"].source, "label takes a mapping of labels to values")
        for key, entry in wanted.items():
            subject = Subject(f"label {key}", ParameterKind.TEXT)
            labels[key] = read_constraint(entry.value, subject, complaints)
            if isinstance(entry.value.value, str) and entry.value.value != "any":
                exact[key] = entry.value.value
            if labels[key].replaces or labels[key].required:
                complaints.add(entry.source, f"label {key}: a target only compares")
    return Target(spelled(node), name, labels, exact)


def _read_globs(node: Node, what: str, complaints: Complaints) -> Constraint:
    """Read names as globs, so that `name: web-*` needs no further word."""
    subject = Subject(what, ParameterKind.TEXT)
    if node.value == "any" or isinstance(node.value, dict):
        complaints.add(node.source, f"{what} is a glob or a list of globs")
    return Constraint(spelled(node), like(node, subject, complaints))
