"""What a client amounts to: the strongest that somebody could make of its rights, and by what.

Must never tell less than the policy gives: what cannot be proven harmless counts by its worst.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.level import Level
from sockguard.policy.cause import Cause
from sockguard.policy.model import Client, Mode
from sockguard.policy.recorded import kept_sessions
from sockguard.policy.risks_of_chains import chain_causes, renaming_causes
from sockguard.policy.risks_of_grants import grant_causes
from sockguard.policy.risks_of_images import NAMED_BY, RUNNING, naming_causes
from sockguard.policy.shipped import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sockguard.policy.model import Policy

MOST_NAMES = 6
"""So many operations are named, the rest is counted."""

BESIDE = frozenset({Level.DISTURB, Level.CODE})
"""Levels that say nothing of secrets: where some are read, that is told beside them."""


@dataclass(frozen=True, slots=True)
class Risks:
    """The strongest that a client may do, and all causes, the strongest first.

    `recorded` says in words which of its sessions are kept, "" for none.
    """

    level: Level
    causes: tuple[Cause, ...] = ()
    recorded: str = ""


def risks_of(client: Client, clients: Iterable[Client] = ()) -> Risks:
    """Weigh a client; `clients` are all of its policy, whose trust it might abuse."""
    found = list(_causes(client))
    found += _by_others(client, [one for one in clients if one.name != client.name])
    return replace(_risks(found), recorded=kept_sessions(client.role))


def weighed(policy: Policy) -> dict[str, Client]:
    """Return whom to weigh by name: the clients, or where there are none, whoever had a role."""
    if policy.clients:
        return dict(policy.clients)
    own = {name: role for name, role in policy.roles.items() if not name.startswith(SHIPPED)}
    return {
        name: Client(name, role, role.source, mode=role.mode, own=role.own)
        for name, role in own.items()
    }


def amounts_to(risks: Risks) -> str:
    """Say in one line the strongest that a client may do and by which operations.

    Where that is disturbing or running something, reading secrets is named beside it: neither says
    anything of the other.
    """
    if not risks.causes:
        return "nothing: no operation is granted"
    told = [risks.level]
    if risks.level in BESIDE and any(one.level is Level.SECRETS for one in risks.causes):
        told.append(Level.SECRETS)
    amounts = "; and ".join(f"{level.words}, by {_by(risks, level)}" for level in told)
    kept = f"; {risks.recorded} sessions are recorded" if risks.recorded else ""
    return amounts + kept


def _risks(causes: list[Cause]) -> Risks:
    ordered = sorted(dict.fromkeys(causes), key=_place)
    return Risks(ordered[0].level if ordered else Level.NOTHING, tuple(ordered))


_ORDER = {name: place for place, name in enumerate(OPERATIONS)}


def _place(cause: Cause) -> tuple[int, str, int, int]:
    """Sort the strongest first, then by line, and within a set as the catalogue does."""
    source = cause.source
    return -cause.level, source.file, source.line, _ORDER.get(cause.operation, -1)


def _causes(client: Client) -> Iterator[Cause]:
    if client.mode is Mode.REPORT:
        says = "Report mode lets through what no line allows."
        yield Cause(Level.ROOT, client.source, "", says)
    for grants in client.role.grants.values():
        for grant in grants:
            yield from grant_causes(client, grant)
    yield from chain_causes(client)


def _by_others(client: Client, others: Sequence[Client]) -> Iterator[Cause]:
    """Yield what the client can make other clients do, by names of containers and of images."""
    if client.role.grants.keys().isdisjoint({"containers.rename", *NAMED_BY}):
        return
    causes = {one.name: list(_causes(one)) for one in others}
    levels = {name: _risks(found).level for name, found in causes.items()}
    yield from renaming_causes(client, levels, others)
    running = {
        name: _risks([one for one in found if one.operation in ("", *RUNNING)]).level
        for name, found in causes.items()
    }
    yield from naming_causes(client, running, others)


def _by(risks: Risks, level: Level) -> str:
    causes = [one for one in risks.causes if one.level is level]
    return _listed(list(dict.fromkeys(one.operation or "report mode" for one in causes)))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
