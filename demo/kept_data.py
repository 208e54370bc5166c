"""The routes of secrets and configs: what a swarm keeps for its services.

Must never show a secret's data.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.events import emit
from demo.filters import has_label, passes
from demo.swarm_state import Kind, Thing, find

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from demo.filters import Tests

    Handler = Callable[[Call], Awaitable[web.StreamResponse]]

JsonObject = dict[str, Any]
REFUSED = "rpc error: code = InvalidArgument desc = "


def _things(call: Call, kind: str) -> Kind:
    swarm = call.swarm()
    return swarm.secrets if kind == "secret" else swarm.configs


def _shown(kind: str, thing: Thing) -> JsonObject:
    hidden = ("Data",) if kind == "secret" else ()
    spec = {key: value for key, value in thing.spec.items() if key not in hidden}
    return thing.meta() | {"Spec": spec}


def _find(call: Call, kind: str) -> Thing:
    return find(kind, _things(call, kind), call.params["id"])


def _tests(thing: Thing) -> Tests:
    labels = thing.spec.get("Labels") or {}
    return {
        "id": thing.id.startswith,
        "name": lambda value: value in thing.name,
        "names": lambda value: value == thing.name,
        "label": lambda value: has_label(labels, value),
    }


async def _list(call: Call, kind: str) -> web.StreamResponse:
    filters = call.filters()
    kept = [item for item in _things(call, kind).values() if passes(_tests(item), filters)]
    return reply([_shown(kind, thing) for thing in kept])


async def _inspect(call: Call, kind: str) -> web.StreamResponse:
    return reply(_shown(kind, _find(call, kind)))


async def _create(call: Call, kind: str) -> web.StreamResponse:
    things, spec = _things(call, kind), await call.document()
    name = spec.get("Name") or ""
    if not name:
        raise EngineError(400, f"{REFUSED}name must be provided")
    _check_data(spec.get("Data") or "")
    if any(thing.name == name for thing in things.values()):
        what = f"rpc error: code = AlreadyExists desc = {kind} {name} already exists"
        raise EngineError(409, what)
    thing = call.swarm().add(things, name, {"Labels": {}} | spec)
    emit(call.world, kind, "create", thing.id, {"name": name})
    return reply({"ID": thing.id}, 201)


def _check_data(text: str) -> None:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise EngineError(400, "invalid JSON: illegal base64 data at input byte 0") from error


async def _update(call: Call, kind: str) -> web.StreamResponse:
    thing, spec = _find(call, kind), await call.document()
    kept = thing.spec.get("Data")
    if (spec.get("Data") or kept) != kept or spec.get("Name", thing.name) != thing.name:
        raise EngineError(400, f"{REFUSED}only updates to Labels are allowed")
    labels = {"Labels": spec.get("Labels") or {}}
    call.swarm().change(thing, thing.spec | labels, call.number("version", 0))
    emit(call.world, kind, "update", thing.id, {"name": thing.name})
    return empty(200)


async def _remove(call: Call, kind: str) -> web.StreamResponse:
    thing = _find(call, kind)
    users = [item.name for item in call.swarm().services.values() if _uses(item, kind, thing.id)]
    if users:
        plural = "services" if users[1:] else "service"
        names = ", ".join(users)
        what = f"{kind} '{thing.name}' is in use by the following {plural}: {names}"
        raise EngineError(400, REFUSED + what)
    del _things(call, kind)[thing.id]
    emit(call.world, kind, "remove", thing.id, {"name": thing.name})
    return empty()


def _uses(service: Thing, kind: str, identity: str) -> bool:
    inside = (service.spec.get("TaskTemplate") or {}).get("ContainerSpec") or {}
    references = inside.get(f"{kind.capitalize()}s") or []
    return any(item.get(f"{kind.capitalize()}ID") == identity for item in references)


def _of(kind: str, work: Callable[[Call, str], Awaitable[web.StreamResponse]]) -> Handler:
    return lambda call: work(call, kind)


ROUTES: list[tuple[str, str, Handler]] = [
    (method, f"/{kind}s{rest}", _of(kind, work))
    for kind in ("secret", "config")
    for method, rest, work in (
        ("GET", "", _list),
        ("POST", "/create", _create),
        ("DELETE", "/{id}", _remove),
        ("GET", "/{id}", _inspect),
        ("POST", "/{id}/update", _update),
    )
]
