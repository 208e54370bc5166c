from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sockguard import __version__
from sockguard.cli.main import build_parser, main

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert (caught.value.code, capsys.readouterr().out) == (0, f"sockguard {__version__}\n")


def test_the_help_names_every_verb_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"\n    {verb}" in out for verb in ("serve", "health", "policy", "audit"))
    assert "Exit codes: 0 good, 1 finding" in out


def test_an_error_reaches_the_terminal_as_text_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "\x1b[2Jpolicy.yaml:1: good\n"
    assert main(["policy", "explain", f"{folder}/x.yaml"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "\\x1b[2J" in line


def test_a_flag_with_a_bad_value_is_a_fault_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--upstream", "tcp://\x1b[2J"]) == 2
    assert capsys.readouterr().err.startswith("sockguard: --upstream=tcp://\\x1b[2J: must be unix")


def test_the_parser_needs_a_verb() -> None:
    with pytest.raises(SystemExit) as caught:
        build_parser().parse_args([])
    assert caught.value.code == 2


def test_a_server_loads_no_verb_that_it_has_no_use_for() -> None:
    code = (
        "import sys\n"
        "from sockguard.cli.main import main\n"
        "main(['serve', '--upstream', 'tcp://x'])\n"
        "print(*sorted({'sqlite3', 'sockguard.cli.serve'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["sockguard.cli.serve"]
