from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.raw_client import connected, exchange, read_head, read_to_end, request

if TYPE_CHECKING:
    from tests.support.demo_engine import RunningDemo

CLOSE = "Connection: close\r\n"
UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
ATTACHED = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True}


def prepare(demo: RunningDemo, *command: str, tty: bool = False) -> str:
    body = json.dumps(ATTACHED | {"Cmd": command, "Tty": tty}).encode()
    answer = exchange(demo.path, request("POST", "/v1.47/containers/web/exec", body, CLOSE))
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["Id"])


def start(identity: str, headers: str, prefix: str = "/v1.47") -> bytes:
    return request("POST", f"{prefix}/exec/{identity}/start", b'{"Detach":false}', headers)


@pytest.mark.parametrize(
    ("headers", "status"), [(UPGRADE, b"HTTP/1.1 101 UPGRADED"), ("", b"HTTP/1.1 200 OK")]
)
def test_a_half_closed_client_still_gets_the_output(
    demo: RunningDemo, headers: str, status: bytes
) -> None:
    identity = prepare(demo, "wc")
    with connected(demo.path) as client:
        client.sendall(start(identity, headers))
        head = read_head(client)
        client.sendall(b"12345")
        client.shutdown(1)
        output = read_to_end(client)
    assert head.startswith(status)
    assert b"Content-Length" not in head
    assert b"Transfer-Encoding" not in head
    assert b"multiplexed-stream" in head
    assert output == b"\x01\x00\x00\x00\x00\x00\x00\x025\n"
    seen = demo.wait_for(lambda item: item.path == f"/exec/{identity}/start" and item.done)
    assert (seen.hijacked, seen.eof, seen.early) == (b"12345", True, b"")
    assert seen.json() == {"Detach": False}


def test_bytes_that_come_before_the_tunnel_opens_are_lost_and_recorded(demo: RunningDemo) -> None:
    identity = prepare(demo, "wc")
    with connected(demo.path) as client:
        client.sendall(start(identity, UPGRADE) + b"too early")
        read_head(client)
        client.sendall(b"123")
        client.shutdown(1)
        assert read_to_end(client).endswith(b"3\n")
    seen = demo.wait_for(lambda item: item.path == f"/exec/{identity}/start" and item.done)
    assert (seen.early, seen.hijacked) == (b"too early", b"123")


@pytest.mark.parametrize(
    ("prefix", "tty", "media"),
    [("/v1.41", False, b"raw"), ("/v1.42", False, b"multiplexed"), ("", True, b"raw")],
)
def test_the_media_type_of_a_tunnel_tells_whether_it_has_frames(
    demo: RunningDemo, prefix: str, tty: bool, media: bytes
) -> None:
    identity = prepare(demo, "true", tty=tty)
    with connected(demo.path) as client:
        client.sendall(start(identity, UPGRADE, prefix))
        assert b"vnd.docker." + media + b"-stream" in read_head(client)


def test_the_engine_may_half_close_first(demo: RunningDemo) -> None:
    identity = prepare(demo, "hush")
    with connected(demo.path) as client:
        client.sendall(start(identity, UPGRADE))
        assert b"bye\n" in read_head(client) + read_to_end(client)
        client.sendall(b"still read")
        client.shutdown(1)
        seen = demo.wait_for(lambda item: item.path == f"/exec/{identity}/start" and item.done)
    assert seen.hijacked == b"still read"


def test_much_goes_through_a_tunnel_both_ways_at_once(demo: RunningDemo) -> None:
    identity = prepare(demo, "cat")
    data = bytes(range(256)) * 4096
    received = bytearray()
    with connected(demo.path) as client:
        client.sendall(start(identity, ""))
        rest = read_head(client).partition(b"\r\n\r\n")[2]
        for position in range(0, len(data), 65536):
            client.sendall(data[position : position + 65536])
        client.shutdown(1)
        received += rest + read_to_end(client)
    payload = bytearray()
    while received:
        length = int.from_bytes(received[4:8], "big")
        payload += received[8 : 8 + length]
        del received[: 8 + length]
    assert payload == data


