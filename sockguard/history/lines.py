"""Lines of a policy that is being written: operations with conditions, and what they are for.

Must never be served: the text of a line is read by the loader like any other before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.policy.load import load_texts
from sockguard.policy.model import MAIN
from sockguard.policy.tree import spell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.policy.model import Client, Policy


FILE = "learned"
"""How the loader calls the text of these lines."""


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a line: `word` is a key of the item, `name` a key within that, if any.

    `value` is plain, as YAML has it. `requests` says how many asked for it, `note` what was made
    of what they asked for, `says` what it hands over where that is too much to be in force.
    """

    word: str
    name: str
    value: object
    requests: int = 0
    note: str = ""
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One operation with its conditions.

    `note` says what else its target might mean, `own` how many of the objects in that the client
    made itself. `wide` says why it reaches more objects than were seen, "" where it does not.
    `says` has what it hands over where that is too much to be in force, `unserved` how many
    requests it does not allow, by what stands in the way.
    """

    operation: str
    requests: int
    parts: tuple[Part, ...] = ()
    note: str = ""
    own: int = 0
    wide: str = ""
    says: tuple[str, ...] = ()
    unserved: Mapping[str, int] | None = None

    @property
    def in_force(self) -> tuple[Part, ...]:
        """The conditions that are not held back."""
        return tuple(part for part in self.parts if not part.says)


def conditions_of(parts: Iterable[Part]) -> dict[str, object]:
    """Return what an item says, as YAML has it."""
    words: dict[str, object] = {}
    for part in parts:
        if not part.name:
            words[part.word] = part.value
            continue
        inner = words.setdefault(part.word, {})
        if isinstance(inner, dict):
            inner[part.name] = part.value
    return words


def item_of(operation: str, parts: Iterable[Part]) -> str:
    """Write an item of `allow` in one line."""
    words = conditions_of(parts)
    return f"- {operation}: {spell(words)}" if words else f"- {operation}"


def loaded(client: str, items: Iterable[str]) -> tuple[Policy, Client]:
    """Load a policy that gives a client these items and nothing else; raises PolicyError."""
    allow = "allow: []\n"
    if listed := list(items):
        allow = "allow:\n" + "".join(f"  {item}\n" for item in listed)
    text = f"version: 1\n{allow}"
    if client != MAIN:
        inner = "".join(f"    {line}\n" for line in allow.splitlines())
        text = f"version: 1\nclients:\n  {client}:\n{inner}"
    try:
        policy = load_texts({FILE: text.encode()}, shipped={})
    except UnicodeEncodeError as error:
        raise SockguardError(f"a value of the log can stand in no policy: {error}") from error
    return policy, policy.clients[client]
