"""From what was asked to the question that a verdict answers: here, the JSON body.

Must never let a body through whose form was not held against the fields that the Engine knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.inspection import inspect_steps
from sockguard.engine.operation import BodyKind
from sockguard.errors import Malformed
from sockguard.policy.mask import holds_mask_steps, masked_again
from sockguard.policy.question import Body

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from sockguard.engine.operation import Operation

ECHOES: Mapping[str, str] = {"exec.create": "Container"}
"""Fields in which clients repeat the name in the path; no Engine reads them there (docker-py)."""


NULL_BODIES = frozenset({"containers.commit"})
"""Operations whose clients send `null` for no body: a Go client that marshals a nil Config."""


def read_body(operation: Operation, document: object, names: tuple[str, ...] = ()) -> Body:
    """Hold a decoded body against the fields of its operation.

    `names` are those of the path. Raises Malformed for a misspelt key, a wrong type, or a body
    that is no object where the Engine wants one.
    """
    steps = read_body_steps(operation, document, names)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            body: Body = end.value
            return body


def read_body_steps(
    operation: Operation, document: object, names: tuple[str, ...] = ()
) -> Generator[None, None, Body]:
    """Do as `read_body` in a generator that pauses between batches and returns the body."""
    if operation.body is not BodyKind.JSON:
        raise Malformed(f"{operation.name} takes no JSON body")
    if document is None and operation.name in NULL_BODIES:
        return Body()
    if document is None:
        raise Malformed(f"the body of {operation.name} must not be null")
    _check_echo(operation, document, names)
    if (yield from holds_mask_steps(document)):
        raise masked_again("body")
    if operation.shape is None:
        return Body(document, present=True, unknown=_all_fields(document))
    report = yield from inspect_steps(operation.shape, document)
    return Body(
        report.document,
        present=True,
        unknown=report.unknown,
        dropped=report.dropped,
        sensitive=report.sensitive,
        strange=report.strange,
        values=report.values,
    )


def _check_echo(operation: Operation, document: object, names: tuple[str, ...]) -> None:
    echo = ECHOES.get(operation.name)
    if echo is None or not isinstance(document, dict) or not names:
        return
    if document.get(echo) not in (None, "", names[0]):
        raise Malformed(f"{echo} names another object than the path does", detail=echo)


def _all_fields(document: object) -> tuple[str, ...]:
    """Name all top-level fields: without a table of fields none is known."""
    return tuple(map(str, document)) if isinstance(document, dict) and document else ("body",)
