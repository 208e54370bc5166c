from __future__ import annotations

import socket
import ssl
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.export import exporter as exporter_module
from sockguard.export.backlog import Bounds
from sockguard.export.dialling import tls_context
from sockguard.export.severity import EXPORT_GAP
from sockguard.export.target import target_of
from tests.support import syslog_receivers as receivers
from tests.support.exporting import a_line, exporting
from tests.support.ports import free_port
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from pathlib import Path

LINES = [a_line(seq) for seq in range(1, 40)]


def test_tcp_brings_each_line_once_in_order_and_as_it_is() -> None:
    listener = receivers.tcp()
    url = f"syslog+tcp://127.0.0.1:{receivers.port_of(listener)}"
    with receivers.stream(listener) as receiver, exporting(url) as running:
        running.offer(*LINES)
        receiver.wait_for(len(LINES))
        wait_until(lambda: not running.exporter.waiting, "all to be acknowledged")

        assert receiver.lines == LINES
        assert running.exporter.delivered == len(LINES)
        assert running.said == []


def test_lines_can_be_the_frames() -> None:
    listener = receivers.tcp()
    url = f"syslog+tcp://127.0.0.1:{receivers.port_of(listener)}?framing=lines&facility=authpriv"
    with receivers.stream(listener, None, receivers.split_lines) as receiver, exporting(url) as one:
        one.offer(*LINES)
        receiver.wait_for(len(LINES))

        assert receiver.lines == LINES
        assert {message.facility for message in receiver.messages} == {10}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_unix_socket_may_be_of_either_type(short_path: Path, kind: socket.SocketKind) -> None:
    path = short_path / "log"
    receive = receivers.datagrams if kind == socket.SOCK_DGRAM else receivers.stream
    sock = receivers.unix(path, kind)
    with receive(sock) as receiver, exporting(f"syslog+unix://{path}") as running:
        running.offer(*LINES)
        receiver.wait_for(len(LINES))

        assert receiver.lines == LINES


def test_udp_cuts_what_no_datagram_holds_and_says_so() -> None:
    sock = receivers.udp()
    huge = a_line(2, text="x" * 70_000)
    url = f"syslog+udp://127.0.0.1:{receivers.port_of(sock)}"
    with receivers.datagrams(sock) as receiver, exporting(url) as running:
        running.offer(LINES[0], huge, LINES[2])
        receiver.wait_for(3)
        wait_until(lambda: not running.exporter.waiting, "all to be sent")
        first, cut, last = receiver.messages

        assert (first.text + b"\n", last.text + b"\n") == (LINES[0], LINES[2])
        assert len(receiver.raw[1]) == 65_507
        assert cut.data["cut"] == str(len(huge) - 1)
        assert cut.text.endswith(b"xxx...")
        assert huge.startswith(cut.text[:-3])
        assert running.exporter.cut == 1


