"""Pieces that several answers share, and what is masked in them: paths, commands, options.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, AnswerShape, Map, Mask, Masked


def plain(names: str) -> dict[str, AnswerShape]:
    """Name the fields of an object that are single values and plain, apart by blanks."""
    return dict.fromkeys(names.split(), PLAIN)


def texts(names: str) -> dict[str, AnswerShape]:
    """Name the fields of an object that are lists of plain values, apart by blanks."""
    return {name: [PLAIN] for name in names.split()}


NOTHING: dict[str, AnswerShape] = {}
"""An object of which no field is documented."""

LABELS = Map(PLAIN)
ROWS: AnswerShape = [[PLAIN]]
VERSION = plain("Index")

ENVIRONMENT = Masked(
    Mask.ASSIGNMENT, "Shows the values of environment variables, passwords among them."
)
COMMAND = Masked(Mask.TEXT, "Shows command lines, with the passwords that stand in them.")
HOST_PATH = Masked(Mask.TEXT, "Shows paths of the host's own files.")
OPTIONS = Masked(
    Mask.TEXT,
    "Shows the options of a driver, which can be passwords, tokens and paths of the host.",
)
ERROR = Masked(Mask.TEXT, "Shows the texts of errors, which quote commands and paths of the host.")
HOSTS = Masked(Mask.TEXT, "Shows names and addresses of machines that somebody set by hand.")
ANNOTATIONS = Masked(Mask.TEXT, "Shows annotations, which carry settings of the runtime.")
SYSCTLS = Masked(Mask.TEXT, "Shows the kernel settings that somebody set by hand.")

DRIVER: dict[str, AnswerShape] = {"Name": PLAIN, "Options": OPTIONS}
"""A driver and its options: of volumes, logs, secrets and templates."""

ULIMITS: AnswerShape = [plain("Name Soft Hard")]

HEALTHCHECK: dict[str, AnswerShape] = {
    "Test": COMMAND,
    **plain("Interval Timeout Retries StartPeriod StartInterval"),
}

PLATFORM: dict[str, AnswerShape] = {
    **plain("architecture os os.version variant"),
    "os.features": [PLAIN],
}

DESCRIPTOR: dict[str, AnswerShape] = {
    **plain("mediaType digest size data artifactType"),
    "urls": [PLAIN],
    "annotations": Map(PLAIN),
    "platform": PLATFORM,
}

MOUNT_SPECS: AnswerShape = [
    {
        **plain("Target Type ReadOnly Consistency"),
        "Source": HOST_PATH,
        "BindOptions": plain(
            "Propagation NonRecursive CreateMountpoint ReadOnlyNonRecursive ReadOnlyForceRecursive"
        ),
        "VolumeOptions": {
            **plain("NoCopy Subpath"),
            "Labels": LABELS,
            "DriverConfig": DRIVER,
        },
        "ImageOptions": plain("Subpath"),
        "TmpfsOptions": {**plain("SizeBytes Mode"), "Options": ROWS},
    }
]
"""Mounts as they were asked for, of containers and services."""

MOUNTS: AnswerShape = [
    {
        **plain("Type Name Destination Driver Mode RW Propagation"),
        "Source": HOST_PATH,
    }
]
"""Mounts as they are, of containers."""

ENDPOINTS = Map(
    {
        "IPAMConfig": {**plain("IPv4Address IPv6Address"), "LinkLocalIPs": [PLAIN]},
        **texts("Links Aliases DNSNames"),
        **plain(
            "NetworkID EndpointID Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address"
            " GlobalIPv6PrefixLen MacAddress GwPriority"
        ),
        "DriverOpts": Map(PLAIN),
    }
)
"""A container's places in networks, by the network's name."""

CONFIG: dict[str, AnswerShape] = {
    **plain(
        "Hostname Domainname User AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce"
        " ArgsEscaped Image WorkingDir NetworkDisabled MacAddress StopSignal StopTimeout"
    ),
    "ExposedPorts": Map(NOTHING),
    "Env": ENVIRONMENT,
    "Cmd": COMMAND,
    "Healthcheck": HEALTHCHECK,
    "Volumes": Map(NOTHING),
    "Entrypoint": COMMAND,
    "OnBuild": COMMAND,
    "Labels": LABELS,
    "Shell": [PLAIN],
}
"""What a container runs by itself or by its image."""

GRAPH_DRIVER: dict[str, AnswerShape] = {"Name": PLAIN, "Data": HOST_PATH}

DELETED_IMAGES: AnswerShape = [plain("Untagged Deleted")]

IDENTIFIED = plain("Id")
"""What most operations that create something answer with."""
