"""What real programs send, and what each sensitive part of a body looks like when it is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sockguard.engine.bodies.containers import CREATE
from sockguard.engine.bodies.host_config import HOST_CONFIG, UPDATE
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.inspection import inspect_body
from sockguard.engine.level import Level
from sockguard.engine.shape import (
    INTEGER,
    TEXT,
    Alias,
    Field,
    Map,
    Shape,
    fields_of,
    is_absent,
    limit,
    sensitive,
    sensitive_within,
)
from sockguard.errors import Malformed

CORPUS = Path(__file__).parents[1] / "corpus" / "bodies.json"
SENT: list[dict[str, Any]] = json.loads(CORPUS.read_text("utf-8"))
"""Recorded from the programs named; those of go-dockerclient are written after its structs."""


def found(shape: Shape | None, body: object) -> list[str]:
    assert shape is not None
    return list(dict.fromkeys(part.path for part in inspect_body(shape, body).sensitive))


@pytest.mark.parametrize("sent", SENT, ids=lambda sent: f"{sent['by']} ({sent['operation']})")
def test_what_real_programs_send_by_default_has_no_sensitive_part(sent: dict[str, Any]) -> None:
    report = inspect_body(OPERATIONS[sent["operation"]].shape or {}, sent["body"])
    assert report.unknown == ()
    assert list(dict.fromkeys(part.path for part in report.sensitive)) == sent["sensitive"]


def test_of_what_they_send_by_default_only_the_network_of_a_compose_project_is_sensitive() -> None:
    sensitive_ones = {(sent["by"], sent["operation"]) for sent in SENT if sent["sensitive"]}
    assert sensitive_ones == {
        ("docker-compose 1.29.2: up", "containers.create"),
        ("docker-compose 1.29.2: up", "networks.connect"),
    }


DEVICE = {"Path": "/dev/sda", "Rate": 1}
SENSITIVE_VALUES: dict[str, object] = {
    "CgroupParent": "/system.slice",
    "BlkioWeightDevice": [{"Path": "/dev/sda", "Weight": 100}],
    "BlkioDeviceReadBps": [DEVICE],
    "BlkioDeviceWriteBps": [DEVICE],
    "BlkioDeviceReadIOps": [DEVICE],
    "BlkioDeviceWriteIOps": [DEVICE],
    "Devices": [{"PathOnHost": "/dev/sda"}],
    "DeviceCgroupRules": ["a *:* rwm"],
    "DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}],
    "OomKillDisable": True,
    "Ulimits": [{"Name": "core", "Soft": -1, "Hard": -1}],
    "NetworkMode": "host",
    "PidMode": "host",
    "IpcMode": "shareable",
    "UTSMode": "host",
    "UsernsMode": "host",
    "CgroupnsMode": "host",
    "Cgroup": "container:web",
    "Privileged": True,
    "CapAdd": ["SYS_ADMIN"],
    "Capabilities": ["CAP_SYS_ADMIN"],
    "SecurityOpt": ["no-new-privileges:true", "seccomp:unconfined"],
    "MaskedPaths": [],
    "ReadonlyPaths": [],
    "Sysctls": {"net.ipv4.ip_forward": "1"},
    "Runtime": "runc",
    "Annotations": {"org.systemd.property.CollectMode": "'inactive'"},
    "GroupAdd": ["docker"],
    "Isolation": "process",
    "OomScoreAdj": -1000,
    "Binds": ["web:/data"],
    "Mounts": [{"Type": "tmpfs", "Target": "/x"}],
    "VolumesFrom": ["web"],
    "VolumeDriver": "sshfs",
    "Tmpfs": {"/x": ""},
    "StorageOpt": {"size": "1T"},
    "ContainerIDFile": "/etc/cron.d/x",
    "PortBindings": {"80/tcp": None},
    "PublishAllPorts": True,
    "Dns": ["192.0.2.1"],
    "DnsOptions": ["use-vc"],
    "DnsSearch": ["example.com"],
    "ExtraHosts": ["db:host-gateway"],
    "Links": ["db:db"],
    "LogConfig.Type": "none",
    "LogConfig.Config": {"max-size": "-1"},
    "RestartPolicy.Name": "always",
}


def nested(path: str, value: object) -> object:
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


@pytest.mark.parametrize(("path", "value"), SENSITIVE_VALUES.items())
def test_a_sensitive_host_setting_is_found_and_says_what_it_hands_over(
    path: str, value: object
) -> None:
    report = inspect_body(CREATE, {"Image": "a", "HostConfig": nested(path, value)})
    assert report.sensitive[0].path == f"HostConfig.{path}"
    assert report.sensitive[0].field is dict(fields_of(HOST_CONFIG))[path]
    assert all(part.path.startswith(f"HostConfig.{path}") for part in report.sensitive)


def test_each_sensitive_host_setting_has_such_a_case() -> None:
    said = {path for path, f in fields_of(HOST_CONFIG) if isinstance(f, Field) and f.sensitive}
    assert said == SENSITIVE_VALUES.keys()


ENTRY = "NetworkingConfig.EndpointsConfig{}"
ZEROS = {"IPAMConfig": None, "Links": None, "Aliases": None, "MacAddress": "", "GwPriority": 0}


@pytest.mark.parametrize(
    ("endpoints", "paths"),
    [
        (None, []),
        ({}, []),
        ({"default": ZEROS}, []),
        ({"default": None}, []),
        ({"default": {"IPAMConfig": {"IPv4Address": "", "LinkLocalIPs": []}}}, []),
        ({"default": {"Aliases": ["db"]}}, [f"{ENTRY}.Aliases", f"{ENTRY}.Aliases[]"]),
        ({"default": {"IPAMConfig": {"IPv4Address": "192.0.2.1"}}},
         [f"{ENTRY}.IPAMConfig.IPv4Address"]),
        ({"default": {"NetworkID": "0123"}}, [f"{ENTRY}.NetworkID"]),
        ({"default": {"GwPriority": -1}}, [f"{ENTRY}.GwPriority"]),
        ({"default": {"DriverOpts": {"a": ""}}},
         [f"{ENTRY}.DriverOpts", f"{ENTRY}.DriverOpts{{}}"]),
        ({"backend": None}, [ENTRY]),
        ({"backend": ZEROS}, [ENTRY]),
        ({"bridge": ZEROS}, [ENTRY]),
        ({"Default": ZEROS}, [ENTRY]),
        ({"default": ZEROS, "backend": {"MacAddress": "02:00"}}, [ENTRY, f"{ENTRY}.MacAddress"]),
    ],
)  # fmt: skip
def test_an_endpoint_is_plain_only_where_it_is_the_default_one_and_says_nothing(
    endpoints: object, paths: list[str]
) -> None:
    assert found(CREATE, {"NetworkingConfig": {"EndpointsConfig": endpoints}}) == paths


def test_an_entry_that_joins_a_network_is_told_apart_from_the_default_one_by_its_key() -> None:
    endpoints = {"default": ZEROS, "backend": ZEROS}
    report = inspect_body(CREATE, {"NetworkingConfig": {"EndpointsConfig": endpoints}})
    assert [part.steps for part in report.sensitive] == [
        ("NetworkingConfig", "EndpointsConfig", "{backend}")
    ]


def single_fields() -> list[tuple[str, str, Field]]:
    """Every sensitive field that stands in no list and no map, by its operation."""
    return [
        (operation.name, path, field)
        for operation in OPERATIONS.values()
        for path, field in fields_of(operation.shape or {})
        if isinstance(field, Field) and field.sensitive and "[" not in path and "{" not in path
    ]


def fits(shape: Shape, value: object) -> bool:
    try:
        inspect_body(shape, value)
    except Malformed:
        return False
    return True


@pytest.mark.parametrize(("operation", "path", "field"), single_fields())
def test_a_value_that_equals_absence_or_is_harmless_is_no_sensitive_part(
    operation: str, path: str, field: Field
) -> None:
    values = [one for one in (None, *field.absent, *field.harmless) if fits(field.shape, one)]
    for value in values:
        assert path not in found(OPERATIONS[operation].shape, nested(path, value))


@pytest.mark.parametrize(
    ("operation", "body", "paths"),
    [
        ("containers.update", {"RestartPolicy": {"Name": "no"}}, ["RestartPolicy.Name"]),
        ("containers.update", {"PidsLimit": 0, "Memory": 1, "MemorySwap": -1}, []),
        ("containers.commit", {"Entrypoint": []}, ["Entrypoint"]),
        ("containers.commit", {"Env": ["A=1"]}, ["Env", "Env[]"]),
        ("checkpoints.create", {"CheckpointID": "a", "CheckpointDir": "/"}, ["CheckpointDir"]),
        ("exec.create", {"Cmd": ["ls"], "Env": ["LD_PRELOAD=/x"]}, ["Env", "Env[]"]),
        ("exec.create", {"Cmd": ["ls"], "User": "0"}, ["User"]),
        ("exec.create", {"Cmd": ["ls"], "WorkingDir": "/"}, ["WorkingDir"]),
        ("networks.create", {"Driver": "macvlan"}, ["Driver"]),
        ("networks.create", {"IPAM": {"Config": [{}]}}, ["IPAM.Config"]),
        ("networks.create", {"ConfigFrom": {"Network": "n"}}, ["ConfigFrom.Network"]),
        ("networks.create", {"EnableIPv6": True}, ["EnableIPv6"]),
        ("volumes.create", {"Driver": "local", "DriverOpts": {"o": ""}},
         ["DriverOpts", "DriverOpts{}"]),
        ("volumes.create", {"ClusterVolumeSpec": {}}, ["ClusterVolumeSpec"]),
        ("services.create", {"TaskTemplate": {"PluginSpec": {}}}, ["TaskTemplate.PluginSpec"]),
        ("services.create", {"TaskTemplate": {"Runtime": "plugin"}}, ["TaskTemplate.Runtime"]),
        ("services.update", {"UpdateConfig": {"FailureAction": "rollback"}},
         ["UpdateConfig.FailureAction"]),
        ("services.update", {"Networks": [{"Target": "host"}]},
         ["Networks", "Networks[]", "Networks[].Target"]),
        ("nodes.update", {"Role": "manager", "Availability": "drain"}, ["Role", "Availability"]),
        ("configs.create", {"Templating": {"Name": "golang"}}, ["Templating.Name"]),
        ("secrets.create", {"Driver": {"Name": "vault"}}, ["Driver.Name"]),
        ("system.auth", {"serveraddress": "http://127.0.0.1"}, ["serveraddress"]),
        ("swarm.init", {"Spec": {"CAConfig": {"SigningCAKey": "k"}}},
         ["Spec.CAConfig.SigningCAKey"]),
    ],
)  # fmt: skip
def test_what_is_sensitive_elsewhere_is_found(
    operation: str, body: dict[str, object], paths: list[str]
) -> None:
    assert found(OPERATIONS[operation].shape, body) == paths


def test_what_equals_absence_differs_from_operation_to_operation() -> None:
    created, updated = HOST_CONFIG["PidsLimit"], UPDATE["PidsLimit"]
    assert is_absent(created, 0)
    assert not is_absent(updated, 0)
    assert is_absent(updated, None)


def test_a_harmless_value_is_none_where_it_stands_within_something_sensitive() -> None:
    mode = sensitive(TEXT, "Inner.", harmless=("private",))
    outer = sensitive([{"Mode": mode}], "Outer.", Level.CODE)
    parts = inspect_body({"A": outer}, {"A": [{"Mode": "private"}]}).sensitive
    assert [(part.path, part.field) for part in parts] == [
        ("A", outer),
        ("A[]", outer),
        ("A[].Mode", outer),
    ]


def test_all_within_a_harmless_value_is_harmless() -> None:
    shape = {"A": sensitive([TEXT], "Sentence.", harmless=(["b"],))}
    assert found(shape, {"A": ["b"]}) == []
    assert found(shape, {"A": ["b", "b"]}) == ["A", "A[]"]


def test_a_plain_key_is_none_where_its_map_stands_within_something_sensitive() -> None:
    inner = sensitive(Map(TEXT, plain_keys=frozenset({"default"})), "Inner.")
    outer = sensitive({"B": inner}, "Outer.")
    parts = inspect_body({"A": outer}, {"A": {"B": {"default": "", "x": ""}}}).sensitive
    assert [(part.steps, part.field) for part in parts] == [
        (("A",), outer),
        (("A", "B", "{default}"), outer),
        (("A", "B", "{x}"), inner),
    ]


def test_an_object_is_marked_by_its_fields_and_passes_when_they_are_empty() -> None:
    fields: dict[str, Shape] = {
        "Name": TEXT,
        "name": Alias("Name"),
        "Size": limit(INTEGER, absent=()),
        "Inner": {"Options": Map(TEXT)},
        "Own": sensitive(TEXT, "Own.", Level.CODE),
    }
    shape = {"Driver": sensitive_within(fields, "Sentence.", Level.DISTURB)}
    assert found(shape, {"Driver": {"Name": "", "Inner": {"Options": {}}, "Own": None}}) == []
    report = inspect_body(
        shape, {"Driver": {"name": "a", "Size": 0, "Inner": {"Options": {"a": ""}}, "Own": "b"}}
    )
    assert [(part.path, part.field.level) for part in report.sensitive] == [
        ("Driver.Name", Level.DISTURB),
        ("Driver.Size", Level.DISTURB),
        ("Driver.Inner.Options", Level.DISTURB),
        ("Driver.Inner.Options{}", Level.DISTURB),
        ("Driver.Own", Level.CODE),
    ]
    assert report.sensitive[1].field.unlimited
