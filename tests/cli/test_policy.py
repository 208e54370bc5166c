from __future__ import annotations

import io
import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """\
version: 1
clients:
  web:
    allow:
      - system/hello
      - containers.stop: {query: {t: {at_most: 30}}}
      - containers.create: {body: any}
      - containers.start
      - containers.attach
expect:
  - {as: web, do: GET /_ping, then: allow}
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["policy", *words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_says_what_is_good(capsys: pytest.CaptureFixture[str], policy: str) -> None:
    code, out, err = run(capsys, "check", policy, "read-only")
    assert (code, err) == (0, "")
    *own, shipped, amount = out.splitlines()
    assert own == [
        f"{policy}: good (web; expectations of its own: 1, all hold)",
        "  web (role web) amounts to root on the host, by containers.create",
    ]
    assert re.fullmatch(
        r"read-only: good \(main; expectations of its own: [1-9]\d*, all hold\)", shipped
    )
    assert amount.startswith("  main (role main, from shipped/read-only) amounts to ")


def test_check_counts_the_expectations_of_a_shipped_role_only_where_it_is_what_is_checked(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nclients: {web: {role: shipped/traefik}}\n")
    _, out, _ = run(capsys, "check", str(path), "traefik", "shipped/traefik")
    own, *shipped = [line for line in out.splitlines() if "good" in line]
    assert "of its own: 0," in own
    named, prefixed = (line.partition(": good ")[2] for line in shipped)
    assert re.fullmatch(r"\(main; expectations of its own: [1-9]\d*, all hold\)", named)
    assert named == prefixed
    assert "  web (role shipped/traefik) amounts to metadata, by system.ping, " in out


def test_check_prints_every_complaint_with_its_line_and_exits_1(
    capsys: pytest.CaptureFixture[str], policy: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("version: 1\nalow: []\nallow: [containers.lst]\n")
    code, out, _ = run(capsys, "check", policy, str(bad))
    assert code == 1
    assert f"{bad}:2: a policy has no key 'alow' (did you mean allow?)" in out
    assert f"{bad}:3: 'containers.lst' is no operation" in out
    assert f"{bad}: does not load" in out


def test_check_warns_and_still_calls_it_good(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("version: 1\nmode: report\nallow: [system/hello]\n")
    code, out, _ = run(capsys, "check", str(path))
    assert code == 0
    assert f"{path}:3: warning: client 'main' is in report mode: it has root" in out


def test_check_for_machines(capsys: pytest.CaptureFixture[str], policy: str) -> None:
    code, out, _ = run(capsys, "check", "--json", policy, "nothing-like-it")
    good, bad = json.loads(out)
    assert code == 1
    assert (good["loads"], good["clients"], good["expectations"]) == (True, ["web"], 1)
    assert len(good["sha256"]) == 64
    assert bad["loads"] is False
    assert "there is no shipped role" in bad["complaints"][0]["message"]


LEVELS = ("metadata", "secrets", "disturb", "code", "root")
AMOUNTS = {
    "metadata": "containers.list",
    "secrets": "containers.logs",
    "disturb": "containers.stop",
    "code": "containers.create",
    "root": "build.run",
}


@pytest.mark.parametrize("limit", LEVELS)
@pytest.mark.parametrize("level", ["nothing", *LEVELS])
def test_check_fails_at_a_level_and_above_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, level: str, limit: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"version: 1\nclients: {{web: {{allow: [{AMOUNTS.get(level, '')}]}}}}\n")
    code, out, _ = run(capsys, "check", "--fail-at", limit, str(path))
    reaches = ("nothing", *LEVELS).index(level) > LEVELS.index(limit)
    assert code == int(reaches)
    says = [line for line in out.splitlines() if " reaches " in line]
    assert bool(says) == reaches
    assert all(
        line.startswith(f"{path}:2: 'web' reaches {level}: {AMOUNTS[level]}: ") for line in says
    )
    code, out, _ = run(capsys, "check", "--json", "--fail-at", limit, str(path))
    (report,) = json.loads(out)
    assert (code, report["loads"]) == (int(reaches), True)
    assert report["amounts"][0]["reaches"] == (report["amounts"][0]["causes"][0] if reaches else {})


def test_check_without_a_level_fails_at_none(
    capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    assert run(capsys, "check", policy)[0] == 0
    assert run(capsys, "check", "--fail-at", "root", policy)[0] == 1


def test_check_weighs_roles_that_nobody_has_yet(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "roles.yaml"
    path.write_text(
        "version: 1\nroles:\n  lister: {allow: [containers.list]}\n"
        "  builder:\n    allow: [build.run]\n"
    )
    code, out, _ = run(capsys, "check", "--fail-at", "root", str(path))
    assert code == 1
    assert "  lister (role lister) amounts to metadata, by containers.list\n" in out
    assert "  builder (role builder) amounts to root on the host, by build.run\n" in out
    assert [line.partition(": ")[0] for line in out.splitlines() if " reaches " in line] == [
        f"{path}:5"
    ]


def test_check_knows_no_other_level(capsys: pytest.CaptureFixture[str], policy: str) -> None:
    for level in ("nothing", "Root", "4"):
        with pytest.raises(SystemExit) as caught:
            main(["policy", "check", "--fail-at", level, policy])
        assert caught.value.code == 2
    assert "choose from" in capsys.readouterr().err


def test_check_says_in_its_help_which_exit_code_a_level_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["policy", "check", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "exit with 1 where a client amounts to LEVEL or more, of metadata, secrets," in said


def test_explain_says_first_by_which_lines_a_client_amounts_to_what(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "version: 1\nallow:\n"
        "  - containers.logs\n  - exec.create\n  - exec.start\n  - system.ping\n"
    )
    _, out, _ = run(capsys, "explain", str(path))
    _, amount, *causes = out.splitlines()
    assert amount == ("  amounts to root on the host, by exec.create")
    told = [line.split(None, 3)[:3] for line in causes if line.startswith("    ")]
    assert told == [
        ["root", f"{path}:4", "exec.create:"],
        ["code", f"{path}:4", "exec.create:"],
        ["code", f"{path}:5", "exec.start:"],
        ["secrets", f"{path}:3", "containers.logs:"],
    ]
    assert causes[0].endswith(
        f"With exec.start ({path}:5): Reaches any container, one that runs privileged or has paths"
        " of the host mounted too."
    )


def test_explain_counts_what_it_does_not_tell(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "explain", "everything")
    counted = [line for line in out.splitlines() if line.endswith("more, which --json lists")]
    assert [line.split()[0] for line in counted] == ["root", "code", "disturb", "secrets"]
    _, out, _ = run(capsys, "explain", "--json", "everything")
    (client,) = json.loads(out)
    assert client["level"] == "root"
    assert len(client["causes"]) > 100
    assert client["causes"][0].keys() == {"level", "source", "operation", "sentence"}


def test_explain_answers_for_every_operation(
    capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    code, out, _ = run(capsys, "explain", policy)
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "client web (role web, mode enforce)"
    assert lines[1] == "  amounts to root on the host, by containers.create"
    assert "  system/hello is system.ping system.version" in lines
    assert any(line.split()[:2] == ["yes", "system.ping"] for line in lines)
    assert any(
        line.startswith("  with conditions  containers.stop") and "t: {at_most: 30}" in line
        for line in lines
    )
    assert any(line.split() == ["no", "containers.list"] for line in lines)
    (create,) = (line for line in lines if "  containers.create  " in line)
    assert create.endswith(
        f"{policy}:7; body: any"
        "  # Creates containers of any image, confined as the Engine confines by default."
        " Opens any device of the host, its disks included."
    )


def test_explain_names_the_shipped_role_behind_main(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("traefik", "shipped/traefik"):
        _, out, _ = run(capsys, "explain", name)
        assert out.startswith("client main (role main, from shipped/traefik, mode enforce)\n")


def test_explain_for_machines_and_one_client(
    capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    code, out, _ = run(capsys, "explain", policy, "--client", "web", "--json")
    (client,) = json.loads(out)
    assert code == 0
    rights = {right["operation"]: right for right in client["rights"]}
    assert rights["containers.create"]["source"] == f"{policy}:7"
    assert rights["containers.list"]["answer"] == "no"
    assert rights["containers.create"]["words"] == ["body: any"]
    assert client["amounts_to"] == "root on the host, by containers.create"


def test_an_unknown_client_is_told_who_there_is(
    capsys: pytest.CaptureFixture[str], policy: str
) -> None:
    code, _, err = run(capsys, "explain", policy, "--client", "wep")
    assert code == 1
    assert "there is no client 'wep' (did you mean web?); there are: web" in err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["GET", "/v1.47/_ping"], 0, "allow: system.ping (POLICY:5: system/hello)"),
        (["POST", "/containers/a/stop?t=5"], 0, "allow: containers.stop (POLICY:6"),
        (["POST", "/containers/a/stop?t=50"], 3, "reason: query (t)"),
        (["GET", "/info"], 3, "to allow it: - system.info  # Describes the host"),
        (["GET", "/containers/../x"], 3, "reason: malformed"),
        (["GET", "/nothing"], 3, "reason: unknown_operation"),
    ],
)
def test_try_gives_verdict_reason_and_line(
    capsys: pytest.CaptureFixture[str], policy: str, words: list[str], code: int, says: str
) -> None:
    got, out, _ = run(capsys, "try", policy, "--as", "web", *words)
    assert got == code
    assert says in out.replace(policy, "POLICY")


def test_try_reads_a_body_from_a_file_or_standard_input(
    capsys: pytest.CaptureFixture[str],
    policy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"Image":"a","image":"b"}')
    words = ["try", policy, "--as", "web", "POST", "/containers/create", "--body"]
    code, out, _ = run(capsys, *words, str(body))
    assert (code, "reason: malformed (Image)" in out) == (3, True)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"Image":"a"}')))
    assert run(capsys, *words, "-")[0] == 0
    code, _, err = run(capsys, *words, str(tmp_path / "none.json"))
    assert code == 1
    assert "cannot be read" in err


def test_try_reads_no_special_file_and_waits_for_none(
    capsys: pytest.CaptureFixture[str], policy: str, tmp_path: Path
) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    words = ["try", policy, "--as", "web", "POST", "/containers/create", "--body", str(fifo)]
    assert run(capsys, *words) == (1, "", f"sockguard: {fifo}: is not a regular file\n")


@pytest.mark.parametrize("name", ["body.json", "-"])
def test_try_takes_no_body_that_live_traffic_could_not_have(
    capsys: pytest.CaptureFixture[str],
    policy: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    large = b" " * (4 * 1024**2 + 1)
    (tmp_path / "body.json").write_bytes(large)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(large)))
    words = ["try", policy, "--as", "web", "POST", "/containers/create", "--body", name]
    code, out, err = run(capsys, *words)
    assert (code, out) == (1, "")
    assert "4 MiB" in err


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["G\x1b[31mET", "/info"], ""),
        (["GET", "/containers/\x1b[2J\u202e/json"], ""),
        (["POST", "/containers/create?\x1b[2J=1"], ""),
        (["POST", "/containers/create?%1b%5b2J=%0aallow"], '{"Image":"a"}'),
        (["POST", "/containers/create"], '{"\x1b]0;title\x07":1}'),
        (["POST", "/containers/create"], '{"\\u001b[2J\\nallow:":1,"\\u001b[2J\\nallow:":2}'),
    ],
)
def test_what_a_client_wrote_reaches_a_terminal_as_text_alone(
    capsys: pytest.CaptureFixture[str], policy: str, tmp_path: Path, words: list[str], body: str
) -> None:
    path = tmp_path / "body.json"
    path.write_text(body)
    more = ["--body", str(path)] if body else []
    code, out, err = run(capsys, "try", policy, "--as", "web", *words, *more)
    lines = (out + err).splitlines()
    assert code == 3
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("allow") for line in lines)


def test_what_a_policy_holds_reaches_a_terminal_as_text_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text('version: 1\n"\\e[2J": 1\nallow: ["\\e[2J", "a\\nb: good"]\n')
    code, out, _ = run(capsys, "check", str(path))
    assert code == 1
    assert all(line.isprintable() for line in out.splitlines())
    assert len(out.splitlines()) == 4


def test_try_for_machines(capsys: pytest.CaptureFixture[str], policy: str) -> None:
    code, out, _ = run(capsys, "try", "--json", policy, "--as", "web", "GET", "/info")
    verdict = json.loads(out)
    assert code == 3
    assert (verdict["decision"], verdict["reason"]) == ("deny", "not_granted")
    assert verdict["operation"] == "system.info"


def test_try_reads_what_the_engine_would_tell_of_objects(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path, given = tmp_path / "policy.yaml", tmp_path / "given.yaml"
    path.write_text("version: 1\nallow: [{containers.stop: {target: {name: web}}}]\n")
    words = ["try", str(path), "POST", "/containers/web/stop"]
    for name, code in (("web", 0), ("db", 3)):
        given.write_text(f"container: {{name: {name}}}\n")
        assert run(capsys, *words, "--given", str(given))[0] == code
    code, _, err = run(capsys, *words, "--given", str(tmp_path / "none.yaml"))
    assert (code, "cannot be read" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["GET", "/_ping"], "say with --as which client asks; there are: web"),
        (
            ["--as", "web", "GET", "containers/json"],
            "a target begins with a slash: /containers/jso",
        ),
    ],
)
def test_try_with_words_that_ask_for_nothing_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], policy: str, words: list[str], says: str
) -> None:
    code, out, err = run(capsys, "try", policy, *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"sockguard: {says}")


def test_try_asks_as_main_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "try", "shipped/traefik", "GET", "/containers/json")[0] == 0


def test_schema_prints_what_is_shipped_for_editors(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "schema")
    assert (code, err) == (0, "")
    assert out == (ROOT / "docs" / "policy.schema.json").read_text(encoding="utf-8")


def test_show_lists_the_shipped_roles_and_prints_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show")
    assert code == 0
    assert any(re.match(r"read-only +Amounts to ", line) for line in out.splitlines())
    for name in ("traefik", "shipped/traefik"):
        code, out, _ = run(capsys, "show", name)
        assert code == 0
        assert out.startswith("# Amounts to ")
        assert "- system.events" in out
    code, out, _ = run(capsys, "show", "--json", "traefik")
    assert json.loads(out)["role"] == "traefik"
    code, _, err = run(capsys, "show", "traefic")
    assert code == 1
    assert "did you mean traefik?" in err


@pytest.mark.parametrize("words", [[], ["check"], ["try", "read-only"], ["explain"], ["mend", "x"]])
def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["policy", *words])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
