"""The catalogue against the Engine's own documents: nothing missing, nothing invented.

`routes.json` lists the routes that the Engine registers, with what its handlers read;
`engine-schema.json` what the API documents 1.25 to 1.56 name. What stands in neither is in the
tables below, each with where it comes from.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.engine.catalogue.all import OPERATIONS, ROUTES
from sockguard.engine.names import IN_QUERY
from sockguard.engine.operation import BodyKind, ParameterKind, Streaming
from sockguard.engine.shape import Alias, Map, Scalar, Shape, Unread, fields_of, fold

if TYPE_CHECKING:
    from sockguard.engine.operation import Operation, Route

CORPUS = Path(__file__).parents[1] / "corpus" / "engine"
REGISTERED: list[dict[str, Any]] = json.loads((CORPUS / "routes.json").read_text("utf-8"))
DOCUMENTED: dict[str, dict[str, Any]] = json.loads(
    (CORPUS / "engine-schema.json").read_text("utf-8")
)["operations"]

PARAMETERS_BEYOND = {
    ("containers.list", "trunc_cmd"): "docker-py, api/container.py",
    ("images.list", "only_ids"): "docker-py, api/image.py",
    ("images.pull", "registry"): "docker-java, PullImageCmdExec",
    ("debug.read", "debug"): "Go, net/http/pprof",
    ("debug.read", "gc"): "Go, net/http/pprof",
    ("debug.read", "seconds"): "Go, net/http/pprof",
}

HEADERS_BEYOND = {
    ("images.pull", "x-meta-*"): "Engine source, image router: passed on to the registry",
    ("images.push", "x-meta-*"): "Engine source, image router: passed on to the registry",
    ("images.search", "x-registry-auth"): "Engine source, image router",
    ("distribution.inspect", "x-registry-auth"): "Engine source, distribution router",
    ("plugins.privileges", "x-registry-auth"): "Engine source, plugin router",
    ("plugins.push", "x-registry-auth"): "Engine source, plugin router",
    ("build.session", "x-docker-expose-session-*"): "BuildKit source, session/manager.go",
    ("containers.attach_ws", "sec-websocket-key"): "RFC 6455, section 4.1",
    ("containers.attach_ws", "sec-websocket-version"): "RFC 6455, section 4.1",
    ("containers.attach_ws", "sec-websocket-protocol"): "RFC 6455, section 4.1",
    ("containers.archive_get", "accept-encoding"): "Engine source, container router",
}
ALWAYS_PASSED = {"content-type"}

OTHERWISE_THAN_REGISTERED = {
    ("build.session", "risk"): "an opaque tunnel is rated as what it can become",
    ("images.pull", "body"): "a pull reads no body; an import does",
    ("images.pull", "streaming"): "a pull reads no body; an import does",
    ("images.push", "body"): "docker-py sends {}; no field of it is known",
}

CLUSTER = r"(ClusterVolumeSpec|Spec)\."
FIELDS_BEYOND = (
    (r".*Mounts\[\]\.ClusterOptions", "Engine source, api/types/mount"),
    (rf"{CLUSTER}(Secrets|AccessibilityRequirements|CapacityRange|Availability)\b.*", "volume"),
    (rf"{CLUSTER}AccessMode\.(MountVolume\.|BlockVolume).*", "Engine source, api/types/volume"),
    (r"(AutoLockManagers|Availability)", "Engine source, api/types/swarm InitRequest"),
    (r"TaskTemplate\.PluginSpec\.(Env|Privileges)\b.*", "Engine source, swarm/runtime"),
    (r"(auth|identitytoken|registrytoken)", "Engine source, registry.AuthConfig"),
    (r"Container", "docker-py, api/exec_api.py"),
    (r"Detach", "docker CLI 20.10 to 27: types.ExecConfig"),
    (r"(hijack|stdin)", "dockerode, lib/exec.js"),
    (r"(CheckpointID|CheckpointDir|Exit)", "Engine source, api/types/checkpoint"),
)

FAULTS_OF_THE_DOCUMENTS = (
    (r"Volumes\.additionalProperties", "a schema's keyword read as a field (1.25 to 1.36)"),
    (r"Data\[\]", "bytes in base64, which are one text (1.25 to 1.30)"),
    (r"IPAM\.Config\[\]\{\}", "the pools of a network, as a free map (1.25 to 1.40)"),
    (r"IPAM\.Options\[\](\{\})?", "a map, as a list of maps (1.25 to 1.38)"),
    (r"HostConfig\.PortBindings\{\}\.Host(Ip|Port)", "one binding instead of a list"),
    (r"(HostConfig\.)?NanoCPUs", "a misprint of 1.27 for NanoCpus, taken as that"),
)

SECRET_ANSWERS = """
containers.inspect exec.inspect images.inspect images.history volumes.list volumes.inspect
system.events swarm.inspect swarm.unlock_key services.list services.inspect tasks.list
tasks.inspect configs.list configs.inspect plugins.list plugins.inspect
"""
BULK_READS = """
containers.archive_get containers.export containers.logs services.logs tasks.logs images.get
"""
UPGRADES = {
    "containers.attach": "tcp",
    "exec.start": "tcp",
    "containers.attach_ws": "websocket",
    "build.session": "h2c",
    "build.grpc": "h2c",
}
NAMED_BY_POLICIES = {
    "containers": "list inspect create top logs changes stats export resize start stop restart kill"
    " update rename pause unpause attach attach_ws wait remove prune commit archive_info"
    " archive_get archive_put",
    "checkpoints": "list create remove",
    "exec": "create start resize inspect",
    "images": "list inspect history attestations search get pull import load push tag remove prune",
    "build": "run prune cancel session grpc",
    "networks": "list inspect create connect disconnect remove prune",
    "volumes": "list inspect create update remove prune",
    "system": "ping version info events df auth",
    "distribution": "inspect",
    "swarm": "inspect unlock_key init join leave update unlock",
    "services": "list inspect create update remove logs",
    "tasks": "list inspect logs",
    "nodes": "list inspect update remove",
    "secrets": "list inspect create update remove",
    "configs": "list inspect create update remove",
    "plugins": "list inspect privileges pull create enable disable set upgrade push remove",
    "debug": "read",
}
ALWAYS_REFUSED = {"system.options", "networks.list_slash", "containers.copy"}

Endpoint = tuple[str, str]


def endpoint(method: str, path: str) -> Endpoint:
    """A route without the names of its variables, which the documents choose otherwise."""
    return method, re.sub(r"\{[^}]*\}", "{}", path)


def endpoint_of(route: Route) -> Endpoint:
    return endpoint(route.method, "/" + "/".join(route.template))


def endpoints() -> dict[Endpoint, list[Operation]]:
    table = defaultdict(list)
    for route in ROUTES:
        table[endpoint_of(route)].append(OPERATIONS[route.operation])
    return table


ENDPOINTS = endpoints()
REGISTERED_BY_ENDPOINT = {endpoint(entry["method"], entry["path"]): entry for entry in REGISTERED}
DOCUMENTED_BY_ENDPOINT = {
    endpoint(*name.split(maxsplit=1)): entry for name, entry in DOCUMENTED.items()
}


def endpoints_of(operation: Operation) -> list[Endpoint]:
    return [key for key, operations in ENDPOINTS.items() if operation in operations]


def documented(part: str, key: Endpoint) -> dict[str, Any]:
    entry: dict[str, Any] = DOCUMENTED_BY_ENDPOINT.get(key, {}).get(part, {})
    return entry


def explained(path: str, table: tuple[tuple[str, str], ...]) -> bool:
    return any(re.fullmatch(pattern, path) for pattern, _ in table)


def known_fields(operation: Operation) -> dict[str, Shape]:
    return {} if operation.shape is None else dict(fields_of(operation.shape))


WITH_SHAPE = [operation for operation in OPERATIONS.values() if operation.shape is not None]


def name_of(operation: Operation) -> str:
    return operation.name


def test_every_registered_route_is_in_the_catalogue_and_no_other() -> None:
    assert set(ENDPOINTS) == set(REGISTERED_BY_ENDPOINT)


def test_every_documented_route_is_registered() -> None:
    assert set(DOCUMENTED_BY_ENDPOINT) <= set(REGISTERED_BY_ENDPOINT)


def test_routes_stand_in_the_engines_order() -> None:
    legacy = endpoint("POST", "/containers/{id}/copy")  # registered by no present Engine
    ours = list(dict.fromkeys(key for key in map(endpoint_of, ROUTES) if key != legacy))
    assert ours == [key for key in REGISTERED_BY_ENDPOINT if key != legacy]


def test_every_operation_that_policies_can_name_exists_and_no_other() -> None:
    named = {f"{objects}.{verb}" for objects, verbs in NAMED_BY_POLICIES.items()
             for verb in verbs.split()}  # fmt: skip
    grantable = {name for name, operation in OPERATIONS.items() if not operation.refused}
    assert grantable == named
    assert OPERATIONS.keys() - grantable == ALWAYS_REFUSED


def test_every_operation_has_a_route() -> None:
    assert {route.operation for route in ROUTES} == OPERATIONS.keys()


@pytest.mark.parametrize("key", ENDPOINTS, ids=" ".join)
def test_every_parameter_of_a_route_is_in_the_catalogue(key: Endpoint) -> None:
    wanted = {*REGISTERED_BY_ENDPOINT[key]["query"], *documented("query", key)}
    known = {name for operation in ENDPOINTS[key] for name in operation.parameters}
    assert wanted - known == set()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_no_parameter_is_invented(operation: Operation) -> None:
    wanted = {
        name
        for key in endpoints_of(operation)
        for name in (*REGISTERED_BY_ENDPOINT[key]["query"], *documented("query", key))
    }
    invented = operation.parameters.keys() - wanted
    assert {name for name in invented if (operation.name, name) not in PARAMETERS_BEYOND} == set()


def since_of(operation: Operation, name: str) -> int:
    """The version in which the documents first have a parameter, 0 where its route had it."""
    found = [
        (documented("query", key)[name]["since"], DOCUMENTED_BY_ENDPOINT[key]["since"])
        for key in endpoints_of(operation)
        if name in documented("query", key)
    ]
    return max((since for since, route in found if since > route), default=0)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_a_parameter_is_as_young_as_the_documents_say(operation: Operation) -> None:
    told = {name: since_of(operation, name) for name in operation.parameters}
    assert {name: parameter.since for name, parameter in operation.parameters.items()} == told


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_a_parameter_in_json_has_a_shape_and_no_other_does(operation: Operation) -> None:
    for parameter in operation.parameters.values():
        assert (parameter.shape is not None) is (parameter.kind is ParameterKind.JSON)


NAMING = {
    "containers.create": "name=container",
    "containers.rename": "name=container",
    "containers.commit": "container=container repo=image tag=tag",
    "containers.start": "checkpoint=checkpoint",
    "images.get": "names=image",
    "images.pull": "fromImage=image tag=tag",
    "images.import": "fromImage=image repo=image tag=tag",
    "images.push": "tag=tag",
    "images.tag": "repo=image tag=tag",
    "build.run": "t=image networkmode=network:mode",
    "plugins.privileges": "remote=plugin name=plugin",
    "plugins.pull": "remote=plugin name=plugin",
    "plugins.upgrade": "remote=plugin",
    "plugins.create": "name=plugin",
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_the_parameters_that_name_objects_are_exactly_these(operation: Operation) -> None:
    naming = {p.name: p.names for p in operation.parameters.values() if p.names}
    wanted = (word.split("=") for word in NAMING.get(operation.name, "").split())
    assert naming == {name: kind.replace(":", " ") for name, kind in wanted}
    assert set(naming.values()) <= IN_QUERY.keys()


KINDS_BY_TYPE = {
    "boolean": {ParameterKind.BOOLEAN, ParameterKind.STRICT_BOOLEAN},
    "integer": {ParameterKind.INTEGER},
    "array": {ParameterKind.TEXTS},
    "string": {
        ParameterKind.TEXT, ParameterKind.FILTERS, ParameterKind.JSON, ParameterKind.TEXTS,
    },
}  # fmt: skip
KINDS_OTHERWISE = {
    "since": ParameterKind.TEXT,  # seconds with a fraction are legal (timestamp.GetTimestamp)
    "until": ParameterKind.TEXT,
    "pull": ParameterKind.BOOLEAN,  # the build handler reads it with BoolValue
    "noOverwriteDirNonDir": ParameterKind.BOOLEAN,
    "copyUIDGID": ParameterKind.BOOLEAN,
}


@pytest.mark.parametrize("key", DOCUMENTED_BY_ENDPOINT, ids=" ".join)
def test_parameters_have_the_documented_type(key: Endpoint) -> None:
    wrong = {
        name: operation.parameters[name].kind
        for name, entry in documented("query", key).items()
        for operation in ENDPOINTS[key]
        if name in operation.parameters
        and operation.parameters[name].kind not in KINDS_BY_TYPE[entry["type"]]
        and operation.parameters[name].kind is not KINDS_OTHERWISE.get(name)
    }
    assert wrong == {}


@pytest.mark.parametrize("key", DOCUMENTED_BY_ENDPOINT, ids=" ".join)
def test_every_documented_header_is_in_the_catalogue(key: Endpoint) -> None:
    wanted = {name.lower() for name in documented("header", key)} - ALWAYS_PASSED
    assert wanted - set().union(*(operation.headers for operation in ENDPOINTS[key])) == set()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_no_header_is_invented(operation: Operation) -> None:
    wanted = {name.lower() for key in endpoints_of(operation) for name in documented("header", key)}
    invented = operation.headers - wanted
    assert {name for name in invented if (operation.name, name) not in HEADERS_BEYOND} == set()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
@pytest.mark.parametrize("fact", ["risk", "writes", "streaming", "body"])
def test_an_operation_is_rated_as_its_routes_are(operation: Operation, fact: str) -> None:
    if (operation.name, fact) in OTHERWISE_THAN_REGISTERED:
        return
    rated = {REGISTERED_BY_ENDPOINT[key][fact] for key in endpoints_of(operation)}
    if operation.name == "debug.read" and fact == "streaming":
        assert operation.streaming is Streaming.RESPONSE  # some of its routes stream
    else:
        assert rated == {getattr(operation, fact)}


@pytest.mark.parametrize("key", DOCUMENTED_BY_ENDPOINT, ids=" ".join)
def test_every_documented_body_field_is_in_the_catalogue(key: Endpoint) -> None:
    known = {path for operation in ENDPOINTS[key] for path in known_fields(operation)}
    missing = documented("body", key).keys() - known
    assert {path for path in missing if not explained(path, FAULTS_OF_THE_DOCUMENTS)} == set()


@pytest.mark.parametrize("operation", WITH_SHAPE, ids=name_of)
def test_no_body_field_is_invented(operation: Operation) -> None:
    wanted = {path for key in endpoints_of(operation) for path in documented("body", key)}
    invented = known_fields(operation).keys() - wanted
    assert {path for path in invented if not explained(path, FIELDS_BEYOND)} == set()


def type_of(shape: Shape) -> str:
    """The word of the documents for what a shape admits."""
    if isinstance(shape, Unread):
        return type_of(shape.shape)
    if isinstance(shape, Scalar):
        return {Scalar.TEXT: "string", Scalar.NUMBER: "number"}.get(shape, shape.name.lower())
    return "array" if isinstance(shape, list) else "object"


@pytest.mark.parametrize("operation", WITH_SHAPE, ids=name_of)
def test_body_fields_have_the_documented_type(operation: Operation) -> None:
    wrong = {
        path: type_of(shape)
        for key in endpoints_of(operation)
        for path, shape in known_fields(operation).items()
        if (entry := documented("body", key).get(path)) and entry["type"] != type_of(shape)
    }
    assert wrong == {}


def tables_in(shape: Shape) -> list[dict[str, Shape]]:
    """Every object among the shapes of a body."""
    if isinstance(shape, dict):
        return [shape, *(table for part in shape.values() for table in tables_in(part))]
    if isinstance(shape, list):
        return tables_in(shape[0])
    return tables_in(shape.values) if isinstance(shape, Map) else []


@pytest.mark.parametrize("operation", WITH_SHAPE, ids=name_of)
def test_a_second_spelling_is_one_that_the_engine_takes_for_the_first(operation: Operation) -> None:
    assert operation.shape is not None
    for table in tables_in(operation.shape):
        for key, part in table.items():
            if isinstance(part, Alias):
                assert fold(key) == fold(part.name)
                assert not isinstance(table[part.name], Alias)
        exact = [fold(key) for key, part in table.items() if not isinstance(part, Alias)]
        assert len(exact) == len(set(exact))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_an_operation_has_a_shape_if_and_only_if_it_reads_json(operation: Operation) -> None:
    reads_json = operation.body is BodyKind.JSON and not operation.refused
    assert (operation.shape is not None) is reads_json


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_what_an_operation_hands_over_is_one_sentence(operation: Operation) -> None:
    sentences = [operation.hands_over, *(p.hands_over for p in operation.parameters.values())]
    for sentence in filter(None, sentences):
        assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", sentence)
    assert operation.hands_over


def names_where(fact: str) -> set[str]:
    return {name for name, operation in OPERATIONS.items() if getattr(operation, fact)}


def test_answers_that_hold_secrets_are_exactly_these() -> None:
    assert names_where("secret_answer") == set(SECRET_ANSWERS.split())


def test_bulk_reads_are_exactly_these() -> None:
    assert names_where("bulk_read") == set(BULK_READS.split())


def test_every_list_and_inspect_is_quick_and_beside_them_only_ping_version_and_info() -> None:
    lists = {name for name in OPERATIONS if name.endswith((".list", ".inspect"))}
    assert names_where("quick") == lists | {"system.ping", "system.version", "system.info"}


def test_an_upgrade_is_possible_exactly_where_the_engine_takes_over_the_connection() -> None:
    assert {name: OPERATIONS[name].upgrade for name in names_where("upgrade")} == UPGRADES
    takes_over = {Streaming.HIJACK, Streaming.H2C}
    assert {n for n, o in OPERATIONS.items() if o.streaming in takes_over} == UPGRADES.keys()


def test_what_is_beyond_the_documents_is_in_the_catalogue() -> None:
    for name, parameter in PARAMETERS_BEYOND:
        assert parameter in OPERATIONS[name].parameters
    for name, header in HEADERS_BEYOND:
        assert header in OPERATIONS[name].headers
    paths = {path for operation in WITH_SHAPE for path in known_fields(operation)}
    for pattern, _ in FIELDS_BEYOND:
        assert any(re.fullmatch(pattern, path) for path in paths)


SENSITIVE = {
    "containers.start": "checkpoint checkpoint-dir",
    "containers.attach": "logs stdin",
    "containers.attach_ws": "logs stdin",
    "containers.top": "ps_args",
    "containers.commit": "changes",
    "checkpoints.list": "dir",
    "checkpoints.remove": "dir",
    "images.import": "fromSrc changes",
    "build.run": "remote networkmode extrahosts outputs cachefrom buildargs cgroupparent"
    " securityopt session buildid",
    "swarm.update": "rotateWorkerToken rotateManagerToken rotateManagerUnlockKey",
    "services.update": "rollback registryAuthFrom",
    "plugins.privileges": "remote name",
    "plugins.pull": "remote",
    "plugins.upgrade": "remote",
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_the_sensitive_parameters_are_exactly_these(operation: Operation) -> None:
    sensitive = {p.name for p in operation.parameters.values() if p.sensitive}
    assert sensitive == set(SENSITIVE.get(operation.name, "").split())
