from __future__ import annotations

import csv
import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.event import format_time
from sockguard.audit.store import Store
from sockguard.cli.main import main
from tests.support.audit_events import HOSTILE_TEXTS
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALLOWED, DENIED, WOULD = (f"01M83P9GQHD7QYHQ28WZPB6Y{tail}" for tail in ("AA", "BB", "CC"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path, now=time.time)
    yield opened
    opened.close()


def decided(seconds: float, event_id: str, decision: str, **fields: object) -> dict[str, object]:
    """A decision event of `ci` unless another client is named."""
    stamp = {"time": format_time(seconds), "id": event_id, "kind": "decision"}
    return {"client": "ci", "read_only": False, "decision": decision, **stamp, **fields}


@pytest.fixture
def folder(tmp_path: Path, store: Store) -> Path:
    """An allowed request of `web` with its outcome, a refused one of `ci`, a would-be of `ci`."""
    store.append({"time": format_time(1.0), "kind": "start", "text": "sockguard started"})
    store.append(
        decided(2.0, ALLOWED, "allow", client="web", read_only=True, operation="containers.list")
    )
    store.append(
        {
            "time": format_time(3.0),
            "id": ALLOWED,
            "kind": "outcome",
            "client": "web",
            "status": 200,
            "bytes_in": 0,
            "bytes_out": 2,
            "ms": 1.0,
            "ended": "complete",
        }
    )
    store.append(
        decided(
            4.0,
            DENIED,
            "deny",
            operation="containers.create",
            reason="body",
            detail="HostConfig.Privileged",
            grant="policy.yaml:7",
            text="containers.create is not allowed for client 'ci'",
            hint="- containers.create: {body: any}",
        )
    )
    store.append(decided(5.0, WOULD, "would_deny"))
    store.append({"kind": "refusals_counted", "client": "ci", "reason": "body", "count": 3})
    store.flush()
    return tmp_path


def run(*words: str) -> int:
    return main(["audit", *words])


def numbers(output: str) -> list[int]:
    return [json.loads(line)["seq"] for line in output.splitlines()]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ((), [1, 2, 4, 5, 6]),
        (("--events",), [1, 2, 3, 4, 5, 6]),
        (("--denied",), [4, 5, 6]),
        (("refused:yes",), [4, 5, 6]),
        (("--client", "web"), [2]),
        (("--client", "web", "--events"), [2, 3]),
        (("client:web", "--events", "--limit", "1"), [3]),
        (("--client", "ci"), [4, 5, 6]),
        (("client:ci",), [4, 5, 6]),
        (("client:ci", "decision:deny", "-reason:query"), [4]),
        (("-reason:body",), [1, 2, 5]),
        (("client:w* status:200",), [2]),
        (("--client", "web", "--denied"), []),
        (("--client", ""), []),
        (("--client", "*"), []),
        (("--limit", "2"), [5, 6]),
        (("--limit", "9"), [1, 2, 4, 5, 6]),
        (("--client", "web", "--limit", "1"), [2]),
        (("--since", "1970-01-01T00:00:04Z"), [4, 5, 6]),
        (("since:1970-01-01T00:00:04Z", "until:1970-01-01T00:00:05Z"), [4, 6]),
        (("--since", "1970-01-01T01:00:04+01:00"), [4, 5, 6]),
        (("--since", "1970-01-01 00:00:03.000001"), [4, 5, 6]),
        (("--since", "1970-01-01"), [1, 2, 4, 5, 6]),
        (("--since", "2d"), [6]),
        (("--since", "review"), [1, 2, 4, 5, 6]),
        (("--since", "999999d", "--denied"), [4, 5, 6]),
        (("--since", "1970-01-01T00:00:02Z", "--limit", "3"), [4, 5, 6]),
        (('privileged "not allowed"',), []),
        (("create", '"not allowed"', '-"nobody"'), [4]),
    ],
)
def test_query_lists_what_was_asked_for(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], found: list[int]
) -> None:
    assert run("query", "--dir", str(folder), "--json", *words) == 0
    assert numbers(capfd.readouterr().out) == found


