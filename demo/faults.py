"""Faults that a scenario may order: what an engine in trouble does to its clients.

Must never act without an order.
"""

from __future__ import annotations

import asyncio
import gzip
import re
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from aiohttp import web

from demo import alterations
from demo.call import problem

if TYPE_CHECKING:
    from demo.call import Call


class Kind(StrEnum):
    """What happens to a request."""

    HANG = "hang"  # never answered
    DEAF = "deaf"  # nothing more is read from the connection, nothing answered
    CLOSE = "close"  # closed before any byte of the head
    CUT = "cut"  # closed within a body of 1,000 bytes
    CUT_CHUNKED = "cut_chunked"  # closed within a chunked body
    RAW = "raw"  # the bytes of `text`, then closed unless `keep`
    REDIRECT = "redirect"  # 301 to `text`
    SLOW = "slow"  # the true answer at `bytes_per_second`
    GZIP = "gzip"  # the true answer gzip-encoded, whatever Accept-Encoding says
    OBJECT = "object"  # a true list as an object of its elements by id
    TRUNCATED = "truncated"  # half of the true body, with a length that fits
    DUPLICATED = "duplicated"  # a true object with the members of `text` once more at its end
    TAGGED = "tagged"  # the true answer with ETag and Content-MD5
    BODY = "body"  # `status` and the JSON text `text`, well formed or not
    EARLY = "early"  # `status` at once, whatever of the body has come


@dataclass(frozen=True, slots=True)
class Fault:
    """One order: for the next `times` requests (0: all) whose path matches `path` as a regex.

    The first `skip` of them are served as ever: so the second of two lookups can be meant.
    """

    kind: Kind
    path: str = ".*"
    method: str = ""
    times: int = 1
    text: str = ""
    status: int = 400
    bytes_per_second: float = 1000.0
    keep: bool = False
    skip: int = 0

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Fault:
        """The fields of this class by name; ValueError or TypeError for anything else."""
        return cls(**document | {"kind": Kind(document.get("kind", ""))})

    def meant_for(self, method: str, path: str) -> bool:
        """Whether a request is one of those that are counted."""
        return self.method in ("", method) and re.fullmatch(self.path, path) is not None


@dataclass(slots=True)
class Order:
    """A fault with what is left to skip and to serve; below zero there is no end."""

    fault: Fault
    skip: int
    left: int


class Faults:
    """The orders that stand; safe to change from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Order] = []

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._orders.append(Order(fault, fault.skip, fault.times))

    def clear(self) -> None:
        """Take all orders back; requests that hang go on hanging."""
        with self._lock:
            self._orders.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first order that is meant for this request, used up by one."""
        with self._lock:
            for order in self._orders:
                if order.fault.meant_for(method, path):
                    if order.skip:
                        order.skip -= 1
                        continue
                    order.left -= 1
                    if order.left == 0:
                        self._orders.remove(order)
                    return order.fault
        return None


async def act(fault: Fault, call: Call) -> web.StreamResponse | None:
    """Do what is ordered; None when the true answer is to follow."""
    match fault.kind:
        case Kind.GZIP | Kind.OBJECT | Kind.TRUNCATED | Kind.DUPLICATED | Kind.TAGGED:
            return None
        case Kind.BODY:
            body = fault.text.encode()
            return web.Response(status=fault.status, body=body, content_type="application/json")
        case Kind.SLOW:
            call.pace = fault.bytes_per_second
            return None
        case Kind.REDIRECT:
            return web.Response(status=301, headers={"Location": fault.text or "/_ping"})
        case Kind.EARLY:
            return problem(fault.status, "answered before the body was read")
        case Kind.HANG:
            await call.read()
        case Kind.DEAF:
            call.connection.transport.pause_reading()
    return await _break(fault, call)


def alter(fault: Fault, answer: web.StreamResponse) -> web.StreamResponse:
    """The true answer as the order wants it; a stream that has begun stays as it is."""
    if not isinstance(answer, web.Response) or answer.prepared or not answer.body:
        return answer
    body = answer.body if isinstance(answer.body, bytes) else b""
    match fault.kind:
        case Kind.GZIP:
            answer.headers["Content-Encoding"] = "gzip"
            answer.body = gzip.compress(body)
        case Kind.OBJECT:
            answer.body = alterations.as_object(body)
        case Kind.TRUNCATED:
            answer.body = body[: len(body) // 2]
        case Kind.DUPLICATED:
            answer.body = alterations.with_members(body, fault.text)
        case Kind.TAGGED:
            answer.headers.update(alterations.digest_headers(body))
    return answer


RAW_BYTES = {
    Kind.CLOSE: b"",
    Kind.CUT: b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500,
    Kind.CUT_CHUNKED: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + b"x" * 500,
    Kind.RAW: b"\x00\xffthis is no HTTP\r\n\r\n",
}


async def _break(fault: Fault, call: Call) -> web.StreamResponse:
    """Send ordered bytes and close, or wait until the client goes away."""
    tunnel = call.connection.open_tunnel(
        fault.text.encode("latin-1") or RAW_BYTES.get(fault.kind, b"")
    )
    if fault.kind in (Kind.HANG, Kind.DEAF) or fault.keep:
        if fault.kind is Kind.DEAF:
            call.connection.transport.pause_reading()
        while fault.kind is not Kind.DEAF and await tunnel.read():
            pass
        await call.connection.gone.wait()
    await asyncio.sleep(0)
    tunnel.close()
    return web.Response()
