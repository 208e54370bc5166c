"""`sockguard policy learn` and `sockguard policy compare`, over logs that the product wrote."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main
from tests.support.past_requests import event_of, write_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EVENTS: list[Mapping[str, object]] = [
    event_of("GET /_ping"),
    event_of("POST /containers/web/stop", facts="container web=4bb9a7d1c0de"),
    event_of("GET /containers/json", client="main"),
    event_of("POST /containers/web/kill", mode="enforce", decision="deny", reason="not_granted"),
    event_of("GET /info", mode="enforce", decision="deny", reason="rate_limited"),
    event_of("POST /containers/create", body_sha256="0" * 64),
    event_of("POST /containers/nothing/start", facts="container nothing=none"),
    event_of("POST /containers/web/start", facts="container web=4bb9a7d1c0de"),
    event_of("POST /containers/create", {"Image": "redis:7", "HostConfig": {"Privileged": True}}),
    {"kind": "start", "text": "started"},
]
STOPS = "version: 1\nclients:\n  ci: {allow: [system/hello, containers.stop]}\n"


@pytest.fixture
def log(tmp_path: Path) -> str:
    return str(write_log(tmp_path / "audit", EVENTS))


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        code = main(["policy", *words])
    except SystemExit as end:
        code = int(end.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def policy(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_learn_prints_a_role_that_check_takes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str
) -> None:
    code, out, err = run(capsys, "learn", "--client", "ci", "--dir", log)
    assert code == 0
    assert "1 request is allowed by no line" in err
    assert "- containers.stop:  # 1 request\n          target: {name: [web]}" in out
    assert "# HostConfig.Privileged: true" in out or "#   HostConfig.Privileged: true" in out
    assert "they were refused (--refused" in out
    assert "no line of a policy would allow them" in out
    assert "its body is too long for the log" in out
    assert "containers.kill" not in out
    learned = policy(tmp_path, "learned.yaml", out)
    code, said, _ = run(capsys, "check", learned, "--fail-at", "root")
    assert code == 0
    assert f"{learned}: good (no clients; expectations of its own: 0, all hold)\n" in said


def test_learn_takes_in_what_was_refused_only_when_told_to(
    capsys: pytest.CaptureFixture[str], log: str
) -> None:
    _, out, _ = run(capsys, "learn", "--client", "ci", "--dir", log, "--refused")
    assert "containers.kill" in out
    assert "system.info" not in out


def test_learn_comments_out_what_amounts_to_more_than_was_said(
    capsys: pytest.CaptureFixture[str], log: str
) -> None:
    words = ("learn", "--client", "ci", "--dir", log, "--role", "narrow", "--up-to", "metadata")
    _, out, _ = run(capsys, *words)
    assert "  narrow:\n" in out
    assert "# - containers.stop:" in out
    assert "      - system.ping  # 1 request" in out
    _, out, _ = run(capsys, *words[:-1], "root")
    assert "            HostConfig.Privileged: true" in out


def test_learn_keeps_to_the_time_that_is_meant(
    capsys: pytest.CaptureFixture[str], log: str
) -> None:
    words = ("learn", "--client", "ci", "--dir", log)
    _, out, _ = run(capsys, *words, "--until", "2026-09-21T14:13:20.5")
    assert "Learned from 1 request of" in out
    code, _, err = run(capsys, *words, "--since", "2026-12-01")
    assert (code, err) == (
        1,
        "sockguard: the log has no request of client 'ci' in that time\n",
    )


def test_learn_calls_the_role_of_main_by_another_name(
    capsys: pytest.CaptureFixture[str], log: str
) -> None:
    _, out, _ = run(capsys, "learn", "--client", "main", "--dir", log)
    assert "roles:\n  learned:\n    allow:\n      - containers.list  # 1 request" in out


def test_learn_as_json_has_the_text_and_its_parts(
    capsys: pytest.CaptureFixture[str], log: str
) -> None:
    _, out, _ = run(capsys, "learn", "--client", "ci", "--dir", log, "--json")
    document = json.loads(out)
    assert document["requests"] == 5
    assert document["unserved"] == {"the object was not there, or its name is not told": 1}
    assert document["text"].startswith("# As it stands, amounts to ")


@pytest.mark.parametrize(
    "words",
    [
        ("--client", "Not a name"),
        ("--client", "ci", "--role", "main/x"),
        ("--client", "ci", "--since", "yesterday"),
        ("--client", "ci", "--up-to", "heaven"),
        (),
    ],
)
def test_learn_says_what_is_wrong_with_what_it_was_told(
    capsys: pytest.CaptureFixture[str], log: str, words: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, "learn", "--dir", log, *words)
    assert code in {1, 2}
    assert not out
    assert err


def test_compare_without_a_log_fails_on_other_rights(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = policy(tmp_path, "old.yaml", STOPS)
    new = policy(tmp_path, "new.yaml", STOPS.replace("containers.stop", "containers.start"))
    code, out, _ = run(capsys, "compare", old, old)
    assert (code, out) == (0, "no client's rights change\n")
    code, out, _ = run(capsys, "compare", old, new)
    lines = [re.split("[;#]", line)[0].rstrip() for line in out.splitlines()]
    assert code == 1
    assert lines == [
        "client ci changed",
        "  amounts to disturb containers, by containers.start",
        "  before: disturb containers, by containers.stop",
        f"  + containers.start  yes  {new}:3",
        f"  - containers.stop  yes  {old}:3",
    ]


def test_compare_with_a_log_fails_on_what_is_newly_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str
) -> None:
    old = policy(tmp_path, "old.yaml", STOPS)
    new = policy(tmp_path, "new.yaml", STOPS.replace("containers.stop", "containers.kill"))
    code, out, _ = run(capsys, "compare", old, new, "--dir", log)
    assert code == 1
    assert "  1 newly refused\n    1 x ci containers.stop: containers.stop is not allowed" in out
    assert f"      as in {1:026}: POST /containers/web/stop" in out
    assert f"  1 newly allowed\n    1 x ci containers.kill: by {new}:3: containers.kill" in out
    code, _, _ = run(capsys, "compare", new, old, "--dir", log, "--fail-on", "shown")
    assert code == 0
    code, _, _ = run(capsys, "compare", old, old, "--dir", log, "--fail-on", "rights")
    assert code == 0


def test_compare_names_what_nothing_used(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str
) -> None:
    old = policy(tmp_path, "old.yaml", STOPS)
    more = "  quiet: {allow: []}\n"
    new = policy(tmp_path, "new.yaml", STOPS.replace("]", ", images.list]") + more)
    code, out, _ = run(capsys, "compare", old, new, "--dir", log)
    assert code == 0
    assert f"none of these needed\n    ci  {new}:3: images.list\n" in out
    assert "clients that asked for nothing: quiet" in out


def test_compare_as_json_has_rights_and_past_requests(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str
) -> None:
    old = policy(tmp_path, "old.yaml", STOPS)
    new = policy(tmp_path, "new.yaml", "version: 1\nclients:\n  ci: {allow: [system/hello]}\n")
    code, out, _ = run(capsys, "compare", old, new, "--dir", log, "--json")
    document = json.loads(out)
    assert code == 1
    assert document["clients"][0]["rights"][0]["operation"] == "containers.stop"
    assert document["changes"][0]["example"]["target"] == "/containers/web/stop"
    assert document["changes"][0]["change"] == "newly refused"
    code, out, _ = run(capsys, "compare", old, new, "--json")
    assert (code, list(json.loads(out))) == (1, ["clients"])


def test_a_policy_that_does_not_load_is_not_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    old = policy(tmp_path, "old.yaml", STOPS)
    new = policy(tmp_path, "new.yaml", "version: 1\nallow: [nonsense]\n")
    code, out, err = run(capsys, "compare", old, new)
    assert (code, out) == (1, "")
    assert "nonsense" in err


def test_what_cannot_be_read_of_the_log_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, log: str
) -> None:
    (segment,) = (path for path in (tmp_path / "audit").iterdir() if path.suffix == ".jsonl")
    segment.write_bytes(
        segment.read_bytes().replace(b'"kind":"decision"', b'"kind":"decision";', 1)
    )
    code, out, err = run(capsys, "learn", "--client", "ci", "--dir", log)
    assert code == 0
    assert "1 places of the log cannot be read: sockguard audit verify" in err
    assert "system.ping" not in out
