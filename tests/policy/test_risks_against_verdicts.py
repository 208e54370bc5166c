"""A policy under which a request passes that leads to root is told to amount to that.

Verdicts are the second opinion: they know nothing of levels.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from sockguard.engine.level import Level
from sockguard.policy.load import PolicyError
from sockguard.policy.risks import risks_of
from tests.support.policies import ask, policy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_DRIVER = {"Name": "local", "Options": {"type": "none", "o": "bind", "device": "/"}}


def _bind(source: str, **more: object) -> dict[str, Any]:
    return {"Mounts": [{"Type": "bind", "Source": source, "Target": "/t", **more}]}


WAYS_OUT: tuple[dict[str, Any], ...] = (
    {"Privileged": True},
    {"CapAdd": ["SYS_ADMIN"]},
    {"CapAdd": ["CAP_SYS_PTRACE", "CHOWN"]},
    {"CapAdd": ["all"]},
    {"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/d", "CgroupPermissions": "rwm"}]},
    {"Devices": [{"PathOnHost": "/dev/tty1", "PathInContainer": "/d", "CgroupPermissions": "rwm"}]},
    {"DeviceCgroupRules": ["b 8:0 rwm"]},
    {"DeviceCgroupRules": ["c 1:1 rw"]},
    {"DeviceRequests": [{"Driver": "cdi", "Count": 0, "DeviceIDs": ["x.y/z=a"]}]},
    {"PidMode": "host"},
    {"PidMode": "container:db"},
    {"NetworkMode": "host"},
    {"UsernsMode": "host"},
    {"SecurityOpt": ["seccomp=unconfined"]},
    {"SecurityOpt": ["no-new-privileges", "apparmor=unconfined"]},
    {"MaskedPaths": []},
    {"ReadonlyPaths": []},
    {"Runtime": "kata"},
    {"Annotations": {"org.systemd.property.ExecStart": "x"}},
    {"VolumesFrom": ["db"]},
    {"Binds": ["/:/t"]},
    {"Binds": ["/:/t:ro"]},
    {"Binds": ["/etc:/t"]},
    {"Binds": ["/srv/builds/a:/t"]},
    {"Binds": ["/proc:/t:ro"]},
    {"Binds": ["/run/docker.sock:/t"]},
    {"Binds": ["/var/run/docker.sock:/t:ro"]},
    {"Binds": ["web:/a", "/home:/t:ro"]},
    _bind("/"),
    _bind("/etc"),
    _bind("/srv/builds/a"),
    _bind("/srv/builds/a", ReadOnly=True, BindOptions={"ReadOnlyNonRecursive": True}),
    _bind("/run", ReadOnly=True),
    _bind("/var/lib/lxd", ReadOnly=True),
    {"Mounts": [{"Type": "volume", "Target": "/t", "VolumeOptions": {"DriverConfig": _DRIVER}}]},
    {
        "Mounts": [
            {"Type": "volume", "Target": "/t", "VolumeOptions": {"DriverConfig": {"Name": "nfs"}}}
        ]
    },
)
"""Fields of a HostConfig, each of which is root on the host."""

TEXTS = (
    *("any", "{each: any}", "{equals: []}", "{each: {like: '**'}}", "{each: {like: '*'}}"),
    *("{each: {like: 'CAP_*'}}", "{each: [CHOWN, SYS_ADMIN]}", "{each: [CHOWN]}"),
    *("{each: {like: '*:/t'}}", "{each: {like: '/srv/**'}}", "{each: {like: 'web*:/**'}}"),
    *("{each: {like: ['web:*/a', '/*:/t']}}", "{each: {like: ['web:**', '/home:**']}}"),
    *("{each: ['web:/a', '/etc:/t']}", "{equals: ['/:/t']}", "{each: {like: '*p=unconfined'}}"),
    "{one_of: [[no-new-privileges], ['seccomp=unconfined']]}",
)
MODES = ("any", "host", "[bridge, host]", "{like: 'h*'}", "{like: '*:db'}", "bridge", "''")
FLAGS = ("any", "true", "false", "[true, false]")
OBJECTS = (
    *("any", "{each: any}"),
    "{each: {fields: {Type: any}}}",
    "{each: {fields: {Type: bind}}}",
    "{each: {fields: {Type: bind, Source: {like: '/srv/**'}}}}",
    "{each: {fields: {Type: [volume, bind], Source: {like: 'web-*'}}}}",
    "{each: {fields: {Type: volume, Target: any}}}",
    "{each: {fields: {Type: volume, Source: {like: 'web-*'}, VolumeOptions: any}}}",
    "{each: {fields: {Type: volume, VolumeOptions: {fields: {DriverConfig: any}}}}}",
    "{each: {fields: {VolumeOptions: {fields: {DriverConfig: {fields: {Name: any}}}}}}}",
)
FIELDS: Mapping[str, tuple[str, ...]] = {
    "HostConfig": ("any", "{fields: {Privileged: any}}", "{fields: {Binds: any, CapAdd: any}}"),
    "HostConfig.Privileged": FLAGS,
    "HostConfig.CapAdd": TEXTS,
    "HostConfig.Binds": TEXTS,
    "HostConfig.SecurityOpt": TEXTS,
    "HostConfig.VolumesFrom": TEXTS,
    "HostConfig.DeviceCgroupRules": TEXTS,
    "HostConfig.MaskedPaths": ("any", "{equals: []}", "{each: any}"),
    "HostConfig.ReadonlyPaths": ("any", "{equals: []}", "{each: any}"),
    "HostConfig.Mounts": OBJECTS,
    "HostConfig.Devices": ("any", "{each: {fields: {PathOnHost: {like: '/dev/**'}}}}"),
    "HostConfig.DeviceRequests": ("any", "{each: {fields: {Driver: any, DeviceIDs: any}}}"),
    "HostConfig.PidMode": MODES,
    "HostConfig.NetworkMode": MODES,
    "HostConfig.UsernsMode": MODES,
    "HostConfig.Runtime": MODES,
    "HostConfig.Annotations": ("any", "{keys: {like: 'org.**'}}", "{values: any}"),
}
VIEWS: Mapping[str, tuple[str, ...]] = {
    "host_paths": (
        *("any", "/", "/etc", "/srv/builds/a", "/proc", "/home", "{under: /}", "{under: /srv}"),
        *("{under: /, writable: true}", "{under: /srv/builds, writable: true}", "/dev/null"),
        *("[/srv/x, /run/docker.sock]", "[/srv/x, /var/run/docker.sock]", "{under: /var/lib}"),
        *("{path: [/srv/x, /run/docker.sock], writable: true}", "[/srv/x, {under: /var}]"),
    ),
    "capabilities": ("any", "CHOWN", "[CHOWN, SYS_ADMIN]", "{like: 'SYS_*'}", "{like: '*'}"),
    "devices": (
        *("any", "/dev/sda", "[/dev/ttyUSB0, 'b 8:0 rwm']", "{like: '/dev/tty*'}", "'nvidia:all'"),
        *("{like: '/dev/*a'}", "{like: 'c 1*:* rw'}", "{like: ['nvidia:*', 'c*:*']}"),
    ),
    "namespaces": ("any", "network=host", "[uts=host, pid=host]", "{like: '*=host'}"),
    "networks": ("any", "bridge"),
    "user": ("any", "root"),
}


def _mapping(
    options: Mapping[str, tuple[str, ...]], most: int
) -> st.SearchStrategy[dict[str, str]]:
    names = st.lists(st.sampled_from(sorted(options)), max_size=most, unique=True)
    return names.flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: st.sampled_from(options[name]) for name in chosen}
        )
    )


@settings(max_examples=200, deadline=None)
@given(fields=_mapping(FIELDS, 3), views=_mapping(VIEWS, 3))
def test_whoever_can_create_a_way_out_is_told_to_have_root(
    fields: dict[str, str], views: dict[str, str]
) -> None:
    words = [f"{name}: {text}" for name, text in views.items()]
    if fields:
        inner = ", ".join(f"{name}: {text}" for name, text in fields.items())
        words.append(f"body: {{{inner}}}")
    item = f"{{containers.create: {{{', '.join(words)}}}}}" if words else "containers.create"
    try:
        policy = policy_of(f"allow: [{item}]")
    except PolicyError:
        assume(False)
    passing = [
        host
        for host in WAYS_OUT
        if ask(
            policy,
            "POST /v1.47/containers/create",
            body=json.dumps({"Image": "alpine", "HostConfig": host}).encode(),
        ).allowed
    ]
    level = risks_of(policy.clients["main"]).level
    event(f"{level.name}, {'a' if passing else 'no'} way out")
    assert not passing or level is Level.ROOT, passing
