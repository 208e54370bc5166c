"""A small HTTP listener for machines that watch: alive, ready, and how much of what.

Must never take input or tell a text of the policy or of a client, nor answer a web page.
"""

from __future__ import annotations

import asyncio
import logging
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from aiohttp import web

from sockguard.errors import SockguardError
from sockguard.proxy.health import condition, exported, is_healthy
from sockguard.proxy.metrics import CONTENT_TYPE, Metrics
from sockguard.proxy.own_log import note_crash

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from sockguard.proxy.metrics import Sources

MOST_CONNECTIONS = 32
"""So many descriptors may be taken here; over it the oldest connection goes."""
_KEEP_ALIVE_SECONDS = 60.0
_LAST_SECONDS = 0.1
_AS_NEW = 1.0
"""For so many seconds the numbers are not put together anew, however many ask."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?")
_QUIET = logging.getLogger(__name__)
_QUIET.setLevel(logging.CRITICAL)
# aiohttp logs each malformed request with a traceback and the bytes that were sent.
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "sockguard",
    "X-Content-Type-Options": "nosniff",
}


class MetricsHttpError(SockguardError):
    """The address cannot be listened on."""


def objection(headers: Mapping[str, str], listening: str) -> str:
    """Say why this may be a web page's request, "" when it is none.

    A page of another origin says so in Origin or Sec-Fetch-Site (Fetch Standard, 3.1; Fetch
    Metadata, 2.3). One whose name was made to resolve to us sends that name as Host; such a name
    has a dot, as all of the public DNS.
    """
    if "Origin" in headers or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return "web pages get no answer here"
    match = _HOST.fullmatch(headers.get("Host", ""))
    name = match[1].strip("[]") if match else ""
    if not name or ("." in name and name != listening and not _is_address(name)):
        return "the Host must be an address or a name without a dot"
    return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class MetricsHttp:
    """Serves /healthz, /readyz and /metrics from `start` to `stop`."""

    def __init__(self, sources: Sources, host: str, port: int) -> None:
        self._gate = sources.gate
        self._metrics = Metrics(sources)
        self._host = host
        self._port = port
        self._text = b""
        self._text_until = 0.0
        self._http: web.Server | None = None
        self._server: asyncio.Server | None = None
        self._routes: dict[str, Callable[[], Awaitable[web.Response]]] = {
            "/healthz": self._alive,
            "/readyz": self._ready,
            "/metrics": self._numbers,
        }

    async def start(self) -> int:
        """Listen and return the port; raises MetricsHttpError."""
        http = self._http = web.Server(
            self._answer,
            access_log=None,
            keepalive_timeout=_KEEP_ALIVE_SECONDS,
            logger=_QUIET,
        )

        def accept() -> asyncio.Protocol:
            for oldest in http.connections[: 1 - MOST_CONNECTIONS]:
                oldest.force_close()
            return http()

        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(accept, self._host, self._port)
        except OSError as error:
            raise MetricsHttpError(
                f"cannot listen on {self._host} port {self._port} for metrics: "
                f"{error.strerror or error}"
            ) from error
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening and end what is served."""
        if self._server is not None and self._http is not None:
            self._server.close()
            await self._http.shutdown(_LAST_SECONDS)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if why := objection(request.headers, self._host):
            return web.Response(status=403, text=f"{why}\n", headers=_HEADERS)
        route = self._routes.get(request.path)
        if request.method != "GET":
            headers = {**_HEADERS, "Allow": "GET"}
            return web.Response(status=405, text="GET only\n", headers=headers)
        if route is None:
            told = f"here are {', '.join(self._routes)}\n"
            return web.Response(status=404, text=told, headers=_HEADERS)
        try:
            return await route()
        except Exception:  # noqa: BLE001 - nothing here may end the server
            note_crash()
            return web.Response(status=500, headers=_HEADERS)

    async def _alive(self) -> web.Response:
        return web.Response(text="ok\n", headers=_HEADERS)

    async def _ready(self) -> web.Response:
        """Answer with what `sockguard health` checks, without its sentences: they name paths."""
        parts = await condition(self._gate)
        healthy = is_healthy(parts)
        states = {**parts, **exported(self._gate)}
        told = {part: "ok" if state == "ok" else "failing" for part, state in states.items()}
        return web.json_response(
            {"ready": healthy, **told}, status=200 if healthy else 503, headers=_HEADERS
        )

    async def _numbers(self) -> web.Response:
        now = asyncio.get_running_loop().time()
        if now >= self._text_until:
            self._text, self._text_until = self._metrics.text(), now + _AS_NEW
        headers = {**_HEADERS, "Content-Type": CONTENT_TYPE}
        return web.Response(body=self._text, headers=headers)
