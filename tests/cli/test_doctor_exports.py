from __future__ import annotations

import socket
from pathlib import Path

import pytest

from sockguard.cli.doctor_exports import ExportSeen, judge_exports, look_at_exports
from sockguard.cli.doctor_sockets import ServerSeen
from sockguard.export.target import target_of, targets_of
from sockguard.settings import Settings
from tests.support.syslog_receivers import datagrams, port_of, stream, tcp, unix
from tests.support.wait import wait_until

TCP, UDP = target_of("syslog+tcp://h:601"), target_of("syslog+udp://h:514")


@pytest.mark.parametrize(
    ("seen", "parts", "level", "text"),
    [
        (ExportSeen(TCP), {}, "ok", "syslog+tcp://h:601 can be reached"),
        (ExportSeen(UDP), {}, "note", "UDP has no answer"),
        (ExportSeen(TCP, away="Connection refused"), {}, "warning", "reached: Connection refused"),
        (ExportSeen(TCP, unusable="no /ca.pem"), {}, "problem", "does not start: no /ca.pem"),
        (ExportSeen(TCP), {"export 1": "warning: is behind"}, "warning", "says: is behind"),
    ],
)
def test_a_destination_of_events_is_judged_by_what_became_of_trying(
    seen: ExportSeen, parts: dict[str, object], level: str, text: str
) -> None:
    (found,) = judge_exports((seen,), ServerSeen(Path("/s"), parts))

    assert found.level == level
    assert text in found.text


def test_a_destination_is_tried_without_an_event(short_path: Path) -> None:
    listener, path = tcp(), short_path / "log"
    with datagrams(unix(path, socket.SOCK_DGRAM)) as receiver, stream(listener) as other:
        here, there = f"syslog+unix://{path}", f"otlp+http://127.0.0.1:{port_of(listener)}"
        gone = f"syslog+unix://{path}.gone"
        settings = Settings(
            "p", short_path, short_path, "a", export=targets_of(f"{here},{there},{gone}")
        )
        found = look_at_exports(settings)
        wait_until(lambda: other.connections, "a connection")

    assert [one.away for one in found] == ["", "", "No such file or directory"]
    assert receiver.raw == other.raw == []
