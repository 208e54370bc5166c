from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from demo.faults import Kind
from demo.state import Settings
from tests.support.asking import Answer, ask
from tests.support.demo_engine import running_demo_engine
from tests.support.guarded import Guarded
from tests.support.stack import running_stack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo
    from tests.support.stack import Stack

ONLY_MINE = "{target: {name: mine}}"
POLICY = "version: 1\nallow:\n" + "".join(
    f"  - {kind}.inspect: {ONLY_MINE}\n"
    for kind in ("containers", "networks", "volumes", "images", "services", "secrets", "configs")
)
SPECIAL = "version: 1\nallow:\n  - exec.inspect\n"


@contextmanager
def swarm(short_path: Path, policy: str = POLICY) -> Iterator[tuple[RunningDemo, Stack]]:
    upstream = short_path / "swarm.sock"
    with (
        running_demo_engine(upstream, Settings(swarm=True)) as engine,
        running_stack(short_path, upstream, policy=policy) as stack,
    ):
        engine.clear()
        yield engine, stack


def furnish(engine: RunningDemo) -> None:
    spec = {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.27"}}}
    for target, body in (
        ("/services/create", {"Name": "theirs", **spec}),
        ("/secrets/create", {"Name": "theirs", "Data": "aGVsbG8="}),
        ("/configs/create", {"Name": "theirs", "Data": "aGVsbG8="}),
        ("/volumes/create", {"Name": "theirs"}),
        ("/networks/create", {"Name": "theirs"}),
        ("/containers/create?name=theirs", {"Image": "busybox"}),
        ("/images/busybox/tag?repo=theirs", None),
    ):
        assert ask(engine, "POST", target, body).status in (200, 201)


def told(answer: Answer) -> tuple[int, str, bytes]:
    kind = next(
        line.split(b":")[1].strip().decode()
        for line in answer.head.split(b"\r\n")
        if line.lower().startswith(b"content-type:")
    )
    return answer.status, kind, answer.body


ROUTES = [
    "/containers/{}/json",
    "/networks/{}",
    "/volumes/{}",
    "/images/{}/json",
    "/services/{}",
    "/secrets/{}",
    "/configs/{}",
]


@pytest.mark.parametrize("route", ROUTES)
def test_it_is_answered_as_the_engine_answers_for_what_it_does_not_have(
    short_path: Path, route: str
) -> None:
    with swarm(short_path) as (engine, stack):
        furnish(engine)
        engine.clear()
        client = Guarded(stack.socket())
        outside = client.ask("GET", "/v1.47" + route.format("theirs"))
        absent = client.ask("GET", "/v1.47" + route.format("nothing"))
        engines = ask(engine, "GET", "/v1.47" + route.format("nothing"))

        assert engines.status == 404
        assert told(absent) == told(engines)
        assert told(outside) == (404, told(engines)[1], engines.body.replace(b"nothing", b"theirs"))
        headers = [
            [line.partition(b":")[0] for line in answer.head.split(b"\r\n")]
            for answer in (outside, absent)
        ]
        assert headers[0] == headers[1]
        events = stack.events(kind="decision")
        assert [event["reason"] for event in events] == ["target", "target"]


def test_an_exec_of_nobodys_is_answered_as_the_engine_answers(
    short_path: Path, engine: RunningDemo
) -> None:
    made = ask(engine, "POST", "/containers/web/exec", {"Cmd": ["id"]}).json["Id"]
    unknown = "f" * 64
    with running_stack(short_path, short_path / "engine.sock", policy=SPECIAL) as stack:
        client = Guarded(stack.socket())
        theirs = client.ask("GET", f"/v1.47/exec/{made}/json")
        nobodys = client.ask("GET", f"/v1.47/exec/{unknown}/json")
    engines = ask(engine, "GET", f"/v1.47/exec/{unknown}/json")
    assert told(nobodys) == told(engines)
    assert told(theirs) == (
        404,
        "application/json",
        engines.body.replace(unknown.encode(), made.encode()),
    )


@pytest.mark.parametrize("status", [400, 500])
def test_a_prefix_of_several_ids_shows_nothing(
    short_path: Path, engine: RunningDemo, status: int
) -> None:
    """Engines before 25 answer it with 500."""
    engine.populate(40)
    ids = list(engine.engine.world.containers)
    prefix = next(one[:1] for one in ids if sum(other[0] == one[0] for other in ids) > 1)
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        client = Guarded(stack.socket())
        if status != 400:
            text = json.dumps({"message": f"Multiple IDs found with provided prefix: {prefix}"})
            engine.fault(Kind.BODY, path=f"/containers/{prefix}/json", status=status, text=text)
        several = client.ask("GET", f"/containers/{prefix}/json")
        none = client.ask("GET", "/containers/zz/json")
    assert several.status == none.status == 404
    assert several.body == none.body.replace(b"zz", prefix.encode())


@pytest.mark.usefixtures("engine")
def test_a_manager_that_is_none_has_no_such_service(short_path: Path) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answer = Guarded(stack.socket()).ask("GET", "/services/theirs")
    assert answer.status == 404


def test_an_engine_that_is_too_busy_for_an_answer_is_no_proof_of_absence(
    short_path: Path, engine: RunningDemo
) -> None:
    text = '{"message":"busy"}'
    engine.fault(Kind.BODY, path="/containers/web/json", status=503, text=text)
    engine.fault(Kind.BODY, path="/volumes/db-data", status=400, text=text)
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        client = Guarded(stack.socket())
        assert client.ask("GET", "/containers/web/json").status == 502
        assert client.ask("GET", "/volumes/db-data").status == 502
        assert {event["reason"] for event in stack.events(kind="decision")} == {"fact_failed"}


LISTS = """version: 1
allow:
  - containers.list: {target: {name: web}, response: any}
  - images.list: {target: {name: "docker.io/library/nginx:*"}}
"""


@pytest.mark.parametrize("word", ["before", "since"])
@pytest.mark.parametrize(
    ("route", "inside", "outside"),
    [
        ("/containers/json?all=1&", "web", "db"),
        ("/images/json?", "nginx:1.27", "postgres:17"),
    ],
)
def test_a_filter_by_another_object_is_no_question_whether_it_exists(  # noqa: PLR0913, PLR0917 - a table
    short_path: Path, engine: RunningDemo, word: str, route: str, inside: str, outside: str
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=LISTS) as stack:
        client = Guarded(stack.socket())

        def listing(name: str) -> Answer:
            return client.ask("GET", f'/v1.47{route}filters={{"{word}":["{name}"]}}')

        assert listing(inside).status == 200
        there, absent = listing(outside), listing("nothing:9" if ":" in outside else "nothing")
        assert there.status == absent.status == 404
        assert b"No such" in there.body
    asked = {one.argument("filters") for one in engine.received if one.path.endswith("/json")}
    assert not any(outside in (text or "") for text in asked)
