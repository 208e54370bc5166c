"""The folder of the log is removed while sockguard serves: refusals until it is back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sockguard.cli.main import main
from tests.support.audit_events import events_of, missing_numbers, told_missing
from tests.support.raw_client import request
from tests.support.sockguard_process import sockguard
from tests.support.stack import send, status_of
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.demo_engine import RunningDemo

CLOSE = "Connection: close\r\n"
LIST = request("GET", "/v1.44/containers/json", headers=CLOSE)
RESTART = request("POST", "/v1.44/containers/web/restart?t=0", headers=CLOSE)


def test_without_its_folder_it_refuses_and_with_it_goes_on(
    short_path: Path, engine: RunningDemo, capfd: pytest.CaptureFixture[str]
) -> None:
    with sockguard(short_path, "everything", engine.path) as guard:
        before = [status_of(send(guard.socket(), data)) for data in (LIST, RESTART)]
        shutil.rmtree(guard.audit)
        wait_until(lambda: status_of(send(guard.socket(), LIST)) == 503, "it to be noticed")
        engine.clear()
        refused = [send(guard.socket(), data) for data in (LIST, RESTART)]
        reached = engine.received
        guard.audit.mkdir(mode=0o700)
        after = [status_of(send(guard.socket(), data)) for data in (RESTART, LIST)]
        assert guard.stop() == 0
    found = events_of(guard.audit)
    capfd.readouterr()
    code = main(["audit", "verify", "--dir", str(guard.audit)])

    assert (before, after) == ([200, 204], [204, 200])
    assert [status_of(answer) for answer in refused] == [503, 503]
    assert b"No such file or directory" in refused[0]
    assert reached == []
    assert missing_numbers(found) == told_missing(found) > 0
    assert any("somebody removed the events 1 to " in str(one.get("text")) for one in found)
    assert code == 1
    assert "removed (seq " in capfd.readouterr().out
