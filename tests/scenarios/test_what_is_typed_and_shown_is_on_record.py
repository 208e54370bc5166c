"""Sessions under a line that says `record: true` are kept beside the log, or do not begin."""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sockguard.audit.recording_store import FOLDER
from sockguard.cli.main import main
from sockguard.proxy.recording_room import FILE_BYTES
from tests.support.audit_events import events_of
from tests.support.failing_sink import FailingSink
from tests.support.raw_client import connected, read_head, read_to_end, request
from tests.support.sockguard_process import serving, sockguard
from tests.support.stack import Stack, read_until, running_stack, send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from tests.support.demo_engine import RunningDemo

STDIN = "query: {stdin: any, logs: any, stream: any}"
ALL = f"""version: 1
allow:
  - system/hello
  - exec.create
  - exec.start: {{record: true}}
  - exec.resize
  - containers.attach: {{record: true, {STDIN}}}
"""
WORDS = {"exec.create": ": {record: true}", "exec.start": ": {record: true, target: any}"}
PLAIN = ALL.replace("{record: true}", "{target: {name: '*'}}")
UPGRADE = "Connection: Upgrade\r\nUpgrade: tcp\r\n"
CLOSE = "Connection: close\r\n"


@pytest.fixture
def stack(short_path: Path, engine: RunningDemo) -> Iterator[Stack]:
    with running_stack(short_path, short_path / "engine.sock", policy=ALL) as running:
        engine.clear()
        yield running


def recording_within(folder: Path, most: int, total: int) -> AbstractContextManager[Stack]:
    return running_stack(
        folder,
        folder / "engine.sock",
        policy=ALL,
        recording_max_bytes=most,
        recording_total_bytes=total,
    )


def made(stack: Stack, *words: str, tty: bool = True, version: str = "1.44") -> str:
    """An exec; its id."""
    options = {"AttachStdin": True, "AttachStdout": True, "AttachStderr": True, "Tty": tty}
    body = json.dumps({"Cmd": list(words), **options}).encode()
    sent = request("POST", f"/v{version}/containers/web/exec", body, CLOSE)
    return str(json.loads(send(stack.socket(), sent).split(b"\r\n\r\n", 1)[1])["Id"])


def start_of(identity: str, *, tty: bool = True, version: str = "1.44", **more: object) -> bytes:
    body = json.dumps({"Detach": False, "Tty": tty, **more}).encode()
    return request("POST", f"/v{version}/exec/{identity}/start", body, UPGRADE)


@contextmanager
def session(stack: Stack, sent: bytes) -> Iterator[socket.socket]:
    with connected(stack.socket()) as peer:
        peer.sendall(sent)
        assert status_of(read_head(peer)) == 101
        yield peer


def files(stack: Stack) -> list[Path]:
    folder = stack.folder / "audit" / FOLDER
    return sorted(folder.iterdir()) if folder.exists() else []


def closed(stack: Stack) -> dict[str, Any]:
    """The event of the one recording that was closed."""
    wait_until(lambda: stack.events(kind="recording_closed"), "the recording's event")
    (event,) = stack.events(kind="recording_closed")
    wait_until(lambda: all(one.suffix == ".cast" for one in files(stack)), "its name for good")
    return event


def has_closed(stack: Stack, count: int) -> bool:
    return len(stack.events(kind="recording_closed")) == count


def told(path: Path) -> dict[str, str]:
    """What a recording says was typed, shown and resized, each as one text."""
    first, *lines = map(json.loads, path.read_text("ascii").splitlines())
    assert first["version"] == 2
    assert [line[0] for line in lines] == sorted(line[0] for line in lines)
    return {code: "".join(text for _, of, text in lines if of == code) for code in "ior"}