def test_attach_gets_a_container_output_from_its_start(demo: RunningDemo) -> None:
    body = b'{"Image":"busybox","Cmd":["lines"],"OpenStdin":true,"StdinOnce":true,"Tty":true}'
    created = exchange(demo.path, request("POST", "/containers/create", body, CLOSE))
    identity = json.loads(created.partition(b"\r\n\r\n")[2])["Id"]
    target = f"/containers/{identity}/attach?stream=1&stdin=1&stdout=1"
    with connected(demo.path) as client:
        client.sendall(request("POST", target, headers=UPGRADE))
        assert read_head(client).startswith(b"HTTP/1.1 101 ")
        exchange(demo.path, request("POST", f"/containers/{identity}/start", headers=CLOSE))
        client.sendall(b"one\r")
        client.shutdown(1)
        assert read_to_end(client) == b"one\r\ngot one\r\n1 lines, end of input\r\n"


def test_a_half_closed_client_gets_a_plain_answer_and_then_the_end(demo: RunningDemo) -> None:
    with connected(demo.path) as client:
        client.sendall(request("GET", "/_ping"))
        client.shutdown(1)
        assert read_to_end(client).endswith(b"\r\n\r\nOK")


def test_a_half_closed_client_ends_an_event_stream(demo: RunningDemo) -> None:
    with connected(demo.path) as client:
        client.sendall(request("GET", "/events"))
        read_head(client)
        client.shutdown(1)
        assert read_to_end(client) == b"0\r\n\r\n"


def test_a_body_cut_short_by_the_client_reaches_no_handler(demo: RunningDemo) -> None:
    with connected(demo.path) as client:
        client.sendall(request("POST", "/volumes/create", b'{"Name":"cut"}')[:-3])
        client.shutdown(1)
        assert read_to_end(client) == b""
    seen = demo.wait_for(lambda item: item.path == "/volumes/create" and item.done)
    assert not seen.body_complete
    assert "cut" not in demo.engine.world.volumes


def test_requests_in_one_packet_are_answered_in_order(demo: RunningDemo) -> None:
    answer = exchange(
        demo.path, request("GET", "/_ping") + request("GET", "/nowhere", headers=CLOSE)
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 1
    assert answer.endswith(b'{"message":"page not found"}\n')
    assert len({item.connection for item in demo.received}) == 1


def test_a_wait_sends_its_head_at_once_and_its_body_at_the_end(demo: RunningDemo) -> None:
    body = b'{"Image":"busybox","Cmd":["sleep","100"],"HostConfig":{"AutoRemove":true}}'
    exchange(demo.path, request("POST", "/containers/create?name=waited", body, CLOSE))
    exchange(demo.path, request("POST", "/containers/waited/start", headers=CLOSE))
    with connected(demo.path) as client:
        target = "/containers/waited/wait?condition=removed"
        client.sendall(request("POST", target, headers=CLOSE))
        assert read_head(client).endswith(b"\r\n\r\n")
        exchange(demo.path, request("POST", "/containers/waited/kill?signal=9", headers=CLOSE))
        assert b'{"StatusCode": 137}' in read_to_end(client)


def test_http_1_0_is_answered_without_chunks_and_closed(demo: RunningDemo) -> None:
    answer = exchange(demo.path, b"GET /events?since=0&until=1 HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK")
    assert b"chunked" not in answer


def test_a_waiting_client_is_told_to_send_its_body(demo: RunningDemo) -> None:
    whole = request("POST", "/volumes/create", b'{"Name":"asked"}', "Expect: 100-continue\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    with connected(demo.path) as client:
        client.sendall(head + b"\r\n\r\n")
        assert read_head(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        assert read_head(client).startswith(b"HTTP/1.1 201 Created")


def test_attach_through_a_websocket_echoes_what_is_sent(demo: RunningDemo) -> None:
    body = b'{"Image":"busybox","Cmd":["cat"],"OpenStdin":true}'
    exchange(demo.path, request("POST", "/containers/create?name=ws", body, CLOSE))
    exchange(demo.path, request("POST", "/containers/ws/start", headers=CLOSE))
    headers = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
    with connected(demo.path) as client:
        client.sendall(request("GET", "/containers/ws/attach/ws?stream=1", headers=headers))
        assert b"101 Switching Protocols" in read_head(client)
        client.sendall(b"\x82\x82\x00\x00\x00\x00hi")
        assert client.recv(16) == b"\x82\x02hi"


def test_a_granted_h2c_tunnel_returns_every_byte(demo: RunningDemo) -> None:
    headers = "Connection: Upgrade\r\nUpgrade: h2c\r\n"
    with connected(demo.path) as client:
        client.sendall(request("POST", "/grpc", headers=headers))
        assert b"Upgrade: h2c" in read_head(client)
        client.sendall(b"PRI * HTTP/2.0")
        client.shutdown(1)
        assert read_to_end(client) == b"PRI * HTTP/2.0"
