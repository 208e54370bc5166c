from __future__ import annotations

import hashlib
import http.client
import os
import socket
import time
from pathlib import Path

import pytest

from demo.state import Settings
from tests.support.demo_engine import running_demo_engine
from tests.support.sockguard_process import sockguard

MIB = 1024 * 1024
SIZE = 96 * MIB
SAVE = "/v1.44/images/nginx:1.27/get"


class Client(http.client.HTTPConnection):
    """Python's own HTTP client on a Unix socket: a second opinion about what we send."""

    def __init__(self, path: Path) -> None:
        super().__init__("docker", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def downloaded(path: Path) -> tuple[int, str]:
    """Length and hash of a saved image."""
    client = Client(path)
    client.request("GET", SAVE)
    response = client.getresponse()
    digest, length = hashlib.sha256(), 0
    while piece := response.read(MIB):
        digest.update(piece)
        length += len(piece)
    client.close()
    return length, digest.hexdigest()


def test_a_download_is_whole_and_a_slow_reader_holds_the_engine_back(short_path: Path) -> None:
    upstream = short_path / "engine.sock"
    with (
        running_demo_engine(upstream, Settings(save_bytes=SIZE)) as engine,
        sockguard(short_path, "everything", engine.path) as guard,
    ):
        direct, through = downloaded(upstream), downloaded(guard.socket())
        before = memory_of(guard.process.pid)
        slow = Client(guard.socket())
        slow.request("GET", SAVE)
        time.sleep(1.0)
        held = memory_of(guard.process.pid) - before
        unfinished = not engine.sent("GET", "/images/nginx:1.27/get")[-1].done
        slow.close()

    assert direct == through
    assert through[0] >= SIZE
    assert held < 8 * MIB
    assert unfinished


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "sized"])
def test_an_upload_arrives_as_it_was_sent(short_path: Path, chunked: bool) -> None:
    upstream = short_path / "engine.sock"
    pieces = [bytes([number % 251]) * MIB for number in range(SIZE // MIB)]
    digest = hashlib.sha256(b"".join(pieces)).hexdigest()
    headers = {"Content-Type": "application/x-tar"}
    if not chunked:
        headers["Content-Length"] = str(SIZE)
    with (
        running_demo_engine(upstream) as engine,
        sockguard(short_path, "everything", engine.path) as guard,
    ):
        before = memory_of(guard.process.pid)
        client = Client(guard.socket())
        client.request("POST", "/v1.44/images/load", iter(pieces), headers, encode_chunked=chunked)
        client.getresponse().read()
        grown = memory_of(guard.process.pid) - before
        load = engine.sent("POST", "/images/load")[0]
        client.close()

    assert (load.body_length, load.body_sha256) == (SIZE, digest)
    assert load.body_complete
    assert grown < 16 * MIB
