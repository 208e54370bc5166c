"""From a caller to the one client that it is.

Must never choose between two: whoever matches none or several is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import OVERFLOW_ID
from sockguard.policy.model import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.identity.caller import Caller
    from sockguard.policy.model import Client, Match, Policy


def identify(policy: Policy, caller: Caller) -> Client:
    """Return the client that this caller is; Refusal for an unknown or an ambiguous one.

    A client's own socket admits that client only; on the main listener all that share it are
    tried.
    """
    found = [client for client in _reachable(policy, caller) if matches(client.match, caller)]
    if len(found) == 1:
        return found[0]
    who = caller.describe() or "a caller without credentials"
    if not found:
        message = f"no client on listener '{caller.listener}' matches {who}"
        raise Refusal(Reason.UNKNOWN_CALLER, message, detail=caller.listener)
    names = ", ".join(f"'{client.name}'" for client in found)
    message = f"{who} is {names} at once"
    raise Refusal(Reason.AMBIGUOUS_CALLER, message, detail=caller.listener)


def _reachable(policy: Policy, caller: Caller) -> Iterable[Client]:
    if caller.listener == MAIN:
        return [client for client in policy.clients.values() if client.socket is None]
    client = policy.clients.get(caller.listener)
    return [] if client is None or client.socket is None else [client]


def matches(match: Match, caller: Caller) -> bool:
    """Tell whether all that the match asks holds of the caller; the overflow id is nobody's."""
    if match.uid and not _any_of(match.uid, (caller.uid,)):
        return False
    return not match.gid or _any_of(match.gid, (caller.gid, *caller.groups))


def _any_of(wanted: tuple[int, ...], held: tuple[int | None, ...]) -> bool:
    return any(one is not None and one != OVERFLOW_ID and one in wanted for one in held)
