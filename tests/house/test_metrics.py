"""The dashboard and the page on operations name the metrics that there are, and no others."""

from __future__ import annotations

import json
import re

from sockguard.proxy.metrics import DURATIONS, FAMILIES
from tests.support.tree import ROOT

OF_A_HISTOGRAM = ("_bucket", "_sum", "_count")
OF_THE_KERNEL = {
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_virtual_memory_bytes",
}
LABELS = {family.name: set(family.labels) for family in FAMILIES} | {
    DURATIONS + suffix: {"operation", "le"} for suffix in OF_A_HISTOGRAM
}
DASHBOARD = ROOT / "examples/grafana/dashboard.json"
PAGE = ROOT / "docs/operations.md"
ROW = re.compile(r"^\| `(\w+)` \|([^|]*)\|([^|]+)\|$", re.MULTILINE)
METRIC = re.compile(r"\b(?:sockguard|process)_\w+")
GROUPED = re.compile(r"by \(([\w, ]+)\)")
OURS_OR_PROMETHEUS = {"instance", "job"}


def expressions() -> list[tuple[str, str]]:
    """Each query of the dashboard with the legend of its lines."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return [
        (target["expr"], target["legendFormat"])
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]


def test_the_dashboard_asks_for_metrics_and_labels_that_exist() -> None:
    for query, legend in expressions():
        names = set(METRIC.findall(query))
        assert names
        assert names <= LABELS.keys() | OF_THE_KERNEL
        known = set().union(*(LABELS.get(name, set()) for name in names)) | OURS_OR_PROMETHEUS
        grouped = {label for group in GROUPED.findall(query) for label in group.split(", ")}
        assert grouped | set(re.findall(r"{{(\w+)}}", legend)) <= known
        assert query.count("(") == query.count(")")


def test_the_dashboard_shows_every_metric_of_ours_but_few() -> None:
    shown = {name for query, _ in expressions() for name in METRIC.findall(query)}
    assert LABELS.keys() - shown == {
        "sockguard_policy_generation",
        "sockguard_policy_since_seconds",
    }


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_page_on_operations_lists_every_metric_with_its_labels() -> None:
    rows = {
        name: set(re.findall(r"\w+", labels))
        for name, labels, _ in ROW.findall(PAGE.read_text(encoding="utf-8"))
        if name.startswith(("sockguard_", "process_"))
    }
    expected = {family.name: set(family.labels) for family in FAMILIES}
    assert rows == expected | {DURATIONS: {"operation"}} | {name: set() for name in OF_THE_KERNEL}
