"""What can be said of a loaded policy: whether its expectations hold, and what looks wrong.

Must never change a verdict: warnings are for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.identity.caller import OVERFLOW_ID
from sockguard.policy.complaints import Complaint, PolicyError, did_you_mean
from sockguard.policy.lint import role_warnings, warning
from sockguard.policy.model import NETWORK, Mode
from sockguard.policy.question import Effect, OwnObjects
from sockguard.policy.rehearse import rehearse
from sockguard.policy.shipped import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.policy.model import Client, Expectation, Own, Policy, Role

REASONS = (
    *(Reason.NOT_GRANTED, Reason.QUERY, Reason.BODY),
    *(Reason.VIEW, Reason.TARGET, Reason.NOT_OWNED),
    *(Reason.MALFORMED, Reason.VERSION, Reason.UNKNOWN_OPERATION),
)
"""The reasons that a case can meet: the others need a caller, a connection or an Engine."""

LONGEST_SOCKET_PATH = 107
"""sun_path holds 108 bytes with the final zero (Linux, unix(7))."""


def run_expectations(policy: Policy) -> list[Complaint]:
    """Return the cases of `expect` that fail."""
    failed = ((case, _failure(case, policy)) for case in policy.expectations)
    return [
        Complaint(case.source.file, case.source.line, message)
        for case, message in failed
        if message
    ]


def _failure(case: Expectation, policy: Policy) -> str:
    own, stamps = OwnObjects(callers=policy.callers), policy.stamps
    decision = rehearse(
        case.client, case.method, case.target, case.body, own, given=case.given, stamps=stamps
    ).decision
    if decision.reason is Reason.FACT_FAILED and case.because != Reason.FACT_FAILED:
        return decision.message
    asked = f"{case.method} {case.target} by {case.client.name!r}"
    if decision.effect is not case.then:
        because = f": {decision.message}" if decision.message else ""
        by = f" by {decision.grant.source}" if decision.grant else ""
        return f"expected {case.then} of {asked}, got {decision.effect}{by}{because}"
    if case.then is Effect.DENY and case.because not in ("", decision.reason, decision.detail):
        told = decision.reason if not decision.detail else f"{decision.reason}, {decision.detail}"
        hint = "" if case.because in REASONS else did_you_mean(case.because, REASONS)
        return f"expected {asked} to be denied because of {case.because}{hint}, not of {told}"
    return ""


def check_socket_paths(policy: Policy, socket_dir: str) -> None:
    """Raise PolicyError for each client whose socket's path is longer than the kernel takes."""
    paths = {
        name: f"{socket_dir}/{client.listener}/docker.sock"
        for name, client in policy.clients.items()
        if client.listener != NETWORK
    }
    long = [
        Complaint(
            policy.clients[name].source.file,
            policy.clients[name].source.line,
            f"the socket of client {name!r} would be {path}: {length} bytes, over"
            f" {LONGEST_SOCKET_PATH}; choose a shorter --socket-dir or name",
        )
        for name, path in paths.items()
        if (length := len(path.encode())) > LONGEST_SOCKET_PATH
    ]
    if long:
        raise PolicyError(long)


def lint(policy: Policy) -> list[Complaint]:
    """Warn about what loads and is probably not meant."""
    found: list[Complaint] = []
    for client in policy.clients.values():
        found += _client_warnings(client)
    for role, own in _roles(policy):
        found += role_warnings(role, own)
    found += _unused_roles(policy)
    found += _empty_cases(policy)
    return sorted(set(found))


def _roles(policy: Policy) -> Iterator[tuple[Role, Own]]:
    """Yield each role with what it is kept to, as clients have it and as it stands by itself."""
    for name, role in policy.roles.items():
        if not name.startswith(SHIPPED):
            yield role, role.own
    for client in policy.clients.values():
        yield client.role, client.own


def _client_warnings(client: Client) -> Iterator[Complaint]:
    if client.mode is Mode.REPORT:
        yield warning(
            client.source,
            f"client {client.name!r} is in report mode: it has root on the host, as everything"
            " that sockguard knows passes",
        )
    if client.role.grants and "system.ping" not in client.role.grants:
        yield warning(
            client.source,
            f"client {client.name!r} may not ping: most Docker clients begin with it; add"
            " `- system/hello`",
        )
    if OVERFLOW_ID in (*client.match.uid, *client.match.gid):
        yield warning(
            client.source,
            f"client {client.name!r} asks for id {OVERFLOW_ID}, which the kernel shows for ids of"
            " other user namespaces: it matches nobody",
        )

    yield from _address_warnings(client)


def _address_warnings(client: Client) -> Iterator[Complaint]:
    """Warn where an address is all that a client is recognised by."""
    match = client.match
    if match.container is not None and match.cert is None:
        yield warning(
            client.source,
            f"client {client.name!r} is recognised by the address of its container: on a network"
            " that they share, containers with NET_RAW, which they have unless it is dropped, can"
            " take each other's address; give it a network of its own with sockguard, or ask for"
            " cert too",
        )
    if match.anyone_there:
        yield warning(
            client.source,
            f"client {client.name!r} is everybody who can send from"
            f" {' or '.join(map(str, match.networks))}: each program and container there, and who"
            " can take such an address; ask for cert or container too",
        )


def _unused_roles(policy: Policy) -> Iterator[Complaint]:
    used = {client.role.name for client in policy.clients.values()}
    for name, role in policy.roles.items():
        if policy.clients and name not in used and "/" not in name:
            yield warning(role.source, f"the role {name!r} is used by no client")


WHATEVER_THE_POLICY = (Reason.MALFORMED, Reason.VERSION, Reason.UNKNOWN_OPERATION)
"""Reasons that hold for a request under every policy: a case that meets one tests none."""


def _empty_cases(policy: Policy) -> Iterator[Complaint]:
    for case in policy.expectations:
        if case.then is not Effect.DENY or case.because or case.source.file.startswith(SHIPPED):
            continue
        decision = rehearse(
            case.client, case.method, case.target, case.body, given=case.given
        ).decision
        if decision.reason in WHATEVER_THE_POLICY:
            yield warning(
                case.source,
                f"{case.method} {case.target} is denied under every policy ({decision.message});"
                f" mend the case, or say `because: {decision.reason}` if that is what is meant",
            )
