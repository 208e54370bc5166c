"""Which handler answers which method and path, in the Engine's own order of precedence.

Must never hold anything but the table and its lookup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from demo import (
    container_reads,
    containers,
    events,
    image_transfers,
    images,
    logs,
    networks,
    system,
    tunnels,
    volumes,
    websocket,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

    from demo.call import Call

    Handler = Callable[[Call], Awaitable[web.StreamResponse]]

TABLE: list[tuple[str, str, Handler]] = [
    ("HEAD", "/containers/{id}/archive", container_reads.stat_archive),
    ("GET", "/containers/json", containers.list_),
    ("GET", "/containers/{id}/export", container_reads.export),
    ("GET", "/containers/{id}/changes", container_reads.changes),
    ("GET", "/containers/{id}/json", containers.inspect),
    ("GET", "/containers/{id}/top", container_reads.top),
    ("GET", "/containers/{id}/logs", logs.logs),
    ("GET", "/containers/{id}/stats", container_reads.stats),
    ("GET", "/exec/{id}/json", tunnels.inspect_exec),
    ("GET", "/containers/{id}/archive", container_reads.get_archive),
    ("POST", "/containers/create", containers.create),
    ("POST", "/containers/{id}/kill", containers.kill),
    ("POST", "/containers/{id}/pause", containers.pause),
    ("POST", "/containers/{id}/unpause", containers.unpause),
    ("POST", "/containers/{id}/restart", containers.restart),
    ("POST", "/containers/{id}/start", containers.start),
    ("POST", "/containers/{id}/stop", containers.stop),
    ("POST", "/containers/{id}/wait", containers.wait),
    ("POST", "/containers/{id}/resize", containers.resize),
    ("POST", "/containers/{id}/attach", tunnels.attach),
    ("POST", "/containers/{id}/exec", tunnels.create_exec),
    ("GET", "/containers/{id}/attach/ws", websocket.attach),
    ("POST", "/exec/{id}/start", tunnels.start_exec),
    ("POST", "/exec/{id}/resize", tunnels.resize_exec),
    ("POST", "/containers/{id}/rename", containers.rename),
    ("POST", "/containers/{id}/update", containers.update),
    ("POST", "/containers/prune", containers.prune),
    ("POST", "/commit", image_transfers.commit),
    ("PUT", "/containers/{id}/archive", container_reads.put_archive),
    ("DELETE", "/containers/{id}", containers.remove),
    ("GET", "/images/json", images.list_),
    ("GET", "/images/search", images.search),
    ("GET", "/images/get", image_transfers.save_many),
    ("GET", "/images/{name}/get", image_transfers.save_one),
    ("GET", "/images/{name}/history", images.history),
    ("GET", "/images/{name}/json", images.inspect),
    ("POST", "/images/load", image_transfers.load),
    ("POST", "/images/create", image_transfers.create),
    ("POST", "/images/{name}/push", image_transfers.push),
    ("POST", "/images/{name}/tag", images.tag),
    ("POST", "/images/prune", images.prune),
    ("DELETE", "/images/{name}", images.remove),
    ("OPTIONS", "/{path}", system.options),
    ("GET", "/_ping", system.ping),
    ("HEAD", "/_ping", system.ping),
    ("GET", "/events", events.stream),
    ("GET", "/info", system.info),
    ("GET", "/version", system.version),
    ("GET", "/system/df", system.usage),
    ("POST", "/auth", system.auth),
    ("GET", "/volumes", volumes.list_),
    ("GET", "/volumes/{name}", volumes.inspect),
    ("POST", "/volumes/create", volumes.create),
    ("POST", "/volumes/prune", volumes.prune),
    ("DELETE", "/volumes/{name}", volumes.remove),
    ("POST", "/build", image_transfers.build),
    ("POST", "/build/prune", system.prune_build),
    ("POST", "/build/cancel", system.cancel_build),
    ("POST", "/session", tunnels.h2c),
    ("POST", "/grpc", tunnels.h2c),
    ("GET", "/plugins", system.plugins),
    ("GET", "/plugins/{name}/json", system.no_plugin),
    ("POST", "/plugins/{name}/{action}", system.no_plugin),
    ("DELETE", "/plugins/{name}", system.no_plugin),
    ("GET", "/distribution/{name}/json", images.distribution),
    ("GET", "/networks", networks.list_),
    ("GET", "/networks/", networks.list_),
    ("GET", "/networks/{id}", networks.inspect),
    ("POST", "/networks/create", networks.create),
    ("POST", "/networks/{id}/connect", networks.connect),
    ("POST", "/networks/{id}/disconnect", networks.disconnect),
    ("POST", "/networks/prune", networks.prune),
    ("DELETE", "/networks/{id}", networks.remove),
    *[
        (method, f"/{kind}{rest}", system.no_swarm)
        for kind in ("swarm", "services", "nodes", "tasks", "secrets", "configs")
        for method, rest in (("GET", ""), ("GET", "/{id}"), ("POST", "/{id}"), ("DELETE", "/{id}"))
    ],
]

_COMPILED = [
    (method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>.*)", path)), handler)
    for method, path, handler in TABLE
]


def find(method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
    """The handler of a decoded path without version, and what its variables hold."""
    for known, pattern, handler in _COMPILED:
        if known == method and (match := pattern.fullmatch(path)):
            return handler, match.groupdict()
    return None
