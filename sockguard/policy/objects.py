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
from sockguard.policy.ownership import OWNABLE, is_own, is_predefined, is_shared
from sockguard.policy.question import references_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.engine.facts import Facts, Thing
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.question import Question
    from sockguard.policy.target import Target

FILTERED = frozenset({"system.events", "system.df"})
"""Operations beside lists whose answer is filtered by target and owner."""

INVOLVING = frozenset({"networks.connect", "networks.disconnect", "containers.commit"})
"""Operations of which every object must match a target, whatever its kind."""

CREATES = frozenset(
    f"{objects}.create"
    for objects in ("containers", "networks", "volumes", "services", "secrets", "configs")
)
"""Operations that make what a target is about; checkpoints and execs belong to a container."""

TOLD_OPENLY = CREATES | {"services.update"}
"""Operations that tell a client of an object in their body, there or not, that it is none of its.

In answer to these a 404 means that the image is not there, and clients pull it.
"""

RELABELS = frozenset(f"{objects}.update" for objects in ("services", "secrets", "configs", "nodes"))
"""Operations that replace all labels of an object, and may take it out of a target's reach."""

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

OF_EXECS = frozenset({"exec.start", "exec.resize", "exec.inspect"})
"""Operations on what `exec.create` prepared; `target: any` opens them to what others did."""

UNSHARED = frozenset({"system.ping", "system.version", "system.info", "system.auth"})
"""Operations that are about no object of anybody."""


def is_filtered(operation: str) -> bool:
    """Tell whether the operation answers with many objects, of which some may be left out."""
    return operation.endswith(".list") or operation in FILTERED


def judges_objects(client: Client, grant: Grant) -> bool:
    """Tell whether it matters to this grant which objects a request names."""
    return grant.target is not None or _keeps(client, grant) or _is_of_exec(grant.operation)


def _keeps(client: Client, grant: Grant) -> bool:
    return client.own.only and not grant.shared


def _is_of_exec(operation: str) -> bool:
    return operation in OF_EXECS


def object_faults(
    client: Client, grant: Grant, question: Question, facts: Facts
) -> Iterator[Fault]:
    """Yield what is named and must not be; notes in `facts` what has to be asked for first."""
    named = list(references_of(question))
    if _is_of_exec(question.operation.name):
        yield from _exec_faults(client, grant, named[0], facts)
        return
    if grant.target is not None:
        yield from _target_faults(grant.target, question, facts, named)
    if _keeps(client, grant):
        yield from _owner_faults(client, question.operation.name, facts, named)


def _absent(reason: Reason, reference: Reference, why: str) -> Fault:
    need = Need(reference.kind, reference.name)
    message = f"the {reference.kind} is {why}"
    return Fault(reason, reference.where, hidden=need, message=message)


# --- execs -----------------------------------------------------------------------------------


def _exec_faults(client: Client, grant: Grant, named: Reference, facts: Facts) -> Iterator[Fault]:
    kept = _keeps(client, grant)
    if grant.target_any and not kept:
        return
    made = facts.find("exec", named.name)
    if isinstance(made, Unknown):
        return
    if made is None:
        if not grant.target_any:
            yield _absent(Reason.TARGET, named, "not known to sockguard or the Engine")
        return
    if not grant.target_any and not _is_ours(made, client):
        yield _absent(Reason.TARGET, named, "not one that this client may still use")
        return
    if grant.target is None and not kept:
        return
    container = facts.find("container", made.container)
    if isinstance(container, Unknown):
        return
    if container is None or (grant.target is not None and not grant.target.matches(container)):
        yield _absent(Reason.TARGET, named, "in a container outside the target")
    elif kept and not is_own(container, client, facts):
        yield _absent(Reason.NOT_OWNED, named, "in a container that is not this client's own")


def _is_ours(made: Thing, client: Client) -> bool:
    """Tell whether this client made the exec, and still holds the line that allowed it."""
    return made.creator == client.name and client.role.still_says("exec.create", made.granted)


# --- targets ---------------------------------------------------------------------------------


