"""Past requests judged again, under a policy of today or of tomorrow.

Must never give a verdict that rests on what the log does not tell: such a request is untold.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.history.past import known_to
from sockguard.policy.model import Mode
from sockguard.policy.question import OwnObjects
from sockguard.policy.rehearse import rehearse

if TYPE_CHECKING:
    from sockguard.history.past import Past
    from sockguard.policy.model import Client, Policy
    from sockguard.policy.rehearse import Rehearsal

UNTOLD_VIEWS = frozenset({"user", "host_paths"})
"""Views that may rest on an image's user or on what a volume stands for."""


def replay(client: Client, past: Past, policy: Policy) -> Rehearsal:
    """Judge a past request as this client's; see `is_told` for whether that is a verdict."""
    known = partial(known_to, past, by_name=not rests_on_labels(client, past.operation))
    return rehearse(
        client,
        past.method,
        past.line,
        past.body.encode() or None,
        OwnObjects(callers=policy.callers),
        known=lambda need: known(need=need),
        stamps=policy.stamps,
    )


def is_told(rehearsal: Rehearsal) -> bool:
    """Tell whether the log had all that the verdict rests on."""
    return rehearsal.decision.reason is not Reason.FACT_FAILED


def rests_on_labels(client: Client, operation: str) -> bool:
    """Tell whether more than names of objects may count: labels, owners, users, devices."""
    grants = client.role.grants.get(operation, ())
    return client.own.only or any(
        not UNTOLD_VIEWS.isdisjoint(grant.views) or (grant.target and grant.target.labels)
        for grant in grants
    )


def enforced(client: Client) -> Client:
    """Return the client as if its mode were `enforce`: as the lines of its role have it."""
    return replace(client, mode=Mode.ENFORCE)
