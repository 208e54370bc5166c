from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from typing import TYPE_CHECKING

import pytest

from demo.faults import Fault, Faults, Kind
from tests.support.asking import ask
from tests.support.raw_client import connected, exchange, read_to_end, request

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

VERSION = request("GET", "/version", headers="Connection: close\r\n")


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Kind.CLOSE, b""),
        (Kind.CUT, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500),
        (Kind.RAW, b"\x00\xffthis is no HTTP\r\n\r\n"),
    ],
)
def test_an_engine_in_trouble_breaks_the_connection(
    demo: RunningDemo, kind: Kind, answer: bytes
) -> None:
    demo.fault(kind)
    assert exchange(demo.path, VERSION) == answer
    assert exchange(demo.path, VERSION).startswith(b"HTTP/1.1 200 OK")


def test_a_chunked_body_may_be_cut_within_a_chunk(demo: RunningDemo) -> None:
    demo.fault(Kind.CUT_CHUNKED)
    answer = exchange(demo.path, VERSION)
    assert b"chunked" in answer
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("kind", [Kind.HANG, Kind.DEAF])
def test_a_hanging_engine_never_answers(demo: RunningDemo, kind: Kind) -> None:
    demo.fault(kind)
    with connected(demo.path, timeout=0.2) as client:
        client.sendall(VERSION)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_a_deaf_engine_stops_reading(demo: RunningDemo) -> None:
    demo.fault(Kind.DEAF)
    with connected(demo.path, timeout=0.3) as client, pytest.raises(TimeoutError):
        client.sendall(request("POST", "/images/load", bytes(8_000_000)))


def test_a_redirect_names_its_place(demo: RunningDemo) -> None:
    demo.fault(Kind.REDIRECT, text="/containers/db/json")
    answer = exchange(demo.path, VERSION)
    assert answer.startswith(b"HTTP/1.1 301 ")
    assert b"Location: /containers/db/json\r\n" in answer


def test_a_slow_body_takes_its_time(demo: RunningDemo) -> None:
    whole = exchange(demo.path, VERSION).partition(b"\r\n\r\n")[2]
    demo.fault(Kind.SLOW, bytes_per_second=len(whole) / 0.3)
    before = time.monotonic()
    assert exchange(demo.path, VERSION).endswith(whole)
    assert 0.25 < time.monotonic() - before < 2


def test_an_early_answer_comes_before_the_body(demo: RunningDemo) -> None:
    demo.fault(Kind.EARLY, status=413)
    with connected(demo.path) as client:
        client.sendall(request("POST", "/images/load", bytes(5_000_000))[:1000])
        assert client.recv(13) == b"HTTP/1.1 413 "
    assert not demo.sent("POST", "/images/load")[0].body_complete


def test_raw_bytes_may_claim_an_upgrade_nobody_asked_for(demo: RunningDemo) -> None:
    demo.fault(Kind.RAW, text="HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n", keep=True)
    with connected(demo.path) as client:
        client.sendall(VERSION)
        assert client.recv(100).startswith(b"HTTP/1.1 101 ")
        client.sendall(b"into the tunnel")
        client.shutdown(1)
        demo.wait_for(lambda item: item.hijacked == b"into the tunnel")


def test_an_answer_may_be_compressed_unasked(demo: RunningDemo) -> None:
    whole = exchange(demo.path, VERSION).partition(b"\r\n\r\n")[2]
    demo.fault(Kind.GZIP)
    head, _, body = exchange(demo.path, VERSION).partition(b"\r\n\r\n")
    assert b"\r\nContent-Encoding: gzip" in head
    assert gzip.decompress(body) == whole


def test_a_list_may_come_as_an_object(demo: RunningDemo) -> None:
    demo.fault(Kind.OBJECT, path="/containers/json")
    found = ask(demo, "GET", "/containers/json").json
    assert {item["Names"][0] for item in found.values()} >= {"/web", "/db"}
    assert set(found) >= {item["Id"] for item in found.values()}


