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
    execs,
    image_making,
    image_transfers,
    images,
    info,
    kept_data,
    logs,
    networks,
    nodes,
    plugins,
    service_logs,
    services,
    swarm,
    system,
    tasks,
    tunnels,
    usage,
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
    ("GET", "/exec/{id}/json", execs.inspect),
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
    ("POST", "/containers/{id}/exec", execs.create),
    ("GET", "/containers/{id}/attach/ws", websocket.attach),
    ("POST", "/exec/{id}/start", tunnels.start_exec),
    ("POST", "/exec/{id}/resize", execs.resize),
    ("POST", "/containers/{id}/rename", containers.rename),
    ("POST", "/containers/{id}/update", containers.update),
    ("POST", "/containers/prune", containers.prune),
    ("POST", "/commit", image_making.commit),
    ("PUT", "/containers/{id}/archive", container_reads.put_archive),
    ("DELETE", "/containers/{id}", containers.remove),
    ("GET", "/images/json", images.list_),
    ("GET", "/images/search", images.search),
    ("GET", "/images/get", image_transfers.save_many),
    ("GET", "/images/{name}/get", image_transfers.save_one),
    ("GET", "/images/{name}/history", images.history),
    ("GET", "/images/{name}/json", images.inspect),
    ("GET", "/images/{name}/attestations", images.attestations),
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
    ("GET", "/info", info.info),
    ("GET", "/version", system.version),
    ("GET", "/system/df", usage.usage),
    ("POST", "/auth", system.auth),
    ("GET", "/volumes", volumes.list_),
    ("GET", "/volumes/{name}", volumes.inspect),
    ("POST", "/volumes/create", volumes.create),
    ("POST", "/volumes/prune", volumes.prune),
    ("PUT", "/volumes/{name}", volumes.update),
    ("DELETE", "/volumes/{name}", volumes.remove),
    ("POST", "/build", image_making.build),
    ("POST", "/build/prune", system.prune_build),
    ("POST", "/build/cancel", system.cancel_build),
    ("POST", "/session", tunnels.h2c),
    ("POST", "/grpc", tunnels.h2c),
    ("GET", "/swarm", swarm.inspect),
    ("GET", "/swarm/unlockkey", swarm.unlock_key),
    ("POST", "/swarm/init", swarm.init),
    ("POST", "/swarm/join", swarm.join),
    ("POST", "/swarm/leave", swarm.leave),
    ("POST", "/swarm/update", swarm.update),
    ("POST", "/swarm/unlock", swarm.unlock),
    ("GET", "/services", services.list_),
    ("GET", "/services/{id}", services.inspect),
    ("POST", "/services/create", services.create),
    ("POST", "/services/{id}/update", services.update),
    ("DELETE", "/services/{id}", services.remove),
    ("GET", "/services/{id}/logs", service_logs.of_service),
    ("GET", "/nodes", nodes.list_),
    ("GET", "/nodes/{id}", nodes.inspect),
    ("DELETE", "/nodes/{id}", nodes.remove),
    ("POST", "/nodes/{id}/update", nodes.update),
    ("GET", "/tasks", tasks.list_),
    ("GET", "/tasks/{id}", tasks.inspect),
    ("GET", "/tasks/{id}/logs", service_logs.of_task),
    *kept_data.ROUTES,
    ("GET", "/plugins", plugins.list_),
    ("GET", "/plugins/{name}/json", plugins.inspect),
    ("GET", "/plugins/privileges", plugins.privileges),
    ("DELETE", "/plugins/{name}", plugins.remove),
    ("POST", "/plugins/{name}/enable", plugins.enable),
    ("POST", "/plugins/{name}/disable", plugins.disable),
    ("POST", "/plugins/{name}/set", plugins.set_),
    ("POST", "/plugins/pull", plugins.absent),
    ("POST", "/plugins/create", plugins.absent),
    ("POST", "/plugins/{name}/push", plugins.absent),
    ("POST", "/plugins/{name}/upgrade", plugins.absent),
    ("GET", "/distribution/{name}/json", images.distribution),
    ("GET", "/networks", networks.list_),
    ("GET", "/networks/", networks.list_),
    ("GET", "/networks/{id}", networks.inspect),
    ("POST", "/networks/create", networks.create),
    ("POST", "/networks/{id}/connect", networks.connect),
    ("POST", "/networks/{id}/disconnect", networks.disconnect),
    ("POST", "/networks/prune", networks.prune),
    ("DELETE", "/networks/{id}", networks.remove),
]

SINGLE = ("/services", "/nodes", "/tasks", "/secrets", "/configs")
"""Where a variable is one segment of the path; elsewhere it takes slashes too."""


def _compiled(path: str) -> re.Pattern[str]:
    variable = "[^/]+" if path.startswith(SINGLE) else ".*"
    return re.compile(re.sub(r"{(\w+)}", rf"(?P<\1>{variable})", path))


_COMPILED = [(method, _compiled(path), handler) for method, path, handler in TABLE]


def find(method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
    """The handler of a decoded path without version, and what its variables hold."""
    for known, pattern, handler in _COMPILED:
        if known == method and (match := pattern.fullmatch(path)):
            return handler, match.groupdict()
    return None
