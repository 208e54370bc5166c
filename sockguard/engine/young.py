"""Fields of bodies that are younger than their operation, and the API version that brought them.

Must never leave out one that an Engine ignores below its version: a policy may rely on it.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.inspection import Steps


class Young(NamedTuple):
    """A field, with all that stands within it, and the minor version that first reads it."""

    path: str
    steps: Steps
    since: int


_MOUNT = """
29 Mounts[].Consistency
40 Mounts[].BindOptions.NonRecursive
42 Mounts[].BindOptions.CreateMountpoint
44 Mounts[].BindOptions.ReadOnlyNonRecursive
44 Mounts[].BindOptions.ReadOnlyForceRecursive
45 Mounts[].VolumeOptions.Subpath
46 Mounts[].TmpfsOptions.Options
48 Mounts[].ImageOptions
"""
_HEALTH = """
29 StartPeriod
44 StartInterval
"""
_RESOURCES = """
28 DeviceCgroupRules
37 Init
40 DeviceRequests
40 KernelMemoryTCP
"""
_CONTAINER_SPEC = f"""
27 Groups
27 HealthCheck
27 Hostname
27 Hosts
27 OpenStdin
27 ReadOnly
27 Secrets
28 StopSignal
30 Configs
30 Privileges
35 Isolation
38 Init
40 Configs[].Runtime
40 Privileges.CredentialSpec.Config
40 Sysctls
41 CapabilityAdd
41 CapabilityDrop
41 Ulimits
44 Privileges.AppArmor
44 Privileges.NoNewPrivileges
44 Privileges.Seccomp
46 OomScoreAdj
{_MOUNT}
"""
_TASK = """
28 Placement.Preferences
30 Placement.Platforms
30 Runtime
31 PluginSpec
32 Resources.Limits.GenericResources
32 Resources.Reservations.GenericResources
38 NetworkAttachmentSpec
39 Networks[].DriverOpts
40 Placement.MaxReplicas
41 Resources.Limits.Pids
52 Resources.MemorySwappiness
52 Resources.SwapBytes
"""
_SERVICE = """
28 RollbackConfig
29 RollbackConfig.Order
29 UpdateConfig.Order
34 EndpointSpec.Ports[].PublishMode
39 Networks[].DriverOpts
41 Mode.GlobalJob
41 Mode.ReplicatedJob
"""
_AUTHORITY = """
30 CAConfig.ExternalCAs[].CACert
30 CAConfig.ForceRotate
30 CAConfig.SigningCACert
30 CAConfig.SigningCAKey
"""


def _read(table: str, within: str = "") -> list[Young]:
    return [_young(*line.split(" "), within=within) for line in table.splitlines() if line]


def _young(since: str, name: str, *, within: str) -> Young:
    path = f"{within}.{name}" if within else name
    return Young(path, tuple(re.findall(r"\[\]|[^.\[]+", path)), int(since))


_OF_SERVICES = (
    *_read(_SERVICE),
    *_read(_TASK, "TaskTemplate"),
    *_read(_CONTAINER_SPEC, "TaskTemplate.ContainerSpec"),
    *_read(_HEALTH, "TaskTemplate.ContainerSpec.HealthCheck"),
)
_OF_SECRETS = tuple(_read("31 Driver\n37 Templating"))

YOUNG: Mapping[str, tuple[Young, ...]] = MappingProxyType(
    {
        "containers.create": (
            *_read(_HEALTH, "Healthcheck"),
            *_read(_RESOURCES, "HostConfig"),
            *_read(_MOUNT, "HostConfig"),
            *_read("38 MaskedPaths\n38 ReadonlyPaths\n40 Capabilities", "HostConfig"),
            *_read("41 CgroupnsMode\n43 Annotations", "HostConfig"),
        ),
        "containers.update": tuple(_read(_RESOURCES)),
        "containers.commit": tuple(_read(_HEALTH, "Healthcheck")),
        "exec.create": tuple(_read("35 WorkingDir\n42 ConsoleSize")),
        "exec.start": tuple(_read("42 ConsoleSize")),
        "networks.create": tuple(_read("27 Attachable\n29 Ingress\n47 EnableIPv4")),
        "networks.connect": tuple(
            _read("32 DriverOpts\n44 DNSNames\n48 GwPriority", "EndpointConfig")
        ),
        "volumes.create": tuple(_read("42 ClusterVolumeSpec")),
        "swarm.init": (
            *_read("30 DataPathAddr\n39 DefaultAddrPool\n39 SubnetSize\n40 DataPathPort"),
            *_read(_AUTHORITY, "Spec"),
        ),
        "swarm.join": tuple(_read("30 DataPathAddr")),
        "swarm.update": tuple(_read(_AUTHORITY)),
        "services.create": _OF_SERVICES,
        "services.update": _OF_SERVICES,
        "secrets.create": _OF_SECRETS,
        "secrets.update": _OF_SECRETS,
        "configs.create": tuple(_read("37 Templating")),
        "configs.update": tuple(_read("37 Templating")),
    }
)
"""By operation. Below these versions an Engine leaves the field out as if it had not been sent.

Sources: the API documents; swarm/helpers.go (adjustForAPIVersion), container_routes.go.
"""
