from __future__ import annotations

import json
import os
import stat
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.audit.sink import AuditError
from sockguard.policy.load import load_text
from tests.support.raw_client import connected, read_head
from tests.support.stack import Stack, read_until, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

ONE = "version: 1\nclients:\n  one: {allow: [system/hello, containers.list]}\n"
TWO = "version: 1\nclients:\n  two: {allow: [system/hello, containers.list]}\n"
BOTH = ONE + "  two: {allow: [system/hello]}\n"
LIST = b"GET /v1.44/containers/json HTTP/1.1\r\nHost: d\r\n\r\n"
LAST_LIST = LIST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
VERSION = b"GET /v1.44/version HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n"


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=ONE) as running:
        engine.clear()
        yield running


def read_answer(peer: socket.socket) -> bytes:
    """One whole answer with a length or chunks; the connection stays open."""
    data = read_head(peer)
    if b"content-length: " not in data.lower():
        return data if data.endswith(b"0\r\n\r\n") else data + read_until(peer, b"0\r\n\r\n")
    length = int(data.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    whole = data.index(b"\r\n\r\n") + 4 + length
    while len(data) < whole:
        data += peer.recv(whole - len(data))
    return data


def of_kind(stack: Stack, kind: str) -> list[dict[str, Any]]:
    return stack.events(kind=kind)


def test_new_clients_get_their_socket_and_the_others_keep_theirs(stack: Stack) -> None:
    inode = stack.socket("one").stat().st_ino
    with connected(stack.socket("one")) as before:
        before.sendall(LIST)
        assert status_of(read_answer(before)) == 200
        stack.reload(BOTH)

        assert status_of(send(stack.socket("two"), VERSION)) == 200
        assert status_of(send(stack.socket("two"), LAST_LIST)) == 403
        assert stack.socket("one").stat().st_ino == inode
        before.sendall(LIST)
        assert status_of(read_answer(before)) == 200

    [loaded] = of_kind(stack, "policy_loaded")
    assert loaded["policy"] == load_text(BOTH).sha256
    assert "client 'two' added" in loaded["text"]
    assert stack.gate.policy.generation == 2


def test_a_removed_client_loses_socket_and_connections_at_once(stack: Stack) -> None:
    with connected(stack.socket("one")) as idle:
        idle.sendall(LIST)
        assert status_of(read_answer(idle)) == 200
        stack.reload(TWO)

        assert idle.recv(1) == b""
    assert not stack.socket("one").exists()
    assert status_of(send(stack.socket("two"), LAST_LIST)) == 200


def test_the_mode_of_a_socket_follows_the_policy_and_goes_back(stack: Stack) -> None:
    path = stack.socket("one")
    inode = path.stat().st_ino
    stack.reload(ONE.replace("{allow", '{socket: {mode: "0600"}, allow'))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    stack.reload(ONE)
    assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_ino) == (0o666, inode)

    stack.reload(TWO)
    assert not path.exists()


def test_the_group_of_a_socket_follows_the_policy_and_goes_back(stack: Stack) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    path = stack.socket("one")
    before = path.stat().st_gid
    stack.reload(ONE.replace("{allow", "{socket: {gid: 12345}, allow"))
    assert path.stat().st_gid == 12345
    stack.reload(ONE)
    assert path.stat().st_gid == before


def test_a_head_that_was_allowed_is_judged_anew(stack: Stack) -> None:
    with connected(stack.socket("one")) as peer:
        for _ in range(2):
            peer.sendall(LIST)
            assert status_of(read_answer(peer)) == 200
        stack.reload(ONE.replace(", containers.list", ""))
        peer.sendall(LIST)
        assert status_of(read_answer(peer)) == 403


def test_a_role_of_the_same_client_shows_in_events_as_it_is_now(stack: Stack) -> None:
    other = "version: 1\nclients: {one: {role: r}}\nroles: {r: {allow: [containers.list]}}\n"
    assert status_of(send(stack.socket("one"), LAST_LIST)) == 200
    stack.reload(other)
    assert status_of(send(stack.socket("one"), LAST_LIST)) == 200
    first, second = of_kind(stack, "decision")
    assert (first["role"] == "r", second["role"] == "r") == (False, True)


