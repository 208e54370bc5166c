"""Which sensitive parameters and fields of an operation a grant names, and under what constraint.

Must never leave one out that a request could use: what cannot be told is taken for named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.cover import ANY_KEY, within
from sockguard.engine.inspection import ITEM, spell_steps
from sockguard.engine.shape import Field, Map, bare
from sockguard.policy.effective import value_at
from sockguard.policy.values import NO_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.inspection import Steps
    from sockguard.engine.operation import Parameter
    from sockguard.engine.shape import Shape
    from sockguard.policy.constraints import Constraint
    from sockguard.policy.model import BodyTerm, Grant


@dataclass(frozen=True, slots=True)
class NamedField:
    """A sensitive field, the outermost at its place, and the constraints that all bind it.

    `constraint` is None where nothing is known of what its values may be.
    """

    steps: Steps
    field: Field
    constraint: Constraint | None = None

    @property
    def path(self) -> str:
        """Where it stands, in the catalogue's form."""
        return spell_steps(self.steps)


@dataclass(frozen=True, slots=True)
class NamedParameter:
    """A sensitive parameter and its constraint, None under `query: any`."""

    parameter: Parameter
    constraint: Constraint | None = None


@cache
def sensitive_fields(operation: str) -> tuple[NamedField, ...]:
    """List the sensitive fields of a body; all within one of them is sensitive with it."""
    shape = OPERATIONS[operation].shape
    return () if shape is None else tuple(_below(shape, ()))


def _below(shape: Shape, steps: Steps) -> Iterator[NamedField]:
    inner = bare(shape)
    if isinstance(shape, Field) and shape.sensitive:
        yield NamedField(steps, shape)
    elif isinstance(inner, list):
        yield from _below(inner[0], (*steps, ITEM))
    elif isinstance(inner, Map):
        yield from _below(inner.values, (*steps, ANY_KEY))
    elif isinstance(inner, Mapping):
        for name, part in inner.items():
            if not isinstance(part, NO_FIELDS):
                yield from _below(part, (*steps, name))


def named_fields(grant: Grant) -> Iterator[NamedField]:
    """Yield the sensitive fields that a grant names by `body`, with what it asks of them."""
    for one in sensitive_fields(grant.operation):
        if grant.body_any:
            yield one
            continue
        naming = [
            term
            for term in grant.body
            if within(term.steps, term.constraint.cover).admits(one.steps)
        ]
        if naming:
            yield replace(one, constraint=constraint_on(one.steps, grant.body))


def named_parameters(grant: Grant) -> Iterator[NamedParameter]:
    """Yield the sensitive parameters that a grant names by `query`."""
    for name, parameter in OPERATIONS[grant.operation].parameters.items():
        if parameter.sensitive and (grant.query_any or name in grant.query):
            yield NamedParameter(parameter, grant.query.get(name))


GATHERED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "host_paths": frozenset({"Binds", "Mounts", "VolumeDriver", "Driver", "DriverOpts"}),
        "ports": frozenset({"PortBindings", "PublishAllPorts", "Ports"}),
        "networks": frozenset(
            {"NetworkMode", "EndpointsConfig", "Networks", "NetworkID", "Aliases", "networkmode"}
        ),
        "user": frozenset({"User"}),
        "capabilities": frozenset({"CapAdd", "Capabilities", "CapabilityAdd"}),
        "devices": frozenset({"Devices", "DeviceCgroupRules", "DeviceRequests"}),
        "namespaces": frozenset(
            {
                *("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode"),
                *("Cgroup", "Networks", "networkmode"),
            }
        ),
    }
)
"""The sensitive fields and parameters of which each view lets pass what it judges."""


def withheld_parameters(grant: Grant) -> list[str]:
    """List the sensitive parameters that a grant does not name, by `query` or by a view."""
    named = {one.parameter.name for one in named_parameters(grant)} | _gathered(grant)
    parameters = OPERATIONS[grant.operation].parameters
    return [name for name, one in parameters.items() if one.sensitive and name not in named]


def withheld_fields(grant: Grant) -> list[NamedField]:
    """List the sensitive fields that neither `body` nor a view names, the strongest first."""
    named, gathered = {one.steps for one in named_fields(grant)}, _gathered(grant)
    rest = [
        one
        for one in sensitive_fields(grant.operation)
        if one.steps not in named and one.steps[-1] not in gathered
    ]
    return sorted(rest, key=lambda one: -one.field.level)


def _gathered(grant: Grant) -> frozenset[str]:
    return frozenset().union(*(GATHERED.get(view, frozenset()) for view in grant.views))


def constraint_on(steps: Steps, terms: tuple[BodyTerm, ...]) -> Constraint | None:
    """Return the constraint that says most of the values at these steps.

    All of them must hold, so that any one is a limit; one that lists the values limits most.
    """
    found = [
        constraint
        for term in terms
        if steps[: len(term.steps)] == term.steps
        and (constraint := _part_of(term.constraint, steps[len(term.steps) :])) is not None
    ]
    return min(found, key=lambda one: one.exact is None, default=None)


def _part_of(constraint: Constraint, steps: Steps) -> Constraint | None:
    """Follow steps into what a constraint on an object asks of its parts."""
    if not steps:
        return constraint
    if constraint.exact is not None:
        if any(step == ITEM or step.startswith(ANY_KEY) for step in steps):
            return None  # of lists and maps, which of the parts is meant cannot be told
        values = tuple(value_at(value, steps) for value in constraint.exact)
        return replace(constraint, exact=values, item=None, parts={})
    inner = constraint.parts.get(steps[0])
    return None if inner is None else _part_of(inner, steps[1:])
