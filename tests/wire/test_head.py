from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed
from sockguard.wire.head import (
    MAX_HEAD,
    Framing,
    FramingKind,
    find_head_end,
    format_request,
    format_response,
    parse_request_head,
    parse_response_head,
)
from tests.corpus.requests import raw

NONE = Framing(FramingKind.NONE)
CHUNKED = Framing(FramingKind.CHUNKED)
UNTIL_CLOSE = Framing(FramingKind.UNTIL_CLOSE)


def sized(length: int) -> Framing:
    return Framing(FramingKind.LENGTH, length)


def request(lines: str = "", line: str = "POST /x HTTP/1.1~Host: d~") -> bytes:
    return raw(f"{line}{lines}~")


def response(lines: str = "", line: str = "HTTP/1.1 200 OK~") -> bytes:
    return raw(f"{line}{lines}~")


def test_a_head_is_read_in_full() -> None:
    head = parse_request_head(
        raw(
            "GET /v1.44/containers/json?all=1 HTTP/1.1~HOST:docker~User-Agent: \t a  b\t ~"
            "Accept: a~X-Empty:~accept: b~~"
        )
    )
    assert (head.method, head.target) == ("GET", "/v1.44/containers/json?all=1")
    assert head.headers == (
        ("host", "docker"), ("user-agent", "a  b"), ("accept", "a"), ("x-empty", ""),
        ("accept", "b"),
    )  # fmt: skip
    assert (head.first("accept"), head.first("x-empty"), head.first("x-none")) == ("a", "", "")
    assert (head.http10, head.framing, head.keep_alive) == (False, NONE, True)
    assert (head.expect_continue, head.upgrade_asked, head.upgrade) == (False, False, "")


def test_blanks_beyond_ascii_belong_to_a_value() -> None:
    assert parse_request_head(request("X: \xa0a\x85~")).first("x") == "\xa0a\x85"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_the_methods_of_the_engine_api_are_known(method: str) -> None:
    assert parse_request_head(raw(f"{method} / HTTP/1.1~Host:~~")).method == method


@pytest.mark.parametrize(
    ("lines", "framing"),
    [
        ("", NONE),
        ("Content-Length: 0~", sized(0)),
        ("content-length: 0013 ~", sized(13)),
        (f"Content-Length: {2**63 - 1}~", sized(2**63 - 1)),
        (f"Content-Length: {'0' * 5000}7~", sized(7)),
        ("Transfer-Encoding: Chunked~", CHUNKED),
    ],
)
def test_a_request_has_the_framing_that_it_announces(lines: str, framing: Framing) -> None:
    assert parse_request_head(request(lines)).framing == framing


@pytest.mark.parametrize(
    "lines",
    [
        f"Content-Length: {2**63}~", "Content-Length: 1,1~", "Content-Length: 1 1~",
        "Content-Length: \xb2~", "Transfer-Encoding: chunked;q=1~",
        "Transfer-Encoding: \xa0chunked~",
        "Transfer-Encoding: chunked~Content-Length: 0~",
        "Content-Type: application/x-www-form-urlencoded~", "Content-Type: a, MultiPart/x~",
        "Content-Type: application/json\xa0~", "Trailer: X~", "Expect: 200-ok~", "Expect:~",
        "Connection: te~", "Connection: close,~", "Connection: host~", "Connection: keep alive~",
    ],
)  # fmt: skip
def test_a_header_that_changes_the_message_in_a_strange_way_is_refused(lines: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_request_head(request(lines))
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    "name",
    [
        "Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Expect",
        "Upgrade", "Authorization", "X-Registry-Auth", "X-Registry-Config", "X-Registry-Anything",
        "Sec-WebSocket-Key",
    ],
)  # fmt: skip
def test_a_header_with_a_meaning_stands_once(name: str) -> None:
    with pytest.raises(Malformed, match=f"the header {name.lower()} is repeated"):
        parse_request_head(raw(f"POST / HTTP/1.1~Host: d~{name}: 1~{name.upper()}: 1~~"))