def test_one_socket_that_cannot_be_made_keeps_the_old_policy_whole(stack: Stack) -> None:
    in_the_way = stack.socket("two")
    in_the_way.parent.mkdir()
    in_the_way.write_text("not a socket")
    mode = '{socket: {mode: "0600"}, allow'
    stack.reload(BOTH.replace("{allow", mode) + "  three: {allow: [system/hello]}\n")

    assert not stack.socket("three").exists()
    assert stat.S_IMODE(stack.socket("one").stat().st_mode) == 0o666
    assert status_of(send(stack.socket("one"), LAST_LIST)) == 200
    [rejected] = of_kind(stack, "policy_rejected")
    assert rejected["policy"] == load_text(ONE).sha256
    assert "is no socket" in rejected["text"]
    assert stack.gate.policy.generation == 1
    assert of_kind(stack, "policy_loaded") == []


def test_a_policy_that_does_not_load_changes_nothing_and_is_told(stack: Stack) -> None:
    policy = stack.gate.policy
    stack.reload("version: 1\nclients:\n  one: {allow: [containers.lst, images.lst]}\n")

    assert stack.gate.policy is policy
    assert stack.gate.policy_fault.startswith("rejected: policy.yaml:3: ")
    assert "(and 1 more); serving the one of 20" in stack.gate.policy_fault
    assert status_of(send(stack.socket("one"), LAST_LIST)) == 200

    stack.reload(ONE)
    assert stack.gate.policy_fault == ""


def test_a_policy_whose_event_cannot_be_written_is_not_served(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AuditError("the disk is full")

    monkeypatch.setattr(stack.gate.recorder, "happened", fail)
    stack.reload(BOTH)

    assert not stack.socket("two").exists()
    assert stack.gate.policy.generation == 1
    assert "the disk is full" in stack.gate.policy_fault


CREATE = b"POST /v1.44/containers/create?name=late HTTP/1.1\r\nHost: d\r\n"
CREATE += b"Content-Type: application/json\r\nContent-Length: 20\r\n\r\n"
CREATES = "version: 1\nclients:\n  one: {allow: [containers.create: {body: any}]}\n"


@pytest.mark.parametrize("after", [ONE, TWO, CREATES.replace("allow", "limits: {body: 10}, allow")])
def test_a_body_that_comes_after_the_reload_is_judged_by_the_new_policy(
    stack: Stack, engine: RunningDemo, after: str
) -> None:
    stack.reload(CREATES)
    with connected(stack.socket("one")) as peer:
        peer.sendall(CREATE)
        wait_until(lambda: [c for c in stack.gate.connections if not c.idle], "the head")
        stack.reload(after)
        peer.sendall(b'{"Image":"nginx"   }')
        assert status_of(read_head(peer)) in (403, 413)

    assert engine.sent("POST", "/containers/create") == []
    [decision] = of_kind(stack, "decision")
    assert (decision["decision"], decision["policy"]) == ("deny", load_text(after).sha256)


def test_under_load_each_request_is_judged_by_exactly_one_policy(stack: Stack) -> None:
    pair = {load_text(text).sha256: status for text, status in ((ONE, 200), (CREATES, 403))}
    over = threading.Event()
    answers: dict[str, int] = {}

    def ask(number: int) -> None:
        count = 0
        with ExitStack() as opened:
            peer = opened.enter_context(connected(stack.socket("one")))
            while not over.is_set():
                count += 1
                head = f"\r\nUser-Agent: {number}-{count}\r\n\r\n".encode()
                peer.sendall(LIST.replace(b"\r\n\r\n", head) if count % 2 else LIST)
                answer = read_answer(peer)
                if count % 2:
                    answers[f"{number}-{count}"] = status_of(answer)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(50):
        stack.reload((CREATES, ONE)[turn % 2])
    over.set()
    for thread in threads:
        thread.join(5)

    told = {
        e["user_agent"]: e for e in of_kind(stack, "decision") if "-" in e.get("user_agent", "")
    }
    ends = {e["id"]: e["policy"] for e in of_kind(stack, "outcome")}
    assert len(answers) > 50
    for name, event in told.items():
        assert answers[name] == pair[event["policy"]], json.dumps(event)
        assert ends[event["id"]] == event["policy"]
    assert {event["policy"] for event in told.values()} == set(pair)
    assert stack.gate.policy.generation == 51
