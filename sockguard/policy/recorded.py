"""Which sessions are recorded: those that any line says it of, whichever line lets them in.

Must never leave a session unrecorded because another line allows it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.errors import Reason
from sockguard.policy.fault import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.policy.model import Client, Grant, Role

STARTS = "exec.start"
PREPARES = "exec.create"
ATTACHES = "containers.attach"

RECORDABLE = frozenset({STARTS, PREPARES, ATTACHES})
"""Operations of which `record` says something: an exec is also recorded for how it was made."""

UNRECORDED: Mapping[str, str] = {
    "containers.attach_ws": "what is typed and shown is within frames of a WebSocket, which pass"
    f" unread; grant {ATTACHES} in its place"
}
"""Operations that open a session of which nothing can be kept, and why."""

DETACHED = Fault(Reason.BODY, "Detach", "a recorded exec cannot be detached: nobody would see it")


def records(grants: Iterable[Grant]) -> bool:
    """Tell whether any of these lines says that what is typed and shown is kept."""
    return any(grant.record for grant in grants)


def made_under_record(facts: Mapping[Need, Thing | None]) -> bool:
    """Tell whether a line under which one of these execs was made says so."""
    return any(thing is not None and thing.recorded for thing in facts.values())


def is_detached(operation: str, document: object) -> bool:
    """Tell whether a request starts an exec that nobody is connected to."""
    return operation == STARTS and isinstance(document, dict) and document.get("Detach") is True


def is_recorded_exec(made: Thing | None, clients: Mapping[str, Client]) -> bool:
    """Tell whether the session of an exec is recorded for how it was made.

    Where the line that made it is gone, or nobody knows who made it, any line that records the
    making of execs is enough.
    """
    if made is None:
        return records_execs(clients.values())
    creator = clients.get(made.creator)
    if creator is not None and creator.role.still_says(PREPARES, made.granted):
        return made.recorded
    return made.recorded or records_execs(clients.values())


def records_execs(clients: Iterable[Client]) -> bool:
    """Tell whether an exec of which nobody knows who made it may have to be recorded."""
    return any(records(client.role.grants.get(PREPARES, ())) for client in clients)


def way_round(role: Role) -> Grant | None:
    """Return the line by which a client attaches unrecorded beside lines that record the same."""
    if not records(role.grants.get(ATTACHES, ())):
        return None
    return next((one for name in UNRECORDED for one in role.grants.get(name, ())), None)


def kept_sessions(role: Role) -> str:
    """Say in words which sessions of a role are recorded, be it only some of them; "" for none."""
    found = {
        word: any(records(role.grants.get(name, ())) for name in names)
        for word, names in (("exec", (PREPARES, STARTS)), ("attach", (ATTACHES,)))
    }
    return " and ".join(word for word, kept in found.items() if kept)
