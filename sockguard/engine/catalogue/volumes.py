"""Operations on volumes.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import volumes as answers
from sockguard.engine.bodies import objects as bodies
from sockguard.engine.catalogue.columns import filters, flag, integer, parameters
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk

OPERATIONS = (
    Operation(
        name="volumes.list",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all volumes with their labels; host paths and driver options are masked.",
        parameters=parameters(filters()),
        answer=answers.LIST,
        quick=True,
    ),
    Operation(
        name="volumes.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows a volume with its labels; host path and driver options are masked.",
        answer=answers.INSPECT,
        quick=True,
    ),
    Operation(
        name="volumes.create",
        risk=Risk.HOST_ROOT,
        level=Level.DISTURB,
        writes=True,
        hands_over="Creates volumes in the Engine's own folder.",
        body=BodyKind.JSON,
        shape=bodies.VOLUME_CREATE,
        answer=answers.INSPECT,
    ),
    Operation(
        name="volumes.update",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Changes a cluster volume: its access, capacity and availability.",
        body=BodyKind.JSON,
        shape=bodies.VOLUME_UPDATE,
        parameters=parameters(integer("version")),
    ),
    Operation(
        name="volumes.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes volumes and the data in them.",
        parameters=parameters(flag("force")),
    ),
    Operation(
        name="volumes.prune",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes all volumes that no container uses, and the data in them.",
        parameters=parameters(filters()),
        answer=answers.PRUNE,
    ),
)
