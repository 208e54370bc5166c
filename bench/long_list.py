"""A list of 1,000 containers, of which half are left out and the rest masked, and who waits for it.

Must never measure the demo engine, which is busy itself while it makes such a list: what it
answered once is played back, at once, so that whoever waits beside it waits for sockguard.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from bench.client import connected, read_answer, read_until, send
from bench.contenders import DATA, own_upstream, serving, sockguard
from bench.figures import Table
from bench.processes import BenchError, cpu_seconds, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.contenders import Server

_CONTAINERS = 1_000
_LIST = "GET /v1.41/containers/json?all=1"
_LISTS = 60
_QUICK_LISTS = 20
_BETWEEN_LISTS = 0.05
_BETWEEN_PINGS = 0.001


def long_list(folder: Path, *, quick: bool) -> Table:
    """Ask for the list again and again, while somebody else pings on another connection."""
    listed = folder / "list.json"
    listed.write_bytes(_list_of_the_demo(folder))
    policy = DATA / "deploy.yaml"
    with serving(folder, [sockguard(policy=policy)], own_upstream(f"--list={listed}")) as servers:
        guard, bare = servers
        shown = _ask(guard)
        if len(json.loads(shown)) != _CONTAINERS // 2 or b"SECRET" in shown:
            raise BenchError(f"the list is not filtered and masked: {shown[:300]!r}")
        rows = {each.contender.name: _cells(each, quick=quick) for each in (guard, bare)}
    title = f"A list of {_CONTAINERS:,} containers, {listed.stat().st_size / 1e6:.1f} MB"
    columns = ("CPU a list, least", "median", "bar", "whole, median", "worst ping beside it", "bar")
    return Table(title, columns, rows)


def _cells(server: Server, *, quick: bool) -> tuple[str, ...]:
    taken, used = [], []
    with _pinging(server.socket) as waits:
        for _ in range(_QUICK_LISTS if quick else _LISTS):
            time.sleep(_BETWEEN_LISTS)
            before, began = cpu_seconds(server.process), time.perf_counter()
            _ask(server)
            taken.append(time.perf_counter() - began)
            used.append(cpu_seconds(server.process) - before)
    return (
        f"{min(used) * 1e3:.0f} ms",
        f"{median(used) * 1e3:.0f} ms",
        "100 ms",
        f"{median(taken) * 1e3:.0f} ms",
        f"{max(waits) * 1e3:.1f} ms of {len(waits):,}",
        "20 ms",
    )


def _ask(server: Server) -> bytes:
    with connected(server.socket) as connection:
        send(connection, _LIST)
        return read_answer(connection)


@contextmanager
def _pinging(path: Path) -> Iterator[list[float]]:
    """Ping until the block ends; the list gets how long each answer took."""
    waits: list[float] = []
    over = threading.Event()

    def ping() -> None:
        with connected(path) as connection:
            while not over.is_set():
                began = time.perf_counter()
                send(connection, "GET /_ping")
                read_until(connection, b"\r\n\r\nOK")
                waits.append(time.perf_counter() - began)
                time.sleep(_BETWEEN_PINGS)

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def _list_of_the_demo(folder: Path) -> bytes:
    """Start 1,000 containers in the demo engine, half of them the client's; return its list."""
    socket = folder / "demo.sock"
    command = [sys.executable, "-m", "demo", "--quiet", f"--socket={socket}"]
    with running(command, socket, folder / "demo.log"), connected(socket) as connection:
        for number in range(_CONTAINERS):
            team = ("shop", "other")[number % 2]
            body = json.dumps(_container(team)).encode()
            kind = ("Content-Type: application/json", f"Content-Length: {len(body)}")
            send(connection, f"POST /containers/create?name={team}-{number}", *kind)
            connection.sendall(body)
            identity = json.loads(read_answer(connection))["Id"]
            send(connection, f"POST /containers/{identity}/start", "Content-Length: 0")
            read_until(connection, b"\r\n\r\n")
        send(connection, _LIST)
        return read_answer(connection)


def _container(team: str) -> dict[str, object]:
    labels = {
        "com.example.team": team,
        "com.docker.compose.project": team,
        "com.docker.compose.service": "web",
        "org.opencontainers.image.source": "https://git.example/team/web",
    }
    host = {"Binds": ["/srv/SECRET/html:/usr/share/nginx/html:ro", f"{team}-cache:/var/cache"]}
    return {"Image": "nginx:1.27", "Cmd": ["serve", "SECRET"], "Labels": labels, "HostConfig": host}
