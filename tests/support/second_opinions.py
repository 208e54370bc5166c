"""What two other HTTP parsers make of a request, held against ours.

Must never ask sockguard's own parser for help: a second opinion is worth something if it is one.

Known and harmless: behind a head with `Upgrade` httptools takes all bytes for a tunnel, so that it
gives no opinion on such bodies, and it refuses blanks behind `chunked`; h11 writes the value of
Transfer-Encoding in lower case.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h11
import httptools

from sockguard.errors import Refusal
from tests.support.reading import read_request

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Opinion:
    """What a parser made of a request; header values without the blanks around them."""

    method: str = ""
    target: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def of_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return comparable((n.decode("latin-1"), v.decode("latin-1")) for n, v in headers)


def comparable(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    lowered = [(name.lower(), value.strip("\t ")) for name, value in headers]
    return [(n, v.lower() if n == "transfer-encoding" else v) for n, v in lowered]


def opinion_of_h11(message: bytes) -> Opinion:
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=70_000)
    connection.receive_data(message)
    event = connection.next_event()
    assert isinstance(event, h11.Request)
    opinion = Opinion(event.method.decode(), event.target.decode(), of_headers(event.headers))
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        opinion.body += event.data
    assert not connection.trailing_data[0]
    return opinion


class Ears:
    """What httptools calls back."""

    def __init__(self) -> None:
        self.opinion = Opinion()
        self.heads: list[tuple[bytes, bytes]] = []
        self.completed = 0

    def on_url(self, url: bytes) -> None:
        self.opinion.target += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.heads.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.opinion.body += body

    def on_message_complete(self) -> None:
        self.completed += 1


def opinion_of_httptools(message: bytes) -> Opinion:
    ears = Ears()
    parser = httptools.HttpRequestParser(ears)
    with contextlib.suppress(httptools.HttpParserUpgrade):
        parser.feed_data(message)
    assert ears.completed == 1
    ears.opinion.method = parser.get_method().decode()
    ears.opinion.headers = of_headers(ears.heads)
    return ears.opinion


def without_blanks_after_coding(message: bytes) -> bytes:
    head, end, body = message.partition(b"\r\n\r\n")
    return re.sub(rb"(?i)(chunked)[ \t]+(?=\r|$)", rb"\1", head) + end + body


def assert_agreement(raw: bytes) -> bool:
    """Compare our reading of the first request in `raw` with two others; False if we refuse it."""
    try:
        read = read_request(raw)
    except Refusal:
        return False
    message = raw[: len(raw) - len(read.rest)]
    ours = Opinion(read.head.method, read.head.target, comparable(read.head.headers), read.body)
    assert opinion_of_h11(message) == ours
    second = opinion_of_httptools(without_blanks_after_coding(message))
    if read.head.upgrade_asked:
        second.body = ours.body
    assert second == ours
    return True