def test_a_terminal_is_kept_as_it_was_shown_and_hashed_into_the_log(stack: Stack) -> None:
    identity = made(stack, "cat")
    with session(stack, start_of(identity, ConsoleSize=[40, 120])) as peer:
        peer.sendall("häßlich\r".encode())
        shown = read_until(peer, "\nhäßlich\r\n".encode())
        resize = request("POST", f"/v1.44/exec/{identity}/resize?h=50&w=132", headers=CLOSE)
        assert status_of(send(stack.socket(), resize)) == 200
        wait_until(lambda: "132x50" in files(stack)[0].read_text(), "the other size")
        peer.sendall(b"\x04")
        shown += read_to_end(peer)

    event = closed(stack)
    (path,) = files(stack)
    assert told(path) == {"i": "häßlich\r\x04", "o": shown.decode(), "r": "132x50"}
    assert json.loads(path.read_text().splitlines()[0])["width"] == 120
    assert path.name == event["recording"] == f"{event['id']}.cast"
    assert event["recording_sha256"] == sha256(path.read_bytes()).hexdigest()
    assert (event["bytes"], event["ended"]) == (path.stat().st_size, "complete")
    assert (event["client"], event["operation"]) == ("main", "exec.start")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (outcome,) = stack.events(kind="outcome", operation="exec.start")
    (decision,) = stack.events(kind="decision", operation="exec.start")
    assert outcome["recording"] == path.name
    assert decision["id"] == outcome["id"] == event["id"]


@pytest.mark.parametrize("version", ["1.44", "1.41"])
def test_output_without_a_terminal_is_taken_out_of_its_frames(stack: Stack, version: str) -> None:
    lie = "\x01\x00\x00\x00\x00\x00\x00\x63hidden"
    identity = made(stack, "sh", "-c", f"echo {lie}; echo err >&2", tty=False, version=version)
    with session(stack, start_of(identity, tty=False, version=version)) as peer:
        raw = read_to_end(peer)
    assert raw.startswith(b"\x01\0\0\0\0\0\0\x0f")  # what the client gets has its frames
    closed(stack)
    assert told(files(stack)[0])["o"] == f"{lie}\nerr\n"


def test_an_attached_session_is_kept_too(stack: Stack) -> None:
    where = "/v1.44/containers/web/attach?stream=1&stdout=1&stderr=1&stdin=1&logs=1"
    with session(stack, request("POST", where, headers=UPGRADE)) as peer:
        peer.sendall(b"hello\n")
        wait_until(lambda: "hello" in files(stack)[0].read_text(), "what is typed")
        assert peer.recv(100)
    event = closed(stack)
    assert (event["operation"], event["ended"]) == ("containers.attach", "client_gone")
    assert told(files(stack)[0])["i"] == "hello\n"
    assert told(files(stack)[0])["o"]


@pytest.mark.usefixtures("engine")
def test_a_session_that_no_line_records_leaves_nothing(short_path: Path) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=PLAIN) as stack:
        with session(stack, start_of(made(stack, "echo", "hello"))) as peer:
            assert read_to_end(peer)
        stack.until_quiet()
        assert files(stack) == []
        assert stack.events(kind="recording_closed") == []


@pytest.mark.parametrize("line", ["exec.create", "exec.start"])
@pytest.mark.usefixtures("engine")
def test_an_exec_of_unknown_origin_is_recorded_where_any_line_records(
    short_path: Path, line: str
) -> None:
    items = {"exec.create": "exec.create", "exec.start": "exec.start: {target: any}"}
    items[line] = items[line].partition(":")[0] + WORDS[line]
    policy = "version: 1\nallow:\n" + "".join(f"  - {one}\n" for one in items.values())
    with running_stack(short_path, short_path / "engine.sock", policy=policy) as stack:
        identity = made(stack, "echo", "hello")
        stack.gate.execs = type(stack.gate.execs)()  # as after a restart
        with session(stack, start_of(identity)) as peer:
            assert read_to_end(peer)
        assert closed(stack)["ended"] == "complete"
        assert told(files(stack)[0])["o"] == "hello\r\n"


def test_a_recorded_exec_is_not_started_detached(stack: Stack, engine: RunningDemo) -> None:
    identity = made(stack, "echo", "hello")
    engine.clear()
    answer = send(stack.socket(), start_of(identity, Detach=True))
    assert status_of(answer) == 403
    assert b"a recorded exec cannot be detached" in answer
    assert not [one for one in engine.received if one.path.endswith("/start")]


def test_a_session_that_cannot_be_recorded_does_not_begin(
    stack: Stack, engine: RunningDemo
) -> None:
    identity = made(stack, "echo", "hello")
    engine.clear()
    (stack.folder / "audit" / FOLDER).symlink_to(stack.folder)
    answer = send(stack.socket(), start_of(identity))
    assert status_of(answer) == 503
    assert b"the session has to be recorded, and cannot be" in answer
    assert not [one for one in engine.received if one.path.endswith("/start")]
    (event,) = stack.events(kind="decision", operation="exec.start")
    assert event["reason"] == "audit_failed"


