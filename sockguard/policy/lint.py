"""What looks wrong with a role that loads: programs that it would leave standing halfway.

Must never warn without a reason and the line that mends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sockguard.engine.answer import Masked, places_of
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.level import Level
from sockguard.policy.complaints import Complaint
from sockguard.policy.idle import idle_lines
from sockguard.policy.named import named_fields
from sockguard.policy.recorded import way_round
from sockguard.policy.risks_of_chains import gives_name
from sockguard.policy.risks_of_views import writes_below

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sockguard.policy.model import Grant, Own, Role, Source


def warning(source: Source, message: str) -> Complaint:
    """Write a warning as a complaint with its place."""
    return Complaint(source.file, source.line, message)


def role_warnings(role: Role, own: Own) -> Iterator[Complaint]:
    """Yield what looks wrong with a role that is kept to its own objects or not."""
    for source, message in idle_lines(role):
        yield warning(source, message)
    yield from _half_open(role)
    yield from _masked_again(role)
    yield from _writable(role)
    if not own.only:
        yield from _given_names(role)
    yield from _unmade_volumes(role, own)
    yield from _unrecorded(role)


# --- half open -------------------------------------------------------------------------------


class HalfOpen(NamedTuple):
    """Grants that leave a client standing halfway: all of `has` without `lacks`.

    `unless` names grants with which it is another kind of client, that does without.
    """

    has: tuple[str, ...]
    lacks: str
    says: str
    unless: tuple[str, ...] = ()


RECREATES = ("containers.stop", "containers.remove", "containers.create")

HALF_OPEN = (
    HalfOpen(("exec.create",), "exec.start", "can prepare programs but not start them"),
    HalfOpen(("exec.start",), "exec.create", "can start programs but not prepare any"),
    HalfOpen(("exec.start",), "exec.inspect", "can run programs but not read their exit codes"),
    HalfOpen(
        ("containers.create",), "containers.start", "can create containers but not start them"
    ),
    HalfOpen(
        ("containers.stop", "containers.remove"),
        "containers.create",
        "can take containers down but not put them up again, as an updater has to",
        unless=("containers.logs",),  # no updater reads them: these are buttons for people
    ),
    HalfOpen(
        RECREATES,
        "networks.connect",
        "can put containers up again but not into all their networks, without which they may not"
        " start",
    ),
    HalfOpen(
        ("containers.start", "containers.create"),
        "containers.attach",
        "can create and start containers but not attach to them: a `docker run` in the foreground"
        " fails and leaves a created container behind",
        unless=("containers.stop", "containers.remove"),
    ),
)


def half_open(role: Role) -> Iterator[HalfOpen]:
    """Yield what stands halfway in a role."""
    for one in HALF_OPEN:
        granted = role.grants.keys()
        another = one.unless and granted >= set(one.unless)
        if granted >= set(one.has) and one.lacks not in granted and not another:
            yield one


def _half_open(role: Role) -> Iterator[Complaint]:
    for one in half_open(role):
        yield warning(
            role.grants[one.has[-1]][0].source,
            f"the role {role.name!r} {one.says}: {one.lacks} is missing; add `- {one.lacks}`",
        )


# --- masks that come back --------------------------------------------------------------------

_MOST = 3


def _masked_again(role: Role) -> Iterator[Complaint]:
    """Yield where a client makes containers of what it inspects, part of which it sees masked.

    One that makes networks knows its containers from elsewhere, as compose does.
    """
    if not role.grants.keys() >= {*RECREATES, "containers.inspect"}:
        return
    grants = role.grants["containers.inspect"]
    masked = _masked_settings(grants)
    if masked and "networks.create" not in role.grants:
        more = ", …" if len(masked) > _MOST else ""
        yield warning(
            grants[0].source,
            f"the role {role.name!r} can replace containers, but inspects them with"
            f" {', '.join(masked[:_MOST])}{more} masked: what it writes back would hold the masks"
            " and be refused; write `- containers.inspect: {response: any}`",
        )


def _masked_settings(grants: Sequence[Grant]) -> list[str]:
    """List what of a container's settings is seen, and by none of these grants revealed.

    What nearly every container has comes first.
    """
    answer = OPERATIONS["containers.inspect"].answer
    if answer is None or any(grant.response.any for grant in grants):
        return []
    named = {path for one in grants for path in (*one.response.reveal, *one.response.drop)}
    found = [
        path
        for path, place in places_of(answer.shape)
        if isinstance(place, Masked)
        and path.startswith(("Config.", "HostConfig."))
        and not any(_lies_in(path, one) for one in named)
        and any(_keeps(grant, path) for grant in grants)
    ]
    return sorted(found, key=lambda path: path.startswith("HostConfig."))


def _keeps(grant: Grant, path: str) -> bool:
    kept = grant.response.keep
    return not kept or any(_lies_in(path, one) for one in kept)


def _lies_in(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


# --- paths, names, volumes -------------------------------------------------------------------


GIVES_NAMES = ("containers.rename", "containers.create")


def _writable(role: Role) -> Iterator[Complaint]:
    for grant in _grants(role):
        view = grant.views.get("host_paths")
        if view is not None and view.text != "any" and writes_below(view):
            yield warning(
                grant.source,
                f"host_paths of {grant.operation} is writable below a folder, which is"
                f" {Level.ROOT.words}: a link that is planted there leads out of it; leave"
                " `writable` out, or name single paths that only the Engine's owner can write",
            )


def _given_names(role: Role) -> Iterator[Complaint]:
    """Yield targets by name that the same client can give, so that they limit nothing."""
    for operation in GIVES_NAMES:
        limited: dict[str, list[tuple[Grant, Grant]]] = {}
        for grant in filter(_goes_by_name, _grants(role)):
            giving = _giving(role, operation, grant)
            targeted = all(one.target for one in role.grants[grant.operation])
            if giving is not None and targeted and grant.target is not None:
                limited.setdefault(grant.target.text, []).append((grant, giving))
        for text, ((grant, giving), *others) in limited.items():
            more = f" and {len(others)} more" if others else ""
            yield warning(
                grant.source,
                f"the target {text} of {grant.operation}{more} limits little: {operation}"
                f" ({giving.source}) can give such a name; write `target: {text}` there too, or go"
                " by labels",
            )


def _goes_by_name(grant: Grant) -> bool:
    target = grant.target
    by_name = target is not None and target.name is not None and not target.labels
    return by_name and grant.operation not in GIVES_NAMES and _is_of_containers(grant)


def _is_of_containers(grant: Grant) -> bool:
    return grant.operation.startswith(("containers.", "exec.", "checkpoints."))


def _giving(role: Role, operation: str, grant: Grant) -> Grant | None:
    """Return a grant that gives such a name; only a pattern leaves room for a new container."""
    name = grant.target.name if grant.target else None
    if name is None or (operation == "containers.create" and "*" not in name.text):
        return None
    found = role.grants.get(operation, ())
    return next((one for one in found if gives_name(one, name)), None)


def _unmade_volumes(role: Role, own: Own) -> Iterator[Complaint]:
    if not own.only or "volumes.create" in role.grants:
        return
    for grant in role.grants.get("containers.create", ()):
        binds = any(one.steps[-1] == "Binds" for one in named_fields(grant))
        if binds or "host_paths" in grant.views:
            yield warning(
                grant.source,
                f"the role {role.name!r} is kept to its own objects and cannot make a volume: a"
                " container with a named one is refused unless `also` names it; add"
                " `- volumes.create`",
            )


def _unrecorded(role: Role) -> Iterator[Complaint]:
    if (grant := way_round(role)) is not None:
        yield warning(
            grant.source,
            f"the role {role.name!r} records who attaches, and lets them attach unrecorded by"
            f" {grant.operation}: take it away",
        )


def _grants(role: Role) -> Iterator[Grant]:
    for grants in role.grants.values():
        yield from grants
