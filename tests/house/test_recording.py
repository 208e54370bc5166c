"""The recording on the first page: it shows what comes out, and both of its files the same."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape

import pytest

from recording.cast import CLEAR, HEIGHT, PROMPT, WIDTH, cast, scenes, wrapped
from recording.drawing import svg
from recording.session import COMMANDS, EVENT, POLICY, Step, record
from sockguard.policy.check import lint
from sockguard.policy.load import load_text
from tests.support.tree import ROOT

CAST = (ROOT / "docs/recording.cast").read_text("utf-8")
SVG = (ROOT / "docs/recording.svg").read_text("utf-8")
TEXT = re.compile(r"<text [^>]*>([^<]*)</text>")
VARIES = re.compile(r"\d+|^( *host) .*$", re.MULTILINE)
"""Numbers, and the name of the machine."""
STEPS = (Step("true", ""), Step("cat x", f"{'x' * WIDTH}y\nz <&>"))


def screens(text: str) -> list[str]:
    """What stands on the screen before it is cleared, each time, with lines broken as shown."""
    keys = "".join(json.loads(line)[2] for line in text.splitlines()[1:])
    return [one.replace("\r\n", "\n").strip("\n") for one in keys.split(CLEAR)[1:]]


def scrubbed(text: str) -> str:
    return VARIES.sub(r"0\1", EVENT.sub("ID", text.replace("\n", "")))


def test_both_files_show_the_same() -> None:
    drawn = [unescape(found) for found in TEXT.findall(SVG)]
    shown = [line for one in screens(CAST) for line in one.split("\n") if line]
    assert drawn == shown[:-1]
    assert shown[-1] == PROMPT


def test_it_shows_the_refusal_the_event_and_the_policy() -> None:
    _, built, refused, told, explained = screens(CAST)
    assert built.endswith("built")
    assert "HostConfig.Privileged" in refused
    (event,) = set(EVENT.findall(refused.replace("\n", "")))
    assert f"sockguard audit show {event}" in told
    assert "root on the host" in told
    assert explained.startswith("$ sockguard policy explain policy.yaml")


def test_its_policy_loads_and_nothing_is_to_be_warned_of() -> None:
    assert lint(load_text(POLICY)) == []
    assert POLICY.strip() in screens(CAST)[0]


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker command")
def test_what_it_shows_is_what_comes_out() -> None:
    steps = record()
    assert len(steps) == len(COMMANDS)
    now = screens(cast(tuple(scenes(steps))))
    assert list(map(scrubbed, now)) == list(map(scrubbed, screens(CAST)))


def test_a_scene_follows_when_the_one_before_was_read() -> None:
    first, second = scenes(STEPS)
    assert first.begins < first.answers < first.ends == second.begins < second.ends
    assert second.answer == ("x" * WIDTH, "y", "z <&>")
    assert wrapped("") == ()
    assert len(next(iter(scenes([Step("x", "line\n" * 99)]))).answer) == HEIGHT - 1


def test_the_picture_loads_nothing_and_lets_no_text_be_markup() -> None:
    drawn = svg(tuple(scenes(STEPS)))
    assert "z &lt;&amp;&gt;</text>" in drawn
    assert not re.search(r"href|@import|url\((?!#)|<script", drawn + SVG)