def test_an_answer_that_is_no_session_leaves_no_recording(stack: Stack) -> None:
    identity = made(stack, "cat")
    with session(stack, start_of(identity)):
        answer = send(stack.socket(), start_of(identity))
        assert status_of(answer) == 409
        wait_until(lambda: len(files(stack)) == 1, "the other's file to go")
    closed(stack)


def test_a_session_ends_when_its_file_is_removed(stack: Stack) -> None:
    with session(stack, start_of(made(stack, "cat"))) as peer:
        wait_until(lambda: files(stack), "the file")
        files(stack)[0].unlink()
        peer.sendall(b"hello\r")
        peer.settimeout(5)
        read_to_end(peer)
    event = closed(stack)
    assert event["ended"] == "recording_failed"
    assert "somebody removed it" in event["text"]
    (outcome,) = stack.events(kind="outcome", operation="exec.start")
    assert outcome["ended"] == "recording_failed"


@pytest.mark.usefixtures("engine")
def test_a_session_ends_with_the_room_of_its_recording(short_path: Path) -> None:
    with recording_within(short_path, 4096, 24_000) as stack:
        for _ in range(4):
            with session(stack, start_of(made(stack, "head", "-c", "100000"))) as peer:
                shown = read_to_end(peer)
            assert len(shown) < 4096
            stack.until_quiet()
        ends = {event["ended"] for event in stack.events(kind="recording_closed")}
        assert ends == {"recording_full"}


@pytest.mark.usefixtures("engine")
def test_the_oldest_recordings_make_room_and_the_log_tells(short_path: Path) -> None:
    with recording_within(short_path, 400, 9_000) as stack:
        for count in range(1, 6):
            with session(stack, start_of(made(stack, "echo", "x" * 100))) as peer:
                assert b"x" * 100 in read_to_end(peer)
            wait_until(partial(has_closed, stack, count), "its end")
        removed = [event["recording"] for event in stack.events(kind="recording_removed")]
        written = [event["recording"] for event in stack.events(kind="recording_closed")]
        assert removed
        assert removed == written[: len(removed)]
        wait_until(
            lambda: [one.name for one in files(stack)] == written[len(removed) :], "their end"
        )
        assert sum(one.stat().st_size + FILE_BYTES for one in files(stack)) <= 9_000


def test_a_reload_that_takes_the_line_away_closes_the_recording(stack: Stack) -> None:
    with session(stack, start_of(made(stack, "cat"))) as peer:
        peer.sendall(b"hello\r")
        read_until(peer, b"hello\r\n")
        stack.reload("version: 1\nallow: [system/hello]\n")
        read_to_end(peer)
    assert closed(stack)["ended"] == "reload"
    assert told(files(stack)[0])["i"] == "hello\r"


@pytest.mark.usefixtures("engine")
def test_a_reload_that_asks_for_recording_ends_a_session_that_has_none(short_path: Path) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=PLAIN) as stack:
        with session(stack, start_of(made(stack, "cat"))) as peer:
            stack.reload(PLAIN.replace("name: '*'}", "name: '*'}, record: true"))
            read_to_end(peer)
        wait_until(lambda: stack.events(kind="outcome", ended="reload"), "its end")


@pytest.mark.usefixtures("engine")
def test_an_exec_from_before_the_reload_is_recorded_too(short_path: Path) -> None:
    allowed = "system/hello, {exec.start: {target: any}}, {exec.create: {body: any}}"
    policy = f"version: 1\nallow: [{allowed}]\n"
    with running_stack(short_path, short_path / "engine.sock", policy=policy) as stack:
        before = made(stack, "cat")
        with session(stack, start_of(made(stack, "cat"))) as peer:
            stack.reload(policy.replace("{body: any}", "{body: any, record: true}"))
            read_to_end(peer)
        wait_until(lambda: stack.events(kind="outcome", ended="reload"), "its end")
        with session(stack, start_of(before)) as peer:
            peer.sendall(b"hello\r")
            read_until(peer, b"hello\r\n")
        assert closed(stack)["ended"] == "client_gone"
    assert told(files(stack)[0])["i"] == "hello\r"


def test_a_second_start_that_is_refused_changes_nothing_of_the_first(stack: Stack) -> None:
    identity = made(stack, "cat")
    with session(stack, start_of(identity)) as peer:
        peer.sendall(b"one\r")
        read_until(peer, b"one\r\none\r\n")
        assert status_of(send(stack.socket(), start_of(identity))) == 409
        resize = request("POST", f"/v1.44/exec/{identity}/resize?h=50&w=132", headers=CLOSE)
        assert status_of(send(stack.socket(), resize)) == 200
        stack.reload(ALL + "# no other policy\n")
        peer.sendall(b"two\r")
        read_until(peer, b"two\r\ntwo\r\n")
    closed(stack)
    assert told(files(stack)[0])["r"] == "132x50"