def test_a_list_may_end_within_an_element(demo: RunningDemo) -> None:
    whole = ask(demo, "GET", "/networks").body
    demo.fault(Kind.TRUNCATED, path="/networks")
    cut = ask(demo, "GET", "/networks")
    assert cut.body == whole[: len(whole) // 2]
    assert f"Content-Length: {len(cut.body)}\r\n".encode() in cut.head + b"\r\n"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", b',"Id":null}\n'),
        ('"Name":"/other","Config":{}', b',"Name":"/other","Config":{}}\n'),
    ],
)
def test_a_document_may_have_a_name_twice(demo: RunningDemo, text: str, end: bytes) -> None:
    demo.fault(Kind.DUPLICATED, path="/containers/web/json", text=text)
    assert ask(demo, "GET", "/containers/web/json").body.endswith(end)


def test_an_answer_may_be_tagged_with_its_digest(demo: RunningDemo) -> None:
    demo.fault(Kind.TAGGED, path="/volumes", times=0)
    answer = ask(demo, "GET", "/volumes")
    digest = base64.b64encode(hashlib.md5(answer.body, usedforsecurity=False).digest())
    assert b"\r\nContent-MD5: " + digest in answer.head
    assert b'\r\nETag: "' in answer.head


def test_an_answer_may_be_any_text(demo: RunningDemo) -> None:
    demo.fault(Kind.BODY, text='[{"Id":1,"Id":2}]', status=200)
    answer = ask(demo, "GET", "/containers/json")
    assert (answer.status, answer.body) == (200, b'[{"Id":1,"Id":2}]')
    assert b"\r\nContent-Type: application/json\r\n" in answer.head


def test_a_fault_may_be_meant_for_the_second_request(demo: RunningDemo) -> None:
    demo.fault(Kind.CLOSE, path="/info", skip=1)
    info = request("GET", "/info", headers="Connection: close\r\n")
    assert exchange(demo.path, info).startswith(b"HTTP/1.1 200")
    assert exchange(demo.path, info) == b""
    assert exchange(demo.path, info).startswith(b"HTTP/1.1 200")


def test_a_lookup_may_hang_while_all_else_goes_on(demo: RunningDemo) -> None:
    demo.fault(Kind.HANG, path="/containers/web/json", method="GET")
    with connected(demo.path, timeout=0.2) as client:
        client.sendall(request("GET", "/v1.47/containers/web/json"))
        with pytest.raises(TimeoutError):
            client.recv(1)
        assert ask(demo, "GET", "/containers/db/json").status == 200


def test_orders_come_over_the_socket_too(demo: RunningDemo) -> None:
    order = json.dumps({"kind": "close", "path": "/info", "times": 0}).encode()
    exchange(demo.path, request("POST", "/demo/fault", order, "Connection: close\r\n"))
    info = request("GET", "/v1.40/info", headers="Connection: close\r\n")
    assert exchange(demo.path, info) == b""
    assert exchange(demo.path, info) == b""
    assert exchange(demo.path, VERSION).startswith(b"HTTP/1.1 200")
    exchange(demo.path, request("DELETE", "/demo/fault", headers="Connection: close\r\n"))
    assert exchange(demo.path, info).startswith(b"HTTP/1.1 200")


def test_an_order_nobody_understands_is_refused(demo: RunningDemo) -> None:
    for order in (b'{"kind":"melt"}', b'{"kind":"cut","colour":1}', b"no"):
        with connected(demo.path) as client:
            client.sendall(request("POST", "/demo/fault", order, "Connection: close\r\n"))
            assert read_to_end(client).startswith(b"HTTP/1.1 400 ")


def test_orders_are_used_up_in_their_order() -> None:
    faults = Faults()
    first, second = Fault(Kind.CLOSE, times=2), Fault(Kind.HANG, method="POST")
    faults.add(second)
    faults.add(first)
    assert faults.take("GET", "/x") is first
    assert faults.take("POST", "/x") is second
    assert faults.take("POST", "/x") is first
    assert faults.take("GET", "/x") is None
