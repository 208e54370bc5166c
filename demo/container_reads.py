"""The routes that read a container's inside: processes, numbers, changes, files.

Must never change a container; only `put_archive` writes files.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from demo.call import Call, EngineError, empty, reply
from demo.documents import command
from demo.moments import moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from demo.state import Container

STAT = "X-Docker-Container-Path-Stat"
KEPT_UPLOAD = 64 << 20
MEBIBYTE = 1 << 20


async def top(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/top."""
    container = _running(call)
    titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
    row = ["root", str(container.pid), "1", "0", "00:00", "?", "00:00:00"]
    return reply({"Titles": titles, "Processes": [[*row, " ".join(command(container))]]})


async def stats(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/stats: one document, or one a tick until the client goes."""
    container = _container(call)
    if call.flag("stream", default=True) and not call.flag("one-shot"):
        return await call.send("application/json", _samples(container, call.world.settings.tick))
    return reply(_sample(container, 1))


async def _samples(container: Container, tick: float) -> AsyncIterator[bytes]:
    number = 0
    while not container.removed:
        number += 1
        yield json.dumps(_sample(container, number)).encode() + b"\n"
        await asyncio.sleep(tick)


def _sample(container: Container, number: int) -> dict[str, Any]:
    """Numbers that grow steadily, zero when nothing runs."""
    active = 1 if container.running else 0
    now = time.time()

    def cpu(step: int) -> dict[str, Any]:
        return {
            "cpu_usage": {
                "total_usage": active * step * 20_000_000,
                "usage_in_kernelmode": active * step * 5_000_000,
                "usage_in_usermode": active * step * 15_000_000,
            },
            "system_cpu_usage": step * 4_000_000_000,
            "online_cpus": 4,
            "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
        }

    return {
        "read": moment(now),
        "preread": moment(now - 1),
        "name": f"/{container.name}",
        "id": container.id,
        "num_procs": 0,
        "pids_stats": {"current": active},
        "cpu_stats": cpu(number + 1),
        "precpu_stats": cpu(number),
        "memory_stats": {
            "usage": active * 24 * MEBIBYTE,
            "limit": 4096 * MEBIBYTE,
            "stats": {"inactive_file": active * 4 * MEBIBYTE},
        },
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "read", "value": active * 4096 * number}
            ]
        },
        "networks": {
            "eth0": {"rx_bytes": active * 1000 * number, "tx_bytes": active * 500 * number}
        },
    }


async def changes(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/changes."""
    paths = sorted(_container(call).files.nodes)
    return reply([{"Path": path, "Kind": 1} for path in paths if path.startswith("/tmp")])


async def export(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/export."""
    return await _tar(call, "/", {}, "application/octet-stream")


async def stat_archive(call: Call) -> web.StreamResponse:
    """HEAD /containers/{id}/archive."""
    return web.Response(headers=_stat(call))


async def get_archive(call: Call) -> web.StreamResponse:
    """GET /containers/{id}/archive."""
    return await _tar(call, _path(call), _stat(call), "application/x-tar")


async def put_archive(call: Call) -> web.StreamResponse:
    """PUT /containers/{id}/archive: unpacked when it is not over 64 MiB, else only counted."""
    container, path = _container(call), _path(call)
    if not container.files.node(path).is_folder:
        raise EngineError(400, "extraction point is not a directory")
    kept = bytearray()
    async for chunk in call.chunks():
        kept += chunk[: max(0, KEPT_UPLOAD - len(kept))]
    if call.entry.body.length <= KEPT_UPLOAD:
        container.files.extract(path, bytes(kept))
    return empty(200)


def _container(call: Call) -> Container:
    return call.world.container(call.params["id"])


def _running(call: Call) -> Container:
    container = _container(call)
    if not container.running:
        raise EngineError(409, f"container {container.id} is not running")
    return container


def _path(call: Call) -> str:
    path = call.arg("path")
    if not path:
        raise EngineError(400, "bad parameter: path cannot be empty")
    return path


def _stat(call: Call) -> dict[str, str]:
    document = json.dumps(_container(call).files.stat(_path(call)))
    return {STAT: base64.b64encode(document.encode()).decode()}


async def _tar(
    call: Call, path: str, headers: dict[str, str], content_type: str
) -> web.StreamResponse:
    data = _container(call).files.tar(path)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(data), 1 << 16):
            yield data[start : start + (1 << 16)]

    return await call.send(content_type, pieces(), headers)
