from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sockguard.engine.level import Level
from sockguard.history.learning import heard, learn
from sockguard.history.lines import item_of, loaded
from sockguard.history.values import MOST_VALUES
from sockguard.history.weighing import in_force, weighed
from sockguard.policy.risks import risks_of
from tests.support.past_requests import counted, past_of

if TYPE_CHECKING:
    from sockguard.history.past import Past

REDIS = '["docker.io/library/redis:7"]'
JOINED = '"container:web"'
CREATE = "POST /v1.44/containers/create?name=web"


def items(*pasts: Past) -> list[str]:
    return [item_of(line.operation, line.parts) for line in learn("ci", counted(pasts))]


def test_a_plain_operation_stays_as_it_is() -> None:
    pasts = [past_of("GET /_ping"), past_of("GET /containers/json?all=1"), past_of("GET /_ping")]
    assert items(*pasts) == ["- containers.list", "- system.ping"]
    assert [line.requests for line in learn("ci", counted(pasts))] == [1, 2]


@pytest.mark.parametrize(
    ("do", "body", "facts", "item"),
    [
        (
            "POST /containers/web/stop?t=1",
            None,
            "container web=4bb9a7d1c0de",
            "- containers.stop: {target: {name: [web]}}",
        ),
        (
            "POST /containers/4bb9a7d1c0de/stop",
            None,
            "container 4bb9a7d1c0de=4bb9a7d1c0de named web",
            "- containers.stop: {target: {name: [web]}}",
        ),
        ("GET /containers/web/json", None, "", "- containers.inspect"),
        (
            CREATE,
            {"Image": "redis:7", "Cmd": ["x"]},
            "",
            '- containers.create: {image: ["docker.io/library/redis:7"]}',
        ),
        (
            CREATE,
            {"Image": "redis:7", "HostConfig": {"Privileged": True, "Memory": 5}},
            "",
            f"- containers.create: {{image: {REDIS}, body: {{HostConfig.Privileged: true}}}}",
        ),
        (
            CREATE,
            {"Image": "redis:7", "HostConfig": {"NetworkMode": "shop"}},
            "",
            '- containers.create: {image: ["docker.io/library/redis:7"], networks: [shop]}',
        ),
        (
            CREATE,
            {"Image": "redis:7", "HostConfig": {"NetworkMode": "container:web"}},
            "",
            f"- containers.create: {{image: {REDIS}, body: {{HostConfig.NetworkMode: {JOINED}}}}}",
        ),
        (
            CREATE,
            {"Image": "4bb9a7d1c0de"},
            "",
            "- containers.create",
        ),
        (
            "POST /containers/web/exec",
            {"Cmd": ["sh"], "Env": ["A=b"]},
            "container web=4bb9a7d1c0de",
            "- exec.create: {target: {name: [web]}, body: {Env: any}}",
        ),
        (
            "POST /networks/shop/connect",
            {"Container": "web"},
            "container web=4bb9a7d1c0de, network shop=5bb9a7d1c0de",
            "- networks.connect: {target: {name: [shop, web]}}",
        ),
        (
            "POST /containers/web/rename?name=old",
            None,
            "container web=4bb9a7d1c0de",
            "- containers.rename: {target: {name: [web, old]}}",
        ),
    ],
)
def test_a_line_names_what_was_asked_for_and_no_more(
    do: str, body: object, facts: str, item: str
) -> None:
    assert items(past_of(do, body, facts=facts)) == [item]


def test_values_of_several_requests_are_listed() -> None:
    binds = [["a:/x"], ["b:/x", "c:/y"]]
    pasts = [past_of(CREATE, {"Image": "a", "HostConfig": {"Binds": each}}) for each in binds]
    (line,) = learn("ci", counted([*pasts, pasts[0]]))
    part = line.parts[-1]
    assert (part.name, part.value, part.requests) == ("HostConfig.Binds", {"one_of": binds}, 3)


def test_an_empty_value_that_is_not_absence_is_listed_once_it_is_refused() -> None:
    bodies = [{"Image": "a", "HostConfig": {"MaskedPaths": each}} for each in ([], ["/proc/x"])]
    (line,) = learn("ci", counted(past_of(CREATE, body) for body in bodies))
    assert line.parts[-1].value == {"one_of": [[], ["/proc/x"]]}
    assert not line.unserved


def test_all_that_was_chosen_is_allowed_in_the_end() -> None:
    pasts = [
        past_of("POST /containers/web/exec", {"Cmd": ["sh"], "User": "root"}),
        past_of("POST /exec/5bb9a7d1c0de/start", {}, facts="exec 5bb9a7d1c0de=5bb9a7d1c0de by ci"),
        past_of("GET /containers/web/logs?stdout=1"),
        past_of("POST /containers/web/attach?stdin=1&logs=1&stream=1"),
        past_of("POST /build?t=a&networkmode=host&dockerfile=x"),
        past_of("DELETE /containers/web?force=1&link=1"),
        *(past_of(CREATE, {"Image": f"a:{number}"}) for number in range(MOST_VALUES + 5)),
    ]
    lines = learn("ci", counted(pasts))
    assert [
        one.decision.message
        for one in heard("ci", lines, pasts).values()
        if not one.decision.allowed
    ] == []
    assert not any(line.unserved for line in lines)


