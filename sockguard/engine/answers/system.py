"""What the Engine answers with on itself.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map, Mask, Masked
from sockguard.engine.answers import containers, images, volumes
from sockguard.engine.answers.parts import (
    COMMAND,
    ERROR,
    HOST_PATH,
    NOTHING,
    ROWS,
    plain,
    texts,
)
from sockguard.engine.answers.swarm import CLUSTER

VERSION = Answer(
    {
        **plain(
            "Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion"
            " Experimental BuildTime"
        ),
        "Platform": plain("Name"),
        "Components": [{**plain("Name Version"), "Details": NOTHING}],
    }
)

_PROXY = Masked(
    Mask.TEXT, "Shows the proxies of the Engine, passwords in their addresses included."
)
_MIRRORS = Masked(
    Mask.TEXT, "Shows the mirrors of registries, passwords in their addresses included."
)
_RUNTIMES = Masked(Mask.TEXT, "Shows where the runtimes lie on the host, and how they are called.")
_STORE = Masked(Mask.TEXT, "Shows the address of the store that old Engines kept a cluster in.")

_COMMIT = plain("ID Expected")

INFO = Answer(
    {
        **plain(
            "Architecture Containers ContainersRunning ContainersStopped ContainersPaused"
            " CpuCfsPeriod CpuCfsQuota Debug Driver ExperimentalBuild ID IPv4Forwarding Images"
            " IndexServerAddress InitSha1 KernelVersion MemTotal MemoryLimit NCPU NEventsListener"
            " NFd NGoroutines Name OomKillDisable OSType OomScoreAdj OperatingSystem SwapLimit"
            " SystemTime ServerVersion CPUShares CPUSet BridgeNfIptables BridgeNfIp6tables"
            " LoggingDriver CgroupDriver CgroupVersion DefaultRuntime LiveRestoreEnabled Isolation"
            " InitBinary KernelMemory KernelMemoryTCP PidsLimit OSVersion ProductLicense"
            " ClusterAdvertise"
        ),
        **texts("Labels SecurityOptions Warnings"),
        "DiscoveryBackend": _STORE,
        "ClusterStore": _STORE,
        "DockerRootDir": HOST_PATH,
        "InitPath": HOST_PATH,
        "DriverStatus": ROWS,
        "SystemStatus": ROWS,
        "Plugins": texts("Volume Network Log Authorization"),
        "HttpProxy": _PROXY,
        "HttpsProxy": _PROXY,
        "NoProxy": _PROXY,
        "RegistryConfig": {
            **texts(
                "InsecureRegistryCIDRs AllowNondistributableArtifactsCIDRs"
                " AllowNondistributableArtifactsHostnames"
            ),
            "IndexConfigs": Map({**plain("Name Official Secure"), "Mirrors": _MIRRORS}),
            "Mirrors": _MIRRORS,
        },
        "GenericResources": [
            {
                "NamedResourceSpec": plain("Kind Value"),
                "DiscreteResourceSpec": plain("Kind Value"),
            }
        ],
        "Runtimes": _RUNTIMES,
        "Swarm": {
            **plain("NodeID NodeAddr LocalNodeState ControlAvailable Nodes Managers"),
            "Error": ERROR,
            "RemoteManagers": [
                {
                    "NodeID": PLAIN,
                    "Addr": Masked(Mask.TEXT, "Shows where the managers of the swarm listen."),
                }
            ],
            "Cluster": CLUSTER,
        },
        "ContainerdCommit": _COMMIT,
        "RuncCommit": _COMMIT,
        "InitCommit": _COMMIT,
        "DefaultAddressPools": [plain("Base Size")],
        "CDISpecDirs": HOST_PATH,
        "DiscoveredDevices": [plain("Source ID")],
        "Containerd": {"Address": HOST_PATH, "Namespaces": plain("Containers Plugins")},
        "FirewallBackend": {"Driver": PLAIN, "Info": ROWS},
        "NRI": {"Info": HOST_PATH},
    }
)

_ACTION = Masked(Mask.ACTION, "Shows the command lines of execs as they are made and started.")

_SETTINGS: dict[str, AnswerShape] = {
    "registry-mirrors": _MIRRORS,
    "runtimes": _RUNTIMES,
    "cluster-store": _STORE,
    "cluster-store-opts": _STORE,
}
"""Of all attributes those with which the Engine tells what it was set to (daemon/reload.go).

The others are labels, names and the like, which are plain.
"""

EVENTS = Answer(
    {
        **plain("Type time timeNano scope id from"),
        "Action": _ACTION,
        "status": _ACTION,
        "Actor": {"ID": PLAIN, "Attributes": _SETTINGS},
    },
    Form.LINES,
)

_CACHE: dict[str, AnswerShape] = {
    **plain("ID Parent Type InUse Shared Size CreatedAt LastUsedAt UsageCount"),
    "Parents": [PLAIN],
    "Description": COMMAND,
}


def _usage(item: AnswerShape) -> AnswerShape:
    return {**plain("ActiveCount TotalCount Reclaimable TotalSize"), "Items": [item]}


DF = Answer(
    {
        "LayersSize": PLAIN,
        "Images": [images.SUMMARY],
        "Containers": [containers.SUMMARY],
        "Volumes": [volumes.VOLUME],
        "BuildCache": [_CACHE],
        "ImageUsage": _usage(images.SUMMARY),
        "ContainerUsage": _usage(containers.SUMMARY),
        "VolumeUsage": _usage(volumes.VOLUME),
        "BuildCacheUsage": _usage(_CACHE),
    }
)

# The token is what whoever sent the password asked for.
AUTH = Answer(plain("Status IdentityToken"))
