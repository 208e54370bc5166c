"""A container that asks for what hands something over is created only where a policy names that.

The fields come from the catalogue, so that none is left out; the value of each is one that it hands
something over with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.engine.bodies.containers import CREATE
from sockguard.engine.shape import Field
from tests.support.dockerd import IMAGE
from tests.support.guarded import Guarded
from tests.support.sockguard_process import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.shape import Shape
    from tests.support.asking import Answer
    from tests.support.dockerd import Engine
    from tests.support.sockguard_process import Guard


def sensitive_fields(shape: Mapping[str, Shape], path: str = "") -> Iterator[str]:
    """The paths of all fields that a policy has to name; what is within one is named with it."""
    for name, part in shape.items():
        inside = f"{path}{name}"
        if isinstance(part, Field) and part.sensitive:
            yield inside
        elif isinstance(part, Mapping):
            yield from sensitive_fields(part, f"{inside}.")


FIELDS = tuple(sensitive_fields(CREATE))


@dataclass(frozen=True, slots=True)
class Asked:
    """A value; `says` are the words of an Engine that cannot give it, in an error or a warning.

    `unread` is a field that only other Engines than 20.10 read.
    """

    value: object
    says: str = ""
    unread: bool = False


_OF_A_DISK = {"Path": "/dev/null"}
ASKED = {
    "MacAddress": Asked("02:42:ac:11:00:99"),
    "HostConfig.CgroupParent": Asked("/elsewhere"),
    "HostConfig.BlkioWeightDevice": Asked(
        [_OF_A_DISK | {"Weight": 100}], says="Weight-device discarded"
    ),
    "HostConfig.BlkioDeviceReadBps": Asked([_OF_A_DISK | {"Rate": 1024}]),
    "HostConfig.BlkioDeviceWriteBps": Asked([_OF_A_DISK | {"Rate": 1024}]),
    "HostConfig.BlkioDeviceReadIOps": Asked([_OF_A_DISK | {"Rate": 1024}]),
    "HostConfig.BlkioDeviceWriteIOps": Asked([_OF_A_DISK | {"Rate": 1024}]),
    "HostConfig.Devices": Asked(
        [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/void", "CgroupPermissions": "r"}]
    ),
    "HostConfig.DeviceCgroupRules": Asked(["a *:* rwm"]),
    "HostConfig.DeviceRequests": Asked(
        [
            {
                "Driver": "nvidia",
                "Count": -1,
                "DeviceIDs": [],
                "Capabilities": [["gpu"]],
                "Options": {},
            }
        ]
    ),
    "HostConfig.OomKillDisable": Asked(True, says="OomKillDisable discarded"),
    "HostConfig.Ulimits": Asked([{"Name": "memlock", "Soft": -1, "Hard": -1}]),
    "HostConfig.NetworkMode": Asked("host"),
    "HostConfig.PidMode": Asked("host"),
    "HostConfig.IpcMode": Asked("host"),
    "HostConfig.UTSMode": Asked("host"),
    "HostConfig.UsernsMode": Asked("host"),
    "HostConfig.CgroupnsMode": Asked("host"),
    "HostConfig.Cgroup": Asked("container:other"),
    "HostConfig.Privileged": Asked(True),
    "HostConfig.CapAdd": Asked(["SYS_ADMIN"]),
    "HostConfig.Capabilities": Asked(["CAP_SYS_ADMIN"], unread=True),  # experimental, 19.03
    "HostConfig.SecurityOpt": Asked(["seccomp=unconfined"]),
    "HostConfig.MaskedPaths": Asked([]),
    "HostConfig.ReadonlyPaths": Asked([]),
    "HostConfig.Sysctls": Asked({"net.ipv4.ip_forward": "1"}),
    "HostConfig.Runtime": Asked("runc"),
    "HostConfig.Annotations": Asked({"run.oci.handler": "other"}, unread=True),  # from 24.0 on
    "HostConfig.GroupAdd": Asked(["0"]),
    "HostConfig.Isolation": Asked("process", says="linux only supports 'default'"),
    "HostConfig.OomScoreAdj": Asked(-500),
    "HostConfig.Binds": Asked(["/:/host"]),
    "HostConfig.Mounts": Asked([{"Type": "bind", "Source": "/", "Target": "/host"}]),
    "HostConfig.VolumesFrom": Asked(["other"]),
    "HostConfig.VolumeDriver": Asked("nobodys"),
    "HostConfig.Tmpfs": Asked({"/t": "exec,suid,dev"}),
    "HostConfig.StorageOpt": Asked(
        {"size": "1G"}, says="--storage-opt is supported only for overlay over xfs"
    ),
    "HostConfig.ContainerIDFile": Asked("/tmp/written"),
    "HostConfig.PortBindings": Asked({"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": "48022"}]}),
    "HostConfig.PublishAllPorts": Asked(True),
    "HostConfig.Dns": Asked(["192.0.2.1"]),
    "HostConfig.DnsOptions": Asked(["ndots:9"]),
    "HostConfig.DnsSearch": Asked(["example.org"]),
    "HostConfig.ExtraHosts": Asked(["registry:192.0.2.1"]),
    "HostConfig.Links": Asked(["other:it"]),
    "HostConfig.LogConfig.Type": Asked("syslog"),
    "HostConfig.LogConfig.Config": Asked({"max-size": "-1"}),
    "HostConfig.RestartPolicy.Name": Asked("always"),
    "NetworkingConfig.EndpointsConfig": Asked({"made": {"Aliases": ["trusted"]}}),
}


def client_for(path: str) -> str:
    return "names-" + path.rpartition(".")[2].lower()


POLICY = "clients:\n  plain: {allow: [containers.create]}\n" + "".join(
    f"  {client_for(path)}: {{allow: [containers.create: {{body: {{{path}: any}}}}]}}\n"
    for path in FIELDS
)


@pytest.fixture(scope="module")
def guard(dockerd: Engine) -> Iterator[Guard]:
    dockerd.docker("create", "--name=other", IMAGE)
    dockerd.docker("network", "create", "made")
    with serving(POLICY, dockerd.host, "plain", *map(client_for, FIELDS)) as guard:
        yield guard
    dockerd.remove_containers()
    dockerd.docker("network", "rm", "made")


def create(guard: Guard, client: str, path: str) -> Answer:
    body: dict[str, Any] = {"Image": IMAGE}
    *outer, last = path.split(".")
    holder = body
    for name in outer:
        holder = holder.setdefault(name, {})
    holder[last] = ASKED[path].value
    return Guarded(guard.socket(client)).ask("POST", "/containers/create", body)


def test_a_value_is_known_for_every_sensitive_field() -> None:
    assert set(ASKED) == set(FIELDS)


@pytest.mark.parametrize("path", FIELDS)
def test_under_a_plain_grant_it_is_refused(path: str, guard: Guard, dockerd: Engine) -> None:
    mark = dockerd.mark()
    answer = create(guard, "plain", path)
    assert answer.status == 403
    assert path in answer.message
    assert [call for call in dockerd.received(mark) if call.startswith("POST")] == []


@pytest.mark.parametrize("path", FIELDS)
def test_where_it_is_named_the_engine_gets_it(path: str, guard: Guard, dockerd: Engine) -> None:
    asked, answer = ASKED[path], create(guard, client_for(path), path)
    if asked.says and asked.says in answer.body.decode():
        return
    assert answer.status == 201, answer.body
    [made] = json.loads(dockerd.docker("inspect", answer.json["Id"]))
    dockerd.docker("rm", answer.json["Id"])
    assert holds(made, path, asked)


def holds(made: Any, path: str, asked: Asked) -> bool:
    """Whether a container is set up as asked, as far as this Engine reads the field at all."""
    match path.split("."):
        case ["HostConfig", "Links"]:  # told as the names of both
            return len(made["HostConfig"]["Links"]) == 1
        case ["NetworkingConfig", _]:
            return bool(made["NetworkSettings"]["Networks"]["made"]["Aliases"] == ["trusted"])
        case [name]:
            found = made["Config"].get(name)
        case [*names]:
            found = made
            for name in names:
                found = found.get(name, ...)
    return bool(found == asked.value or (asked.unread and found is ...))