def test_no_id_comes_into_a_policy() -> None:
    pasts = [
        past_of("POST /containers/4bb9a7d1c0de/stop"),
        past_of("POST /containers/web/start", facts="container web=4bb9a7d1c0de"),
        past_of("POST /containers/5bb9a7d1c0de/start"),
        past_of("DELETE /images/sha256:" + "5" * 64),
    ]
    lines = {line.operation: line for line in learn("ci", counted(pasts))}
    assert not any("bb9a7d1c0de" in item or "555" in item for item in items(*pasts))
    assert "ids" in lines["containers.stop"].wide
    assert "ids" in lines["images.remove"].wide
    assert lines["containers.start"].parts[0].value == {"name": ["web"]}
    assert sum((lines["containers.start"].unserved or {}).values()) == 1


def test_what_reaches_more_than_was_seen_is_held_back_whatever_it_amounts_to() -> None:
    many = [past_of(f"POST /containers/web-{number}/stop") for number in range(MOST_VALUES + 1)]
    lines = learn("ci", counted([*many, past_of("GET /_ping")]))
    assert lines[0].wide
    assert "begin with web-" in lines[0].note
    assert in_force(weighed("ci", lines, Level.CODE)) == ["- system.ping"]
    assert in_force(weighed("ci", lines, Level.ROOT)) == ["- containers.stop", "- system.ping"]


def test_who_asked_for_what_was_not_there_gets_no_line_for_all_that_is() -> None:
    (line,) = learn(
        "ci", counted([past_of("POST /containers/web/stop", facts="container web=none")])
    )
    assert "was there" in line.wide


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ({"HostConfig": {"Privileged": True}}, []),
        ({"HostConfig": {"Binds": ["/:/host"]}}, []),
        ({"HostConfig": {"Memory": 5}}, []),
        ({"HostConfig": {"LogConfig": {"Type": "json-file"}}}, ["HostConfig.LogConfig.Type"]),
    ],
)
def test_a_condition_that_hands_over_the_host_is_held_back_alone(
    body: dict[str, object], kept: list[str]
) -> None:
    lines = weighed(
        "ci", learn("ci", counted([past_of(CREATE, {"Image": "a", **body})])), Level.CODE
    )
    (line,) = lines
    assert not line.says
    assert [part.name for part in line.in_force if part.word == "body"] == kept
    _, client = loaded("ci", in_force(lines))
    assert risks_of(client).level <= Level.CODE


def test_what_only_together_hands_over_the_host_is_held_back() -> None:
    pasts = [
        past_of("POST /containers/web/rename?name=old"),
        past_of("POST /containers/web/exec", {"Cmd": ["sh"]}),
        past_of("POST /exec/5bb9a7d1c0de/start", {}, facts="exec 5bb9a7d1c0de=5bb9a7d1c0de by ci"),
        past_of("GET /_ping"),
    ]
    lines = weighed("ci", learn("ci", counted(pasts)), Level.CODE)
    _, client = loaded("ci", in_force(lines))
    assert risks_of(client).level <= Level.CODE
    held = [line for line in lines if line.says]
    assert held
    assert all("learned:" not in sentence for line in held for sentence in line.says)


@pytest.mark.parametrize("level", list(Level))
def test_what_is_in_force_never_amounts_to_more_than_was_said(level: Level) -> None:
    pasts = [
        past_of("GET /containers/web/logs?stdout=1"),
        past_of("POST /containers/web/stop"),
        past_of("POST /containers/web/exec", {"Cmd": ["sh"], "Privileged": True}),
        past_of(CREATE, {"Image": "a", "HostConfig": {"Privileged": True}}),
        past_of("POST /swarm/leave"),
        past_of("GET /_ping"),
    ]
    _, client = loaded("ci", in_force(weighed("ci", learn("ci", counted(pasts)), level)))
    assert risks_of(client).level <= level


def test_the_client_that_everybody_shares_can_be_learned_too() -> None:
    pasts = [past_of("GET /_ping", client="main")]
    assert [line.operation for line in learn("main", counted(pasts))] == ["system.ping"]


def test_of_containers_without_a_name_it_is_said_that_no_target_reaches_them_again() -> None:
    pasts = [past_of("POST /containers/create", {"Image": "a"}), past_of(CREATE, {"Image": "a"})]
    (line,) = learn("ci", counted(pasts))
    assert line.note.startswith("1 of 2 gave no name")
    (line,) = learn("ci", counted(pasts[1:]))
    assert not line.note
