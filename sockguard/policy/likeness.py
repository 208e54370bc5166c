"""Containers that would be taken for clients: by a name, by labels, or by the address of another.

Must never leave a label by which a client is recognised to what an image says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.facts import Thing
from sockguard.errors import Reason
from sockguard.policy.container_match import container_fits, labels_fit, name_fits, task_fits
from sockguard.policy.fault import Fault
from sockguard.policy.question import references_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sockguard.engine.facts import Facts
    from sockguard.policy.model import ContainerMatch
    from sockguard.policy.question import Question

NETWORK_SHARED = frozenset({"HostConfig.NetworkMode", "networkmode"})
"""Where a container is named whose network, and so whose address, another one gets."""

_SERVICES = frozenset({"services.create", "services.update"})
_SWARM = "com.docker.swarm."
_SERVICE_NAME = f"{_SWARM}service.name"


def taken_for_client(question: Question, facts: Facts) -> Fault | None:
    """Say how the request would make a container that is recognised as a client, None if not.

    Counts as it would be sent. Notes in `facts` that a container has to be asked for whose network
    would be shared.
    """
    callers = question.own.callers
    if not callers:
        return None
    means = _MEANS.get(question.operation.name)
    for client, match in callers if means else ():
        if means is not None and (where := means(question, match)):
            return _fault(where, f"would make a container that is taken for client '{client}'")
    return _by_address(question, facts)


def _fault(where: str, message: str) -> Fault:
    return Fault(Reason.SELF_PROTECTION, where, message)


def _by_address(question: Question, facts: Facts) -> Fault | None:
    for reference in references_of(question):
        if reference.kind != "container" or reference.where not in NETWORK_SHARED:
            continue
        thing = facts.find("container", reference.name)
        for client, match in question.own.callers if isinstance(thing, Thing) else ():
            if isinstance(thing, Thing) and container_fits(match, thing.name, thing.labels):
                return _fault(reference.where, f"would share the address of client '{client}'")
    return None


# --- by name and labels ----------------------------------------------------------------------


def _created(question: Question, match: ContainerMatch) -> str:
    labels = _mapping(_mapping(question.body.document).get("Labels"))
    if match.names and not name_fits(match, _new_name(question)):
        return ""
    return _where("name", "Labels", match) if labels_fit(match, labels) else ""


def _renamed(question: Question, match: ContainerMatch) -> str:
    """Go by the name alone: what labels the container has is not asked for."""
    return "name" if name_fits(match, _new_name(question)) else ""


def _new_name(question: Question) -> str:
    name = question.query.values.get("name")
    return name.removeprefix("/") if isinstance(name, str) else ""


def _served(question: Question, match: ContainerMatch) -> str:
    """Judge what a service runs, which also has labels of the swarm (swarmkit, dockerexec)."""
    body = _mapping(question.body.document)
    name = body.get("Name")
    service = name if isinstance(name, str) else ""
    if match.names and not task_fits(match, service):
        return ""
    spec = _mapping(_mapping(body.get("TaskTemplate")).get("ContainerSpec"))
    unforeseen = {key: value for key, value in match.labels.items() if key.startswith(_SWARM)}
    labels = {**_mapping(spec.get("Labels")), **unforeseen}
    if _SERVICE_NAME in match.labels:
        labels[_SERVICE_NAME] = service
    where = _where("Name", "TaskTemplate.ContainerSpec.Labels", match)
    return where if labels_fit(match, labels) else ""


def _built(_: Question, match: ContainerMatch) -> str:
    """Refuse what nobody reads: the classic builder's containers bear the labels of a Dockerfile.

    They have names that the Engine makes up (builder/dockerfile/containerbackend.go).
    """
    return "Dockerfile" if match.labels and not match.names else ""


def _where(name: str, labels: str, match: ContainerMatch) -> str:
    return name if match.names else labels


_MEANS: Mapping[str, Callable[[Question, ContainerMatch], str]] = {
    "containers.create": _created,
    "containers.rename": _renamed,
    **dict.fromkeys(_SERVICES, _served),
    "build.run": _built,
}
"""How each operation can make a container that fits: says by which parameter or field."""


# --- what is sent ----------------------------------------------------------------------------


def watched_labels(question: Question) -> frozenset[str]:
    """Return the labels by which clients are recognised."""
    return frozenset(key for _, match in question.own.callers for key in match.labels)


def with_watched(operation: str, document: object, keys: frozenset[str]) -> object:
    """Return the body of a create with each of these labels set: empty where it was not sent.

    A container inherits from its image only the labels that its own configuration lacks.
    """
    match document:
        case dict() if operation == "containers.create":
            return {**document, "Labels": _with(document.get("Labels"), keys)}
        case {"TaskTemplate": {"ContainerSpec": dict(spec), **task}, **fields} if (
            operation in _SERVICES
        ):
            spec = {**spec, "Labels": _with(spec.get("Labels"), keys)}
            return {**fields, "TaskTemplate": {**task, "ContainerSpec": spec}}
        case _:
            return document


def _with(labels: object, keys: frozenset[str]) -> Mapping[str, object]:
    return {**dict.fromkeys(sorted(keys), ""), **_mapping(labels)}


def _mapping(value: object) -> Mapping[str, str]:
    return value if isinstance(value, dict) else {}