@pytest.mark.parametrize(
    "words",
    [
        ("--since", "yesterday"),
        ("--since", "2w"),
        ("--since", "-2d"),
        ("--since", "²h"),
        ("--since", ""),
        ("--since", "2026-13-01"),
        ("--limit", "0"),
        ("--limit", "-1"),
        ("--limit", "many"),
    ],
)
def test_a_time_or_a_number_that_is_none_is_wrong_usage(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run("query", "--dir", str(folder), *words)
    assert caught.value.code == 2
    assert words[0] in capfd.readouterr().err


@pytest.mark.parametrize(
    ("ago", "found"), [("30s", 1), ("59m", 1), ("2h", 2), ("23h", 2), ("2d", 3), ("4d", 4)]
)
def test_a_duration_counts_back_from_now(
    store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str], ago: str, found: int
) -> None:
    now = time.time()
    for age in (3 * 86400, 86400, 3600 + 5, 5):
        store.append({"time": format_time(now - age), "kind": "start"})
    store.flush()
    run("query", "--dir", str(tmp_path), "--json", "--since", ago)
    assert len(numbers(capfd.readouterr().out)) == found


def test_query_writes_one_plain_line_for_each_request(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("query", "--dir", str(folder)) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[1] == (
        f"1970-01-01T00:00:02.000000Z web allow containers.list status=200 ms=1.0  {ALLOWED}"
    )
    assert lines[2] == (
        "1970-01-01T00:00:04.000000Z ci deny containers.create reason=body "
        f"detail=HostConfig.Privileged  containers.create is not allowed for client 'ci'  {DENIED}"
    )


def test_json_lines_of_events_are_the_lines_of_the_log(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run("query", "--dir", str(folder), "--json", "--events")
    (path,) = folder.glob("audit-*.jsonl")
    shown, written = capfd.readouterr().out.splitlines(), path.read_text().splitlines()
    assert list(map(json.loads, shown)) == list(map(json.loads, written))


def test_json_of_a_request_says_how_it_ended(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run("query", "--dir", str(folder), "--json", "client:web")
    told = json.loads(capfd.readouterr().out)
    assert (told["kind"], told["decision"]) == ("decision", "allow")
    assert (told["status"], told["ms"], told["ended"]) == (200, 1.0, "complete")


def test_csv_has_a_head_and_a_row_for_each_request(
    folder: Path, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    store.append(decided(6.0, WOULD[:-1] + "D", "deny", target="=cmd|x", text='say "a, b"'))
    store.flush()
    run("query", "--dir", str(folder), "--csv", "decision:deny")
    rows = list(csv.DictReader(capfd.readouterr().out.splitlines()))
    assert [row["operation"] for row in rows] == ["containers.create", ""]
    assert rows[0]["detail"] == "HostConfig.Privileged"
    assert rows[1]["target"] == "'=cmd|x"
    assert rows[1]["text"] == 'say "a, b"'
    assert rows[1]["read_only"] == "false"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("clint:ci",), "no such field: clint (did you mean client?); there are client, role"),
        (("reason:ratelimited",), "(did you mean rate_limited?); there are not_granted, query"),
        (("since:yesterday",), "'yesterday' is no time: write 15m, 3h or 2d"),
        (("client:",), "client: has an empty value"),
        (("open:yes", "--follow"), "open is what runs now"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_wrong_usage(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert run("query", "--dir", str(folder), *words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert said in err


def test_a_client_that_the_log_does_not_have_is_told_beside_the_names_it_has(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("query", "--dir", str(folder), "client:wbe") == 0
    said = "the log has no client wbe (did you mean web?); there are ci, web"
    assert capfd.readouterr().err == f"sockguard: {said}\n"


def test_show_tells_decision_and_outcome_of_one_id(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "--dir", str(folder), ALLOWED) == 0
    page = capfd.readouterr().out
    assert page.startswith("allow\n")
    assert "\n\noutcome\n" in page
    assert "  ended        complete\n" in page


def test_show_tells_the_sentence_the_grant_and_the_hint(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "--dir", str(folder), DENIED.lower()) == 0
    page = capfd.readouterr().out
    assert page.startswith(
        "deny  containers.create is not allowed for client 'ci'\n"
        "  to allow it: - containers.create: {body: any}\n"
        "  alone that amounts to: root on the host, by containers.create\n"
        "  nearest line: policy.yaml:7\n"
    )
    assert "  grant        policy.yaml:7\n" in page


def test_show_as_json_is_a_line_for_each_event(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("show", "--dir", str(folder), "--json", ALLOWED[:-1]) == 0
    assert numbers(capfd.readouterr().out) == [2, 3]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "01ZZZZ"), "no event 01ZZZZ in "),
        (("show", "01M83P"), "several events begin so: "),
        (("show", "\x1b]0;"), "'\\\\x1b]0;' is not the beginning of an event id"),
        (("query", "--dir", "/nowhere/at/all"), "there is no audit folder /nowhere/at/all"),
    ],
)
def test_what_is_not_found_is_exit_code_one_and_one_line(
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setenv("SOCKGUARD_AUDIT_DIR", str(folder))
    assert run(*words) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"sockguard: {message}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("show",), ("query", "--nonsense"), ("ask",)])
def test_wrong_usage_is_exit_code_two(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_text_of_a_client_reaches_the_terminal_as_it_is(
    store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    store.append({"id": ALLOWED, "kind": "decision", "target": text, "text": text, "client": text})
    store.flush()
    for words in (("query",), ("query", "--json"), ("show", ALLOWED), ("show", ALLOWED, "--json")):
        assert run(*words, "--dir", str(tmp_path)) == 0
        lines = capfd.readouterr().out.splitlines()
        assert all(line.isprintable() for line in lines)
        assert len(lines) == 1 or words == ("show", ALLOWED)


def started(*words: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sockguard", "audit", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_following_shows_new_events_and_ends_with_ctrl_c(folder: Path, store: Store) -> None:
    with started("query", "--dir", str(folder), "--follow", "--json") as process:
        assert process.stdout
        assert process.stderr
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(5)][-1] == 6
        store.append({"kind": "stop"})
        store.flush()
        assert json.loads(process.stdout.readline())["kind"] == "stop"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == ""


def test_following_from_the_last_events_on_skips_those_before(folder: Path, store: Store) -> None:
    with started("query", "--dir", str(folder), "--follow", "--json", "--limit", "2") as process:
        assert process.stdout
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(2)] == [5, 6]
        for _ in range(3):
            store.append({"kind": "stop"})
        store.flush()
        assert [json.loads(process.stdout.readline())["seq"] for _ in range(3)] == [7, 8, 9]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130


@pytest.mark.parametrize("follow", [("--follow",), ()])
def test_a_reader_that_goes_away_ends_it_quietly(
    folder: Path, store: Store, follow: tuple[str, ...]
) -> None:
    for _ in range(3000):
        store.append({"kind": "start", "text": "x" * 100})
    store.flush()
    with started("query", "--dir", str(folder), *follow) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_a_follower_notices_while_idle_that_nobody_reads(folder: Path) -> None:
    with started("query", "--dir", str(folder), "--follow") as process:
        assert process.stdout
        assert process.stderr
        for _ in range(5):
            process.stdout.readline()
        process.stdout.close()
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("environment", "coloured"), [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]
)
def test_colour_is_for_terminals_without_no_color(
    folder: Path, environment: dict[str, str], coloured: bool
) -> None:
    keeper, terminal = pty.openpty()
    process = subprocess.run(
        [sys.executable, "-m", "sockguard", "audit", "show", "--dir", str(folder), DENIED],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=terminal,
        check=False,
    )
    os.close(terminal)
    assert process.returncode == 0
    assert (b"\x1b[31mdeny\x1b[0m" in os.read(keeper, 10_000)) == coloured
    os.close(keeper)


def test_letters_that_the_terminal_cannot_write_are_spelled_out(
    tmp_path: Path, store: Store
) -> None:
    store.append({"kind": "start", "text": "grün"})
    store.flush()
    with started("query", "--dir", str(tmp_path), PYTHONIOENCODING="ascii") as process:
        output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert output == "- - start -  gr\\xfcn\n"
