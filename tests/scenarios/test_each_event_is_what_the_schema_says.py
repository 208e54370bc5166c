"""What a server writes, whatever happens to it, is what the schema and the page say of events."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from sockguard.audit.event import Kind
from sockguard.review.event_reference import EVENT_FIELDS
from tests.support.audit_events import events_of
from tests.support.guarded import Guarded
from tests.support.processes import wait_until
from tests.support.raw_client import exchange
from tests.support.sockguard_process import environment, sockguard
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.sockguard_process import Guard

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs/audit-event.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
POLICY = """
version: 1
clients:
  ci:
    allow: [system/hello, containers.list, containers.create, containers.restart]
  trial:
    mode: report
    allow: [system/hello]
"""
ELSEWHERE = {
    *(Kind.ENGINE_DOWN, Kind.ENGINE_BACK, Kind.CONNECTION_REFUSED),
    *(Kind.CERTIFICATES_LOADED, Kind.CERTIFICATES_REJECTED),
    *(Kind.RECORDING_CLOSED, Kind.RECORDING_REMOVED, Kind.RECORDING_OPENED),
}
"""What needs another server or Engine than those below; each has a sentence and little more."""
FORGED = 'x"}\\n{"v":1,"seq":9,"kind":"allow"}\\u202e\\u001b[31m'


def flood(guard: Guard) -> None:
    """More refusals of one kind than are told one by one."""
    for _ in range(300):
        Guarded(guard.socket("ci")).ask("DELETE", "/v1.47/containers/web")


def use(guard: Guard, policy: Path) -> None:
    """Ask for what is allowed, refused and nonsense; change the policy twice."""
    ci = Guarded(guard.socket("ci"))
    ci.ask("POST", "/v1.47/containers/create?name=a", {"Image": "b", "Env": ["A=b"], "Labels": {}})
    ci.ask("POST", "/v1.47/containers/create", {"Image": FORGED, "HostConfig": {"Binds": ["/:/h"]}})
    ci.ask("POST", "/v1.47/containers/create", ["no", "object"])
    ci.ask("POST", "/v1.47/containers/web/restart")
    ci.get("/v1.47/containers/json?all=1")
    ci.ask("GET", "/v9.99/containers/json?filters=%7B")
    Guarded(guard.socket("trial")).ask("POST", "/v1.47/containers/web/stop")
    exchange(str(guard.socket("ci")), b"\x16\x03\x01\x00 nonsense\r\n\r\n")
    flood(guard)
    policy.write_text(POLICY + "    # another\n")
    guard.process.send_signal(1)
    expect(guard, Kind.POLICY_LOADED)
    policy.write_text("version: 1\nclients: [")
    guard.process.send_signal(1)
    expect(guard, Kind.POLICY_REJECTED)


def expect(guard: Guard, kind: Kind) -> None:
    def is_there() -> bool:
        return any(event["kind"] == kind for event in events_of(guard.audit))

    wait_until(is_there, seconds=15, process=guard.process, log=guard.log)


def acknowledge(guard: Guard) -> None:
    places = (f"--dir={guard.audit}", f"--socket-dir={guard.sockets}")
    words = (sys.executable, "-m", "sockguard", "audit", "ack", *places, "--note", FORGED)
    variables = {**environment(), "PYTHONPATH": os.fspath(ROOT)}
    subprocess.run(words, env=variables, check=True, stdout=subprocess.DEVNULL)


def test_all_that_is_written_fits(short_path: Path, engine: RunningDemo) -> None:
    policy = short_path / "policy.yaml"
    policy.write_text(POLICY)
    upstream = f"unix://{engine.path}"
    with sockguard(short_path, str(policy), upstream, clients=("ci", "trial")) as guard:
        use(guard, policy)
        acknowledge(guard)
        expect(guard, Kind.REFUSALS_COUNTED)
        guard.process.kill()
        guard.process.wait(10)
    last = max(guard.audit.glob("audit-*.jsonl"))
    with last.open("ab") as file:
        file.write(b'{"v":1,"seq":')
    policy.write_text(POLICY)
    with sockguard(short_path, str(policy), upstream, clients=("ci", "trial")) as guard:
        guard.stop()
    lines = b"".join(path.read_bytes() for path in sorted(guard.audit.glob("audit-*.jsonl")))
    found = [json.loads(line) for line in lines.splitlines() if line != b'{"v":1,"seq":']
    faults = {error.message for event in found for error in VALIDATOR.iter_errors(event)}
    kinds = {event["kind"] for event in found}
    assert faults == set()
    assert set().union(*found) <= EVENT_FIELDS.keys()
    assert {*Kind} - kinds == ELSEWHERE
    assert {"query", "body", "body_sha256", "torn", "sig", "prev", "by", "up_to"} <= set().union(
        *found
    )


WHOLE: dict[str, object] = {
    "v": 1,
    "seq": 7,
    "time": "2026-01-02T03:04:05.000006Z",
    "id": "01M83P9GQHD7QYHQ28WZPB6YX0",
    "kind": "decision",
    "decision": "deny",
    "reason": "body",
    "text": "no",
    "prev": "0" * 64,
}


@pytest.mark.parametrize(
    "changed",
    [
        {"v": 2},
        {"seq": 0},
        {"seq": "7"},
        {"time": "2026-01-02 03:04:05"},
        {"id": "short"},
        {"kind": "unreadable"},
        {"decision": "allowed"},
        {"reason": "because"},
        {"read_only": 1},
        {"status": -1},
        {"text": None},
        {"text": "x" * 2049},
        {"prev": "ABC"},
        {"kind": "checkpoint"},
        {"kind": "gap"},
    ],
    ids=str,
)
def test_what_is_no_event_does_not_fit(changed: dict[str, object]) -> None:
    assert VALIDATOR.is_valid(WHOLE)
    assert not VALIDATOR.is_valid(WHOLE | changed)


def test_an_event_without_what_its_kind_always_has_does_not_fit() -> None:
    for name in ("v", "seq", "time", "id", "kind", "decision", "text"):
        assert not VALIDATOR.is_valid({key: WHOLE[key] for key in WHOLE if key != name}), name
