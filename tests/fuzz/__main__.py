"""`python -m tests.fuzz`: coverage-guided fuzzing of every target in turn; exit 1 at a finding.

Must never write into the corpus that is kept: new inputs and findings go to run/fuzz/.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
SCRATCH = Path("run/fuzz")
LONGEST_INPUT = 2048
SLOWEST_SECONDS = 10
MOST_MEMORY_MIB = 1024


def main() -> int:
    """Share the minutes among the targets, each in a process of its own: libFuzzer ends its own."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    known = sorted(folder.name for folder in CORPUS.iterdir())
    parser.add_argument("--target", choices=known, action="append")
    given = parser.parse_args()
    names = given.target or known
    seconds = max(1, round(given.minutes * 60 / len(names)))
    failed = [name for name in names if not run_apart(name, seconds)]
    print(f"fuzz: {len(names)} targets, {seconds} s each, findings in: {', '.join(failed) or '-'}")
    return bool(failed)


def run_apart(name: str, seconds: int) -> bool:
    """Fuzz one target in a process; whether nothing was found."""
    scratch = SCRATCH / name
    scratch.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz"]
    environment = {**os.environ, "FUZZ_TARGET": name, "FUZZ_SECONDS": str(seconds)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = done.stderr.splitlines()
    statistics = dict(
        line.removeprefix("stat::").split(":", 1) for line in lines if line.startswith("stat::")
    )
    runs = statistics.get("number_of_executed_units", "?").strip()
    covered = [line.split()[3] for line in lines if "cov: " in line and line.startswith("#")]
    print(f"fuzz: {name}: {runs} runs, {covered[-1] if covered else '?'} places covered")
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-40:] + lines[-40:]))
    return done.returncode == 0


def fuzz(name: str, seconds: int) -> None:
    """Fuzz until the time is over; does not return."""
    import atheris  # noqa: PLC0415 - an extra, and it tells on stderr each module that it watches

    with atheris.instrument_imports(include=["sockguard"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - watched from its import on

    scratch = SCRATCH / name
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        f"-timeout={SLOWEST_SECONDS}",
        f"-rss_limit_mb={MOST_MEMORY_MIB}",
        f"-artifact_prefix={scratch}/finding-",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(scratch), str(CORPUS / name)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if "FUZZ_TARGET" in os.environ:
        fuzz(os.environ["FUZZ_TARGET"], int(os.environ["FUZZ_SECONDS"]))
    sys.exit(main())
