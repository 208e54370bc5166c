"""What the Engine reads in the bodies of operations on containers, checkpoints and execs.

Must never hold a policy, only facts: fields, types, and which values equal absence.
"""

from __future__ import annotations

from sockguard.engine.bodies.host_config import CONSOLE_SIZE, HOST_CONFIG
from sockguard.engine.bodies.parts import ENDPOINT, HEALTHCHECK, LABELS, NOTHING
from sockguard.engine.level import Level
from sockguard.engine.shape import (
    BOOLEAN,
    INTEGER,
    TEXT,
    Alias,
    Map,
    Misplaced,
    Shape,
    Unread,
    plain,
    sensitive,
    sensitive_within,
)

CONFIG: dict[str, Shape] = {
    "Hostname": TEXT,
    "Domainname": TEXT,
    "User": TEXT,
    "AttachStdin": BOOLEAN,
    "AttachStdout": BOOLEAN,
    "AttachStderr": BOOLEAN,
    "ExposedPorts": Map(NOTHING),
    "Tty": BOOLEAN,
    "OpenStdin": BOOLEAN,
    "StdinOnce": BOOLEAN,
    "Env": [TEXT],
    "Cmd": [TEXT],
    "Healthcheck": HEALTHCHECK,
    "ArgsEscaped": BOOLEAN,
    "Image": TEXT,
    "Volumes": Map(NOTHING),
    "WorkingDir": TEXT,
    "Entrypoint": plain([TEXT], absent=()),
    "NetworkDisabled": BOOLEAN,
    "MacAddress": sensitive(
        TEXT, "Takes any hardware address, also one that others trust.", Level.DISTURB
    ),
    "OnBuild": [TEXT],
    "Labels": LABELS,
    "StopSignal": TEXT,
    "StopTimeout": plain(INTEGER, absent=()),
    "Shell": [TEXT],
}

CREATE: dict[str, Shape] = {
    # Engines before 27.0 obey these at the top level, some beside a HostConfig too.
    **{
        name: Misplaced("HostConfig")
        for name, part in HOST_CONFIG.items()
        if not isinstance(part, Alias)
    },
    **CONFIG,
    "HostConfig": HOST_CONFIG,
    "NetworkingConfig": {
        "EndpointsConfig": sensitive(
            # The Engine reads the key default only where NetworkMode asks for the default network
            # (container_routes.go), and no network can be called so. Bridge is not like that: it
            # would be a second network beside the one in NetworkMode.
            Map(ENDPOINT, plain_keys=frozenset({"default"})),
            "Joins any network, or several at once.",
            Level.DISTURB,
        )
    },
}

COMMIT = sensitive_within(
    CONFIG,
    "Rewrites what the image runs, as which user, in which environment and with which labels.",
    Level.CODE,
)

CHECKPOINT: dict[str, Shape] = {
    "CheckpointID": TEXT,
    "CheckpointDir": sensitive(TEXT, "Makes directories and files anywhere on the host."),
    "Exit": BOOLEAN,
}

EXEC_CREATE: dict[str, Shape] = {
    "AttachStdin": BOOLEAN,
    "AttachStdout": BOOLEAN,
    "AttachStderr": BOOLEAN,
    "Container": Unread(TEXT),  # docker-py; the container is the one in the path
    "ConsoleSize": CONSOLE_SIZE,
    "Detach": BOOLEAN,  # the Go client before 28
    "DetachKeys": TEXT,
    "detachKeys": Alias("DetachKeys"),  # docker-py
    "Tty": BOOLEAN,
    "Env": sensitive(
        [TEXT],
        "Sets variables by which a program loads other code, such as LD_PRELOAD and PATH.",
        Level.CODE,
    ),
    "Cmd": [TEXT],
    "Privileged": sensitive(BOOLEAN, "Gives the program all capabilities of the host."),
    "User": sensitive(TEXT, "Runs the program as any user, root included.", Level.CODE),
    "WorkingDir": sensitive(
        TEXT,
        "Starts the program in any directory, whose files it may take for its own.",
        Level.CODE,
    ),
}

EXEC_START: dict[str, Shape] = {
    "Detach": BOOLEAN,
    "Tty": BOOLEAN,
    "ConsoleSize": CONSOLE_SIZE,
    "hijack": Unread(BOOLEAN),  # dockerode
    "stdin": Unread(BOOLEAN),  # dockerode
}
