"""Prints figures of traffic for people, and puts them into tables for the docs.

Must never print a figure without the one it is compared with.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

from bench.contenders import REFERENCE
from bench.figures import Table
from bench.measure import ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.measure import Outcome

_COLUMNS = f"{'':<28}{'requests/s':>12}{'CPU/request':>14}{'spread':>9}{'speed':>9}{'CPU':>8}"


def print_machine() -> None:
    """Print what the figures depend on."""
    print(time.strftime("%Y-%m-%d %H:%M"), f"load average {os.getloadavg()[0]:.1f}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, Linux {platform.release()}")
    for command in (["haproxy", "-v"], ["nginx", "-v"], ["h2load", "--version"]):
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        print((told.stdout or told.stderr).splitlines()[0])
    print(f"\nMedians of all rounds; speed and CPU are ratios to '{REFERENCE}'.")


def print_outcome(title: str, connections: int, outcome: Outcome) -> None:
    """Print a row for each server: medians, spread of the rounds, ratios to the reference."""
    reference = outcome[REFERENCE]
    plural = "" if connections == 1 else "s"
    print(f"\n{title}, {connections} connection{plural}\n{_COLUMNS}")
    for name, each in outcome.items():
        speed, cpu = ratio(each.rates, reference.rates), ratio(each.cpus, reference.cpus)
        print(
            f"{name:<28}{median(each.rates):>12,.0f}{median(each.cpus):>11.1f} µs"
            f"{each.spread:>9.0%}{speed:>9.2f}{cpu:>8.2f}",
            flush=True,
        )


def ratios(title: str, outcomes: Mapping[int, Outcome]) -> Table:
    """Make a table of the ratios to the reference, two columns for each number of connections."""
    columns = [
        column
        for connections in outcomes
        for column in (f"{connections} connections: speed", "CPU")
    ]
    names = next(iter(outcomes.values()))
    rows = {
        name: tuple(cell for outcome in outcomes.values() for cell in _ratios(outcome, name))
        for name in names
    }
    return Table(f"{title[:1].upper()}{title[1:]}", tuple(columns), rows)


def _ratios(outcome: Outcome, name: str) -> tuple[str, str]:
    ours, theirs = outcome[name], outcome[REFERENCE]
    return f"{ratio(ours.rates, theirs.rates):.2f}", f"{ratio(ours.cpus, theirs.cpus):.2f}"
