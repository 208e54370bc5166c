"""What `always` sets: read once at load, put in place of what was sent before anything is judged.

Must never leave a part of the request to the value that a client sent for such a parameter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Malformed
from sockguard.policy.query import read_query, spell_pairs
from sockguard.policy.question import NO_QUERY, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.operation import Operation
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Grant, Source

RECOGNISED_BY = frozenset({("images.pull", "fromImage"), ("images.import", "fromImage")})
"""Parameters that tell which operation a request asks for: to set one would make it another."""


def settle(
    operation: Operation,
    constraints: Mapping[str, Constraint],
    source: Source,
    complaints: Complaints,
) -> Query:
    """Read the values that `always` sets as those of a client would be read."""
    settled = {name: one.always for name, one in constraints.items() if one.replaces}
    for name in settled:
        if (operation.name, name) in RECOGNISED_BY:
            complaints.add(source, f"{name} tells a pull from an import: always cannot set it")
    parameters = operation.parameters
    pairs = [pair for name in settled for pair in spell_pairs(parameters[name], settled[name])]
    try:
        query = read_query(operation, pairs)
    except Malformed as error:
        complaints.add(source, f"{operation.name}: always sets what nobody may send: {error}")
        return NO_QUERY
    for path in (path for paths in query.unknown_within.values() for path in paths):
        complaints.add(source, f"{operation.name}: always sets {path}, which no Engine knows")
    return query


def effective(grant: Grant, sent: Query) -> Query:
    """Return the query that would be forwarded under this grant; the one sent, if it sets none."""
    replaced = grant.replaced
    if not replaced:
        return sent
    kept = {name: value for name, value in sent.values.items() if name not in replaced}
    within = {name: paths for name, paths in sent.unknown_within.items() if name not in replaced}
    parts = {name: found for name, found in sent.parts.items() if name not in replaced}
    return Query(
        {**kept, **grant.always.values},
        tuple(pair for pair in sent.pairs if pair[0] not in replaced) + grant.always.pairs,
        sent.dropped,
        sent.unknown,
        within,
        parts,
    )
