from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def answering(folder: Path, answer: bytes) -> Iterator[None]:
    """A server that gives this answer to one connection."""
    path = folder / ".control" / "health.sock"
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        listener.settimeout(20)

        def serve() -> None:
            with listener.accept()[0] as peer:
                peer.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join()


def health(folder: Path, *words: str) -> int:
    return main(["health", "--socket-dir", str(folder), *words])


@pytest.mark.parametrize(("engine", "code"), [("ok", 0), ("away \x1b[2J", 1)])
def test_each_part_is_one_line_and_no_more_than_text(
    capsys: pytest.CaptureFixture[str], short_path: Path, engine: str, code: int
) -> None:
    told = {"healthy": code == 0, "policy": "ok", "engine": engine}
    with answering(short_path, json.dumps(told).encode() + b"\n"):
        assert health(short_path) == code
    shown = engine.replace("\x1b", "\\x1b")
    assert capsys.readouterr().out == f"policy: ok\nengine: {shown}\n"


def test_the_answer_for_machines_is_the_servers(
    capsys: pytest.CaptureFixture[str], short_path: Path
) -> None:
    with answering(short_path, b'{"healthy": true, "engine": "ok"}\n'):
        assert health(short_path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"healthy": True, "engine": "ok"}


@pytest.mark.parametrize("answer", [b"", b"\xff\n", b"HTTP/1.1 400\r\n", b"[]\n", b"{}\n", b"7\n"])
def test_an_answer_that_is_none_is_an_error_in_words(
    capsys: pytest.CaptureFixture[str], short_path: Path, answer: bytes
) -> None:
    with answering(short_path, answer):
        assert health(short_path) == 1
    assert capsys.readouterr().err.startswith("sockguard: ")


def test_no_server_is_an_error_with_a_question(
    capsys: pytest.CaptureFixture[str], short_path: Path
) -> None:
    assert health(short_path) == 1
    assert "is `sockguard serve` running" in capsys.readouterr().err
