"""What a fuzzer feeds: each target takes any bytes and fails when a promise of ours is broken.

Must never accept an exception other than a refusal: whatever else escapes is a finding.
"""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from sockguard.errors import Malformed, Refusal
from sockguard.policy.complaints import PolicyError
from sockguard.policy.load import load_texts
from sockguard.wire.body import LAST_CHUNK, ChunkedDecoder, encode_chunk
from sockguard.wire.document import decode, encode
from sockguard.wire.head import find_head_end, format_response, parse_response_head
from sockguard.wire.target import format_query, parse_target, quote_segment
from tests.support.reading import read_pieces
from tests.support.second_opinions import assert_agreement

if TYPE_CHECKING:
    from collections.abc import Callable

BYTE_BY_BYTE = 64
"""Longer inputs are cut into a few pieces, at places that depend on their bytes."""


def cuts(data: bytes) -> list[list[bytes]]:
    """Some ways to receive the bytes: all at once, in a few pieces, byte by byte."""
    places = sorted({(byte * 7919 + number) % (len(data) + 1) for number, byte in enumerate(data)})
    few = [0, *places[:: max(1, len(places) // 4)], len(data)]
    ways = [[data], [data[start:end] for start, end in pairwise(few)]]
    if len(data) <= BYTE_BY_BYTE:
        ways.append([data[place : place + 1] for place in range(len(data))])
    return ways


def same_however_cut(data: bytes, read: Callable[[list[bytes]], object]) -> None:
    """Read the bytes as they might arrive; each time it has to be the same, or refused."""
    results = []
    for pieces in cuts(data):
        try:
            results.append(read(pieces))
        except Refusal as refusal:
            results.append(refusal.status)
    assert all(result == results[0] for result in results), results


def request(data: bytes) -> None:
    """One request: read alike however it is cut, and as two other parsers read it."""
    same_however_cut(data, read_pieces)
    assert_agreement(data)


def answer(data: bytes) -> None:
    """The head of an Engine's answer: what we read we can write, and read again."""
    try:
        end = find_head_end(data) if data.startswith(b"HTTP/") else len(data)
        head = parse_response_head(data[:end], "GET")
    except Malformed:
        return
    written = format_response(head.status, head.reason, head.headers)
    again = parse_response_head(written, "GET")
    assert (again.status, again.reason, again.headers) == (head.status, head.reason, head.headers)


def target(data: bytes) -> None:
    """A request target: its parts, written anew, are read as the same parts."""
    try:
        parsed = parse_target(data.decode("latin-1"))
    except Malformed:
        return
    version = "" if parsed.version is None else f"/v1.{parsed.version}"
    path = "".join(f"/{quote_segment(segment)}" for segment in parsed.segments)
    query = f"?{format_query(parsed.query)}" if parsed.query else ""
    again = parse_target(version + path + query)
    assert (again.version, again.segments, again.query) == (
        parsed.version, parsed.segments, parsed.query,
    )  # fmt: skip


def chunked(data: bytes) -> None:
    """A chunked body: the same bytes however it is cut, and once more when we frame them."""

    def read(pieces: list[bytes]) -> tuple[bytes, bytes]:
        decoder = ChunkedDecoder()
        body = [part for piece in pieces for part in decoder.feed(piece)]
        decoder.finish()
        assert all(body)
        return b"".join(body), decoder.rest

    same_however_cut(data, read)
    try:
        body, _ = read([data])
    except Refusal:
        return
    assert read([*encode_chunk([body]), LAST_CHUNK]) == (body, b"")


def document(data: bytes) -> None:
    """A JSON document: the standard library reads the same, and what we write is read back.

    Blanks at its end say nothing, but lead by the way of long ones.
    """
    written = _written_anew(data)
    assert _written_anew(data + b" " * 20_000) == written
    if written is None:
        return
    value = decode(data)
    assert json.loads(data.decode(), parse_float=Decimal) == value
    assert decode(written) == value


def _written_anew(data: bytes) -> bytes | None:
    """What is forwarded of a document, None where it is refused."""
    try:
        return encode(decode(data))
    except Malformed:
        return None


def policy(data: bytes) -> None:
    """A policy file: it loads, or is refused with complaints."""
    complaints = None
    try:
        load_texts({"policy.yaml": data}, shipped={}, serving=False)
    except PolicyError as error:
        complaints = [str(complaint) for complaint in error.complaints]
    assert complaints is None or all(text.startswith("policy.yaml:") for text in complaints or [""])


TARGETS: dict[str, Callable[[bytes], None]] = {
    "request": request,
    "answer": answer,
    "target": target,
    "chunked": chunked,
    "document": document,
    "policy": policy,
}
