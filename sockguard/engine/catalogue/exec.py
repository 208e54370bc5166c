"""Operations on exec instances: programs started in a running container.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import containers as answers
from sockguard.engine.bodies import containers as bodies
from sockguard.engine.catalogue.columns import integer, parameters
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

OPERATIONS = (
    Operation(
        name="exec.create",
        risk=Risk.HOST_ROOT,
        level=Level.CODE,
        writes=True,
        hands_over="Prepares any program in any container, with the powers of that container.",
        body=BodyKind.JSON,
        shape=bodies.EXEC_CREATE,
        answer=answers.EXEC_CREATE,
    ),
    Operation(
        name="exec.start",
        risk=Risk.WRITE,
        level=Level.CODE,
        writes=True,
        hands_over="Runs a program that was prepared in a container, and talks to it.",
        streaming=Streaming.HIJACK,
        body=BodyKind.JSON,
        shape=bodies.EXEC_START,
        upgrade="tcp",
    ),
    Operation(
        name="exec.resize",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Sets the size of the terminal of an exec instance.",
        parameters=parameters(integer("h"), integer("w")),
    ),
    Operation(
        name="exec.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows the user and exit code of an exec instance; its command line is masked.",
        answer=answers.EXEC_INSPECT,
        quick=True,
    ),
)
