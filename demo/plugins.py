"""The routes of plugins: one is installed, with a setting that nobody should read.

Must never install another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.call import Call, EngineError, empty, reply
from demo.events import emit

if TYPE_CHECKING:
    from aiohttp import web

    from demo.state import World

JsonObject = dict[str, Any]
NAME = "example/netfs:latest"
SETTABLE = {"Description": "", "Settable": ["value"]}
SEEDED: JsonObject = {
    "Id": "5" * 64,
    "Name": NAME,
    "Enabled": True,
    "PluginReference": f"docker.io/{NAME}",
    "Settings": {
        "Mounts": [
            {
                "Name": "state",
                "Description": "",
                "Settable": ["source"],
                "Source": "/srv/netfs",
                "Destination": "/mnt/state",
                "Type": "bind",
                "Options": ["rbind"],
            }
        ],
        "Env": ["DEBUG=0", "NETFS_PASSWORD=not-a-real-password"],
        "Args": ["--token=not-a-real-token"],
        "Devices": [],
    },
    "Config": {
        "Description": "Volumes on a file server",
        "Documentation": "https://example.com/netfs",
        "Interface": {"Types": ["docker.volumedriver/1.0"], "Socket": "netfs.sock"},
        "Entrypoint": ["/netfs"],
        "WorkDir": "",
        "User": {},
        "Network": {"Type": "host"},
        "Linux": {"Capabilities": ["CAP_SYS_ADMIN"], "AllowAllDevices": False, "Devices": None},
        "PropagatedMount": "",
        "IpcHost": False,
        "PidHost": False,
        "Mounts": [],
        "Env": [SETTABLE | {"Name": "DEBUG", "Value": "0"}],
        "Args": {"Name": "args", "Value": [], **SETTABLE},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{'5' * 64}"]},
    },
}


def _plugin(world: World, reference: str) -> JsonObject:
    """A plugin by name, by name without `:latest`, by id or id prefix; EngineError 404."""
    for identity, plugin in world.plugins.items():
        if reference in (identity, plugin["Name"], plugin["Name"].removesuffix(":latest")):
            return plugin
    found = [plugin for key, plugin in world.plugins.items() if key.startswith(reference)]
    if len(found) != 1 or not reference:
        raise EngineError(404, f'plugin "{reference}" not found')
    return found[0]


async def list_(call: Call) -> web.StreamResponse:
    """GET /plugins: filtered by `capability` and `enabled`."""
    filters = call.filters()
    wanted = filters.get("enabled", [])
    kept = [
        plugin
        for plugin in call.world.plugins.values()
        if not wanted or (wanted[0] in ("1", "true")) == plugin["Enabled"]
    ]
    return reply(kept)


async def inspect(call: Call) -> web.StreamResponse:
    """GET /plugins/{name}/json."""
    return reply(_plugin(call.world, call.params["name"]))


async def privileges(call: Call) -> web.StreamResponse:
    """GET /plugins/privileges: what the one plugin asks for, whatever `remote` names."""
    if not call.arg("remote"):
        raise EngineError(400, "invalid reference format")
    asked = {"network": ["host"], "mount": ["/srv/netfs"], "capabilities": ["CAP_SYS_ADMIN"]}
    return reply(
        [{"Name": name, "Description": "", "Value": value} for name, value in asked.items()]
    )


async def enable(call: Call) -> web.StreamResponse:
    """POST /plugins/{name}/enable."""
    return _switch(call, "enable", on=True)


async def disable(call: Call) -> web.StreamResponse:
    """POST /plugins/{name}/disable."""
    return _switch(call, "disable", on=False)


def _switch(call: Call, action: str, *, on: bool) -> web.StreamResponse:
    plugin = _plugin(call.world, call.params["name"])
    if plugin["Enabled"] == on:
        raise EngineError(400, f"plugin {plugin['Name']} is already {action}d")
    plugin["Enabled"] = on
    emit(call.world, "plugin", action, plugin["Id"], {"name": plugin["Name"]})
    return empty(200)


async def set_(call: Call) -> web.StreamResponse:
    """POST /plugins/{name}/set: a list of `NAME=value`."""
    plugin, given = _plugin(call.world, call.params["name"]), await call.value()
    if not isinstance(given, list):
        raise EngineError(400, "invalid JSON: a list is needed")
    named = {text.partition("=")[0] for text in given}
    kept = [item for item in plugin["Settings"]["Env"] if item.partition("=")[0] not in named]
    plugin["Settings"]["Env"] = kept + given
    return empty()


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /plugins/{name}."""
    plugin = _plugin(call.world, call.params["name"])
    if plugin["Enabled"] and not call.flag("force"):
        raise EngineError(
            409, f"plugin {plugin['Name']} is enabled - disable plugin before removing"
        )
    del call.world.plugins[plugin["Id"]]
    emit(call.world, "plugin", "remove", plugin["Id"], {"name": plugin["Name"]})
    return reply(plugin)


async def absent(call: Call) -> web.StreamResponse:
    """What would bring another plugin, or act on one that is not there."""
    async for _ in call.chunks():
        pass
    raise EngineError(404, f'plugin "{call.params.get("name") or call.arg("remote")}" not found')
