"""The tasks of services: each a container of this Engine; and the routes that show them.

Must never leave a container behind whose service is gone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from demo import creation, image_store, lifecycle
from demo.call import Call, EngineError, reply
from demo.filters import has_label, passes
from demo.moments import moment
from demo.nodes import this_node
from demo.swarm_state import Task, find, new_swarm_id

if TYPE_CHECKING:
    from aiohttp import web

    from demo.filters import Tests
    from demo.state import World
    from demo.swarm_state import Swarm, Thing

JsonObject = dict[str, Any]
PREFIX = "com.docker.swarm"
STATES = {"created": "starting", "running": "running", "paused": "running"}


def replicas(spec: JsonObject) -> int:
    """How many tasks a service asks for on one node."""
    mode = spec.get("Mode") or {}
    given = (mode.get("Replicated") or {}).get("Replicas")
    return 1 if given is None else int(given)


async def run(world: World, service: Thing) -> None:
    """End the tasks that a service has, and start those that it asks for, if any are containers."""
    await end(world, service)
    if not (service.spec.get("TaskTemplate") or {}).get("ContainerSpec"):
        return
    for slot in range(1, replicas(service.spec) + 1):
        await _start(world, service, slot)


async def _start(world: World, service: Thing, slot: int) -> None:
    template = service.spec["TaskTemplate"]
    name = f"{service.name}.{slot}"
    task = Task(new_swarm_id(), name, template, world.swarm.next(), service=service.id, slot=slot)
    inside = template["ContainerSpec"]
    image_store.found_or_added(world, inside["Image"])
    labels = _labels(service, task, this_node(world.swarm).id) | (inside.get("Labels") or {})
    container = creation.create(world, f"{name}.{task.id}", _body(inside, labels))
    task.container = container.id
    world.swarm.tasks[task.id] = task
    await lifecycle.start(world, container)


def _labels(service: Thing, task: Task, node: str) -> dict[str, str]:
    return {
        f"{PREFIX}.node.id": node,
        f"{PREFIX}.service.id": service.id,
        f"{PREFIX}.service.name": service.name,
        f"{PREFIX}.task": "",
        f"{PREFIX}.task.id": task.id,
        f"{PREFIX}.task.name": f"{task.name}.{task.id}",
    }


def _body(inside: JsonObject, labels: dict[str, str]) -> JsonObject:
    """A container's create request from a ContainerSpec."""
    return {
        "Image": inside.get("Image"),
        "Entrypoint": inside.get("Command"),
        "Cmd": inside.get("Args"),
        "Env": inside.get("Env"),
        "User": inside.get("User"),
        "Labels": labels,
        "Hostname": inside.get("Hostname") or "",
        "Healthcheck": inside.get("Healthcheck"),
        "HostConfig": {"Mounts": inside.get("Mounts")},
    }


async def end(world: World, service: Thing) -> None:
    """End all tasks of a service and remove their containers."""
    for task in [item for item in world.swarm.tasks.values() if item.service == service.id]:
        container = world.containers.get(task.container)
        if container:
            await lifecycle.remove(world, container, force=True, volumes=True)
        del world.swarm.tasks[task.id]


def running(world: World, service: Thing) -> int:
    """How many tasks of a service run."""
    mine = [task for task in world.swarm.tasks.values() if task.service == service.id]
    return sum(_state(world, task) == "running" for task in mine)


def _state(world: World, task: Task) -> str:
    container = world.containers.get(task.container)
    if container is None:
        return "shutdown"
    return STATES.get(container.status, "failed" if container.exit_code else "complete")


def shown(world: World, task: Task) -> JsonObject:
    """A task's document."""
    container = world.containers.get(task.container)
    ends = {"ContainerID": task.container, "PID": 0, "ExitCode": 0}
    if container:
        ends |= {"PID": container.pid, "ExitCode": container.exit_code}
    return task.meta() | {
        "Labels": {},
        "Spec": task.spec,
        "ServiceID": task.service,
        "Slot": task.slot,
        "NodeID": this_node(world.swarm).id,
        "Status": {
            "Timestamp": moment(time.time()),
            "State": _state(world, task),
            "Message": "started",
            "ContainerStatus": ends,
            "PortStatus": {},
        },
        "DesiredState": task.desired,
    }


def _tests(swarm: Swarm, task: Task, node: str) -> Tests:
    labels = (task.spec.get("ContainerSpec") or {}).get("Labels") or {}
    service = swarm.services[task.service].name
    return {
        "id": task.id.startswith,
        "name": lambda value: value in task.name,
        "label": lambda value: has_label(labels, value),
        "service": lambda value: value == service or task.service.startswith(value),
        "node": node.startswith,
        "desired-state": lambda value: value == task.desired,
        "_up-to-date": lambda _: True,
    }


async def list_(call: Call) -> web.StreamResponse:
    """GET /tasks."""
    swarm, filters = call.swarm(), call.filters()
    node = this_node(swarm).id
    kept = [item for item in swarm.tasks.values() if passes(_tests(swarm, item, node), filters)]
    return reply([shown(call.world, task) for task in kept])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /tasks/{id}."""
    return reply(shown(call.world, find_task(call)))


def find_task(call: Call) -> Task:
    """The task that a route names; EngineError 404."""
    task = find("task", call.swarm().tasks, call.params["id"])
    if not isinstance(task, Task):
        raise EngineError(404, f"task {call.params['id']} not found")
    return task
