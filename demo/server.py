"""The demo engine itself: listens on a Unix socket and answers as a Docker Engine would.

Must never start a process, touch the network or read a file of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import posixpath
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from demo import faults, routes
from demo.call import Call, EngineError, problem, reply
from demo.connection import Connection
from demo.record import Entry, Head, Recorder
from demo.seed import furnish, populate
from demo.state import Settings, World

if TYPE_CHECKING:
    from aiohttp.web_protocol import RequestHandler

log = logging.getLogger("demo")

HEAD_BYTES = 1 << 20
DRAINED = 256 * 1024
VERSIONED = re.compile(r"/v([0-9.]+)(/.*)", re.DOTALL)


class DemoEngine:
    """One simulated Engine with its world, its memory of requests and its faults."""

    def __init__(self, path: str, settings: Settings | None = None) -> None:
        self.path = path
        self.recorder = Recorder()
        self.faults = faults.Faults()
        self.world = World(settings=settings or Settings())
        self._connections: set[Connection] = set()
        self._listener: asyncio.Server | None = None
        self._http: web.Server | None = None

    async def start(self) -> None:
        """Furnish the world and listen; OSError when the socket cannot be made."""
        await furnish(self.world)
        self._http = web.Server(
            self._answer,
            access_log=None,
            auto_decompress=False,
            max_line_size=HEAD_BYTES,
            max_field_size=HEAD_BYTES,
            max_headers=10_000,
            lingering_time=2.0,
        )
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_unix_server(self._accept, self.path)

    async def stop(self) -> None:
        """Close the listener and every connection, and end all processes."""
        if self._listener:
            self._listener.close()
        for connection in list(self._connections):
            connection.transport.abort()
        for container in self.world.containers.values():
            if container.process:
                container.process.signal(9)
        if self._http:
            await self._http.shutdown(0.1)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)  # noqa: PTH108 - a quick call, made once at the end

    def _accept(self) -> Connection:
        assert self._http is not None
        handler: RequestHandler = self._http()
        connection = Connection(handler, self.recorder, self._connections.discard)
        self._connections.add(connection)
        return connection

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if transport is None:
            return web.Response()
        connection = transport.get_protocol()
        assert isinstance(connection, Connection)
        target = request.raw_path
        if target.startswith("/demo/"):
            answer = await self._control(request, target)
            connection.finish_request()
            return answer
        entry = self._begin(connection, request, target)
        call = Call(self.world, request, connection, entry, self.world.settings.api_max, {})
        connection.begin_request(entry, request.content.is_eof)
        try:
            answer = await self._serve(call)
            await _drain(call, answer)
        except (ConnectionError, web.RequestPayloadError):  # the client went away
            answer = web.Response()
            answer.force_close()
        finally:
            self.recorder.note(lambda: setattr(entry, "done", True))
            connection.finish_request()
        return answer

    def _begin(self, connection: Connection, request: web.BaseRequest, target: str) -> Entry:
        raw_path, _, query = target.partition("?")
        versioned = VERSIONED.fullmatch(unquote(raw_path))
        version, path = versioned.groups() if versioned else ("", unquote(raw_path))
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers
        )
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        head = Head(request.method, target, version, path, pairs, headers)
        return self.recorder.begin(connection.link, head)

    async def _serve(self, call: Call) -> web.StreamResponse:
        """The answer to one request, dressed and recorded."""
        fault = self.faults.take(call.entry.head.method, call.entry.head.path)
        answer = await faults.act(fault, call) if fault else None
        if answer is None:
            try:
                answer = await self._handle(call)
            except EngineError as error:
                answer = problem(error.status, error.message)
        if fault:
            answer = faults.alter(fault, answer)
        if call.entry.status is None:
            status = answer.status
            self.recorder.note(lambda: setattr(call.entry, "status", status))
        if not answer.prepared:
            call.dress(answer)
            if call.pace and isinstance(answer, web.Response) and isinstance(answer.body, bytes):
                answer = await _slowly(call, answer)
        return answer

    async def _handle(self, call: Call) -> web.StreamResponse:
        entry = call.entry
        raw = unquote(entry.head.target.partition("?")[0])
        cleaned = _clean(raw)
        if cleaned != raw:
            return web.Response(status=301, headers={"Location": cleaned})
        found = routes.find(entry.head.method, entry.head.path)
        if found is None:
            raise EngineError(404, "page not found")
        handler, call.params = found
        if entry.head.version:
            call.version = _version(entry.head.version)
            if refusal := _refused_version(call):
                return refusal
        return await handler(call)

    async def _control(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """The routes for a scenario in another process."""
        body = await request.read()
        try:
            given = json.loads(body) if body else {}
            match request.method, target:
                case "GET", "/demo/received":
                    received = [item.as_json() for item in self.recorder.received()]
                    return reply({"requests": received, "connections": self.recorder.connections()})
                case "DELETE", "/demo/received":
                    self.recorder.clear()
                case "POST", "/demo/fault":
                    self.faults.add(faults.Fault.from_json(given))
                case "DELETE", "/demo/fault":
                    self.faults.clear()
                case "POST", "/demo/settings":
                    self.configure(given)
                case "POST", "/demo/containers":
                    return reply(await populate(self.world, **given))
                case _:
                    return problem(404, "page not found")
        except (ValueError, TypeError, EngineError) as error:
            return problem(400, str(error))
        return reply({})

    def configure(self, changes: dict[str, object]) -> None:
        """Set fields of Settings by name; ValueError for a name it does not have."""
        for name, value in changes.items():
            if name not in Settings.__dataclass_fields__:
                raise ValueError(f"no such setting: {name}")
            setattr(self.world.settings, name, tuple(value) if isinstance(value, list) else value)


async def _drain(call: Call, answer: web.StreamResponse) -> None:
    """Read what a handler left of the body, up to 256 KiB as Go's server does, else close."""
    if call.connection.link.eof:
        answer.force_close()
    if (
        call.entry.body_complete
        or call.entry.status == HTTPStatus.SWITCHING_PROTOCOLS
        or call.connection.transport.is_closing()
    ):
        return
    if call.request.content.is_eof() and not call.request.can_read_body:
        call.entry.body_complete = True
        return
    length = int(call.request.headers.get("Content-Length", DRAINED + 1))
    if length > DRAINED or answer.prepared or "Expect" in call.request.headers:
        answer.force_close()
        return
    async for _ in call.chunks():
        pass


