"""Whatever we accept, two other parsers read as the same message."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Refusal
from sockguard.wire.head import FramingKind, find_head_end, parse_response_head
from tests.corpus.requests import ENTRIES, Entry, Message
from tests.support.second_opinions import assert_agreement, comparable, of_headers


@pytest.mark.parametrize(
    "entry", [entry for entry in ENTRIES if isinstance(entry.wire, Message)], ids=lambda e: e.id
)
def test_the_corpus_reads_alike(entry: Entry) -> None:
    assert assert_agreement(entry.raw)


methods = st.sampled_from([b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"get", b"PRI"])
targets = st.sampled_from([
    b"/_ping", b"/v1.44/info?a={b}", b"/v1.44/images/a%40b/json?x", b"/a%2fb", b"*", b"http://x/",
    b"/\xc3\xbc", b"/a?b#c", b"//a", b'/x?"|^`\\',
])  # fmt: skip
versions = st.sampled_from([b"HTTP/1.1"] * 4 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1"])
lines = st.sampled_from([
    b"Host: d", b"Host:", b"host: %2Fx", b"Content-Length: 5", b"Content-Length: 05", b"X: \xff",
    b"Content-Length:\t5\t", b"Content-Length: +5", b"Content-Length: 5, 5", b"Content-Length:",
    b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity", b"Transfer-Encoding:", b"Connection: close",
    b"Connection: keep-alive", b"Connection: Upgrade", b"Upgrade: tcp", b"Upgrade: h2c",
    b"Expect: 100-continue", b"Accept: a", b"Content-Type: application/json", b"X : y", b" folded",
    b"X: a\rb", b"X: a\nb", b"X: \x01", b"X: a\tb  ", b"nothing", b"Trailer: X", b"X:",
    b"Content_Length: 7", b"TE: trailers", b"X-\x85: a",
])  # fmt: skip
ends = st.sampled_from([b"\r\n"] * 20 + [b"\n", b"\r", b"\r\r\n"])
bodies = st.sampled_from([
    b"", b"12345", b"12345GET / HTTP/1.1\r\nHost: d\r\n\r\n", b"5\r\n12345\r\n0\r\n\r\n",
    b'5;a="b"\r\n12345\r\n0;x\r\n\r\n', b"5;a=b;c\r\n12345\r\n00\r\n\r\nrest",
    b"5 \r\n12345\r\n0\r\n\r\n",
    b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", b"5\n12345\r\n0\r\n\r\n", b"5\r\n12345\r\n0\r\nX: y\r\n\r\n",
    b"5;a b\r\n12345\r\n0\r\n\r\n", b"0\r\n\r\n", b"123",
])  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    first = b" ".join([draw(methods), draw(targets), draw(versions)])
    headers = [b"Host: d"] if draw(st.booleans()) else []
    headers += draw(st.lists(lines, max_size=5))
    return b"".join(part + draw(ends) for part in (first, *headers, b"")) + draw(bodies)


@given(requests())
@settings(max_examples=500)
def test_near_misses_read_alike_or_not_at_all(raw: bytes) -> None:
    assert_agreement(raw)


SEEDS = [entry.raw for entry in ENTRIES if len(entry.raw) < 600]


@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 4), st.binary(max_size=3)), max_size=3),
)
@settings(max_examples=500)
def test_damaged_requests_read_alike_or_not_at_all(
    seed: bytes, damages: list[tuple[int, int, bytes]]
) -> None:
    raw = bytearray(seed)
    for place, removed, added in damages:
        start = place % (len(raw) + 1)
        raw[start : start + removed] = added
    assert_agreement(bytes(raw))


sizes = st.sampled_from([b"0", b"1", b"2", b"5", b"a", b"A", b"02", b"g", b""])
extensions = st.sampled_from([b""] * 6 + [b";a", b";a=b", b';a="b c"', b";", b"; a", b";a=", b" "])
data = st.sampled_from([b"1", b"12", b"12345", b"0123456789", b"\r\n", b""])


@given(st.lists(st.tuples(sizes, extensions, ends, data, ends), max_size=4), st.booleans())
@settings(max_examples=400)
def test_chunks_read_alike_or_not_at_all(
    chunks: list[tuple[bytes, bytes, bytes, bytes, bytes]], ended: bool
) -> None:
    head = b"POST / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"".join(b"".join(chunk) for chunk in chunks)
    assert_agreement(head + body + (b"0\r\n\r\n" if ended else b""))


answers = st.sampled_from([
    b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 X",
    b"HTTP/1.1 404", b"HTTP/1.1 500 \xff",
])  # fmt: skip
answer_lines = st.sampled_from([
    b"Content-Length: 5", b"Content-Length: 0", b"Content-Length: 5x",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip", b"Connection: close", b"Connection: x", b"Api-Version: 1.44",
    b"X: \xff", b"X : y", b" folded",
])  # fmt: skip


@given(answers, st.lists(answer_lines, max_size=4), ends)
@settings(max_examples=200)
def test_the_heads_of_answers_read_alike_or_not_at_all(
    first: bytes, headers: list[bytes], end: bytes
) -> None:
    raw = b"".join(part + end for part in (first, *headers, b""))
    try:
        assert find_head_end(raw) == len(raw)
        ours = parse_response_head(raw, "GET")
    except (Refusal, AssertionError):
        return
    connection = h11.Connection(h11.CLIENT)
    connection.send(h11.Request(method="GET", target="/", headers=[("Host", "d")]))
    connection.send(h11.EndOfMessage())
    connection.receive_data(raw)
    event = connection.next_event()
    assert isinstance(event, h11.Response)
    assert event.status_code == ours.status
    assert of_headers(event.headers) == comparable(ours.headers)
    ended = isinstance(connection.next_event(), h11.EndOfMessage)
    bodyless = ours.framing.kind is FramingKind.NONE or (
        ours.framing.kind is FramingKind.LENGTH and not ours.framing.length
    )
    assert ended is bodyless
