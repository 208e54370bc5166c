"""What grants amount to together: two harmless lines that make a way to the host.

Must never take a target for a limit that the client itself can move objects into.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.policy.cause import Cause, target_words
from sockguard.policy.named import named_fields, named_parameters
from sockguard.policy.risks_of_grants import keeps_to_own, level_of
from sockguard.policy.risks_of_views import STRANGER, admits_strangers, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.target import Target


def chain_causes(client: Client) -> Iterator[Cause]:
    """Yield what the grants of a client amount to beyond each of them alone."""
    yield from _in_containers(client)
    yield from _by_volumes(client)
    yield from _by_images(client)


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


def is_limit(target: Target) -> bool:
    """Tell whether a target leaves any object out."""
    return bool(target.labels) or (target.name is not None and not target.name.holds(STRANGER))


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
    names = [name for name in texts_in(wanted.text) if wanted.holds(name)]
    given = grant.query.get("name")
    return not names or any(
        (own is None or own.holds(name)) and (given is None or given.holds(name)) for name in names
    )


def _mover_told(client: Client, grant: Grant) -> str:
    moving = mover(client, grant.target) if grant.target else None
    if moving is None:
        return ""
    return f", once containers.rename ({moving.source}) has given it the name"


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
            if other.name != client.name and trusting is not None:
                says = (
                    f"Gives a container a name that client {other.name!r} trusts"
                    f" ({trusting.source}: {trusting.operation}), which amounts to"
                    f" {others[other.name].words}."
                )
                yield Cause(others[other.name], grant.source, grant.operation, says)


def _trusting(other: Client, renaming: Grant) -> Grant | None:
    for grants in other.role.grants.values():
        for grant in grants:
            name = grant.target.name if grant.target else None
            if name is not None and gives_name(renaming, name):
                return grant
    return None


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
        one.path == "DriverOpts" and level_of(one) > Level.NOTHING for one in named_fields(grant)
    )


def mounts_volumes(grant: Grant) -> bool:
    """Tell whether a grant lets a container have volumes that are there, by `body`."""
    return any(
        one.steps[-1] in ("Binds", "Mounts") and level_of(one) > Level.NOTHING
        for one in named_fields(grant)
    )


# --- by images -------------------------------------------------------------------------------

_NAMED_BY = {
    "images.tag": ("repo",),
    "images.import": ("repo",),
    "containers.commit": ("repo",),
    "build.run": ("t", "outputs"),
    "images.load": (),
    "images.pull": ("fromImage",),
}
"""Operations that give an image a name, and the parameters in which it stands.

Of a load, the names stand in the archive.
"""
_STRANGE_IMAGES = (f"docker.io/library/{STRANGER}:latest", f"{STRANGER}.example/a/b:latest")


def _by_images(client: Client) -> Iterator[Cause]:
    for operation in _NAMED_BY:
        for grant in _grants(client, operation):
            yield _of_image(grant, limited=_names_are_limited(grant))


def _of_image(grant: Grant, *, limited: bool) -> Cause:
    if grant.operation == "images.pull":
        # What comes is what that registry has under this name: no name comes to mean another image.
        says = "Whoever runs one of these images runs what its registry has by then."
        level = Level.DISTURB if limited else Level.CODE
    elif limited:
        says, level = (
            "Whoever runs an image of these names runs what this client put there.",
            Level.CODE,
        )
    else:
        level = Level.ROOT
        says = (
            "Puts an image of its own under any name: whoever runs that name next runs it, with"
            " the mounts and privileges that were meant for the other one."
        )
    return Cause(level, grant.source, grant.operation, says)


def _names_are_limited(grant: Grant) -> bool:
    view = grant.views.get("image")
    if view is not None and not admits_strangers(view, _STRANGE_IMAGES):
        return True
    parameters = _NAMED_BY[grant.operation]
    named = {one.parameter.name for one in named_parameters(grant)}
    if not parameters or "outputs" in named or grant.query_any:
        return False
    return not _admits_any_name(grant.query.get(parameters[0]))


def _admits_any_name(constraint: Constraint | None) -> bool:
    if constraint is None:
        return True
    names = (*_STRANGE_IMAGES, STRANGER)
    return any(constraint.holds(value) for name in names for value in (name, (name,)))
