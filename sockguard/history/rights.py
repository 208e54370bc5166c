"""What a new policy changes in the rights of its clients, operation by operation.

Must never call two rights the same that a request could tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.changes import changes_of
from sockguard.policy.explain import Answer, rights_of
from sockguard.policy.risks import Risks, risks_of, weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.policy.explain import Right
    from sockguard.policy.model import Client, Policy


@dataclass(frozen=True, slots=True)
class RightChange:
    """One operation whose rights are others than before; () stands for none at all."""

    operation: str
    before: tuple[Right, ...]
    after: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class ClientChange:
    """What changes for one client; where it is new, or gone, one of its risks is None.

    `aspects` tells in a few words each what else than rights does.
    """

    client: str
    before: Risks | None
    after: Risks | None
    aspects: tuple[str, ...] = ()
    rights: tuple[RightChange, ...] = ()


def client_changes(old: Policy, new: Policy) -> Iterator[ClientChange]:
    """Yield what changes, by client; those for whom nothing does are left out.

    A policy of roles alone counts as if each role had a client of its name.
    """
    before, after = weighed(old), weighed(new)
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        aspects = tuple(_aspects(was, now)) if was and now else ()
        rights = tuple(_rights(was, now))
        risks = _risks(was, before), _risks(now, after)
        if rights or aspects or was is None or now is None or _told(risks[0]) != _told(risks[1]):
            yield ClientChange(name, *risks, aspects, rights)


def same_rights(was: Client, now: Client, operation: str) -> bool:
    """Tell whether a request for the operation fares the same, whatever it asks."""
    return (
        _meanings(was, operation) == _meanings(now, operation)
        and was.mode is now.mode
        and was.own == now.own
    )


def _rights(was: Client | None, now: Client | None) -> Iterator[RightChange]:
    before, after = _by_operation(was), _by_operation(now)
    for operation in OPERATIONS:
        same = was and now and _meanings(was, operation) == _meanings(now, operation)
        same = same and was and now and was.own == now.own
        if not same and (before.get(operation) or after.get(operation)):
            yield RightChange(operation, before.get(operation, ()), after.get(operation, ()))


def _by_operation(client: Client | None) -> Mapping[str, tuple[Right, ...]]:
    found: dict[str, tuple[Right, ...]] = {}
    for right in rights_of(client) if client else ():
        if right.answer is not Answer.NO:
            found[right.operation] = (*found.get(right.operation, ()), right)
    return found


def _meanings(client: Client, operation: str) -> list[str]:
    return [grant.meaning for grant in client.role.grants.get(operation, ())]


def _aspects(was: Client, now: Client) -> Iterator[str]:
    """Yield what changed beside operations, which are told one by one."""
    words = ("newly allowed:", "no longer allowed:", "other conditions:")
    return (aspect for aspect in changes_of(was, now) if not aspect.startswith(words))


def _risks(client: Client | None, clients: Mapping[str, Client]) -> Risks | None:
    return None if client is None else risks_of(client, clients.values())


def _told(risks: Risks | None) -> object:
    """Return what of the risks does not hang on where the lines stand."""
    return risks and {(one.level, one.operation) for one in risks.causes}
