from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sockguard.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

ASK = """\
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sockguard; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def bash(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    """A script that completes the words it is given, the last of them unfinished."""
    assert main(["completion", "bash"]) == 0
    path = tmp_path / "ask.bash"
    path.write_text(capsys.readouterr().out + ASK)
    return str(path)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("sockguard ", "serve health doctor policy audit certs completion"),
        ("sockguard po", "policy"),
        ("sockguard -", "--help --version"),
        ("sockguard policy ", "check explain try learn compare import schema show"),
        ("sockguard policy try --", "--help --json --as --body --given"),
        ("sockguard policy try show --b", "--body"),
        ("sockguard policy check ", ""),
        ("sockguard certs ", "init issue list revoke renew"),
        ("sockguard certs renew --", "--help --ca-dir --days --revoke-old"),
        ("sockguard serve --audit-t", "--audit-total"),
        ("sockguard completion ", "bash zsh"),
        ("sockguard nothing ", "serve health doctor policy audit certs completion"),
    ],
)
def test_what_may_follow_is_offered(bash: str, line: str, offered: str) -> None:
    words = line.split(" ")
    done = subprocess.run(
        ["bash", "--norc", bash, *words], capture_output=True, text=True, check=True, timeout=20
    )
    assert (done.stdout.split(), done.stderr) == (offered.split(), "")


def test_the_script_for_zsh_knows_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    tables = []
    for shell in ("bash", "zsh"):
        assert main(["completion", shell]) == 0
        tables.append([line for line in capsys.readouterr().out.split("\n") if "verbs=" in line])
    assert tables[0] == tables[1]
    assert len(tables[0]) > 10


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_the_script_for_zsh_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    main(["completion", "zsh"])
    script = capsys.readouterr().out
    subprocess.run(["zsh", "-f", "-n", "-c", script], check=True, timeout=20)


def test_an_unknown_shell_is_a_fault_of_usage() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["completion", "tcsh"])
    assert caught.value.code == 2