def test_a_recording_that_could_not_be_told_of_is_told_of_later(
    short_path: Path, engine: RunningDemo
) -> None:
    (short_path / "audit").mkdir()
    sink = FailingSink()
    with running_stack(short_path, Path(engine.path), policy=ALL, sink=sink) as stack:
        with session(stack, start_of(made(stack, "cat"))) as peer:
            peer.sendall(b"hello\r")
            read_until(peer, b"hello\r\n")
            sink.full = True
        time.sleep(1.5)  # the end, and another try
        assert [path.suffix for path in files(stack)] == [".open"]
        sink.full = False
        wait_until(lambda: [path.suffix for path in files(stack)] == [".cast"], "it is told of", 5)
        wait_until(lambda: not descriptors_in(short_path), "its descriptors to be closed")
        assert sum(b"recording_closed" in line for line in sink.lines) == 1


def descriptors_in(folder: Path) -> list[Path]:
    """What this process, in which the server runs, has open of the recordings in a folder."""
    links = (one for one in Path("/proc/self/fd").iterdir() if one.is_symlink())
    places = [Path(os.path.realpath(one)) for one in links]
    return [one for one in places if folder.resolve() / "audit" / FOLDER in (one, one.parent)]


def test_who_hangs_up_before_the_answer_leaves_a_recording(stack: Stack) -> None:
    with connected(stack.socket()) as peer:
        peer.sendall(start_of(made(stack, "sleep", "0.2")))
    assert closed(stack)["recording"] == files(stack)[0].name


def test_what_a_killed_server_left_is_told_at_the_next_start(engine: RunningDemo) -> None:
    policy = "allow: [system/hello, exec.create, {exec.start: {record: true}}]"
    with serving(policy, f"unix://{engine.path}") as guard:
        where = guard.audit / FOLDER
        with connected(guard.socket()) as peer:
            body = b'{"Cmd":["cat"],"AttachStdin":true,"AttachStdout":true,"Tty":true}'
            create = request("POST", "/v1.44/containers/web/exec", body, CLOSE)
            made_there = send(guard.socket(), create).split(b"\r\n\r\n", 1)[1]
            peer.sendall(start_of(str(json.loads(made_there)["Id"])))
            assert status_of(read_head(peer)) == 101
            peer.sendall(b"hello\r")
            wait_until(lambda: "hello" in "".join(one.read_text() for one in where.iterdir()), "it")
            guard.process.kill()
            guard.process.wait(10)
        (left,) = where.iterdir()
        assert left.name.endswith(".cast.open")
        assert events_of(guard.audit)[-1]["kind"] != "recording_closed"
        digest = sha256(left.read_bytes()).hexdigest()
        upstream = f"unix://{engine.path}"
        with sockguard(guard.folder, str(guard.folder / "policy.yaml"), upstream) as again:
            assert again.stop() == 0
        (event,) = [e for e in events_of(guard.audit) if e["kind"] == "recording_closed"]
        assert (event["ended"], event["recording_sha256"]) == ("killed", digest)
        (path,) = where.iterdir()
        assert path.name == event["recording"]
        assert main(["audit", "verify", "--dir", str(guard.audit)]) == 0
        assert main(["audit", "play", "--dir", str(guard.audit), str(event["id"])]) == 0


def test_without_a_folder_sessions_that_have_to_be_recorded_are_refused(
    short_path: Path, engine: RunningDemo
) -> None:
    (short_path / "policy.yaml").write_text(ALL)
    policy, upstream = str(short_path / "policy.yaml"), f"unix://{engine.path}"
    with sockguard(short_path, policy, upstream, "--audit=stdout") as guard:
        where = "/v1.44/containers/web/attach?stream=1&stdout=1"
        answer = send(guard.socket(), request("POST", where, headers=UPGRADE))
        assert status_of(answer) == 503
        assert b"with --audit stdout there is no folder for that" in answer
        warned = "--audit stdout keeps no recordings: sessions of 'main' are refused"
        assert warned in guard.log.read_text()
    assert not [one for one in engine.received if "attach" in one.path]
