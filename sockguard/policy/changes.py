"""What a new policy changes for its clients, in one sentence.

Must never decide anything: the words are for the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sockguard.policy.model import Client, Policy

MOST_NAMES = 8
"""So many operations are named, the rest is counted: both policies are there to be compared."""


def describe_changes(before: Policy, after: Policy) -> str:
    """Say which clients came, went and changed, and which operations each gained and lost."""
    old, new = before.clients, after.clients
    added = [f"client '{name}' added" for name in new if name not in old]
    removed = [f"client '{name}' removed" for name in old if name not in new]
    changed = [
        f"client '{name}' changed ({'; '.join(facts)})"
        for name in new
        if name in old and (facts := list(changes_of(old[name], new[name])))
    ]
    return ", ".join([*added, *removed, *changed]) or "no client changed"


def changes_of(old: Client, new: Client) -> Iterator[str]:
    """Yield in a few words each what changed for one client."""
    yield from _operations(old, new)
    for word, aspect in _ASPECTS:
        if aspect(old) != aspect(new):
            yield word
    if old.mode is not new.mode:
        yield f"mode {new.mode}"


_ASPECTS: tuple[tuple[str, Callable[[Client], object]], ...] = (
    ("other match", lambda client: client.match),
    ("other limits", lambda client: client.limits),
    ("other socket", lambda client: (client.listener, client.socket)),
    ("other role", lambda client: client.role.name),
    ("other objects of its own", lambda client: client.own),
)


def _operations(old: Client, new: Client) -> Iterator[str]:
    had = {
        name: [one.meaning for one in grants] for name, grants in old.role.grants.items() if grants
    }
    has = {
        name: [one.meaning for one in grants] for name, grants in new.role.grants.items() if grants
    }
    for word, names in (
        ("newly allowed", has.keys() - had.keys()),
        ("no longer allowed", had.keys() - has.keys()),
        ("other conditions", {name for name in has.keys() & had.keys() if has[name] != had[name]}),
    ):
        if names:
            yield f"{word}: {_listed(names)}"


def _meanings(client: Client) -> dict[str, list[str]]:
    held = {name: grants for name, grants in client.role.grants.items() if grants}
    return {name: [grant.meaning for grant in grants] for name, grants in held.items()}


def _listed(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = len(listed) - MOST_NAMES
    shown = ", ".join(listed[:MOST_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
