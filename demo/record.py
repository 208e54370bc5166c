"""What the demo engine received, kept so that tests can assert the Engine's side.

Must never influence an answer: it only remembers.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_BYTES = 256 * 1024
KEPT_REQUESTS = 5000

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; bodies are kept up to 256 KiB, lengths and hashes cover all.

    `early` holds bytes that came before the tunnel opened (the Engine loses them), `hijacked`
    what came through it; `eof` and `closed` tell of the client's side of the connection.
    """

    number: int
    connection: int
    method: str
    target: str
    version: str
    path: str
    query: Pairs
    headers: Pairs
    body: bytes
    body_length: int
    body_sha256: str
    body_complete: bool
    early: bytes
    hijacked: bytes
    hijacked_length: int
    hijacked_sha256: str
    status: int | None
    eof: bool
    closed: bool
    done: bool

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when it was not sent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def argument(self, name: str) -> str | None:
        """The first value of a query parameter, decoded; None when it was not sent."""
        return next((value for key, value in self.query if key == name), None)

    def json(self) -> Any:  # noqa: ANN401 - a request body may be any JSON value
        """The body read as JSON; ValueError when it is not."""
        return json.loads(self.body)

    def as_json(self) -> dict[str, Any]:
        """All fields in JSON terms: bytes as base64, and as `json` the body if it is JSON."""
        document: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            document["json"] = self.json()
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            document[name] = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        return document


class Digest:
    """The first bytes, the length and the SHA-256 of a stream."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.length = 0
        self._hash = hashlib.sha256()

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the stream."""
        self.kept += data[: max(0, KEPT_BYTES - len(self.kept))]
        self.length += len(data)
        self._hash.update(data)

    def hexdigest(self) -> str:
        """SHA-256 of everything fed so far."""
        return self._hash.hexdigest()


@dataclass(slots=True)
class Link:
    """The client's side of one connection; `first` keeps 1 KiB of what it sent."""

    number: int
    length: int = 0
    first: bytes = b""
    eof: bool = False
    closed: bool = False

    def feed(self, data: bytes) -> None:
        """Count bytes that arrived, whatever they mean."""
        self.length += len(data)
        self.first += data[: max(0, 1024 - len(self.first))]


@dataclass(frozen=True, slots=True)
class Head:
    """A request's head: the target as sent, and what it means once decoded."""

    method: str
    target: str
    version: str
    path: str
    query: Pairs
    headers: Pairs


@dataclass(slots=True)
class Entry:
    """One request while it is being received; a Received is its snapshot."""

    number: int
    link: Link
    head: Head
    body: Digest = field(default_factory=Digest)
    body_complete: bool = False
    early: bytes = b""
    hijacked: Digest = field(default_factory=Digest)
    status: int | None = None
    done: bool = False

    def snapshot(self) -> Received:
        """The entry as it stands now."""
        return Received(
            number=self.number,
            connection=self.link.number,
            method=self.head.method,
            target=self.head.target,
            version=self.head.version,
            path=self.head.path,
            query=self.head.query,
            headers=self.head.headers,
            body=bytes(self.body.kept),
            body_length=self.body.length,
            body_sha256=self.body.hexdigest(),
            body_complete=self.body_complete,
            early=self.early,
            hijacked=bytes(self.hijacked.kept),
            hijacked_length=self.hijacked.length,
            hijacked_sha256=self.hijacked.hexdigest(),
            status=self.status,
            eof=self.link.eof,
            closed=self.link.closed,
            done=self.done,
        )


class Recorder:
    """The requests and connections seen so far; safe to read from any thread."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._entries: deque[Entry] = deque(maxlen=KEPT_REQUESTS)
        self._links: deque[Link] = deque(maxlen=KEPT_REQUESTS)
        self._requests = 0
        self._connections = 0

    def connect(self) -> Link:
        """Count a new connection."""
        with self.changed:
            self._connections += 1
            link = Link(self._connections)
            self._links.append(link)
            return link

    def begin(self, link: Link, head: Head) -> Entry:
        """Start the entry of a request whose head is complete."""
        with self.changed:
            self._requests += 1
            entry = Entry(self._requests, link, head)
            self._entries.append(entry)
            self.changed.notify_all()
            return entry

    def note(self, change: Callable[[], object]) -> None:
        """Apply a change to an entry or link and wake whoever waits for it."""
        with self.changed:
            change()
            self.changed.notify_all()

    def received(self) -> list[Received]:
        """Snapshots of all requests, oldest first."""
        with self.changed:
            return [entry.snapshot() for entry in self._entries]

    def connections(self) -> list[dict[str, Any]]:
        """Each connection: its number, bytes received in all, EOF seen, closed."""
        with self.changed:
            return [
                {
                    "connection": link.number,
                    "bytes": link.length,
                    "first": base64.b64encode(link.first).decode(),
                    "eof": link.eof,
                    "closed": link.closed,
                }
                for link in self._links
            ]

    def wait_for(self, match: Callable[[Received], bool], timeout: float = 5.0) -> Received:
        """The first request that matches, waiting `timeout` seconds for it; TimeoutError."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                for entry in self._entries:
                    if match(found := entry.snapshot()):
                        return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError("the demo engine received no such request")
                self.changed.wait(left)

    def clear(self) -> None:
        """Forget all requests; connections keep their numbers."""
        with self.changed:
            self._entries.clear()
