"""The table of refusals in docs/identity.md: what docker prints, and what the event says."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography import x509

from sockguard.identity.listener import NetworkListener, Scheme
from tests.support.certificates import SERVER
from tests.support.docker_cli import run
from tests.support.live_certificates import DAY, Authority
from tests.support.stack import running_stack
from tests.support.tls_client import guarded_over_tls, listening, server_folder
from tests.support.tree import ROOT
from tests.support.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

PAGE = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)
_, _, AFTER = PAGE.partition("## When somebody is refused")
ROWS = {row[0]: row[1] for row in ROW.findall(AFTER)}
POLICY = """
version: 1
clients:
  anna: {match: {cert: {common_name: anna}}, allow: [system/hello]}
  named: {match: {cert: {dns: anna.home.lab}}, allow: [system/hello]}
  here: {match: {from: 127.0.0.9, anyone_there: true}, allow: [system/hello]}
"""


class Refused(NamedTuple):
    """A row by what it says that the caller sees, and how to come to that."""

    row: str
    prepare: Callable[[Authority, Path], object]
    host: str = "tcp://127.0.0.1:{port}"
    verify: str = "1"


def folder_of(name: str, **more: object) -> Callable[[Authority, Path], object]:
    return lambda authority, folder: authority.issue(folder, name, **more)  # type: ignore[arg-type]


def of_a_stranger(authority: Authority, folder: Path) -> None:
    authority.issue(folder, "anna")
    ca = (folder / "ca.pem").read_bytes()
    Authority.new("other CA").issue(folder, "anna")
    (folder / "ca.pem").write_bytes(ca)


def trusting_a_stranger(authority: Authority, folder: Path) -> None:
    authority.issue(folder, "anna")
    Authority.new("other CA").issue(folder / "other")
    (folder / "ca.pem").write_bytes((folder / "other" / "ca.pem").read_bytes())


def without_certificate(authority: Authority, folder: Path) -> None:
    authority.issue(folder, "anna")
    for name in ("cert.pem", "key.pem"):
        (folder / name).unlink()


def revoked(authority: Authority, folder: Path) -> None:
    made = authority.issue(folder, "anna")
    (folder.parent / "tls" / "crl.pem").write_bytes(authority.revoked(made))


def reached_by_another_name(authority: Authority, folder: Path) -> None:
    authority.issue(folder, "anna")
    names = [x509.DNSName("docker.home.lab")]
    authority.issue(folder.parent / "tls", "server", names, purposes=(SERVER,))


CASES = [
    Refused("`remote error: tls: revoked certificate`", revoked),
    Refused("`remote error: tls: expired certificate`", folder_of("anna", valid=(-3 * DAY, -DAY))),
    Refused("`remote error: tls: unknown certificate authority`", of_a_stranger),
    Refused("`remote error: tls: certificate required`", without_certificate),
    Refused("`remote error: tls: unsupported certificate`", folder_of("anna", purposes=(SERVER,))),
    Refused("`x509: certificate signed by unknown authority`", trusting_a_stranger),
    Refused(
        "`x509: certificate is valid for …, not …`",
        reached_by_another_name,
        host="tcp://localhost:{port}",
    ),
    Refused("`EOF`, `connection reset`", folder_of("anna"), verify=""),
    Refused("403 `no client on listener 'tls://…' matches …`", folder_of("bob")),
    Refused(
        "403 `… is 'a', 'b' at once`",
        folder_of("anna", names=[x509.DNSName("anna.home.lab")]),
    ),
]


def seen(text: str, row: str) -> bool:
    """Whether one of the row's texts is there, whatever stands for the names in it."""
    pieces = [re.escape(span).replace("…", ".*") for span in re.findall(r"`([^`]+)`", row)]
    named = [re.sub(r"'[ab]'", "'[a-z]+'", piece) for piece in pieces]
    return any(re.search(piece, text) for piece in named)


def told_in_events(stack: Stack) -> list[str]:
    events = [*stack.events(kind="connection_refused"), *stack.events(kind="decision")]
    return [f"{event.get('reason', '')} {event.get('text', '')}" for event in events]


def test_each_row_of_the_table_that_is_about_tls_is_tried() -> None:
    untried = set(ROWS) - {case.row for case in CASES} - {"What the caller sees", "---"}
    assert untried == {
        "`remote error: tls: protocol version not supported`",  # docker offers TLS 1.3 always
        "`http: server gave HTTP response to HTTPS client`",
        "403 `… is not allowed for client '…'`",
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.row)
def test_docker_prints_and_the_event_says_what_stands_in_the_table(
    case: Refused, short_path: Path, engine: RunningDemo
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    authority = Authority.new()
    tls_dir = server_folder(authority, short_path / "tls")
    folder = short_path / "caller"
    case.prepare(authority, folder)
    with guarded_over_tls(short_path, short_path / "engine.sock", POLICY, tls_dir) as (
        stack,
        address,
    ):
        host = case.host.format(port=address[1])
        variables = {"DOCKER_TLS_VERIFY": case.verify} if case.verify else {}
        done = run(
            ["docker", "version"], host, short_path, DOCKER_CERT_PATH=str(folder), **variables
        )
        wait_until(lambda: told_in_events(stack) != [], "the refusal to be recorded")
        events = told_in_events(stack)
    cause = ROWS[case.row] if "the same" not in ROWS[case.row] else ROWS[CASES[5].row]
    assert done.code != 0
    assert seen(done.stderr, case.row), done.stderr
    assert any(seen(event, cause) for event in events), events
    assert [one.path for one in engine.received if one.path != "/version"] == []


def test_tls_at_a_plain_port_reads_as_the_table_says(short_path: Path, engine: RunningDemo) -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker command here")
    row = "`http: server gave HTTP response to HTTPS client`"
    Authority.new().issue(short_path / "caller", "anna")
    sock, address = listening()
    plain = {NetworkListener(Scheme.TCP, passed="plain"): sock}
    engine.clear()
    with (
        sock,
        running_stack(short_path, short_path / "engine.sock", policy=POLICY, listen=plain) as stack,
    ):
        done = run(
            ["docker", "version"],
            f"tcp://127.0.0.1:{address[1]}",
            short_path,
            DOCKER_CERT_PATH=str(short_path / "caller"),
            DOCKER_TLS_VERIFY="1",
        )
        stack.until_quiet()
    assert seen(done.stderr, row), done.stderr
    assert any(seen(event, ROWS[row]) for event in told_in_events(stack)), told_in_events(stack)