@pytest.mark.parametrize("name", ["Accept", "X-Meta-A", "Cookie", "User-Agent"])
def test_other_headers_may_be_repeated(name: str) -> None:
    head = parse_request_head(request(f"{name}: 1~{name}: 2~"))
    assert head.headers[1:] == ((name.lower(), "1"), (name.lower(), "2"))


def test_a_get_with_a_body_is_refused() -> None:
    with pytest.raises(Malformed, match="a GET request has no body"):
        parse_request_head(request("Content-Length: 1~", "GET / HTTP/1.1~Host:~"))
    head = parse_request_head(request("Content-Length: 0~", "GET / HTTP/1.1~Host:~"))
    assert head.framing == sized(0)


@pytest.mark.parametrize(
    ("lines", "keep_alive"),
    [
        ("", True),
        ("Connection: keep-alive~", True),
        ("Connection: Close~", False),
        ("Connection: keep-alive~Connection: CLOSE~", False),
        ("Connection: upgrade , close~", False),
    ],
)
def test_a_connection_is_kept_unless_someone_closes_it(lines: str, keep_alive: bool) -> None:
    assert parse_request_head(request(lines)).keep_alive is keep_alive


def test_http10_is_read_but_never_kept_nor_upgraded() -> None:
    head = parse_request_head(
        raw("GET /events HTTP/1.0~Connection: keep-alive, upgrade~Upgrade: tcp~~")
    )
    assert (head.http10, head.keep_alive, head.upgrade_asked, head.upgrade) == (
        True, False, True, "",
    )  # fmt: skip


@pytest.mark.parametrize("value", ["100-continue", "100-Continue"])
def test_a_client_may_wait_for_100(value: str) -> None:
    lines = f"Expect: {value}~Content-Length: 3~"
    assert parse_request_head(request(lines)).expect_continue
    assert not parse_request_head(request(lines, "POST / HTTP/1.0~")).expect_continue


@pytest.mark.parametrize(
    ("lines", "asked", "upgrade"),
    [
        ("", False, ""),
        ("Connection: Upgrade~", False, ""),
        ("Upgrade: tcp~", True, ""),
        ("Connection: close~Upgrade: tcp~", True, ""),
        ("Connection: Upgrade~Upgrade: TCP~", True, "TCP"),
        ("Upgrade: h2c~Connection: keep-alive, upgrade~", True, "h2c"),
        ("Connection: Upgrade~Upgrade:~", True, ""),
    ],
)
def test_an_upgrade_counts_when_connection_names_it(lines: str, asked: bool, upgrade: str) -> None:
    head = parse_request_head(request(lines))
    assert (head.upgrade_asked, head.upgrade) == (asked, upgrade)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "a TLS handshake"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
        (b"\r\n", "empty line stands before"),
        (b"\nGET / HTTP/1.1", "empty line stands before"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "one of the methods"),
        (b"get / HTTP/1.1\r\n", "one of the methods"),
        (b"GETT /", "one of the methods"),
        (b"G ", "one of the methods"),
        (b"GET http://x/", "must begin with a slash"),
        (b"OPTIONS *", "must begin with a slash"),
        (b"GET / HTTP/1.1\nHost: d", "something else than CR LF"),
        (b"GET / HTTP/1.1\rHost", "something else than CR LF"),
        (b"GET / HTTP/1.1\r\nX: \0", "control character"),
        (b"GET / HTTP/1.1\r\nX: \x1b[0m", "control character"),
        (b"GET / HTTP/1.2\r\n", "METHOD /target HTTP/1.1"),
        (b"GET /\r\n", "METHOD /target HTTP/1.1"),
        (b"GET /a b HTTP/1.1\r\n", "METHOD /target HTTP/1.1"),
        (b"GET /\xc3\xbc HTTP/1.1\r\n", "METHOD /target HTTP/1.1"),
    ],
)
def test_garbage_is_refused_before_the_head_ends(data: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence) as refusal:
        find_and_parse(data)
    assert refusal.value.status == 400
    with pytest.raises(Malformed):
        find_byte_by_byte(data)


def find_and_parse(data: bytes, seen: int = 0) -> None:
    end = find_head_end(data, seen)
    if end >= 0:
        parse_request_head(data[:end])


