"""What clients send to deceive whoever reads the log comes out as text, wherever it is shown."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from sockguard.cli.main import main
from tests.support.audit_events import events_of
from tests.support.demo_engine import running_demo_engine
from tests.support.guarded import Guarded
from tests.support.raw_client import exchange, request
from tests.support.sockguard_process import environment, sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.sockguard_process import Guard

    Shown = Callable[..., str]

FORGED = "2026-01-01T00:00:00.000000Z ci allow containers.create  all is well"
TEXTS = (
    f"x\n{FORGED}",
    f"x\r{FORGED}",
    f"x\x85{FORGED}\u2028{FORGED}\u2029{FORGED}\x0b{FORGED}\x0c{FORGED}",
    "\x1b[2J\x1b[H\x1b[32mallow\x1b[0m",
    "\x9b32mallow\x9b0m\x9d0;title\x07",
    "\u202ewolla\u2066\u2067\u200f",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '","=1","',
    "'; \"=1",
    '"} \n{"v":1,"seq":1,"kind":"decision","decision":"allow"}',
    "x" * 1_000_000,
    "\u00ad\ufeff\u200b\U000e0041",
)
POLICY = """
version: 1
clients:
  ci:
    allow: [system/hello, containers.list, containers.create, containers.restart]
"""
PAINT = re.compile(r"\x1b\[(?:3[1-5]|0)m")
"""The only sequences that are ever written: the colours of what happened, and their end."""
HAPPENED = "allow|deny|start|stop|checkpoint|complete|refused|refusals_counted"
ROW = re.compile(rf"\d{{4}}-\d\d-\d\dT[0-9:.]+Z (ci|-) ({HAPPENED}) ")
HEADING = re.compile(rf"({HAPPENED}|outcome)(  |$)")


def send_all(guard: Guard) -> None:
    """Each text as a name, a parameter, a header, and in names and values of a body."""
    ci = Guarded(guard.socket("ci"))
    for text in TEXTS:
        short = quote(text[:3000])
        ci.ask("POST", f"/v1.47/containers/{short}/restart")
        ci.ask("POST", f"/v1.47/containers/{short}/stop")
        ci.ask("GET", f"/v1.47/containers/json?{short}={short}")
        ci.ask("POST", f"/v1.47/containers/create?name={short}", {"Image": text, text: text})
        ci.ask("POST", "/v1.47/containers/create", {"Image": "a", "Labels": {text: text}})
        agent = f"User-Agent: {text[:3000]}\r\n".encode("utf-8", "surrogatepass")
        ping = request("GET", "/v1.47/_ping", headers="Connection: close\r\n")
        exchange(str(guard.socket("ci")), ping.replace(b"Connection", agent + b"Connection"))
        exchange(str(guard.socket("ci")), text[:3000].encode() + b"\r\n\r\n")


@pytest.fixture(scope="module")
def log() -> Iterator[Path]:
    """The folder of a log that has it all."""
    with tempfile.TemporaryDirectory(prefix="sg-") as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(POLICY)
        with running_demo_engine(folder / "e.sock") as engine:
            path, upstream = str(folder / "policy.yaml"), f"unix://{engine.path}"
            with sockguard(folder, path, upstream, clients=("ci",)) as guard:
                send_all(guard)
                guard.stop()
        yield guard.audit


@pytest.fixture
def shown(log: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Shown:
    """Runs a command; what it prints has nothing that a terminal would act on."""

    def run(*words: str) -> str:
        capfdbinary.readouterr()
        assert main(["audit", *words, "--dir", str(log)]) == 0
        text = capfdbinary.readouterr().out.decode()
        assert not {letter for letter in text if not letter.isprintable()} - {"\n"}
        return text

    return run


def on_a_terminal(log: Path, *words: str) -> str:
    """What a command prints on a terminal."""
    keeper, terminal = pty.openpty()
    line = [sys.executable, "-m", "sockguard", "audit", *words, "--dir", str(log)]
    variables = {**environment(), "PYTHONPATH": os.fspath(ROOT), "PYTHONIOENCODING": "utf-8"}
    with subprocess.Popen(line, env=variables, stdout=terminal) as process:
        os.close(terminal)
        pieces = []
        with suppress(OSError):  # how a terminal ends whose other side was closed
            while piece := os.read(keeper, 65536):
                pieces.append(piece)
    os.close(keeper)
    assert process.returncode == 0
    return b"".join(pieces).decode()


def requests(shown: Shown) -> list[dict[str, object]]:
    return [json.loads(line) for line in shown("query", "--json").splitlines()]


def test_the_log_has_what_was_sent(shown: Shown) -> None:
    found = requests(shown)
    told = json.dumps(found, ensure_ascii=False)
    assert len(found) > 5 * len(TEXTS)
    for text in TEXTS[:6]:
        assert json.dumps(text, ensure_ascii=False)[1:-1] in told


@pytest.mark.parametrize("words", [("query",), ("query", "refused:yes"), ("query", "--events")])
def test_each_event_is_one_line_that_begins_as_one(shown: Shown, words: tuple[str, ...]) -> None:
    lines = shown(*words).splitlines()
    assert len(lines) == len(shown(*words, "--json").splitlines())
    assert [line for line in lines if not ROW.match(line)] == []
    assert not any(line.startswith(FORGED) for line in lines)


def test_on_a_terminal_there_is_no_other_sequence_than_our_colours(log: Path) -> None:
    for words in (("query",), ("summary",), ("query", "--csv")):
        text = on_a_terminal(log, *words)
        assert not {one for one in PAINT.sub("", text) if not one.isprintable()} - {"\r", "\n"}
        assert text.count("\r\n") == text.count("\n") == text.count("\r")
    coloured = on_a_terminal(log, "query", "--limit", "300").splitlines()
    assert all(len(PAINT.findall(line)) <= 2 for line in coloured)
    assert any(PAINT.search(line) for line in coloured)


def test_a_table_has_a_row_for_each_and_no_cell_is_a_formula(shown: Shown) -> None:
    text = shown("query", "--csv")
    rows = list(csv.reader(text.splitlines(keepends=True), strict=True))
    assert len(rows) == len(text.splitlines()) == len(requests(shown)) + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = {cell for row in rows for cell in row}
    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff20")) for cell in cells
    )


def test_a_page_has_no_line_of_somebody_else(shown: Shown) -> None:
    ids = [str(event["id"]) for event in requests(shown)]
    for event_id in ids[:: max(1, len(ids) // 25)]:
        lines = shown("show", event_id).splitlines()
        strange = [one for one in lines if one and not one.startswith("  ")]
        assert [one for one in strange if not HEADING.match(one)] == []


def test_a_summary_stays_one_page(shown: Shown) -> None:
    lines = shown("summary").splitlines()
    assert len(lines) < 60
    assert max(map(len, lines)) < 400
    assert not any(line.startswith((FORGED, "open now: x")) for line in lines)


def test_a_line_of_the_log_is_ascii_and_one_event(log: Path) -> None:
    for event in events_of(log):
        assert event["v"] == 1
    for path in log.glob("audit-*.jsonl"):
        assert not set(path.read_bytes()) - {10, *range(0x20, 0x7F)}
