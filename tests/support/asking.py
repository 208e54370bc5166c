"""Requests to a demo engine without a client in between: JSON goes in, JSON comes out.

Must never be used through sockguard: it closes each connection itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.raw_client import exchange, request

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

CLOSE = "Connection: close\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `head` is its bytes up to the empty line."""

    status: int
    head: bytes
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The sentence of an answer that is no success."""
        return str(self.json["message"])


def ask(
    demo: RunningDemo, method: str, target: str, body: object = None, headers: str = ""
) -> Answer:
    """Send one request, `body` as JSON, and read its answer to the end."""
    data = b"" if body is None else json.dumps(body).encode()
    whole = exchange(demo.path, request(method, target, data, CLOSE + headers))
    head, _, rest = whole.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), head, rest)


def get(demo: RunningDemo, target: str) -> Any:
    """The JSON of a GET that succeeds."""
    answer = ask(demo, "GET", target)
    assert answer.status == 200, answer.body
    return answer.json


def make(demo: RunningDemo, name: str, **body: object) -> str:
    """Create a container from busybox unless the body says otherwise; its id."""
    answer = ask(demo, "POST", f"/containers/create?name={name}", {"Image": "busybox"} | body)
    assert answer.status == 201, answer.body
    return str(answer.json["Id"])


def run(demo: RunningDemo, name: str, **body: object) -> str:
    """Create a container that sleeps unless the body says otherwise, and start it; its id."""
    identity = make(demo, name, **({"Cmd": ["sleep", "infinity"]} | body))
    assert ask(demo, "POST", f"/containers/{identity}/start").status == 204
    return identity
