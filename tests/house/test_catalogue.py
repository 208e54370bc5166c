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
from sockguard.engine.level import Level
from sockguard.engine.names import IN_QUERY
from sockguard.engine.operation import BodyKind, ParameterKind, Risk, Streaming
from sockguard.engine.shape import (
    EMPTY,
    Alias,
    Field,
    Map,
    Scalar,
    Shape,
    Unread,
    bare,
    fields_of,
    fold,
)
from sockguard.engine.young import YOUNG

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
containers.list containers.wait images.attestations plugins.remove secrets.list secrets.inspect
system.df system.info volumes.create
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


def said_of(operation: Operation) -> dict[str, Field]:
    """The fields of which more is said than their shape."""
    return {path: f for path, f in known_fields(operation).items() if isinstance(f, Field)}


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


DOCUMENTED_LATE = (
    (r"(HostConfig\.)?KernelMemory", "API 1.18: Engine source, api/types/container"),
    (r"IPAM\.Config\[\]\..*", "since there are networks; documented as a free map until 1.40"),
    (r"(Scope|ConfigOnly|ConfigFrom\b.*)", "API 1.30: Engine source, api/types/network"),
)


def young_fields(operation: Operation) -> dict[str, int]:
    """What the documents have of a body that is younger than its route, outer fields only.

    What stands in a map is left out: no word of a policy asks that it be there.
    """
    told = {
        path: one["since"]
        for key in endpoints_of(operation)
        for path, one in documented("body", key).items()
        if one["since"] > max(DOCUMENTED_BY_ENDPOINT[key]["since"], OLDEST_DOCUMENT)
        and "{}" not in path
        and not path.endswith("[]")
        and not explained(path, (*FAULTS_OF_THE_DOCUMENTS, *DOCUMENTED_LATE))
    }
    return {
        path: since
        for path, since in told.items()
        if not any(path.startswith((f"{one}.", f"{one}[")) and told[one] == since for one in told)
    }


OLDEST_DOCUMENT = 25


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_a_field_is_as_young_as_the_documents_say(operation: Operation) -> None:
    listed = {young.path: young.since for young in YOUNG.get(operation.name, ())}
    assert listed == young_fields(operation)
    assert listed.keys() <= known_fields(operation).keys()


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
    shape = bare(shape)
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
    shape = bare(shape)
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
    sentences = [
        operation.hands_over,
        *(parameter.hands_over for parameter in operation.parameters.values()),
        *(field.hands_over for field in said_of(operation).values()),
    ]
    for sentence in filter(None, sentences):
        assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", sentence)
    assert operation.hands_over


def names_where(fact: str) -> set[str]:
    return {name for name, operation in OPERATIONS.items() if getattr(operation, fact)}


def test_answers_that_hold_secrets_are_exactly_these() -> None:
    assert names_where("masks") == set(SECRET_ANSWERS.split())


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
    " securityopt session buildid ulimits isolation",
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


def below(path: str, names: str) -> str:
    return " ".join(f"{path}.{name}" for name in names.split())


