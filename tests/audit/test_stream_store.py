from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.sink import AuditError
from sockguard.audit.stream_store import StdoutSink

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.audit.sink import Sink


def test_events_go_to_the_stream_numbered_from_one() -> None:
    reader, writer = os.pipe()
    sink: Sink = StdoutSink(now=lambda: 1.0, descriptor=writer)
    sink.append({"kind": "start"})
    sink.append_form('"kind":"decision"', "now", "ID")
    sink.flush()
    sink.sync()
    sink.close()
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        assert [json.loads(line)["seq"] for line in file] == [1, 2]


def test_a_stream_that_is_a_file_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", synced.append)
    with (tmp_path / "log").open("wb") as file:
        sink = StdoutSink(now=lambda: 1.0, descriptor=file.fileno())
        sink.sync()
        assert len(synced) == 1
        assert os.fstat(synced[0]).st_ino == os.fstat(file.fileno()).st_ino
        monkeypatch.undo()
        sink.close()


def test_a_file_that_others_write_to_as_well_loses_nothing(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        sink = StdoutSink(now=lambda: 1.0, descriptor=file.fileno())
        for _ in range(2):
            sink.append({"kind": "start"})
            sink.flush()
            os.write(file.fileno(), b"another line\n")
        sink.close()
    lines = (tmp_path / "log").read_bytes().splitlines()
    assert [line == b"another line" for line in lines] == [False, True, False, True]


def test_a_reader_that_has_gone_away_is_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    sink = StdoutSink(now=lambda: 1.0, descriptor=writer)
    sink.append({"kind": "start"})
    with pytest.raises(AuditError, match="Broken pipe"):
        sink.flush()
    sink.append({"kind": "start"})
    with pytest.raises(AuditError, match="Broken pipe"):
        sink.close()
    os.close(writer)


def test_a_reader_that_is_stuck_is_an_error_and_no_wait() -> None:
    reader, writer = os.pipe()
    sink = StdoutSink(now=lambda: 1.0, descriptor=writer)
    for _ in range(100):
        sink.append({"kind": "start", "text": "x" * 2000})
    with pytest.raises(AuditError, match="nobody reads the log"):
        sink.flush()
    os.read(reader, 1 << 20)
    sink.append({"kind": "start"})
    sink.flush()
    assert b'"kind":"gap"' in os.read(reader, 1 << 20)
    sink.close()
    os.close(reader)
    os.close(writer)
