"""One run of the benchmarks, from the command line to the tables.

Must never leave a server or a file behind, but for what it was told to write.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.audit import audit
from bench.bulk import bulk
from bench.chart import chart
from bench.figures import markdown, print_table
from bench.first_byte import first_byte
from bench.judging import judging
from bench.long_list import long_list
from bench.memory import memory
from bench.processes import BenchError
from bench.report import print_machine, ratios
from bench.start import start
from bench.tls import tls
from bench.traffic import profile, traffic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.figures import Table
    from bench.measure import Outcome

_TOOLS = ("haproxy", "nginx", "h2load")
_SUBJECTS = {
    "judging": judging,
    "long-list": long_list,
    "start": start,
    "memory": memory,
    "first-byte": first_byte,
    "bulk": bulk,
    "tls": tls,
    "audit": audit,
}
_TRAFFIC = "traffic"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return 0, or 1 when it could not run."""
    options = _parser().parse_args(arguments)
    # As an exception it unwinds what runs, where the default would leave the servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        _check_tools()
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            if options.profile:
                profile(Path(name), quick=options.quick)
            else:
                _run(Path(name), options)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench/run.py", description="What sockguard costs.")
    parser.add_argument("--quick", action="store_true", help="fewer requests and rounds")
    parser.add_argument("--profile", action="store_true", help="show where sockguard's time goes")
    parser.add_argument("--markdown", action="store_true", help="end with tables for the docs")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the traffic as SVG")
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help=f"{', '.join((*_SUBJECTS, _TRAFFIC))}"
    )
    return parser


def _check_tools() -> None:
    missing = ", ".join(tool for tool in _TOOLS if shutil.which(tool) is None)
    if missing:
        packages = "Debian: haproxy, nginx-light, nghttp2-client"
        raise BenchError(f"not installed, or not on the path: {missing} ({packages})")


def _run(folder: Path, options: argparse.Namespace) -> None:
    wanted = options.subjects or (*_SUBJECTS, _TRAFFIC)
    if strangers := set(wanted) - {*_SUBJECTS, _TRAFFIC}:
        raise BenchError(f"no such subject: {', '.join(sorted(strangers))}")
    print_machine()
    tables: list[Table] = []
    for name in (name for name in _SUBJECTS if name in wanted):
        place = folder / name
        place.mkdir()
        tables.append(_SUBJECTS[name](place, quick=options.quick))
        print_table(tables[-1])
    outcomes: Mapping[str, Mapping[int, Outcome]] = {}
    if _TRAFFIC in wanted:
        outcomes = traffic(folder, quick=options.quick)
        tables += (ratios(title, by_connections) for title, by_connections in outcomes.items())
    if options.markdown:
        print("", *map(markdown, tables), sep="\n\n")
    if options.chart and outcomes:
        options.chart.write_text(chart(outcomes))
