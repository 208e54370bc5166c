"""The routes about the engine itself.

Must never change state.
"""

from __future__ import annotations

from aiohttp import web

from demo.call import Call, EngineError, empty, reply

VERSION = "27.5.1"


def _number(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


async def ping(call: Call) -> web.StreamResponse:
    """GET and HEAD /_ping: everything that clients negotiate by is in the headers."""
    headers = {
        "Builder-Version": "2",
        "Swarm": "active/manager" if call.world.settings.swarm else "inactive",
        "Cache-Control": "no-cache, no-store, must-revalidate",
        "Pragma": "no-cache",
        "Content-Type": "text/plain; charset=utf-8",
    }
    return web.Response(headers=headers, body=b"" if call.request.method == "HEAD" else b"OK")


async def version(call: Call) -> web.StreamResponse:
    """GET /version."""
    settings = call.world.settings
    facts = {
        "ApiVersion": _number(settings.api_max),
        "MinAPIVersion": _number(settings.api_min),
        "GitCommit": "demo",
        "GoVersion": "go1.22.11",
        "Os": "linux",
        "Arch": "amd64",
        "KernelVersion": "6.1.0",
        "BuildTime": "2025-01-22T13:41:17.000000000+00:00",
    }
    details = facts | {"Experimental": "false"}
    component = {"Name": "Engine", "Version": VERSION, "Details": details}
    return reply(
        {"Platform": {"Name": "sockguard demo engine"}, "Components": [component]}
        | {"Version": VERSION}
        | facts
    )


async def auth(call: Call) -> web.StreamResponse:
    """POST /auth: a password that is `wrong` is."""
    given = await call.document()
    if given.get("password") == "wrong":
        raise EngineError(401, "unauthorized: incorrect username or password")
    return reply({"Status": "Login Succeeded", "IdentityToken": ""})


async def options(_: Call) -> web.StreamResponse:
    """OPTIONS of any path."""
    return empty(200)


async def prune_build(_: Call) -> web.StreamResponse:
    """POST /build/prune."""
    return reply({"CachesDeleted": [], "SpaceReclaimed": 0})


async def cancel_build(_: Call) -> web.StreamResponse:
    """POST /build/cancel."""
    return empty(200)
