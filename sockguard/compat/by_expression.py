"""The policy that expressions on paths come to: a client for each that they let in.

Must never give to one container what another one's labels say.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sockguard.compat.follow import CLIENT
from sockguard.compat.matched import left_out, opened_by, too_wide
from sockguard.compat.whole import whole
from sockguard.compat.wollomatic import IMAGE, RELEASE
from sockguard.compat.written import Granted, Group, WrittenClient, write
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.views.all import VIEWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sockguard.compat.matched import Opened
    from sockguard.compat.wollomatic import Allowed, Told

_SERVICE_LABEL = "com.docker.compose.service"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]+")
_LONGEST_NAME = 63


def policy_of_expressions(
    told: Told, labelled: Mapping[str, Allowed]
) -> tuple[str, tuple[str, ...]]:
    """Return the text of the policy, and what to mind; `labelled` is by service."""
    clients = _named_apart(_clients(told, labelled))
    all_allowed = [told.allowed, *labelled.values()]
    warnings = [*_of_callers(told, labelled)]
    for one in all_allowed:
        warnings += [text for each in one.expressions for text in too_wide(each)]
        warnings += left_out(one.expressions)
    head = [
        f"What these settings mean to {IMAGE} {RELEASE}, operation by operation.",
        *(f"Mind: {text}" for text in warnings),
    ]
    return write(head, clients), tuple(warnings)


def _clients(told: Told, labelled: Mapping[str, Allowed]) -> Iterator[WrittenClient]:
    groups = _groups(told.allowed)
    if told.socket:
        note = f"by the folder of its socket, which takes the place of {told.socket}"
        yield WrittenClient(CLIENT, groups, notes=(note,))
    elif told.hosts:
        for host in told.hosts:
            if host not in labelled:
                yield _by_service(host, groups)
    elif told.networks and (not labelled or _keeps_apart(told)):
        match = {"from": list(told.networks), "anyone_there": True}
        yield WrittenClient(CLIENT, groups, match)
    for service, allowed in labelled.items():
        yield _by_service(service, _groups(allowed))


def _named_apart(clients: Iterable[WrittenClient]) -> list[WrittenClient]:
    """Number those whose services come to one name: `a.b` and `a-b` are both `a-b`."""
    seen: Counter[str] = Counter()
    named = []
    for client in clients:
        name = client.name
        while seen[name]:
            seen[client.name] += 1
            name = f"{client.name[: _LONGEST_NAME - 5]}-{seen[client.name]}"
        seen[name] += 1
        named.append(replace(client, name=name))
    return named


def _keeps_apart(told: Told) -> bool:
    """Tell whether nobody of the networks can be a container with labels of its own."""
    return all(one.startswith("127.") or one == "::1/128" for one in told.networks)


def _of_callers(told: Told, labelled: Mapping[str, Allowed]) -> Iterator[str]:
    if told.unused and not told.socket:
        yield (
            f"-allowfrom: {', '.join(told.unused)} let nobody in, as there: that proxy looks at"
            " nothing behind the first network; add to `from` what is meant"
        )
    if labelled and told.networks and not told.socket and not _keeps_apart(told):
        yield (
            f"left out is who comes from {', '.join(told.networks)} without labels: such a client"
            " would also be those with labels; name the others by their containers"
        )


def _by_service(service: str, groups: tuple[Group, ...]) -> WrittenClient:
    name = _NOT_IN_NAMES.sub("-", service.lower()).strip("-_0123456789")[:_LONGEST_NAME]
    return WrittenClient(
        name if name and name != "main" else f"service-{name or 'unnamed'}",
        groups,
        {"container": {"label": {_SERVICE_LABEL: service}}},
        (f"the container of the service {service} of a compose project",),
    )


def _groups(allowed: Allowed) -> tuple[Group, ...]:
    opened = opened_by(allowed.expressions)
    return tuple(
        Group(str(one), items)
        for one in allowed.expressions
        if (items := _items([each for each in opened if each.by == one], allowed.folders))
    )


def _items(opened: Sequence[Opened], folders: tuple[str, ...]) -> tuple[Granted, ...]:
    return tuple(Granted(one.operation, _conditions(one, folders)) for one in opened)


def _conditions(one: Opened, folders: tuple[str, ...]) -> Mapping[str, object]:
    said = whole(OPERATIONS[one.operation])
    if one.names:
        said["target"] = {"name": list(one.names)}
    if folders and one.operation in VIEWS["host_paths"].operations - {"volumes.create"}:
        said["host_paths"] = {"under": list(folders), "writable": True}
    return said
