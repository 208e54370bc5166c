"""Operations on the Engine's managed plugins.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import plugins as answers
from sockguard.engine.bodies import objects as bodies
from sockguard.engine.catalogue.columns import filters, flag, integer, parameters, sensitive, text
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk, Streaming

_REMOTE = "Makes the Engine fetch from any registry that the client names."
_REGISTRY = frozenset({"x-registry-auth"})

OPERATIONS = (
    Operation(
        name="plugins.list",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows all plugins; what is in their environment and settings is masked.",
        parameters=parameters(filters(since=28)),
        answer=answers.LIST,
        quick=True,
    ),
    Operation(
        name="plugins.inspect",
        risk=Risk.READ_SECRET,
        level=Level.SECRETS,
        writes=False,
        hands_over="Shows a plugin; what is in its environment and settings is masked.",
        answer=answers.INSPECT,
        quick=True,
    ),
    Operation(
        name="plugins.privileges",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Asks a registry which privileges a plugin wants.",
        parameters=parameters(
            sensitive(text("remote", names="plugin", since=27), _REMOTE, Level.SECRETS),
            sensitive(text("name", names="plugin"), _REMOTE, Level.SECRETS),
        ),
        headers=_REGISTRY,
        answer=answers.PRIVILEGES,
    ),
    Operation(
        name="plugins.pull",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Installs a plugin with any privileges the client accepts: root on the host.",
        streaming=Streaming.RESPONSE,
        body=BodyKind.JSON,
        shape=bodies.PLUGIN_PRIVILEGES,
        parameters=parameters(
            sensitive(text("remote", names="plugin"), _REMOTE), text("name", names="plugin")
        ),
        headers=_REGISTRY,
    ),
    Operation(
        name="plugins.create",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Makes a plugin of files that the client sends: root on the host.",
        streaming=Streaming.REQUEST,
        body=BodyKind.TAR,
        parameters=parameters(text("name", names="plugin")),
    ),
    Operation(
        name="plugins.enable",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Runs an installed plugin as root on the host.",
        parameters=parameters(integer("timeout")),
    ),
    Operation(
        name="plugins.disable",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Stops a plugin, also one that guards the Engine or holds volumes.",
        parameters=parameters(flag("force", since=28)),
    ),
    Operation(
        name="plugins.set",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Changes a plugin's mounts, devices and environment: root on the host.",
        body=BodyKind.JSON,
        shape=bodies.PLUGIN_SETTINGS,
    ),
    Operation(
        name="plugins.upgrade",
        risk=Risk.HOST_ROOT,
        level=Level.ROOT,
        writes=True,
        hands_over="Replaces a plugin by another one with other privileges: root on the host.",
        streaming=Streaming.RESPONSE,
        body=BodyKind.JSON,
        shape=bodies.PLUGIN_PRIVILEGES,
        parameters=parameters(sensitive(text("remote", names="plugin"), _REMOTE)),
        headers=_REGISTRY,
    ),
    Operation(
        name="plugins.push",
        risk=Risk.EXFILTRATE,
        level=Level.SECRETS,
        writes=True,
        hands_over="Sends a plugin to the registry in its name.",
        streaming=Streaming.RESPONSE,
        headers=_REGISTRY,
    ),
    Operation(
        name="plugins.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes plugins, also one that guards the Engine.",
        parameters=parameters(flag("force")),
        answer=answers.REMOVE,
    ),
)
