"""What a view is: one meaning, gathered from all the places where the Engine accepts it.

Must never judge: whether what was gathered may pass is the policy's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.engine.cover import NOTHING, Cover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.engine.facts import Facts


@dataclass(frozen=True, slots=True)
class Asking:
    """A request as views look at it: operation, names in the path, query values, decoded body.

    `registries` are the servers that the credentials in its headers are for, `reserved` the paths
    of the host that hold the Engine's and sockguard's own sockets and files.
    """

    operation: str
    names: tuple[str, ...] = ()
    query: Mapping[str, object] = field(default_factory=dict)
    document: object = None
    registries: tuple[str, ...] = ()
    reserved: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a request asks for within a view.

    `value` is its normal form, which constraints are held against, "" where what the Engine would
    take cannot be known: no constraint but `any` admits that. `where` is the field or parameter it
    came from. A `strange` one has no normal form: nothing admits it, not even `any`.

    Of host paths, `writable` tells whether it can be written, and `reserved` that it is a way to
    root or to sockguard by itself, so that only a policy that writes it out admits it.
    """

    value: str
    where: str
    writable: bool = False
    reserved: bool = False
    strange: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that a request asks for within a view.

    `cover` names the sensitive parts of the body that were gathered, `parameters` those of the
    query: a policy that names the view admits them, as far as its constraint holds.
    """

    items: tuple[Item, ...] = ()
    cover: Cover = NOTHING
    parameters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class View:
    """One view: its name in policies, the operations that it is for, and how it gathers.

    `gather` asks for facts as it goes: where one is missing, what it returns does not count.
    """

    name: str
    operations: frozenset[str]
    gather: Callable[[Asking, Facts], Gathered]
