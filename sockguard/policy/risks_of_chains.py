"""What grants amount to together: two harmless lines that make a way to the host.

Must never take a target for a limit that the client itself can move objects into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.engine.references import JOINED
from sockguard.policy.cause import Cause, target_words
from sockguard.policy.named import named_fields, named_parameters
from sockguard.policy.risks_of_fields import level_of
from sockguard.policy.risks_of_grants import keeps_to_own
from sockguard.policy.risks_of_images import image_causes
from sockguard.policy.risks_of_names import is_limit, may_meet
from sockguard.policy.risks_of_views import patterns_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.target import Target


def chain_causes(client: Client) -> Iterator[Cause]:
    """Yield what the grants of a client amount to beyond each of them alone."""
    yield from _in_containers(client)
    yield from _by_joining(client)
    yield from _by_volumes(client)
    yield from image_causes(client)


def _grants(client: Client, *operations: str) -> Iterator[Grant]:
    for operation in operations:
        yield from client.role.grants.get(operation, ())


# --- into containers that are there ----------------------------------------------------------


def _in_containers(client: Client) -> Iterator[Cause]:
    for grant, with_line in _ways_in(client):
        limit = _limit(client, grant)
        if limit:
            level, whom = Level.CODE, f"As powerful as the containers that it reaches: {limit}."
        else:
            level = Level.ROOT
            whom = (
                "Reaches any container, one that runs privileged or has paths of the host mounted"
                f" too{_mover_told(client, grant)}."
            )
        yield Cause(level, grant.source, grant.operation, with_line + whom)


def _ways_in(client: Client) -> Iterator[tuple[Grant, str]]:
    """Yield grants by which a client runs or writes something in a container of others."""
    start = next(_grants(client, "exec.start"), None)
    if start is not None:
        for grant in _grants(client, "exec.create"):
            yield grant, f"With exec.start ({start.source}): "
    for grant in _grants(client, "exec.start"):
        if grant.target_any:
            yield grant, "target: any, programs that others prepared: "
    for grant in _grants(client, "containers.archive_put"):
        yield grant, ""
    for grant in _grants(client, "containers.attach", "containers.attach_ws"):
        if types_into(grant):
            yield grant, "stdin: "


def types_into(grant: Grant) -> bool:
    """Tell whether a grant of attach lets the client type."""
    stdin = [one.constraint for one in named_parameters(grant) if one.parameter.name == "stdin"]
    return any(one is None or one.exact is None or any(one.exact) for one in stdin)


def _limit(client: Client, grant: Grant) -> str:
    """Say what keeps a grant from the containers of others, "" for nothing."""
    if keeps_to_own(client, grant):
        return "those that this client made itself"
    target = grant.target
    if target is None or not is_limit(target) or mover(client, target) is not None:
        return ""
    return target_words(grant.operation, target)


# --- by names --------------------------------------------------------------------------------


def mover(client: Client, target: Target) -> Grant | None:
    """Return a grant by which the client gives any container a name that the target means.

    Labels cannot be given to a container that is there.
    """
    if target.labels or target.name is None:
        return None
    for grant in _grants(client, "containers.rename"):
        if not keeps_to_own(client, grant) and gives_name(grant, target.name):
            return grant
    return None


def gives_name(grant: Grant, wanted: Constraint) -> bool:
    """Tell whether a grant lets a container be called what `wanted` holds for.

    One whose own target is the same gives no name to a container that did not have it before.
    """
    own = grant.target.name if grant.target else None
    if own is not None and own.text == wanted.text:
        return False
    given = (own, grant.query.get("name"))
    return all(one is None or may_meet(one, wanted) for one in given)


def _mover_told(client: Client, grant: Grant) -> str:
    moving = mover(client, grant.target) if grant.target else None
    if moving is None:
        return ""
    return f", once containers.rename ({moving.source}) has given it the name"


def _by_joining(client: Client) -> Iterator[Cause]:
    """Yield where a container may share the network of one by a name that any can be given."""
    moving = [one for one in _grants(client, "containers.rename") if not keeps_to_own(client, one)]
    for grant in _grants(client, "containers.create", "build.run"):
        view = grant.views.get("namespaces")
        if view is not None and moving and any(JOINED in one for one in patterns_in(view.text)):
            says = (
                f"namespaces ({view.text}): containers.rename ({moving[0].source}) gives the name"
                " to any container, one that shares the network of the host too."
            )
            yield Cause(Level.ROOT, grant.source, grant.operation, says)


def renaming_causes(
    client: Client, others: Mapping[str, Level], clients: Iterable[Client]
) -> Iterator[Cause]:
    """Yield what giving a container a name amounts to that others' targets trust.

    `others` has the levels of the other clients by name.
    """
    for grant in _grants(client, "containers.rename"):
        if keeps_to_own(client, grant):
            continue
        for other in clients:
            trusting = _trusting(other, grant)
            if other.name != client.name and trusting:
                level, named = _abused(other, others[other.name], trusting)
                says = (
                    f"Gives a container a name that client {other.name!r} trusts"
                    f" ({named.source}: {named.operation}), which amounts to {level.words}."
                )
                yield Cause(level, grant.source, grant.operation, says)


def _trusting(other: Client, renaming: Grant) -> list[Grant]:
    targeted = [
        (grant, grant.target.name)
        for grants in other.role.grants.values()
        for grant in grants
        if grant.target is not None and not grant.target.labels
    ]
    return [grant for grant, name in targeted if name is not None and gives_name(renaming, name)]


def _abused(other: Client, level: Level, trusting: list[Grant]) -> tuple[Level, Grant]:
    """Say what a client amounts to once its names mean any container, and by which grant."""
    inside = [grant for grant, _ in _ways_in(other) if grant in trusting]
    return (Level.ROOT, inside[0]) if inside else (level, trusting[0])


# --- by volumes ------------------------------------------------------------------------------

_MOUNTING = ("containers.create", "services.create", "services.update")


def _by_volumes(client: Client) -> Iterator[Cause]:
    """Yield where a volume that stands for a path of the host can be made and then mounted."""
    making = next(filter(_makes_host_volume, _grants(client, "volumes.create")), None)
    if making is None:
        return
    for grant in _grants(client, *_MOUNTING):
        if "host_paths" not in grant.views and mounts_volumes(grant):
            says = (
                f"Mounts a volume that volumes.create ({making.source}) makes of any path of the"
                " host."
            )
            yield Cause(Level.ROOT, grant.source, grant.operation, says)


def _makes_host_volume(grant: Grant) -> bool:
    return any(
        one.path == "DriverOpts" and level_of(grant, one) > Level.NOTHING
        for one in named_fields(grant)
    )


def mounts_volumes(grant: Grant) -> bool:
    """Tell whether a grant lets a container have volumes that are there, by `body`."""
    return any(
        one.steps[-1] in ("Binds", "Mounts") and level_of(grant, one) > Level.NOTHING
        for one in named_fields(grant)
    )