def find_byte_by_byte(data: bytes) -> None:
    for size in range(1, len(data) + 1):
        find_and_parse(data[:size], size - 1)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"GET / HTTP/1.1\r\nHost: d\r\n X: a\r\n\r\n", "folded"),
        (b"GET / HTTP/1.1\r\nHost : d\r\n\r\n", "Name: value"),
        (b"GET / HTTP/1.1\r\nHost: d\r\nnothing\r\n\r\n", "Name: value"),
        (b"GET / HTTP/1.1\r\n\r\n", "needs a Host header"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "not one HTTP/1.1"),
        (b"", "one of the methods"),
        (
            b"POST / HTTP/1.1\r\nHost: d\r\nContent-Type: multipart/form-data\r\n\r\n",
            "send Content-Type: application/json",
        ),
    ],
)
def test_the_complaint_says_what_is_wrong(data: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        parse_request_head(data)


@pytest.mark.parametrize(
    "data", [request("X: \xe9~"), response("X: \xe9~"), response("", "HTTP/1.0 404~")]
)
def test_the_end_of_a_head_is_found_however_it_arrives(data: bytes) -> None:
    for size in range(len(data)):
        assert find_head_end(data[:size], max(size - 1, 0)) == -1
        assert find_head_end(data[:size]) == -1
    assert find_head_end(data, len(data) - 1) == len(data)
    assert find_head_end(bytearray(data) + b"more\r\n\r\n") == len(data)


def test_a_head_may_be_as_long_as_the_limit_and_no_longer() -> None:
    empty = request("X: ~")
    longest = request(f"X: {'a' * (MAX_HEAD - len(empty))}~")
    assert find_head_end(longest) == len(longest) == MAX_HEAD
    assert find_head_end(longest[:-1], 100) == -1
    longer = longest[:-4] + b"a\r\n\r\n"
    for data in (longer, longer[:MAX_HEAD], longer[:-1], longest[:-4] + b"a" * MAX_HEAD):
        with pytest.raises(Malformed) as refusal:
            find_head_end(data, len(data) - 2)
        assert refusal.value.status == 431


@pytest.mark.parametrize(
    ("line", "method", "lines", "framing", "keep_alive"),
    [
        ("HTTP/1.1 200 OK~", "GET", "Content-Length: 5~", sized(5), True),
        ("HTTP/1.1 200 OK~", "GET", "Transfer-Encoding: chunked~", CHUNKED, True),
        ("HTTP/1.1 200 OK~", "GET", "", UNTIL_CLOSE, False),
        ("HTTP/1.1 200 OK~", "HEAD", "Content-Length: 5~", NONE, True),
        ("HTTP/1.1 200 OK~", "HEAD", "", NONE, True),
        ("HTTP/1.1 204 No Content~", "DELETE", "", NONE, True),
        ("HTTP/1.1 304 Not Modified~", "POST", "", NONE, True),
        ("HTTP/1.1 100 Continue~", "POST", "", NONE, True),
        ("HTTP/1.1 101 UPGRADED~", "POST", "Connection: Upgrade~Upgrade: tcp~", NONE, True),
        ("HTTP/1.1 200 OK~", "GET", "Content-Length: 0~Connection: foo, close~", sized(0), False),
        ("HTTP/1.0 200 OK~", "GET", "Content-Length: 5~", sized(5), False),
        ("HTTP/1.1 200~", "GET", "Content-Length: 5~", sized(5), True),
        ("HTTP/1.1 200 ~", "GET", "Content-Length: 5~", sized(5), True),
    ],
)
def test_an_answer_has_the_framing_of_rfc_9112(
    line: str, method: str, lines: str, framing: Framing, keep_alive: bool
) -> None:
    head = parse_response_head(response(lines, line), method)
    assert (head.framing, head.keep_alive) == (framing, keep_alive)


def test_the_headers_of_an_answer_keep_their_spelling() -> None:
    head = parse_response_head(
        response("Api-Version:1.44~Ostype: linux ~Content-Length: 2~"), "GET"
    )
    assert head.headers == (("Api-Version", "1.44"), ("Ostype", "linux"), ("Content-Length", "2"))
    assert (head.first("api-VERSION"), head.first("x")) == ("1.44", "")
    assert (head.status, head.reason, head.http10) == (200, "OK", False)


@pytest.mark.parametrize(
    "data",
    [
        response("Content-Length: 1~Content-Length: 1~"), response("Content-Length: x~"),
        response("Content-Length: 1~Transfer-Encoding: chunked~"),
        response("Transfer-Encoding: gzip, chunked~"), response("Transfer-Encoding: identity~"),
        response("Transfer-Encoding: chunked~", "HTTP/1.0 200 OK~"),
        response("", "HTTP/1.1 099 X~"), response("", "HTTP/1.1 20 X~"),
        response("", "HTTP/2.0 200 OK~"), response("", "HTTP/1.1  200 OK~"),
        response("X: a\nb~"), response("X: a\rb~"), response("X: a\0b~"), response(" X: a~"),
        b"HTTP/1.1 200 OK\n\n", b"HTTP/1.1 200 OK\r\n", request(),
    ],
)  # fmt: skip
def test_an_answer_with_two_readings_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_response_head(data, "GET")


def test_a_request_is_written_as_it_will_be_read() -> None:
    data = format_request("GET", "/v1.44/info?a=b", [("Host", "docker"), ("Accept", "*/*")])
    assert data == b"GET /v1.44/info?a=b HTTP/1.1\r\nHost: docker\r\nAccept: */*\r\n\r\n"


def test_an_answer_is_written_as_it_will_be_read() -> None:
    assert format_response(204, "No Content", ()) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert format_response(200, "", [("A", "\xe9")]) == b"HTTP/1.1 200 \r\nA: \xe9\r\n\r\n"


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET\r\nX: y", "/", []),
        ("FOO", "/", []),
        ("GET", "/ HTTP/1.1\r\nX: y\r\n\r\nGET /", []),
        ("GET", "/a b", []),
        ("GET", "/a\nb", []),
        ("GET", "info", []),
        ("GET", "/\u00fc", []),
        ("GET", "/", [("X", "a\r\nY: b")]),
        ("GET", "/", [("X", "a\r\n\r\nGET / HTTP/1.1")]),
        ("GET", "/", [("X", "a\nb")]),
        ("GET", "/", [("X", "a\rb")]),
        ("GET", "/", [("X", "a\0")]),
        ("GET", "/", [("X", "\u20ac")]),
        ("GET", "/", [("X: y\r\nZ", "a")]),
        ("GET", "/", [("X Y", "a")]),
        ("GET", "/", [("X\u00e9", "a")]),
        ("GET", "/", [("", "a")]),
    ],
)
def test_nothing_written_can_be_split(
    method: str, target: str, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(ValueError, match="characters that would change its meaning"):
        format_request(method, target, headers)


@pytest.mark.parametrize(
    ("status", "reason", "headers"),
    [
        (200, "OK\r\nX: y", []),
        (200, "OK\n", []),
        (20, "OK", []),
        (2000, "OK", []),
        (200, "OK", [("X", "a\r\n\r\nHTTP/1.1 200 OK")]),
    ],
)
def test_no_answer_written_can_be_split(
    status: int, reason: str, headers: list[tuple[str, str]]
) -> None:
    with pytest.raises(ValueError, match="characters that would change its meaning"):
        format_response(status, reason, headers)


parts = st.text(st.sampled_from("aZ0:- \t\r\n\0\xe9\u20ac/"), max_size=6)


@given(parts, st.lists(st.tuples(parts, parts), max_size=3))
@settings(max_examples=300)
def test_what_is_written_is_one_head_with_the_headers_given(
    target: str, headers: list[tuple[str, str]]
) -> None:
    try:
        data = format_request("POST", f"/{target}", [("Host", ""), *headers])
    except ValueError:
        return
    assert find_head_end(data) == len(data)
    lines = data[:-4].split(b"\r\n")
    assert lines[0] == f"POST /{target} HTTP/1.1".encode()
    assert len(lines) == 2 + len(headers)
    for line, (name, value) in zip(lines[2:], headers, strict=True):
        assert line == f"{name}: {value}".encode("latin-1")
