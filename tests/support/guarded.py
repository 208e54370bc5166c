"""Requests through a sockguard, each on a connection of its own, with whole answers.

Must never repair an answer: what a test reads is what came, but for the chunks around it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.asking import CLOSE, Answer
from tests.support.raw_client import exchange, request

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.stack import Stack

SLEEPS = {"Image": "busybox", "Cmd": ["sleep", "infinity"]}


@dataclass(frozen=True, slots=True)
class Guarded:
    """One client's way to the Engine."""

    path: Path

    def ask(self, method: str, target: str, body: object = None, headers: str = "") -> Answer:
        """Send one request, `body` as JSON, and read its answer to the end."""
        data = b"" if body is None else json.dumps(body).encode()
        return read_answer(exchange(str(self.path), request(method, target, data, CLOSE + headers)))

    def get(self, target: str) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.ask("GET", target)
        assert answer.status == 200, answer.body
        return answer.json

    def make(self, name: str, **body: object) -> str:
        """Create a container that would sleep unless the body says otherwise; its id."""
        answer = self.ask("POST", f"/containers/create?name={name}", SLEEPS | body)
        assert answer.status == 201, answer.body
        return str(answer.json["Id"])

    def run(self, name: str, **body: object) -> str:
        """Create a container and start it; its id."""
        identity = self.make(name, **body)
        assert self.ask("POST", f"/containers/{identity}/start").status == 204
        return identity


def of(stack: Stack, client: str) -> Guarded:
    """The way of one client of this policy."""
    return Guarded(stack.socket(client))


def read_answer(whole: bytes) -> Answer:
    """Take a whole answer apart; its chunks, if any, are put together."""
    head, _, body = whole.partition(b"\r\n\r\n")
    status = int(head.split()[1]) if head else 0
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        body = b"".join(_chunks(body))
    return Answer(status, head, body)


def _chunks(data: bytes) -> list[bytes]:
    pieces = []
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        pieces.append(data[:length])
        assert data[length : length + 2] == b"\r\n", "a chunk is cut"
        data = data[length + 2 :]
    return pieces
