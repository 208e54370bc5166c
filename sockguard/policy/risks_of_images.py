"""What putting an image under a name amounts to: whoever runs that name next runs this one.

Must never take a name for one that nobody runs because it is narrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.level import Level
from sockguard.policy.cause import Cause
from sockguard.policy.model import Mode
from sockguard.policy.named import named_parameters
from sockguard.policy.risks_of_names import may_meet
from sockguard.policy.risks_of_views import STRANGER, admits_strangers, patterns_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import Client, Grant
    from sockguard.policy.view import ViewConstraint

PULL = "images.pull"
NAMED_BY: Mapping[str, tuple[str, ...]] = {
    "images.tag": ("repo",),
    "images.import": ("repo",),
    "containers.commit": ("repo",),
    "build.run": ("t", "outputs"),
    "images.load": (),
    PULL: ("fromImage",),
}
"""Operations that give an image a name, and the parameters in which it stands.

Of a load, the names stand in the archive.
"""
RUNNING = ("containers.create", "services.create", "services.update")
"""Operations that run an image by its name."""

_OFFICIAL = tuple(
    f"docker.io/library/{name}:latest"
    for name in ("alpine", "busybox", "debian", "nginx", "node", "postgres", "python", "ubuntu")
)
"""Images that are run on nearly every host."""
_STRANGE_IMAGES = (
    *(f"docker.io/library/{STRANGER}:latest", f"{STRANGER}.example/a/b:latest"),
    f"docker.io/{STRANGER}/a:latest",
)
_BEGINNINGS = ("", "library/", "docker.io/library/", "index.docker.io/library/", f"{STRANGER}/")


def image_causes(client: Client) -> Iterator[Cause]:
    """Yield what naming images amounts to by itself."""
    for grant in _naming(client):
        level, says = _alone(grant)
        yield Cause(level, grant.source, grant.operation, says)


def _naming(client: Client) -> Iterator[Grant]:
    for operation in NAMED_BY:
        yield from client.role.grants.get(operation, ())


def _alone(grant: Grant) -> tuple[Level, str]:
    limited = _names_are_limited(grant)
    if grant.operation == PULL:
        # What comes is what that registry has under this name: no name comes to mean another image.
        says = "Whoever runs one of these images runs what its registry has by then."
        return (Level.DISTURB if limited else Level.CODE), says
    if limited:
        says = "Whoever runs an image of these names runs what this client put there."
        return Level.CODE, says
    says = (
        "Puts an image of its own under a name that others trust: whoever runs that name next runs"
        " it, with the mounts and privileges that were meant for the other one."
    )
    return Level.ROOT, says


def naming_causes(
    client: Client, others: Mapping[str, Level], clients: Iterable[Client]
) -> Iterator[Cause]:
    """Yield what giving an image a name amounts to that other clients run.

    `others` has by name what these may make of what they run.
    """
    for grant in _naming(client):
        if grant.operation == PULL:
            continue
        for other in clients:
            running = _running(other, grant)
            if other.name != client.name and running:
                says = (
                    f"Puts an image of its own under a name that client {other.name!r} runs"
                    f" ({running}), which amounts to {others[other.name].words}."
                )
                yield Cause(others[other.name], grant.source, grant.operation, says)


def _running(other: Client, naming: Grant) -> str:
    """Say by what a client may run an image of such a name, "" where it may not."""
    if other.mode is Mode.REPORT:
        return f"{other.source}: report mode"
    for operation in RUNNING:
        for grant in other.role.grants.get(operation, ()):
            if _may_run(grant.views.get("image"), naming.views.get("image")):
                return f"{grant.source}: {operation}"
    return ""


def _may_run(run: ViewConstraint | None, named: ViewConstraint | None) -> bool:
    """Tell whether one that runs images may run what another one names.

    Parameters have names as they are sent, so that only a view tells names apart.
    """
    return run is None or named is None or may_meet(run, named)


def _names_are_limited(grant: Grant) -> bool:
    view = grant.views.get("image")
    if view is not None and not admits_strangers(view, (*_STRANGE_IMAGES, *_OFFICIAL)):
        return True
    parameters = NAMED_BY[grant.operation]
    named = {one.parameter.name for one in named_parameters(grant)}
    if not parameters or "outputs" in named or grant.query_any:
        return False
    return not _admits_any_name(grant.query.get(parameters[0]))


def _admits_any_name(constraint: Constraint | None) -> bool:
    if constraint is None or any(one.startswith("*") for one in patterns_in(constraint.text)):
        return True
    official = (one.rpartition("/")[2].partition(":")[0] for one in _OFFICIAL)
    short = [f"{before}{name}" for before in _BEGINNINGS for name in (STRANGER, *official)]
    names = (*_STRANGE_IMAGES, *short, *(f"{name}:latest" for name in short))
    return any(constraint.holds(value) for name in names for value in (name, (name,)))
