from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import asking
from tests.support.guarded import of
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

POLICY = "version: 1\nmode: report\nallow: []\n"


def test_the_log_tells_the_names_of_objects_that_a_line_would_have_to_name(
    short_path: Path, engine: RunningDemo
) -> None:
    made = asking.run(engine, "noted")
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        client = of(stack, "main")
        assert client.ask("POST", f"/containers/{made}/restart?t=0").status == 204
        assert client.ask("POST", f"/containers/{made[:5]}/stop?t=0").status in {204, 304}
        assert client.ask("POST", "/containers/nothing/start").status == 404
        assert client.ask("GET", f"/containers/{made}/json").status == 200
        events = [event for event in stack.events() if event["kind"] == "decision"]
    assert [event["decision"] for event in events] == [*["would_deny"] * 4]
    assert [event.get("facts") for event in events] == [
        f"container {made[:12]}={made[:12]} named noted",
        f"container {made[:5]}={made[:12]} named noted",
        "container nothing=none",
        None,
    ]


def test_what_is_only_noted_does_not_change_what_is_sent(
    short_path: Path, engine: RunningDemo
) -> None:
    asking.run(engine, "noted")
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        engine.clear()
        of(stack, "main").ask("POST", "/containers/noted/restart?t=0")
    sent = [one for one in engine.received if one.path.endswith("/restart")]
    assert [one.path.partition("/containers")[2] for one in sent] == ["/noted/restart"]