def _target_faults(
    target: Target, question: Question, facts: Facts, named: list[Reference]
) -> Iterator[Fault]:
    operation = question.operation.name
    if operation.endswith(".prune"):
        return  # the Engine is told of the labels, see `sent`
    if operation in CREATES:
        yield from _create_faults(target, question, facts)
        return
    # Whether an object exists that a filter compares with would show in the answer.
    every = is_filtered(operation) or operation in INVOLVING
    for reference in named if every else named[:1]:
        yield from _outside(target, reference, facts)
    if operation == "containers.rename" and target.name is not None:
        name = question.query.values.get("name")
        if not isinstance(name, str) or not target.name.holds(name.removeprefix("/")):
            yield Fault(Reason.TARGET, "name", _LEAVES)
    elif operation in RELABELS:
        yield from _relabel_faults(target, question)


_LEAVES = "which would take it outside the target"


def _outside(target: Target, reference: Reference, facts: Facts) -> Iterator[Fault]:
    thing = facts.find(reference.kind, reference.name)
    if isinstance(thing, Unknown):
        return
    if thing is None:
        yield _absent(Reason.TARGET, reference, "not there")
    elif not target.matches(thing, reference.name):
        yield _absent(Reason.TARGET, reference, "outside the target")


def _create_faults(target: Target, question: Question, facts: Facts) -> Iterator[Fault]:
    operation, body = question.operation.name, _fields_of(question)
    where = NAMES_IN_QUERY.get(operation, "Name")
    name = question.query.values.get(where) if operation in NAMES_IN_QUERY else body.get(where)
    names = (name.removeprefix("/"),) if isinstance(name, str) and name else ()
    if target.name is not None and not target.fits_name(names):
        yield Fault(Reason.TARGET, where, "which is outside the target" if names else _NAMELESS)
    elif not target.fits_labels(_labels_of(body)):
        yield Fault(Reason.TARGET, "Labels", "which lack a label of the target")
    elif operation == "volumes.create" and names and target.labels:
        # The Engine answers with the volume that is there already, whatever its labels.
        there = facts.find("volume", names[0])
        if there is not None and not isinstance(there, Unknown) and not target.matches(there):
            yield Fault(Reason.TARGET, where, "of a volume that is outside the target")


_NAMELESS = "which the target asks for"


def _relabel_faults(target: Target, question: Question) -> Iterator[Fault]:
    """Hold the new name and labels of an object against the target, as with a rename."""
    body = _fields_of(question)
    name = body.get("Name")
    if isinstance(name, str) and name and not target.fits_name((name,)):
        yield Fault(Reason.TARGET, "Name", _LEAVES)
    if not target.fits_labels(_labels_of(body)):
        yield Fault(Reason.TARGET, "Labels", _LEAVES)


def _fields_of(question: Question) -> Mapping[str, object]:
    document = question.body.document
    return document if isinstance(document, dict) else {}


def _labels_of(body: Mapping[str, object]) -> Mapping[str, str]:
    labels = body.get("Labels")
    return labels if isinstance(labels, dict) else {}


# --- owners ----------------------------------------------------------------------------------


def _owner_faults(
    client: Client, operation: str, facts: Facts, named: Iterable[Reference]
) -> Iterator[Fault]:
    openly = operation in TOLD_OPENLY
    for reference in named:
        if reference.kind in OWNABLE and not is_predefined(reference.kind, reference.name):
            yield from _foreign(client, reference, facts, openly=openly and bool(reference.where))


MAKING = ("Name", "Mounts[].Source")
"""Where a volume that is not there is made, and stamped; a bind makes one without a stamp."""


def _foreign(
    client: Client, reference: Reference, facts: Facts, *, openly: bool
) -> Iterator[Fault]:
    thing, kind = facts.find(reference.kind, reference.name), reference.kind
    if isinstance(thing, Unknown):
        return
    if thing is None and kind == "volume":
        if reference.name in client.own.volumes or reference.where.endswith(MAKING):
            return
    elif thing is not None and (is_shared(thing, client) or is_own(thing, client, facts)):
        return
    if openly:
        told = f"which names a {kind} that is not this client's own, or not there"
        told += ": volumes.create makes one" if kind == "volume" else ""
        yield Fault(Reason.NOT_OWNED, reference.where, told)
    else:
        also = "" if kind == "container" else ", nor named by `also`"
        told = "not there" if thing is None else f"not this client's own{also}"
        yield _absent(Reason.NOT_OWNED, reference, told)


def kind_judged(operation: str) -> str:
    """Name the kind of object by which an operation is judged, "" for none."""
    return "container" if operation.startswith("exec.") else kind_in_path(operation)
