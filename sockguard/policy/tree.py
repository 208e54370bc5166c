"""A policy file as plain values that know their line.

Must never know what the words mean: that is for those who read the tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy.complaints import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from decimal import Decimal

    from sockguard.policy.complaints import Complaints
    from sockguard.policy.model import Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    source: Source
    value: Node


@dataclass(frozen=True, slots=True)
class Node:
    """One value: a scalar, a tuple of nodes, or entries by key."""

    source: Source
    value: bool | int | str | Decimal | tuple[Node, ...] | dict[str, Entry] | None

    def describe(self) -> str:
        """Name the kind of this value in words for people."""
        return _KINDS.get(type(self.value), "a number with a fraction")


_KINDS: dict[type, str] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a number",
    str: "text",
    tuple: "a list",
    dict: "a mapping",
}


def plain(node: Node) -> object:
    """Return the value without its lines: None, bool, int, str, Decimal, list or dict."""
    if isinstance(node.value, tuple):
        return [plain(item) for item in node.value]
    if isinstance(node.value, dict):
        return {key: plain(entry.value) for key, entry in node.value.items()}
    return node.value


def spelled(node: Node) -> str:
    """Write the value on one line, as YAML would read it back."""
    return spell(plain(node))


def spell(value: object) -> str:
    """Write a plain value as flow YAML; text is quoted where it would read as something else."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{spell(key)}: {spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(spell(item) for item in value) + "]"
    if isinstance(value, str):
        return value if _reads_as_text(value) else _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


_NOT_TEXT = {"", "null", "true", "false", "~"}
_SAFE_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/_")
_SAFE = _SAFE_START | frozenset("0123456789.-+=@")


def _reads_as_text(text: str) -> bool:
    return (
        text.lower() not in _NOT_TEXT and text[0] in _SAFE_START and all(c in _SAFE for c in text)
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def mapping_of(node: Node, what: str, complaints: Complaints) -> Mapping[str, Entry]:
    """Return the entries of a mapping; a complaint and nothing where it is something else."""
    if isinstance(node.value, dict):
        return node.value
    complaints.add(node.source, f"{what} must be a mapping, not {node.describe()}")
    return {}


def list_of(node: Node, what: str, complaints: Complaints) -> tuple[Node, ...]:
    """Return the items of a list; a complaint and nothing where it is something else."""
    if isinstance(node.value, tuple):
        return node.value
    complaints.add(node.source, f"{what} must be a list, not {node.describe()}")
    return ()


def text_of(node: Node, what: str, complaints: Complaints) -> str:
    """Return a text; a complaint and "" where it is something else."""
    if isinstance(node.value, str):
        return node.value
    quote = "; write it in quotes" if isinstance(node.value, int) else ""
    complaints.add(node.source, f"{what} must be text, not {node.describe()}{quote}")
    return ""


def whole_of(node: Node, what: str, complaints: Complaints, *, least: int = 0) -> int | None:
    """Return a whole number from `least` on; a complaint and None where it is something else."""
    value = node.value
    if isinstance(value, int) and not isinstance(value, bool) and value >= least:
        return value
    complaints.add(node.source, f"{what} must be a whole number from {least} on")
    return None


def flag_of(node: Node, what: str, complaints: Complaints) -> bool:
    """Return true or false; a complaint and False where it is something else."""
    if isinstance(node.value, bool):
        return node.value
    complaints.add(node.source, f"{what} must be true or false, not {node.describe()}")
    return False


def refuse_unknown_keys(
    entries: Mapping[str, Entry], known: Collection[str], what: str, complaints: Complaints
) -> bool:
    """Complain about every key that is not in `known`; tell whether there was any.

    Names the nearest that is known, or all of them where none is near.
    """
    unknown = {key: entry for key, entry in entries.items() if key not in known}
    for key, entry in unknown.items():
        hint = did_you_mean(key, known) or f"; it has {', '.join(known)}"
        complaints.add(entry.source, f"{what} has no key {key!r}{hint}")
    return bool(unknown)
