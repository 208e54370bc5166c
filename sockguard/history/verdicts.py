"""What a new policy changes for past requests, each judged again under the old one and the new.

Must never tell of a verdict where the log does not have what it would rest on.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.history.replay import is_told, replay
from sockguard.history.rights import same_rights
from sockguard.policy.decide import REPORTED
from sockguard.policy.model import Mode
from sockguard.policy.objects import is_filtered
from sockguard.policy.question import Effect
from sockguard.policy.risks import weighed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sockguard.history.past import Past
    from sockguard.policy.model import Client, Grant, Policy
    from sockguard.policy.question import Decision
    from sockguard.policy.rehearse import Rehearsal


Use = tuple[str, str]
"""A client, and an item of its role by where it stands."""


class Change(StrEnum):
    """What becomes otherwise of a past request."""

    REFUSED = "newly refused"
    ALLOWED = "newly allowed"
    MASKED = "shown differently"
    UNTOLD = "cannot be told"


@dataclass(frozen=True, slots=True)
class Group:
    """Past requests that change alike: how many, one of them, and why."""

    change: Change
    client: str
    operation: str
    why: str
    requests: int
    example: Past


@dataclass(slots=True)
class Comparison:
    """What becomes otherwise of past requests, and which lines of the new policy none needed.

    `apart` counts requests that no policy has a say in, and those of clients in neither policy.
    """

    requests: int = 0
    unchanged: int = 0
    apart: int = 0
    groups: list[Group] = field(default_factory=list)
    unused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    silent: tuple[str, ...] = ()

    def counted(self, change: Change) -> int:
        """Say how many requests change so."""
        return sum(group.requests for group in self.groups if group.change is change)


def compare(old: Policy, new: Policy, counts: Mapping[Past, int]) -> Comparison:
    """Judge past requests under both policies."""
    before, after = weighed(old), weighed(new)
    found = Comparison(sum(counts.values()))
    moved: Counter[tuple[Change, str, str, str]] = Counter()
    examples: dict[tuple[Change, str, str, str], Past] = {}
    used: set[Use] = set()
    alike = old.callers == new.callers
    for past, count in counts.items():
        was, now = before.get(past.client), after.get(past.client)
        if (was is None and now is None) or not _has_a_say(past):
            found.apart += count
            continue
        verdicts = _verdict(was, past, old), _verdict(now, past, new)
        used.update(_used(now, past, verdicts[1]))
        change, why = _change(was, now, past, verdicts, alike=alike)
        if change is None:
            found.unchanged += count
            continue
        key = (change, past.client, past.operation, why)
        moved[key] += count
        examples.setdefault(key, past)
    order = list(Change)
    groups = [Group(*key, requests, examples[key]) for key, requests in moved.items()]
    found.groups = sorted(groups, key=lambda one: (order.index(one.change), -one.requests))
    asked = {past.client for past in counts}
    found.unused = {
        name: tuple(_unused(client, used)) for name, client in after.items() if name in asked
    }
    found.silent = tuple(name for name in after if name not in asked)
    return found


def _has_a_say(past: Past) -> bool:
    """Tell whether a policy could have had it otherwise: limits, say, are not asked again."""
    return past.decision != Effect.DENY or past.reason in REPORTED


def _verdict(client: Client | None, past: Past, policy: Policy) -> Rehearsal | None:
    """Judge again, None where there is no such client or the log does not tell enough."""
    if client is None:
        return None
    if not past.is_whole and _matters(client, past.operation):
        return None
    rehearsal = replay(client, past, policy)
    return rehearsal if is_told(rehearsal) else None


def _matters(client: Client, operation: str) -> bool:
    """Tell whether it matters what a request asks: some line, or report mode, might let it pass."""
    return client.mode is Mode.REPORT or bool(client.role.grants.get(operation))


def _change(
    was: Client | None,
    now: Client | None,
    past: Past,
    verdicts: tuple[Rehearsal | None, Rehearsal | None],
    *,
    alike: bool,
) -> tuple[Change | None, str]:
    if was and now and alike and same_rights(was, now, past.operation):
        return None, ""
    before, after = (one.decision if one else None for one in verdicts)
    if (was and before is None) or (now and after is None):
        lacks = ", ".join(sorted(past.lacks)) or "the log does not tell labels of objects"
        return Change.UNTOLD, lacks
    allowed = bool(before and before.allowed), bool(after and after.allowed)
    refused_then = past.decision == Effect.DENY  # by what was served: who had nothing loses nothing
    if allowed == (True, False) and not refused_then:
        return Change.REFUSED, after.message if after else f"no client {past.client!r} any more"
    if allowed == (False, True):
        return Change.ALLOWED, _line_of(after)
    if all(allowed) and was and now and _shown(was, before) != _shown(now, after):
        return Change.MASKED, _line_of(after)
    return None, ""


def _line_of(decision: Decision | None) -> str:
    grant = decision.grant if decision else None
    return f"by {grant.source}: {grant.item}" if grant else "by report mode"


def _shown(client: Client, decision: Decision | None) -> object:
    """Return what decides which parts of an answer a client gets to see."""
    grants = decision.grants if decision else ()
    names = {grant.operation for grant in grants}
    if not any(OPERATIONS[name].answer for name in names):
        return None
    filtered = any(map(is_filtered, names))
    return (
        client.mode if not grants else "",
        frozenset(grant.response.text for grant in grants),
        frozenset(grant.target.text for grant in grants if grant.target and filtered),
        client.own if filtered else "",
    )


def _used(client: Client | None, past: Past, verdict: Rehearsal | None) -> Iterator[Use]:
    """Yield the lines that a request needs; all that might be, where that cannot be told."""
    if client is None:
        return
    told = verdict.decision.grants if verdict else client.role.grants.get(past.operation, ())
    for grant in told:
        yield client.name, _place(grant)


def _place(grant: Grant) -> str:
    return f"{grant.source}: {grant.item}"


def _unused(client: Client, used: set[Use]) -> Iterator[str]:
    """Yield the items of a role that no past request needed, each with where it stands."""
    places = (_place(grant) for grants in client.role.grants.values() for grant in grants)
    return (place for place in dict.fromkeys(places) if (client.name, place) not in used)
