"""The routes of services.

Must never decide what runs: that is `tasks`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from demo import tasks
from demo.call import Call, EngineError, empty, reply
from demo.events import emit
from demo.filters import has_label, passes
from demo.moments import moment
from demo.swarm_state import find

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests
    from demo.swarm_state import Swarm, Thing

JsonObject = dict[str, Any]
REFUSED = "rpc error: code = InvalidArgument desc = "
DEFAULTS: JsonObject = {
    "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "Order": "stop-first"},
    "RollbackConfig": {"Parallelism": 1, "FailureAction": "pause", "Order": "stop-first"},
}


def _shown(call: Call, service: Thing, status: bool = False) -> JsonObject:
    document = service.meta() | {"Spec": service.spec}
    if service.previous is not None:
        document["PreviousSpec"] = service.previous
        times = {"StartedAt": moment(service.updated), "CompletedAt": moment(service.updated)}
        document["UpdateStatus"] = {"State": "completed", **times, "Message": "update completed"}
    ends = service.spec.get("EndpointSpec") or {}
    document["Endpoint"] = {"Spec": ends} | ({"Ports": ends["Ports"]} if ends.get("Ports") else {})
    if status:
        counts = {"RunningTasks": tasks.running(call.world, service), "CompletedTasks": 0}
        document["ServiceStatus"] = counts | {"DesiredTasks": tasks.replicas(service.spec)}
    return document


def _tests(service: Thing) -> Tests:
    mode = "global" if "Global" in (service.spec.get("Mode") or {}) else "replicated"
    return {
        "id": service.id.startswith,
        "name": lambda value: value in service.name,
        "label": lambda value: has_label(service.spec.get("Labels") or {}, value),
        "mode": lambda value: value == mode,
        "runtime": lambda value: value == _runtime(service.spec),
    }


def _runtime(spec: JsonObject) -> str:
    return str((spec.get("TaskTemplate") or {}).get("Runtime") or "container")


async def list_(call: Call) -> web.StreamResponse:
    """GET /services."""
    swarm, filters, status = call.swarm(), call.filters(), call.flag("status")
    kept = [item for item in swarm.services.values() if passes(_tests(item), filters)]
    return reply([_shown(call, service, status) for service in kept])


def find_service(call: Call) -> Thing:
    """The service that a route names; EngineError 404."""
    return find("service", call.swarm().services, call.params["id"])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /services/{id}."""
    document = _shown(call, find_service(call))
    if call.flag("insertDefaults"):
        document["Spec"] = DEFAULTS | document["Spec"]
    return reply(document)


async def create(call: Call) -> web.StreamResponse:
    """POST /services/create."""
    swarm, spec = call.swarm(), _completed(await call.document())
    _check(swarm, spec)
    if any(service.name == spec["Name"] for service in swarm.services.values()):
        what = f"name conflicts with an existing object: service {spec['Name']} already exists"
        raise EngineError(409, f"rpc error: code = AlreadyExists desc = {what}")
    service = swarm.add(swarm.services, spec["Name"], spec)
    emit(call.world, "service", "create", service.id, {"name": service.name})
    await tasks.run(call.world, service)
    return reply({"ID": service.id}, 201)


def _completed(spec: JsonObject) -> JsonObject:
    template = {"ForceUpdate": 0, "Runtime": "container"} | (spec.get("TaskTemplate") or {})
    return (
        {"Labels": {}, "Mode": {"Replicated": {"Replicas": 1}}} | spec | {"TaskTemplate": template}
    )


def _check(swarm: Swarm, spec: JsonObject) -> None:
    """EngineError 400 for a spec without a name or image, or with a reference to nothing."""
    if not spec.get("Name"):
        raise EngineError(400, f"{REFUSED}name must be provided")
    inside = spec["TaskTemplate"].get("ContainerSpec") or {}
    if _runtime(spec) == "container" and not inside.get("Image"):
        raise EngineError(400, f"{REFUSED}ContainerSpec: image reference must be provided")
    for kind, known in (("Secret", swarm.secrets), ("Config", swarm.configs)):
        for reference in inside.get(f"{kind}s") or []:
            if reference.get(f"{kind}ID") not in known:
                name = reference.get(f"{kind}Name")
                raise EngineError(400, f"{REFUSED}{kind.lower()} not found: {name}")


async def update(call: Call) -> web.StreamResponse:
    """POST /services/{id}/update: the body is the whole new spec; `rollback` takes the old one."""
    service, text = find_service(call), call.arg("version")
    if not text.isdecimal():
        what = f"strconv.ParseUint: parsing {json.dumps(text)}: invalid syntax"
        raise EngineError(400, f"invalid service version '{text}': {what}")
    spec = _completed(await call.document())
    if call.arg("rollback") == "previous":
        if service.previous is None:
            what = "service does not have a previous spec"
            raise EngineError(400, f"rpc error: code = FailedPrecondition desc = {what}")
        spec = service.previous
    _check(call.swarm(), spec)
    if spec["Name"] != service.name:
        raise EngineError(
            501, "rpc error: code = Unimplemented desc = renaming services is not supported"
        )
    before = service.spec["TaskTemplate"], tasks.replicas(service.spec)
    call.swarm().change(service, spec, int(text))
    emit(call.world, "service", "update", service.id, {"name": service.name})
    if before != (spec["TaskTemplate"], tasks.replicas(spec)):
        await tasks.run(call.world, service)
    return reply({"Warnings": None})


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /services/{id}."""
    service = find_service(call)
    await tasks.end(call.world, service)
    del call.swarm().services[service.id]
    emit(call.world, "service", "remove", service.id, {"name": service.name})
    return empty(200)
