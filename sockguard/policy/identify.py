"""From a caller to the one client that it is.

Must never choose between two: whoever matches none or several is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import OVERFLOW_ID
from sockguard.policy.cert_match import cert_fits
from sockguard.policy.container_match import container_fits
from sockguard.policy.model import MAIN, NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.identity.caller import Caller
    from sockguard.policy.model import Client, Match, Policy


def identify(policy: Policy, caller: Caller) -> Client:
    """Return the client that this caller is; Refusal for an unknown or an ambiguous one.

    A client's own socket admits that client only; on the main listener, and on those of the
    network, all that share it are tried.
    """
    found = [client for client in _reachable(policy, caller) if matches(client.match, caller)]
    if len(found) == 1:
        return found[0]
    who = caller.describe() or "a caller without credentials"
    if not found and caller.unsaid and _may_be_known_by_container(policy, caller):
        raise Refusal(Reason.FACT_FAILED, caller.unsaid, detail=caller.listener)
    if not found:
        message = (
            f"no client on listener '{caller.listener}' matches {who}{_lacking(policy, caller)}"
        )
        raise Refusal(Reason.UNKNOWN_CALLER, message, detail=caller.listener)
    names = ", ".join(f"'{client.name}'" for client in found)
    message = f"{who} is {names} at once; narrow the match of one"
    raise Refusal(Reason.AMBIGUOUS_CALLER, message, detail=caller.listener)


def _reachable(policy: Policy, caller: Caller) -> Iterable[Client]:
    if caller.address is not None:
        return [client for client in policy.clients.values() if client.listener == NETWORK]
    if caller.listener == MAIN:
        return [client for client in policy.clients.values() if client.listener == MAIN]
    client = policy.clients.get(caller.listener)
    return [] if client is None or client.listener != caller.listener else [client]


def _may_be_known_by_container(policy: Policy, caller: Caller) -> bool:
    return any(
        client.match.container is not None and _matches_but_for_container(client.match, caller)
        for client in _reachable(policy, caller)
    )


def _lacking(policy: Policy, caller: Caller) -> str:
    """Say what is not known of a caller on the network and would be asked for."""
    asked = [client.match for client in _reachable(policy, caller) if caller.address is not None]
    lacks = []
    if caller.certificate is None and any(match.cert for match in asked):
        lacks.append("it has shown no certificate")
    if caller.container is None and any(match.container for match in asked):
        lacks.append("not exactly one container is known at its address")
    return f": {', and '.join(lacks)}" if lacks else ""


def matches(match: Match, caller: Caller) -> bool:
    """Tell whether all that the match asks holds of the caller; the overflow id is nobody's.

    What is not known of a caller does not hold.
    """
    if match.by_network:
        return _matches_on_network(match, caller)
    if match.uid and not _any_of(match.uid, (caller.uid,)):
        return False
    return not match.gid or _any_of(match.gid, (caller.gid, *caller.groups))


def _any_of(wanted: tuple[int, ...], held: tuple[int | None, ...]) -> bool:
    return any(one is not None and one != OVERFLOW_ID and one in wanted for one in held)


def _matches_on_network(match: Match, caller: Caller) -> bool:
    runs = caller.container
    return _matches_but_for_container(match, caller) and (
        match.container is None
        or (runs is not None and container_fits(match.container, runs.name, dict(runs.labels)))
    )


def _matches_but_for_container(match: Match, caller: Caller) -> bool:
    address, held = caller.address, caller.certificate
    if address is None:
        return False
    if match.networks and not any(address in network for network in match.networks):
        return False
    return match.cert is None or (held is not None and cert_fits(match.cert, held))
