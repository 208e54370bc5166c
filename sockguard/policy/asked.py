"""From method and target to what is asked for: operation, object names and decoded query.

Must never guess: a path that no table knows is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.recognise import recognise
from sockguard.engine.version import NEWEST, check_version
from sockguard.errors import Reason, Refusal
from sockguard.policy.mask import holds_mask, masked_again
from sockguard.policy.model import Mode
from sockguard.policy.query import read_query
from sockguard.policy.question import NO_QUERY
from sockguard.wire.target import parse_target

if TYPE_CHECKING:
    from sockguard.engine.operation import Recognised
    from sockguard.policy.model import Client
    from sockguard.policy.question import Query


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request line asks for.

    `version` is the minor API version, None for a bare path; `sent` the one under which the request
    would be forwarded, as far as is known.
    """

    version: int | None
    sent: int
    recognised: Recognised
    query: Query


def read_asked(method: str, target: str, newest_served: int = NEWEST) -> Asked:
    """Read a request line; raises a refusal (400, 403) for what is not modelled.

    `newest_served` is the newest minor API version that Engine and catalogue both know.
    """
    parsed = parse_target(target)
    if parsed.version is not None:
        check_version(parsed.version, newest_served)
    recognised = recognise(method, parsed.segments, parsed.literal, parsed.query)
    if recognised is None:
        message = f"no operation of the Engine API is {method} on this path"
        raise Refusal(Reason.UNKNOWN_OPERATION, message)
    query = read_query(recognised.operation, parsed.query) if parsed.query else NO_QUERY
    if recognised.operation.writes and holds_mask([recognised.names, query.pairs]):
        raise masked_again("request")
    sent = newest_served if parsed.version is None else parsed.version
    return Asked(parsed.version, sent, recognised, query)


def wants_body(client: Client, asked: Asked) -> bool:
    """Tell whether a verdict needs the body: some line grants it, or report mode wants to know."""
    operation = asked.recognised.operation
    return client.mode is Mode.REPORT or bool(client.role.grants.get(operation.name))


def judges_paths(client: Client, asked: Asked) -> bool:
    """Tell whether a line that may grant it admits some paths of the host and others not."""
    grants = client.role.grants.get(asked.recognised.operation.name, ())
    return any("host_paths" in grant.views for grant in grants)