def test_a_socket_with_less_room_than_a_datagram_may_have_gets_shorter_ones(
    short_path: Path,
) -> None:
    path = short_path / "log"
    huge = a_line(1, text="x" * 60_000)
    with receivers.datagrams(receivers.unix(path, socket.SOCK_DGRAM)) as receiver:
        with exporting(f"syslog+unix://{path}") as running:
            running.offer(LINES[0])
            receiver.wait_for(1)
            peer = running.exporter._sender._peer  # type: ignore[attr-defined]  # its own socket
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20_000)
            running.offer(huge)
            receiver.wait_for(2)

        assert receiver.messages[1].data["cut"] == str(len(huge) - 1)
        assert running.exporter.cut == 1


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_brings_lines_to_who_proves_its_name(
    certificates: Path, server_context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    server_context.minimum_version = server_context.maximum_version = version
    server_context.verify_mode = ssl.CERT_REQUIRED
    server_context.load_verify_locations(certificates / "ca/ca.pem")
    client = certificates / "client"
    listener = receivers.tcp()
    url = (
        f"syslog+tls://localhost:{receivers.port_of(listener)}?ca={certificates}/ca/ca.pem"
        f"&cert={client}/cert.pem&key={client}/key.pem"
    )
    with receivers.stream(listener, server_context) as receiver, exporting(url) as running:
        running.offer(*LINES)
        receiver.wait_for(len(LINES))
        wait_until(lambda: not running.exporter.waiting, "all to be acknowledged")

        assert receiver.lines == LINES
        assert running.said == []


@pytest.mark.parametrize(
    ("host", "ca", "client", "why"),
    [
        ("localhost", "other-ca", "", "its certificate does not hold"),
        ("127.0.0.1", "ca", "", "its certificate does not hold: IP address mismatch"),
        ("localhost", "ca", "", "certificate required"),
        ("localhost", "ca", "other", "unknown ca"),
    ],
)
def test_tls_sends_nothing_to_or_as_who_is_not_known(  # noqa: PLR0913, PLR0917 - what can be wrong
    certificates: Path, server_context: ssl.SSLContext, host: str, ca: str, client: str, why: str
) -> None:
    server_context.verify_mode = ssl.CERT_REQUIRED
    server_context.load_verify_locations(certificates / "ca/ca.pem")
    listener = receivers.tcp()
    url = f"syslog+tls://{host}:{receivers.port_of(listener)}?ca={certificates / ca}/ca.pem"
    if client:
        url += f"&cert={certificates / client}/cert.pem&key={certificates / client}/key.pem"
    with receivers.stream(listener, server_context) as receiver, exporting(url) as running:
        running.offer(*LINES)
        wait_until(lambda: running.exporter.failures > 1, "two failures")

        assert why in running.exporter.fault
        assert (receiver.raw, running.exporter.delivered) == ([], 0)
        assert running.exporter.waiting == len(LINES)


def test_old_tls_is_not_spoken() -> None:
    context = tls_context(target_of("syslog+tls://localhost:6514"))

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_a_receiver_that_is_down_at_first_gets_everything_once_it_is_there() -> None:
    port = free_port()
    with exporting(f"syslog+tcp://127.0.0.1:{port}") as running:
        running.offer(*LINES)
        wait_until(lambda: running.exporter.failures > 2, "three failures")
        assert running.exporter.condition() == (
            f"warning: syslog+tcp://127.0.0.1:{port} takes no events: Connection refused; "
            "39 wait, 0 are in the log only"
        )
        with receivers.stream(receivers.tcp(port)) as receiver:
            receiver.wait_for(len(LINES))
            wait_until(lambda: not running.exporter.waiting, "all to be acknowledged")
            assert receiver.lines == LINES
        assert running.exporter.condition() == "ok"
        fails, works = running.said
        assert fails.endswith(" takes no events: Connection refused; the log has them all")
        assert works.endswith(" takes events again; 0 wait, 0 are in the log only")


def test_a_receiver_that_comes_back_misses_nothing() -> None:
    port = free_port()
    with exporting(f"syslog+tcp://127.0.0.1:{port}") as running:
        with receivers.stream(receivers.tcp(port)) as before:
            running.offer(*LINES[:5])
            before.wait_for(5)
            wait_until(lambda: not running.exporter.waiting, "all to be acknowledged")
        running.offer(*LINES[5:10])
        with receivers.stream(receivers.tcp(port)) as after:
            running.offer(*LINES[10:])
            after.wait_for(len(LINES) - 5)

            assert before.lines + after.lines == LINES


def test_what_finds_no_room_is_counted_and_the_receiver_is_told() -> None:
    port = free_port()
    with exporting(f"syslog+tcp://127.0.0.1:{port}", Bounds(10, 10**6)) as running:
        running.offer(*LINES)
        assert (running.exporter.waiting, running.exporter.dropped) == (10, 29)
        with receivers.stream(receivers.tcp(port)) as receiver:
            receiver.wait_for(11)
            *kept, told = receiver.messages

            assert [one.text + b"\n" for one in kept] == LINES[:10]
            assert (told.kind, told.severity) == (EXPORT_GAP, 3)
            assert b'"count": 29' in told.text
            assert "seq" not in told.data
            running.offer(LINES[0])
            receiver.wait_for(12)
            wait_until(lambda: not running.exporter.waiting, "all to be acknowledged")
            assert receiver.lines[11:] == [LINES[0]]
        running.stop()
        assert not [one for one in running.said if "did not get" in one]


def test_who_accepts_and_never_reads_costs_a_bounded_queue_and_no_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exporter_module, "STUCK_SECONDS", 0.6)
    listener = receivers.tcp()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line = a_line(1, text="x" * 2000)
    url = f"syslog+tcp://127.0.0.1:{receivers.port_of(listener)}"
    with listener, exporting(url, Bounds(2000, 10**8)) as running:
        worst = 0.0
        for _ in range(60):
            for _ in range(100):
                began = time.perf_counter()
                running.exporter.offer([line])
                worst = max(worst, time.perf_counter() - began)
            time.sleep(0.005)
        exporter = running.exporter
        assert exporter.waiting <= 2000
        assert exporter.waiting + exporter.delivered + exporter.dropped == 6000
        assert exporter.dropped > 1000
        assert worst < 0.5
        wait_until(lambda: exporter.fault, "the destination to count as failing")
        assert exporter.fault.startswith("nothing moved for")
        running.stop(0.2)
        assert running.said[-1].startswith(f"{exporter.waiting + exporter.dropped} events did not")


def test_what_was_not_acknowledged_is_sent_again() -> None:
    listener = receivers.tcp()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    lines = [a_line(seq, text="x" * 2000) for seq in range(1, 201)]
    url = f"syslog+tcp://127.0.0.1:{receivers.port_of(listener)}"
    with exporting(url) as running:
        running.exporter.offer(lines)
        peer, _ = listener.accept()
        assert peer.recv(1000)
        peer.close()  # with data unread, which resets the connection
        with receivers.stream(listener) as receiver:
            receiver.wait_for(len(lines))
            assert receiver.lines == lines
            assert running.exporter.failures == 1


def test_a_stop_sends_what_waits() -> None:
    listener = receivers.tcp()
    url = f"syslog+tcp://127.0.0.1:{receivers.port_of(listener)}"
    with receivers.stream(listener) as receiver, exporting(url) as running:
        running.offer(*LINES)
        running.stop()
        receiver.wait_for(len(LINES))

        assert (receiver.lines, running.said) == (LINES, [])


def test_a_stop_says_what_could_not_be_sent() -> None:
    port = free_port()
    with exporting(f"syslog+tcp://127.0.0.1:{port}") as running:
        running.offer(*LINES)
        wait_until(lambda: running.exporter.fault, "a failure")
        began = time.monotonic()
        running.stop(0.3)

        assert time.monotonic() - began < 2
        assert running.said[-1] == (
            f"39 events did not get to syslog+tcp://127.0.0.1:{port}, the log has them: "
            "Connection refused"
        )
