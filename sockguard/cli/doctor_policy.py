"""The policy and its clients, as `sockguard doctor` sees them.

Must never call a policy good that `serve` would refuse to load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.finding import ok, problem, remark, warning
from sockguard.cli.policy_check import own_expectations
from sockguard.cli.policy_files import load_served
from sockguard.engine.level import Level
from sockguard.policy.check import lint
from sockguard.policy.complaints import PolicyError
from sockguard.policy.load import is_shipped_name
from sockguard.policy.model import NETWORK, Mode
from sockguard.policy.risks import amounts_to, risks_of
from sockguard.proxy.sockets import place_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sockguard.cli.finding import Finding
    from sockguard.policy.complaints import Complaint
    from sockguard.policy.model import Client, Limits, Policy
    from sockguard.settings import Settings

_PER = {1: "second", 60: "minute"}
_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024), ("bytes", 1))


@dataclass(frozen=True, slots=True)
class PolicySeen:
    """The policy that the settings name, or why it does not load; `name` is as it was given."""

    name: str
    policy: Policy | None
    complaints: tuple[Complaint, ...] = ()


def look_at_policy(settings: Settings) -> PolicySeen:
    """Load it as `serve` would."""
    try:
        return PolicySeen(settings.policy, load_served(settings))
    except PolicyError as error:
        return PolicySeen(settings.policy, None, error.complaints)


def judge_policy(seen: PolicySeen, rejected: str) -> Iterator[Finding]:
    """Yield each complaint and warning; `rejected` is what a running server says of its own."""
    if rejected:
        yield problem(
            f"the sockguard that runs does not serve the newest policy: {rejected}",
            "mend the line that it names; it loads the policy again by itself, or on SIGHUP",
        )
    for complaint in seen.complaints:
        yield problem(str(complaint), _mend(seen.name, complaint))
    if seen.policy is None:
        return
    count = own_expectations(seen.policy)
    yield ok(f"{seen.name} loads; expectations of its own: {count}, all hold")
    for complaint in lint(seen.policy):
        yield warning(str(complaint), _mend(seen.name, complaint))


def _mend(name: str, complaint: Complaint) -> str:
    if name.startswith("SOCKGUARD_COMPAT="):
        return "sockguard policy import writes this policy into a file that can be edited"
    if is_shipped_name(name):
        return "sockguard policy show lists the roles that there are"
    line = f", line {complaint.line}" if complaint.line else ""
    return f"edit {complaint.file}{line}, until this is content: sockguard policy check {name}"


def judge_clients(
    policy: Policy, settings: Settings, served: Collection[str], hindrance: str
) -> Iterator[Finding]:
    """Say what each client may do now.

    `served` are the listeners that are open, `hindrance` is what keeps everybody from everything.
    """
    clients = policy.clients.values()
    for client in clients:
        risks = risks_of(client, clients)
        parts = [
            f"{client.name} ({client.role.describe()}) amounts to {amounts_to(risks)}",
            f"{len(client.role.grants)} operations",
            *_terms(client),
            f"at {place_of(settings.socket_dir, client)}",
        ]
        barred = hindrance or ("" if client.listener in served else _unserved(client))
        text = "; ".join([*parts, f"now nothing, as {barred}"] if barred else parts)
        yield remark(text) if risks.level is Level.ROOT else ok(text)


def _unserved(client: Client) -> str:
    if client.listener == NETWORK:
        return "no listener of the network is served"
    return "its socket is not served"


def _terms(client: Client) -> Iterator[str]:
    if client.mode is Mode.REPORT:
        yield "report mode, in which everything passes"
    if client.own.only:
        yield "its own objects only"
    for word, ids in (("uid", client.match.uid), ("gid", client.match.gid)):
        if ids:
            yield f"for {word} {', '.join(map(str, ids))}"
    limits = ", ".join(_limits(client.limits))
    if limits:
        yield f"limits: {limits}"


def _limits(limits: Limits) -> Iterator[str]:
    if limits.requests is not None:
        rate = limits.requests
        yield f"{rate.tokens} requests/{_PER.get(rate.seconds, f'{rate.seconds} s')}"
    if limits.streams is not None:
        yield f"{limits.streams} streams"
    if limits.body is not None:
        yield f"bodies of {_size(limits.body)}"


def _size(count: int) -> str:
    """Write a size in the largest unit in which it is whole."""
    unit, scale = next(one for one in _UNITS if count % one[1] == 0)
    return f"{count // scale} {unit}"
