"""Whether the objects that a request names are those that a grant, and its client, may name.

Must never take an object for another: each is judged as the Engine resolved its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Need, Unknown
from sockguard.engine.references import Reference, kind_in_path
from sockguard.errors import Reason
from sockguard.policy.fault import Fault
from sockguard.policy.ownership import OWNABLE, is_exempt, is_own
from sockguard.policy.question import references_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sockguard.engine.facts import Facts, Thing
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.question import Question
    from sockguard.policy.target import Target

FILTERED = frozenset({"system.events", "system.df"})
"""Operations beside lists whose answer is filtered by target and owner."""

INVOLVING = frozenset({"networks.connect", "networks.disconnect", "containers.commit"})
"""Operations of which every object must match a target, whatever its kind."""

NAMES_IN_QUERY = {"containers.create": "name"}
"""Where a create takes the name of what it makes, if not in the body's field `Name`."""


_JUDGED_BY_TARGET = frozenset(
    {
        *("container", "exec", "network", "volume"),
        *("image", "service", "secret", "config", "node"),
    }
)
_SEVERAL_OR_NEW_IMAGES = frozenset(
    {*("images.get", "images.pull", "images.import"), *("images.load", "images.search")}
)

TARGETABLE = frozenset(
    name
    for name, operation in OPERATIONS.items()
    if not operation.refused
    and (kind_in_path(name) in _JUDGED_BY_TARGET or name in FILTERED)
    and name not in _SEVERAL_OR_NEW_IMAGES
)
"""Operations that can be limited to objects by name or label."""

UNSHARED = frozenset({"system.ping", "system.version", "system.info", "system.auth"})
"""Operations that are about no object of anybody."""


def is_filtered(operation: str) -> bool:
    """Tell whether the operation answers with many objects, of which some may be left out."""
    return operation.endswith(".list") or operation in FILTERED


def object_faults(
    client: Client, grant: Grant, question: Question, facts: Facts
) -> Iterator[Fault]:
    """Yield what is named and must not be; notes in `facts` what has to be asked for first."""
    operation = question.operation.name
    named = list(references_of(question))
    if operation.startswith("exec.") and operation != "exec.create":
        yield from _exec_faults(client, grant, named[0], facts)
        return
    if grant.target is not None:
        yield from _target_faults(grant.target, question, facts, named)
    if client.own.only and not grant.shared:
        yield from _owner_faults(client, question, facts, named)


def _absent(reason: Reason, detail: str, reference: Reference, grant: str) -> Fault:
    need = Need(reference.kind, reference.name)
    return Fault(reason, detail, hidden=need, message=f"the {reference.kind} is {grant}")


# --- execs -----------------------------------------------------------------------------------


def _exec_faults(client: Client, grant: Grant, named: Reference, facts: Facts) -> Iterator[Fault]:
    if grant.target_any and not client.own.only:
        return
    made = facts.find("exec", named.name)
    if isinstance(made, Unknown):
        return
    if made is None:
        if not grant.target_any:
            yield _absent(Reason.TARGET, "exec", named, "not known to sockguard or the Engine")
        return
    if not grant.target_any and not _is_ours(made, client):
        yield _absent(Reason.TARGET, "exec", named, "not one that this client may still use")
        return
    if grant.target is None and not client.own.only:
        return
    container = facts.find("container", made.container)
    if isinstance(container, Unknown):
        return
    if container is None or (grant.target is not None and not grant.target.matches(container)):
        yield _absent(Reason.TARGET, "exec", named, "in a container outside the target")
    elif client.own.only and not is_own(container, client, facts):
        yield _absent(Reason.NOT_OWNED, "exec", named, "in a container of somebody else")


def _is_ours(made: Thing, client: Client) -> bool:
    """Tell whether this client made the exec, and still holds the line that allowed it."""
    lines = client.role.grants.get("exec.create", ())
    return made.creator == client.name and made.granted in {grant.meaning for grant in lines}


# --- targets ---------------------------------------------------------------------------------


def _target_faults(
    target: Target, question: Question, facts: Facts, named: list[Reference]
) -> Iterator[Fault]:
    operation = question.operation.name
    if is_filtered(operation):
        yield from _filter_faults(target, named, facts)
    elif operation.endswith(".create") and operation != "exec.create":
        yield from _create_faults(target, question)
    elif not operation.endswith(".prune"):
        judged = named if operation in INVOLVING else named[:1]
        for reference in judged:
            yield from _outside(target, reference, facts)
        if operation == "containers.rename" and target.name is not None:
            name = question.query.values.get("name")
            if not isinstance(name, str) or not target.name.holds(name.removeprefix("/")):
                yield Fault(Reason.TARGET, "name")


def _outside(target: Target, reference: Reference, facts: Facts) -> Iterator[Fault]:
    thing = facts.find(reference.kind, reference.name)
    if isinstance(thing, Unknown):
        return
    if thing is None:
        yield _absent(Reason.TARGET, reference.where, reference, "not there")
    elif not target.matches(thing, reference.name):
        yield _absent(Reason.TARGET, reference.where, reference, "outside the target")


def _filter_faults(target: Target, named: Iterable[Reference], facts: Facts) -> Iterator[Fault]:
    """Judge the objects that filters compare with: whether they exist would show otherwise."""
    for reference in named:
        yield from _outside(target, reference, facts)


def _create_faults(target: Target, question: Question) -> Iterator[Fault]:
    operation, document = question.operation.name, question.body.document
    body = document if isinstance(document, dict) else {}
    where = NAMES_IN_QUERY.get(operation, "Name")
    name = question.query.values.get(where) if operation in NAMES_IN_QUERY else body.get(where)
    names = (name.removeprefix("/"),) if isinstance(name, str) and name else ()
    labels = body.get("Labels")
    if not target.fits(names, labels if isinstance(labels, dict) else {}):
        by_name = target.name is not None and not (names and target.name.holds(names[0]))
        yield Fault(Reason.TARGET, where if by_name else "Labels")


# --- owners ----------------------------------------------------------------------------------


def _owner_faults(
    client: Client, question: Question, facts: Facts, named: Iterable[Reference]
) -> Iterator[Fault]:
    document = question.body.document
    for reference in named:
        if reference.kind in OWNABLE and not is_exempt(reference.kind, reference.name, client):
            yield from _foreign(client, reference, facts)
    if question.operation.name == "volumes.create" and isinstance(document, dict):
        # The Engine answers with the volume that is there already, whoever made it.
        name = document.get("Name")
        there = facts.find("volume", name) if isinstance(name, str) and name else None
        if (
            there is not None
            and not isinstance(there, Unknown)
            and not is_own(there, client, facts)
        ):
            yield Fault(Reason.NOT_OWNED, "Name")


def _foreign(client: Client, reference: Reference, facts: Facts) -> Iterator[Fault]:
    thing = facts.find(reference.kind, reference.name)
    if isinstance(thing, Unknown):
        return
    if thing is None:
        if reference.where.endswith("Mounts[].Source"):
            return  # the mount makes the volume, and the stamp goes with it
        told = "not there" if reference.kind != "volume" else "not there: volumes.create makes one"
        yield _absent(Reason.NOT_OWNED, reference.where, reference, told)
    elif not is_own(thing, client, facts):
        yield _absent(Reason.NOT_OWNED, reference.where, reference, "not this client's own")


def kind_judged(operation: str) -> str:
    """Name the kind of object by which an operation is judged, "" for none."""
    return "container" if operation.startswith("exec.") else kind_in_path(operation)
