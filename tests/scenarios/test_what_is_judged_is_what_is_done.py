from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

import pytest

from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

ATTACH = (
    "POST",
    "attach?stream=1&stdout=1",
    "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n",
    b"rm -rf /\n",
)
HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
WEBSOCKET = (
    "GET",
    "attach/ws?stream=1&stdout=1",
    HANDSHAKE,
    b"\x82\x89\x00\x00\x00\x00rm -rf /\n",
)
Way = tuple[str, str, str, bytes]


def attach(stack: Stack, engine: RunningDemo, way: Way, version: str, more: str) -> str | None:
    """Attach to web and type; the `stdin` that the Engine was asked for."""
    method, path, headers, typed = way
    with connected(stack.socket(), timeout=2.0) as peer:
        peer.sendall(request(method, f"{version}/containers/web/{path}{more}", headers=headers))
        assert b"101" in read_head(peer)
        peer.sendall(typed)
        time.sleep(0.2)
        return engine.received[-1].argument("stdin")


def policy(stdin: str) -> str:
    items = (f"{name}: {{query: {{stdin: {stdin}}}}}" for name in NAMES)
    return "version: 1\nallow:\n" + "".join(f"  - {item}\n" for item in items)


NAMES = ("containers.attach", "containers.attach_ws")


@pytest.mark.parametrize("way", [ATTACH, WEBSOCKET], ids=NAMES)
def test_who_is_made_to_attach_without_stdin_cannot_type(
    short_path: Path, engine: RunningDemo, way: Way
) -> None:
    never = policy("{always: false}")
    with running_stack(short_path, short_path / "engine.sock", policy=never) as stack:
        asked = attach(stack, engine, way, "/v1.44", "&stdin=1")

        assert asked == "0"
        assert engine.received[-1].hijacked == b""


@pytest.mark.parametrize("way", [ATTACH, WEBSOCKET], ids=NAMES)
def test_who_is_made_to_attach_with_stdin_can_type(
    short_path: Path, engine: RunningDemo, way: Way
) -> None:
    always = policy("{always: true}")
    with running_stack(short_path, short_path / "engine.sock", policy=always) as stack:
        asked = attach(stack, engine, way, "/v1.44", "")

        assert asked == "1"
        assert engine.received[-1].hijacked == b"rm -rf /\n"


def test_an_old_websocket_carries_no_typing_that_was_not_asked_for(
    stack: Stack, engine: RunningDemo
) -> None:
    attach(stack, engine, WEBSOCKET, "/v1.41", "")
    assert engine.received[-1].hijacked == b""


# --- what an old Engine does not read ---------------------------------------------------------

STOP = "version: 1\nallow: [{containers.stop: {query: {signal: TERM}}}]\n"


@pytest.mark.parametrize(
    ("version", "target", "status"),
    [
        ("1.47", "/containers/web/stop", 204),
        ("1.47", "/v1.41/containers/web/stop", 403),
        ("1.41", "/containers/web/stop", 403),
        ("1.41", "/v1.41/containers/web/stop", 403),
    ],
)
def test_a_limit_holds_only_where_the_engine_reads_it(
    short_path: Path, version: str, target: str, status: int
) -> None:
    newest = Settings(api_max=(1, int(version.removeprefix("1."))))
    upstream = short_path / "of_its_age.sock"
    with (
        running_demo_engine(upstream, newest) as engine,
        running_stack(short_path, upstream, policy=STOP) as stack,
    ):
        answer = send(stack.socket(), request("POST", target, headers="Connection: close\r\n"))

    assert status_of(answer) == status
    assert bool(engine.sent("POST", "/containers/web/stop")) is (status == 204)


# --- credentials --------------------------------------------------------------------------------

PULL = "/v1.44/images/create?fromImage=busybox&tag=latest"
SECRET = "hunter2>>>???"
ACCOUNT = json.dumps({"username": "me", "password": SECRET}).encode()


def pull(stack: Stack, value: bytes) -> bytes:
    headers = f"Connection: close\r\nX-Registry-Auth: {value.decode()}\r\n"
    return send(stack.socket(), request("POST", PULL, headers=headers))


def test_credentials_reach_the_engine_in_its_own_spelling_and_no_log(
    stack: Stack, engine: RunningDemo
) -> None:
    answer = pull(stack, base64.b64encode(ACCOUNT))

    assert status_of(answer) == 200
    sent = engine.sent("POST", "/images/create")[0].header("x-registry-auth")
    compact = json.dumps(json.loads(ACCOUNT), separators=(",", ":")).encode()
    assert sent == base64.urlsafe_b64encode(compact).decode()
    assert sent not in json.dumps(stack.events())


@pytest.mark.parametrize(
    "value",
    [
        base64.b64encode(ACCOUNT[:-1]),
        base64.b64encode(b'{"password":"a","password":"b"}'),
        base64.b64encode(b'{"serveraddress":"good.example","SERVERADDRESS":"evil.example"}'),
        b"hunter2",
    ],
)
def test_credentials_that_cannot_be_read_in_one_way_are_refused_untold(
    stack: Stack, engine: RunningDemo, value: bytes
) -> None:
    answer = pull(stack, value)

    assert status_of(answer) == 400
    assert engine.received == []
    assert value not in answer
    assert value.decode() not in json.dumps(stack.events())
