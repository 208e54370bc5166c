from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

from sockguard.engine.answer import places_of
from sockguard.engine.catalogue.all import OPERATIONS
from tests.support.failing_sink import FailingSink
from tests.support.raw_client import connected, read_head
from tests.support.stack import running_stack, send, status_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
from tests.support.stack import Stack

POLICY = """
version: 1
clients:
  ci:
    allow:
      - system/hello
      - containers.list
      - containers.restart
      - containers.create: {body: any}
"""


def request(method: str, target: str, more: str = "") -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: d\r\nConnection: close\r\n{more}\r\n".encode()


LIST = request("GET", "/v1.44/containers/json?all=1")
RESTART = request("POST", "/v1.44/containers/web/restart")


def test_a_full_disk_refuses_everything_and_nothing_reaches_the_engine(
    short_path: Path, engine: RunningDemo
) -> None:
    sink = FailingSink()
    with running_stack(short_path, short_path / "engine.sock", sink=sink) as stack:
        sink.full = True
        full = [send(stack.socket(), data) for data in (LIST, RESTART)]
        reached = [item.path for item in engine.received]
        sink.full = False
        again = send(stack.socket(), LIST)

    assert [status_of(answer) for answer in full] == [503, 503]
    assert b"No space left" in full[0]
    assert reached == []
    assert status_of(again) == 200


def test_a_write_waits_for_the_disk_and_a_read_does_not(
    short_path: Path, engine: RunningDemo
) -> None:
    sink = FailingSink()
    sink.sync_fails = True
    with running_stack(short_path, short_path / "engine.sock", sink=sink) as stack:
        write = send(stack.socket(), RESTART)
        read = send(stack.socket(), LIST)

    assert (status_of(write), status_of(read)) == (503, 200)
    assert [item.path for item in engine.received] == ["/containers/json"]


def test_decision_and_outcome_share_an_id_and_tell_the_whole_story(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        send(
            stack.socket("ci"),
            request("POST", "/v1.44/containers/web/restart?t=3", "User-Agent: robot/1\r\n"),
        )
        decision, outcome = stack.events(client="ci")
        policy = stack.gate.policy.sha256

    assert decision["id"] == outcome["id"]
    assert decision["seq"] < outcome["seq"]
    assert {name: decision[name] for name in (
        "v", "kind", "host", "client", "role", "listener", "operation", "method", "path",
        "api_version", "target", "read_only", "mode", "decision", "grant", "policy", "user_agent",
    )} == {
        "v": 1, "kind": "decision", "host": "test", "client": "ci", "role": "ci",
        "listener": "ci", "operation": "containers.restart", "method": "POST",
        "path": "/containers/web/restart", "api_version": "1.44", "target": "web",
        "read_only": False, "mode": "enforce", "decision": "allow", "grant": "policy.yaml:8",
        "policy": policy, "user_agent": "robot/1",
    }  # fmt: skip
    assert "uid=0" in decision["caller"] or "uid=" in decision["caller"]
    assert (outcome["kind"], outcome["status"], outcome["ended"]) == ("outcome", 204, "complete")
    assert outcome["ms"] > 0
    assert len(engine.sent("POST", "/containers/web/restart")) == 1


def test_a_refusal_carries_its_event_and_the_event_the_line_that_would_allow_it(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answer = send(stack.socket("ci"), request("DELETE", "/v1.44/containers/web"))
        decision, outcome = stack.events(client="ci")

    head, _, body = answer.partition(b"\r\n\r\n")
    message = json.loads(body)["message"]
    assert status_of(answer) == 403
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert message == (
        "sockguard: containers.remove is not allowed for client 'ci' "
        f"(event {decision['id']}; sockguard audit show {decision['id']})"
    )
    assert decision["hint"].startswith("- containers.remove")
    assert (outcome["status"], outcome["ended"]) == (403, "refused")
    assert engine.received == []


def test_full_hints_stand_in_the_answer_only_when_asked_for(
    short_path: Path, engine: RunningDemo
) -> None:
    upstream = short_path / "engine.sock"
    with running_stack(short_path, upstream, policy=POLICY, hints="full") as stack:
        answer = send(stack.socket("ci"), request("DELETE", "/v1.44/containers/web"))

    assert b"to allow it: - containers.remove" in answer
    assert engine.received == []


def test_a_request_is_written_without_the_secrets_in_it(stack: Stack, engine: RunningDemo) -> None:
    secret = "hunter2"
    body = '{"Image":"nginx:1.27","Env":["PASSWORD=hunter2"]}'
    send(
        stack.socket(),
        request(
            "POST",
            "/v1.44/containers/create?name=shop",
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Authorization: Basic {secret}\r\nX-Registry-Auth: {secret}\r\n",
        )
        + body.encode(),
    )
    send(stack.socket(), request("GET", f"/v1.44/containers/json?{secret}=%zz"))
    decision = next(event for event in stack.events() if event.get("target") == "shop")
    written = json.dumps(stack.events())

    create = engine.sent("POST", "/containers/create")[0]
    assert create.json()["Env"] == ["PASSWORD=hunter2"]
    assert create.header("authorization") is None
    assert create.header("x-registry-auth") is None
    assert secret not in written
    assert decision["query"] == "name=shop"
    assert decision["body"] == {"Image": "nginx:1.27", "Env": ["PASSWORD=sockguard:masked"]}
    assert decision["body_sha256"] == sha256(body.encode()).hexdigest()


def test_where_an_answer_was_masked_is_told_with_its_outcome(
    short_path: Path, engine: RunningDemo
) -> None:
    policy = """
version: 1
clients:
  ci:
    allow:
      - containers.inspect: {target: {name: web}}
      - containers.list: {response: any}
"""
    with running_stack(short_path, short_path / "engine.sock", policy=policy) as stack:
        inspected = send(stack.socket("ci"), request("GET", "/v1.44/containers/web/json"))
        send(stack.socket("ci"), LIST)
        masked, plain = (
            next(e for e in stack.events(kind="outcome") if e["operation"] == operation)
            for operation in ("containers.inspect", "containers.list")
        )

    assert b"sockguard:masked" in inspected
    assert "Config.Env" in masked["masked"].split()
    answer = OPERATIONS["containers.inspect"].answer
    assert answer is not None
    assert set(masked["masked"].split()) <= dict(places_of(answer.shape)).keys()
    assert "masked" not in plain
    assert engine.sent("GET", "/containers/web/json")


def test_thousands_of_refusals_become_one_counted_event(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        with connected(stack.socket("ci")) as peer:
            for _ in range(400):
                peer.sendall(b"DELETE /v1.44/containers/web HTTP/1.1\r\nHost: d\r\n\r\n")
                assert status_of(read_head(peer)) == 403
        alone = len(stack.events(kind="decision"))

    events = [
        json.loads(line)
        for file in (short_path / "audit").glob("*.jsonl")
        for line in file.read_text().splitlines()
    ]
    counted = [e for e in events if e["kind"] == "refusals_counted"]
    assert 20 <= alone < 30
    assert alone + sum(e["count"] for e in counted) == 400
    assert {(e["operation"], e["target"], e["reason"]) for e in counted} == {
        ("containers.remove", "web", "not_granted")
    }
    assert engine.received == []
