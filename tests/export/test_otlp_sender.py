from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sockguard import __version__
from sockguard.cli.export import sender_to
from sockguard.export.backlog import Bounds
from sockguard.export.exporter import Pauses
from sockguard.export.sending import ExportError
from sockguard.export.target import target_of
from tests.support.exporting import a_line, exporting
from tests.support.otlp_receiver import attributes_of, collecting
from tests.support.ports import free_port
from tests.support.wait import wait_until

if TYPE_CHECKING:
    import ssl
    from pathlib import Path


LINES = [a_line(seq) for seq in range(1, 8)]


def test_records_have_the_line_its_fields_and_where_it_is_from() -> None:
    refused = a_line(8, decision="deny", ms=1.5, read_only=False, body={"Env": ["x"]})
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        one.offer(*LINES, refused)
        collector.wait_for(8)
        wait_until(lambda: not one.exporter.waiting, "all to be answered")
        record = collector.records[-1]
        attributes = attributes_of(record.attributes)

        assert collector.lines == [*LINES, refused]
        assert collector.requests[0][0] == "/v1/logs"
        assert (
            collector.resource.items()
            >= {
                "service.name": "sockguard",
                "service.version": __version__,
                "host.name": "h",
            }.items()
        )
        assert record.time_unix_nano == 1795700024941624000
        assert record.observed_time_unix_nano > 0
        assert (record.severity_text, record.severity_number) == ("WARNING", 13)
        assert record.event_name == "sockguard.decision"
        assert attributes["sockguard.seq"] == 8
        assert attributes["sockguard.ms"] == 1.5
        assert attributes["sockguard.read_only"] is False
        assert {"sockguard.body", "sockguard.prev", "sockguard.time"}.isdisjoint(attributes)
        assert (one.exporter.delivered, one.said) == (8, [])


@pytest.mark.parametrize("text", ["\ud800", "\x1b[2J\n", "\x00", "ü" * 2000])
def test_no_text_of_a_client_keeps_a_record_from_being_sent(text: str) -> None:
    line = a_line(1, user_agent=text)
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        one.offer(line)
        collector.wait_for(1)

        assert collector.lines == [line]
        told = attributes_of(collector.records[0].attributes)["sockguard.user_agent"]
        assert told == text.replace("\ud800", "\\ud800")


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500, 503])
def test_whatever_is_no_success_is_tried_again(status: int) -> None:
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        collector.answers = [(status, 0)] * 2
        one.offer(*LINES)
        collector.wait_for(len(LINES))
        wait_until(lambda: not one.exporter.waiting, "all to be answered")

        assert collector.lines == LINES
        assert (one.exporter.failures, len(collector.requests)) == (2, 3)
        assert f"it answered {status}" in one.said[0]
        assert "takes events again" in one.said[1]


def test_an_event_that_is_not_wanted_holds_up_no_other_and_is_told() -> None:
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        collector.unwanted = LINES[4][:40]
        one.exporter.offer(LINES)
        collector.wait_for(len(LINES))
        wait_until(lambda: not one.exporter.waiting, "all to be answered")
        *rest, told = collector.lines

        assert rest == [line for line in LINES if line != LINES[4]]
        assert json.loads(told)["count"] == 1
        assert (one.exporter.delivered, one.exporter.dropped) == (6, 1)
        assert "refused an event" in one.said[0]


def test_a_collector_that_wants_no_event_is_not_asked_without_a_pause() -> None:
    slow = Pauses(0.5, 0.5)
    with (
        collecting() as collector,
        exporting(f"otlp+http://127.0.0.1:{collector.port}", pauses=slow) as one,
    ):
        collector.unwanted = b"containers.list"
        began = time.monotonic()
        one.exporter.offer(LINES[:4])
        wait_until(lambda: one.exporter.dropped == 4, "all to be refused")

        assert time.monotonic() - began > 3 * slow.first / 2
        assert one.exporter.delivered == 0


