"""What the Engine answers with on its managed plugins.

Must never hold a value, only which fields the Engine writes and what showing them gives away.
"""

from __future__ import annotations

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Mask, Masked
from sockguard.engine.answers.parts import COMMAND, ENVIRONMENT, HOST_PATH, plain, texts

_MOUNTS: AnswerShape = [
    {
        **plain("Name Description Destination Type"),
        **texts("Settable Options"),
        "Source": HOST_PATH,
    }
]
_DEVICES: AnswerShape = [
    {**plain("Name Description"), "Settable": [PLAIN], "Path": HOST_PATH},
]
_PRESET = Masked(Mask.TEXT, "Shows the values that a plugin comes with until somebody sets others.")
_NAMED: dict[str, AnswerShape] = {
    **plain("Name Description"),
    "Settable": [PLAIN],
    "Value": _PRESET,
}

PLUGIN: dict[str, AnswerShape] = {
    **plain("Id Name Enabled PluginReference"),
    "Settings": {
        "Mounts": _MOUNTS,
        "Env": ENVIRONMENT,
        "Args": COMMAND,
        "Devices": _DEVICES,
    },
    "Config": {
        **plain("DockerVersion Description Documentation WorkDir PropagatedMount IpcHost PidHost"),
        "Interface": {
            "Types": [PLAIN],
            **plain("Socket ProtocolScheme"),
        },
        "Entrypoint": COMMAND,
        "User": plain("UID GID"),
        "Network": plain("Type"),
        "Linux": {"Capabilities": [PLAIN], "AllowAllDevices": PLAIN, "Devices": _DEVICES},
        "Mounts": _MOUNTS,
        "Env": [_NAMED],
        "Args": _NAMED,
        "rootfs": {"type": PLAIN, "diff_ids": [PLAIN]},
    },
}

LIST = Answer(PLUGIN, Form.LIST)

INSPECT = Answer(PLUGIN)

PRIVILEGES = Answer({**plain("Name Description"), "Value": [PLAIN]}, Form.LIST)

REMOVE = Answer(PLUGIN)
"""As documented; the Engines that were read answer with nothing."""