ENDPOINT = """
IPAMConfig.IPv4Address IPAMConfig.IPv6Address IPAMConfig.LinkLocalIPs Links Aliases DNSNames
DriverOpts GwPriority NetworkID EndpointID MacAddress Gateway IPAddress IPPrefixLen IPv6Gateway
GlobalIPv6Address GlobalIPv6PrefixLen
"""
RESOURCES = """
CgroupParent BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps
BlkioDeviceWriteIOps Devices DeviceCgroupRules DeviceRequests OomKillDisable Ulimits
RestartPolicy.Name
"""
HOST_CONFIG = f"""
{RESOURCES} NetworkMode PidMode IpcMode UTSMode UsernsMode CgroupnsMode Cgroup Privileged CapAdd
Capabilities SecurityOpt MaskedPaths ReadonlyPaths Sysctls Runtime Annotations GroupAdd Isolation
OomScoreAdj Binds Mounts VolumesFrom VolumeDriver Tmpfs StorageOpt ContainerIDFile PortBindings
PublishAllPorts Dns DnsOptions DnsSearch ExtraHosts Links LogConfig.Type LogConfig.Config
"""
SWARM_SPEC = """
CAConfig.ExternalCAs CAConfig.SigningCACert CAConfig.SigningCAKey CAConfig.ForceRotate
EncryptionConfig.AutoLockManagers TaskDefaults.LogDriver.Name TaskDefaults.LogDriver.Options
"""
PRIVILEGES = """
CredentialSpec.Config CredentialSpec.File CredentialSpec.Registry SELinuxContext.Disable
SELinuxContext.User SELinuxContext.Role SELinuxContext.Type SELinuxContext.Level Seccomp.Mode
Seccomp.Profile AppArmor.Mode
"""
CONTAINER_SPEC = f"""
{below("Privileges", PRIVILEGES)} Groups Mounts Hosts DNSConfig.Nameservers DNSConfig.Search
DNSConfig.Options Secrets OomScoreAdj Configs Isolation Sysctls CapabilityAdd Ulimits
"""
TASK = f"""
{below("ContainerSpec", CONTAINER_SPEC)} PluginSpec NetworkAttachmentSpec
Resources.Limits.GenericResources Resources.Reservations.GenericResources Placement.Constraints
Networks LogDriver.Name LogDriver.Options Runtime
"""
SERVICE = f"{below('TaskTemplate', TASK)} UpdateConfig.FailureAction Networks EndpointSpec.Ports"
TEMPLATE = "Templating.Name Templating.Options"
SECRET = f"{TEMPLATE} Driver.Name Driver.Options"
SENSITIVE_FIELDS = {
    "containers.create": f"MacAddress {below('HostConfig', HOST_CONFIG)}"
    f" NetworkingConfig.EndpointsConfig {below('NetworkingConfig.EndpointsConfig{}', ENDPOINT)}",
    "containers.update": RESOURCES,
    "containers.commit": """
        Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin
        StdinOnce Env Cmd Healthcheck.Test Healthcheck.Interval Healthcheck.Timeout
        Healthcheck.Retries Healthcheck.StartPeriod Healthcheck.StartInterval ArgsEscaped Image
        Volumes WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal
        StopTimeout Shell""",
    "checkpoints.create": "CheckpointDir",
    "exec.create": "Env Privileged User WorkingDir",
    "networks.create": """
        Driver Scope Ingress ConfigOnly ConfigFrom.Network IPAM.Driver IPAM.Config IPAM.Options
        EnableIPv6 Options""",
    "networks.connect": below("EndpointConfig", ENDPOINT),
    "volumes.create": "Driver DriverOpts ClusterVolumeSpec ClusterVolumeSpec.Secrets"
    " ClusterVolumeSpec.AccessMode.Secrets",
    "volumes.update": "Spec.Secrets Spec.AccessMode.Secrets",
    "system.auth": "serveraddress",
    "swarm.init": f"""
        DefaultAddrPool ForceNewCluster AutoLockManagers {below("Spec", SWARM_SPEC)}""",
    "swarm.update": SWARM_SPEC,
    "services.create": SERVICE,
    "services.update": SERVICE,
    "nodes.update": "Labels Role Availability",
    "secrets.create": SECRET,
    "secrets.update": SECRET,
    "configs.create": TEMPLATE,
    "configs.update": TEMPLATE,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_the_sensitive_fields_are_exactly_these(operation: Operation) -> None:
    sensitive = [path for path, field in said_of(operation).items() if field.sensitive]
    assert sorted(sensitive) == sorted(SENSITIVE_FIELDS.get(operation.name, "").split())


def test_a_key_of_a_sensitive_map_is_plain_only_where_it_names_the_default_network() -> None:
    keys = {
        (operation.name, path): shape.plain_keys
        for operation in WITH_SHAPE
        for path, field in known_fields(operation).items()
        if isinstance(shape := bare(field), Map) and shape.plain_keys
    }
    assert keys == {("containers.create", "NetworkingConfig.EndpointsConfig"): {"default"}}


POINTER = "Engine source: a pointer, for which only null is the default"
SERVICES = "services.create services.update"
RUNS = "containers.create"
ABSENCE: tuple[tuple[str, str, tuple[object, ...], str], ...] = (
    (f"{RUNS} containers.commit", "Entrypoint", (), "daemon/commit.go, merge: [] is kept"),
    (f"{RUNS} containers.commit", "StopTimeout", (), POINTER),
    (RUNS, "HostConfig.MemorySwappiness", (-1,), "docker command: sent by default"),
    ("containers.update", "MemorySwappiness", (-1,), "as on create; an update ignores it"),
    (RUNS, "HostConfig.Init", (), POINTER),
    ("containers.update", "Init", (), POINTER),
    (RUNS, "HostConfig.PidsLimit", (0, -1), "container_routes.go: 0 and less become null"),
    ("containers.update", "PidsLimit", (), "container_unix.go, UpdateContainer: 0 lifts it"),
    (RUNS, "HostConfig.NetworkMode", ("", "default"), "container_routes.go"),
    (RUNS, "HostConfig.Capabilities", (), "API document 1.40: null is the default set"),
    (RUNS, "HostConfig.MaskedPaths", (), "oci_linux.go: [] masks nothing"),
    (RUNS, "HostConfig.ReadonlyPaths", (), "oci_linux.go: [] protects nothing"),
    (RUNS, "HostConfig.Isolation", ("", "default"), "api/types/container, IsDefault"),
    (RUNS, "HostConfig.RestartPolicy.Name", ("", "no"), "daemon/create.go"),
    ("networks.create", "IPAM.Driver", ("", "default"), "libnetwork, ipamapi.DefaultIPAM"),
    ("networks.create", "EnableIPv4", (), POINTER),
    ("networks.create", "EnableIPv6", (), POINTER),
    ("volumes.create", "ClusterVolumeSpec", (), "volume_routes.go: {} makes a cluster volume"),
    ("swarm.init", "Spec.Orchestration.TaskHistoryRetentionLimit", (), POINTER),
    ("swarm.update", "Orchestration.TaskHistoryRetentionLimit", (), POINTER),
    ("swarm.init", "Spec.Raft.KeepOldSnapshots", (), POINTER),
    ("swarm.update", "Raft.KeepOldSnapshots", (), POINTER),
    (SERVICES, "TaskTemplate.ContainerSpec.Privileges.Seccomp.Mode", ("", "default"), "document"),
    (SERVICES, "TaskTemplate.ContainerSpec.Privileges.AppArmor.Mode", ("", "default"), "document"),
    (SERVICES, "TaskTemplate.ContainerSpec.StopGracePeriod", (), POINTER),
    (SERVICES, "TaskTemplate.ContainerSpec.Isolation", ("", "default"), "as on create"),
    (SERVICES, "TaskTemplate.ContainerSpec.Init", (), POINTER),
    (SERVICES, "TaskTemplate.PluginSpec", (), POINTER),
    (SERVICES, "TaskTemplate.NetworkAttachmentSpec", (), POINTER),
    (SERVICES, "TaskTemplate.Resources.SwapBytes", (), POINTER),
    (SERVICES, "TaskTemplate.Resources.MemorySwappiness", (), POINTER),
    (SERVICES, "TaskTemplate.RestartPolicy.Delay", (), POINTER),
    (SERVICES, "TaskTemplate.Runtime", ("", "container"), "cluster/convert/service.go"),
    (SERVICES, "Mode.Replicated.Replicas", (), POINTER),
    (SERVICES, "Mode.ReplicatedJob.MaxConcurrent", (), POINTER),
    (SERVICES, "Mode.ReplicatedJob.TotalCompletions", (), POINTER),
    (SERVICES, "UpdateConfig.FailureAction", ("", "pause"), "cluster/convert/service.go"),
)
"""Where the values that equal absence are others than `EMPTY`, each with where it is from."""

HARMLESS: tuple[tuple[str, str, tuple[object, ...], str], ...] = (
    (RUNS, "HostConfig.NetworkMode", ("bridge", "none"), "the default on Linux, and no network"),
    (RUNS, "HostConfig.IpcMode", ("private", "none"), "API document: memory of its own, or none"),
    (RUNS, "HostConfig.CgroupnsMode", ("private",), "API document: a namespace of its own"),
    (RUNS, "HostConfig.Capabilities", ([],), "API document 1.40: no capability at all"),
    (RUNS, "HostConfig.SecurityOpt", (
        ["no-new-privileges"], ["no-new-privileges:true"], ["no-new-privileges=true"],
     ), "daemon_unix.go, parseSecurityOpt: takes power away"),
    (RUNS, "HostConfig.VolumeDriver", ("local",), "the Engine's own driver and default"),
    ("volumes.create", "Driver", ("local",), "the Engine's own driver and default"),
    ("networks.create", "Driver", ("bridge",), "the default on Linux"),
    ("networks.create", "EnableIPv6", (False,), "takes away what the Engine may have as default"),
    ("system.auth", "serveraddress", ("https://index.docker.io/v1/",), "registry.IndexServer"),
    (SERVICES, "UpdateConfig.FailureAction", ("continue",), "keeps the new specification"),
    ("nodes.update", "Role", ("worker",), "the lesser role, sent with each update"),
    ("nodes.update", "Availability", ("active",), "the default, sent with each update"),
)  # fmt: skip


def spread(table: tuple[tuple[str, str, tuple[object, ...], str], ...]) -> dict[str, object]:
    assert all(source for *_, source in table)
    return {f"{name} {path}": values for names, path, values, _ in table for name in names.split()}


def fields_said() -> dict[str, Field]:
    return {f"{o.name} {path}": field for o in WITH_SHAPE for path, field in said_of(o).items()}


def test_the_values_that_equal_absence_are_the_empty_ones_but_for_these() -> None:
    absence = {path: field.absent for path, field in fields_said().items() if field.absent != EMPTY}
    assert absence == spread(ABSENCE)


def test_the_harmless_values_of_sensitive_fields_are_exactly_these() -> None:
    harmless = {path: field.harmless for path, field in fields_said().items() if field.harmless}
    assert harmless == spread(HARMLESS)


LIMITS = """
CpuQuota DiskQuota KernelMemory KernelMemoryTCP MemoryReservation MemorySwap PidsLimit CpuCount
CpuPercent IOMaximumIOps IOMaximumBandwidth BlkioDeviceReadBps[].Rate BlkioDeviceWriteBps[].Rate
BlkioDeviceReadIOps[].Rate BlkioDeviceWriteIOps[].Rate Ulimits[].Soft Ulimits[].Hard
RestartPolicy.MaximumRetryCount
"""
LIMITS_OF_SERVICES = """
TaskTemplate.ContainerSpec.Mounts[].TmpfsOptions.SizeBytes
TaskTemplate.ContainerSpec.Ulimits[].Soft TaskTemplate.ContainerSpec.Ulimits[].Hard
TaskTemplate.Resources.Limits.NanoCPUs TaskTemplate.Resources.Limits.MemoryBytes
TaskTemplate.Resources.Limits.Pids TaskTemplate.Resources.SwapBytes
TaskTemplate.RestartPolicy.MaxAttempts TaskTemplate.Placement.MaxReplicas
UpdateConfig.Parallelism RollbackConfig.Parallelism
"""
UNLIMITED = {
    "containers.create": below(
        "HostConfig", f"{LIMITS} Memory NanoCpus Mounts[].TmpfsOptions.SizeBytes"
    ),
    "containers.update": LIMITS,
    "volumes.create": below(
        "ClusterVolumeSpec", "CapacityRange.LimitBytes AccessMode.CapacityRange.LimitBytes"
    ),
    "volumes.update": below("Spec", "CapacityRange.LimitBytes AccessMode.CapacityRange.LimitBytes"),
    "services.create": LIMITS_OF_SERVICES,
    "services.update": LIMITS_OF_SERVICES,
}
UNLIMITED_PARAMETERS = {
    "containers.list": "limit",
    "build.run": "memory memswap cpuquota",
    "build.prune": "max-used-space",
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_where_absence_means_no_limit_is_told_of_exactly_these(operation: Operation) -> None:
    fields = [path for path, field in said_of(operation).items() if field.unlimited]
    assert sorted(fields) == sorted(UNLIMITED.get(operation.name, "").split())
    parameters = {name for name, one in operation.parameters.items() if one.unlimited}
    assert parameters == set(UNLIMITED_PARAMETERS.get(operation.name, "").split())


BY_RISK = {
    Risk.READ_META: Level.METADATA,
    Risk.READ_SECRET: Level.SECRETS,
    Risk.EXFILTRATE: Level.SECRETS,
    Risk.WRITE: Level.DISTURB,
    Risk.HOST_ROOT: Level.ROOT,
}
LEVEL_OTHERWISE = {
    Level.METADATA: "system.auth",
    Level.SECRETS: "containers.attach containers.attach_ws",
    Level.DISTURB: "checkpoints.create checkpoints.remove volumes.create swarm.update nodes.update",
    Level.CODE: "containers.create containers.commit containers.archive_put exec.create exec.start"
    " images.import images.load images.tag build.run services.create services.update",
}
"""Where a bare grant is more or less than the risk says: what is sensitive has to be named, and
what a name or a prepared program means may be up to the client."""


def test_a_bare_grant_amounts_to_what_its_risk_says_but_for_these() -> None:
    otherwise = {name: level for level, names in LEVEL_OTHERWISE.items() for name in names.split()}
    expected = {name: otherwise.get(name, BY_RISK[o.risk]) for name, o in OPERATIONS.items()}
    assert {name: operation.level for name, operation in OPERATIONS.items()} == expected


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=name_of)
def test_no_bare_grant_is_root_where_the_risk_is_not(operation: Operation) -> None:
    assert operation.level > Level.NOTHING
    assert operation.writes or operation.level <= Level.SECRETS
    assert operation.risk is Risk.HOST_ROOT or operation.level < Level.ROOT