def test_records_that_a_collector_rejects_of_a_batch_are_counted() -> None:
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        collector.answers = [(200, 3)]
        one.exporter.offer(LINES)
        collector.wait_for(len(LINES) + 1)

        assert (one.exporter.delivered, one.exporter.dropped) == (4, 3)
        assert json.loads(collector.lines[-1])["kind"] == "export_gap"


def test_a_collector_that_is_down_at_first_is_told_what_is_missing() -> None:
    port = free_port()
    with exporting(f"otlp+http://127.0.0.1:{port}", Bounds(5, 10**6)) as one:
        one.offer(*LINES)
        wait_until(lambda: one.exporter.failures > 1, "two failures")
        assert one.exporter.fault == "Connection refused"
        with collecting(port) as collector:
            collector.wait_for(6)
            assert collector.lines[:5] == LINES[:5]
            assert json.loads(collector.lines[5])["count"] == 2


def test_tls_and_secret_headers_come_from_files(
    certificates: Path,
    server_context: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{certificates}/other-ca/ca.pem")
    secrets = tmp_path / "headers"
    secrets.write_text("# of the collector\nAPI-Key=s3cr=t\n\nx-tenant=home\n")
    query = f"ca={certificates}/ca/ca.pem&headers={secrets}"
    with collecting(context=server_context) as collector:
        with exporting(f"otlp+https://localhost:{collector.port}/otlp?{query}") as one:
            one.offer(*LINES)
            collector.wait_for(len(LINES))
        path, headers = collector.requests[0]

        assert path == "/otlp/v1/logs"
        assert (headers["api-key"], headers["x-tenant"]) == ("s3cr=t", "home")
        assert not any("s3cr" in sentence for sentence in one.said)


def test_the_variable_of_the_standard_has_headers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cret")
    with collecting() as collector, exporting(f"otlp+http://127.0.0.1:{collector.port}") as one:
        one.offer(*LINES)
        collector.wait_for(len(LINES))

        assert collector.requests[0][1]["api-key"] == "s3cret"


def test_a_collector_that_does_not_prove_its_name_gets_nothing(
    certificates: Path, server_context: ssl.SSLContext
) -> None:
    with collecting(context=server_context) as collector:
        url = f"otlp+https://localhost:{collector.port}?ca={certificates}/other-ca/ca.pem"
        with exporting(url) as one:
            one.offer(*LINES)
            wait_until(lambda: one.exporter.failures, "a failure")

            assert "certificate verify failed" in one.exporter.fault
            assert collector.requests == []


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "no sign\n", "=x\n", "a=ü\n"])
def test_a_file_of_headers_that_is_none_is_an_error_at_the_start(
    tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "headers"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ExportError, match="headers="):
        sender_to(target_of(f"otlp+http://h:4318?headers={path}"), "h")


@pytest.mark.parametrize("scheme", ["syslog+tls", "otlp+https"])
def test_a_certificate_that_cannot_be_read_is_an_error_at_the_start(
    tmp_path: Path, scheme: str, certificates: Path
) -> None:
    with pytest.raises(ExportError, match=r"cannot read .*/none.pem: No such file"):
        sender_to(target_of(f"{scheme}://h:1?ca={tmp_path}/none.pem"), "h")
    key = certificates / "other/key.pem"
    mixed = f"cert={certificates}/client/cert.pem&key={key}"
    with pytest.raises(
        ExportError, match=r"cannot use .*client/cert.pem and .*: .*key values mismatch"
    ):
        sender_to(target_of(f"{scheme}://h:1?{mixed}"), "h")


def test_missing_packages_are_told_with_what_installs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "sockguard.export.otlp_sender", raising=False)
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(ExportError, match=r"requests is missing.: pip install 'sockguard\[otlp\]'"):
        sender_to(target_of("otlp+http://h:4318"), "h")
