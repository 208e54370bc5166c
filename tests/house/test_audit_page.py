"""What is said of events, for people and for programs, is what the code writes."""

from __future__ import annotations

import re
from configparser import ConfigParser
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml

from sockguard.audit.event import FIELDS, Kind
from sockguard.audit.folder import SYSTEM_FOLDER
from sockguard.review.event_reference import EVENT_FIELDS, EVENT_KINDS
from tests.house.audit_page import written
from tests.support.tree import ROOT, name_of

COLLECTORS = ROOT / "examples" / "collectors"
SEGMENT = f"{SYSTEM_FOLDER}/audit-000000000000001-20260101T000000Z.jsonl"
ALLOY = (COLLECTORS / "loki.alloy").read_text(encoding="utf-8")
FILEBEAT: dict[str, Any] = yaml.safe_load((COLLECTORS / "filebeat.yml").read_text("utf-8"))


def splunk(name: str) -> ConfigParser:
    found = ConfigParser(interpolation=None)
    found.read(COLLECTORS / name, encoding="utf-8")
    return found


def test_each_field_and_each_kind_is_told_in_the_order_in_which_it_is_written() -> None:
    assert tuple(EVENT_FIELDS) == FIELDS
    assert EVENT_KINDS.keys() == set(Kind)


@pytest.mark.parametrize("path", written(), ids=name_of)
def test_a_file_about_events_is_what_the_code_makes_of_it(path: Any) -> None:
    stale = "run `python -m tests.house.audit_page`"
    assert path.read_text(encoding="utf-8") == written()[path], stale


def globs() -> list[str]:
    """The files that each collector reads."""
    (alloy,) = re.findall(r'"__path__" = "(.+)"', ALLOY)
    (filebeat,) = FILEBEAT["filebeat.inputs"][0]["paths"]
    (section,) = splunk("splunk-inputs.conf").sections()
    return [alloy, filebeat, section.removeprefix("monitor://")]


@pytest.mark.parametrize("glob", globs())
def test_a_collector_reads_segments_and_nothing_twice(glob: str) -> None:
    assert fnmatchcase(SEGMENT, glob)
    for other in (f"{SEGMENT}.gz", f"{SEGMENT}.gz.part", f"{SYSTEM_FOLDER}/index.sqlite"):
        assert not fnmatchcase(other, glob)


def test_a_collector_names_only_fields_that_there_are() -> None:
    (expressions,) = re.findall(r"expressions = \{(.*?)\}", ALLOY, re.DOTALL)
    extracted = dict(re.findall(r'"(\w+)"\s*= "(\w+)"', expressions))
    used = re.findall(r'"(\w+)"\s*= ""', ALLOY)
    assert set(extracted.values()) <= EVENT_FIELDS.keys()
    assert set(used) < extracted.keys()
    stamp = FILEBEAT["processors"][0]["timestamp"]["field"]
    target = FILEBEAT["filebeat.inputs"][0]["parsers"][0]["ndjson"]["target"]
    assert stamp == f"{target}.time"
    props = splunk("splunk-props.conf")
    assert props["sockguard:audit"]["timestamp_fields"] in EVENT_FIELDS


def test_the_parts_of_a_collector_fit_together() -> None:
    made = dict(re.findall(r'^(?:\w+)\.(\w+(?:\.\w+)?) "(\w+)"', ALLOY, re.MULTILINE))
    named = re.findall(r"= \[?(\w+)\.(\w+)\.(\w+)\.(?:targets|receiver)", ALLOY)
    assert {f"{kind}.{name}" for _, kind, name in named} <= {f"{k}.{n}" for k, n in made.items()}
    assert ALLOY.count("{") == ALLOY.count("}")
    (section,) = splunk("splunk-inputs.conf").sections()
    sourcetype = splunk("splunk-inputs.conf")[section]["sourcetype"]
    assert splunk("splunk-props.conf").sections() == [sourcetype]