async def _slowly(call: Call, answer: web.Response) -> web.StreamResponse:
    """The same answer, sent at the pace of the call."""
    body = answer.body
    assert isinstance(body, bytes)
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = len(body)
    await stream.prepare(call.request)
    await call.write(stream.write, body)
    await stream.write_eof()
    return stream


def _version(text: str) -> tuple[int, int]:
    """Go's lenient reading: fields between dots, what is no number counts as 0."""
    fields = [int(field) if field.isdecimal() else 0 for field in text.split(".")]
    return fields[0], fields[1] if fields[1:] else 0


def _refused_version(call: Call) -> web.Response | None:
    settings, given = call.world.settings, call.entry.head.version
    if call.version > settings.api_max:
        newest = "{}.{}".format(*settings.api_max)
        return problem(
            400,
            f"client version {given} is too new. Maximum supported API version is {newest}",
        )
    if call.version < settings.api_min:
        oldest = "{}.{}".format(*settings.api_min)
        message = (
            f"client version {given} is too old. Minimum supported API version is {oldest}, "
            "please upgrade your client to a newer version"
        )
        return problem(400, message)
    return None


def _clean(path: str) -> str:
    """Go's path.Clean that keeps a last slash."""
    cleaned = posixpath.normpath("/" + path.lstrip("/"))
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned
