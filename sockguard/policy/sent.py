"""What is sent once a request may pass: full ids for names, and stamps on what is made.

Must never change what was judged: it only says more exactly which objects are meant, and whose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sockguard.engine.facts import Need
from sockguard.engine.references import Form, kind_in_path, with_id, with_ids
from sockguard.policy.filters import narrowed
from sockguard.policy.likeness import watched_labels, with_watched
from sockguard.policy.ownership import STAMP, stamped, stamped_query
from sockguard.policy.pinned import pinned
from sockguard.policy.question import NO_QUERY, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Facts, Thing
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.question import Question


class Sent(NamedTuple):
    """What is forwarded of a request: query, names in the path and body."""

    query: Query = NO_QUERY
    names: tuple[str, ...] = ()
    document: object = None


NOTHING_SENT = Sent()

BY_ID = frozenset({"container", "network", "service", "secret", "config", "node", "task"})
"""Kinds of objects that are forwarded by their full id once it is known.

An image is not: whether it goes by name or by id is a difference to remove, push and save.
"""


def sent_under(client: Client, grant: Grant | None, question: Question, facts: Facts) -> Sent:
    """Return what is sent; `grant` is None where none allowed it."""
    operation, query, document = question.operation.name, question.query, question.body.document
    used = facts.used
    if operation.endswith(".prune"):
        query = narrowed(query, _owner_labels(client, grant))
    watched = watched_labels(question)
    if not used and not question.stamps and not watched:
        return Sent(query, question.names, document)
    ids = _ids("container", used)
    if ids and document is not None:
        document = with_ids(operation, document, ids)
    if client.own.only and not (grant and grant.shared):
        document = pinned(operation, question.names, document, _ids("network", used))
    if question.stamps:
        owner = client.name if client.own.only else ""
        document = stamped(operation, document, owner)
        query = stamped_query(operation, query)
    if watched:
        document = with_watched(operation, document, watched)
    names = _names(operation, question.names, used)
    return Sent(_query_by_id(operation, query, ids), names, document)


def _ids(kind: str, used: Mapping[Need, Thing | None]) -> Mapping[str, str]:
    """Return the full ids of objects of one kind, by how they were named."""
    return {
        need.reference: thing.id
        for need, thing in used.items()
        if need.kind == kind and thing is not None
    }


def _names(
    operation: str, names: tuple[str, ...], used: Mapping[Need, Thing | None]
) -> tuple[str, ...]:
    kind = kind_in_path(operation)
    thing = used.get(Need(kind, names[0])) if names and kind in BY_ID else None
    return names if thing is None else (thing.id, *names[1:])


def _query_by_id(operation: str, query: Query, ids: Mapping[str, str]) -> Query:
    """Name the container of a commit, or one whose network a build joins, by its full id."""
    if operation not in _CONTAINER_IN_QUERY or not ids:
        return query
    parameter, form = _CONTAINER_IN_QUERY[operation]
    return query.with_text(parameter, lambda text: with_id(text, form, ids))


_CONTAINER_IN_QUERY = {
    "containers.commit": ("container", Form.WHOLE),
    "build.run": ("networkmode", Form.JOINED),
}


def _owner_labels(client: Client, grant: Grant | None) -> tuple[str, ...]:
    """Return the label filters that keep a prune to what the client may remove."""
    labels = [f"{STAMP}={client.name}"] if client.own.only and not (grant and grant.shared) else []
    if grant is not None and grant.target is not None:
        labels += [f"{key}={value}" for key, value in grant.target.exact.items()]
    return tuple(labels)
