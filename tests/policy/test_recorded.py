"""Which sessions are recorded, whichever line lets them in."""

from __future__ import annotations

import pytest

from sockguard.engine.facts import Thing
from sockguard.history.rights import client_changes
from sockguard.policy.check import lint
from sockguard.policy.rehearse import rehearse
from sockguard.policy.risks import amounts_to, risks_of
from tests.support.policies import allowing, ask, policy_of

START = "POST /exec/" + "e" * 64 + "/start"
ATTACH = "POST /containers/web/attach?stream=1&stdout=1"
EXEC = Thing("exec", "e" * 64, container="c" * 64)
WEB = Thing("container", "c" * 64, ("web",))


def started(policy_text: str, made: Thing = EXEC, body: bytes = b"{}") -> tuple[bool, str, bool]:
    """Whether the start of an exec passes, why not, and whether it is recorded."""
    client = policy_of(policy_text).clients["main"]
    method, _, target = START.partition(" ")
    given = {"exec": made, "container": WEB}
    decision = rehearse(client, method, target, body, given=given).decision
    return decision.allowed, decision.detail, decision.recorded


@pytest.mark.parametrize(
    ("items", "recorded"),
    [
        (["containers.attach"], False),
        (["containers.attach: {record: false}"], False),
        (["containers.attach: {record: true}"], True),
        (["engine/everything"], False),
        (["containers.attach: {record: true}", "engine/everything"], True),
        (["containers.attach: {any_of: [{query: {logs: any}}, {record: true}]}"], True),
        (
            [
                (
                    "containers.attach: {any_of:"
                    " [{record: true, query: {logs: {required: true}}}, {shared: true}]}"
                )
            ],
            False,
        ),
    ],
)
def test_a_session_is_recorded_if_any_line_that_lets_it_in_says_so(
    items: list[str], recorded: bool
) -> None:
    decision = ask(policy_of(allowing(*items)), ATTACH)
    assert (decision.allowed, decision.recorded) == (True, recorded)


def test_an_exec_is_recorded_for_the_line_that_starts_it_or_the_one_that_made_it() -> None:
    mine = Thing("exec", EXEC.id, container=WEB.id, creator="main")
    plain = allowing("exec.create", "exec.start")
    assert started(plain, mine) == (True, "", False)
    assert started(allowing("exec.create", "exec.start: {record: true}"), mine) == (True, "", True)
    assert started(allowing("exec.create: {record: true}", "exec.start"), mine) == (True, "", True)


def test_only_those_of_the_target_are_recorded_where_the_line_says_so() -> None:
    two = allowing(
        "exec.create",
        "exec.start: {any_of: [{target: any}, {target: {name: NAME}, record: true}]}",
    )
    mine = Thing("exec", EXEC.id, container=WEB.id, creator="main")
    assert started(two.replace("NAME", "web"), mine) == (True, "", True)
    assert started(two.replace("NAME", "db"), mine) == (True, "", False)


def test_a_recorded_exec_cannot_be_detached_even_if_another_line_would_let_it() -> None:
    two = allowing(
        "exec.create",
        "exec.start: {any_of: [{target: any}, {target: {name: web}, record: true}]}",
    )
    mine = Thing("exec", EXEC.id, container=WEB.id, creator="main")
    assert started(two, mine, b'{"Detach":true}') == (False, "Detach", False)
    assert started(two, mine, b'{"Detach":false}') == (True, "", True)
    unrecorded = allowing("exec.start: {target: any}")
    assert started(unrecorded, body=b'{"Detach":true}') == (True, "", False)


def test_report_mode_says_of_a_detached_one_that_it_would_be_refused() -> None:
    reporting = "mode: report\n" + allowing("exec.start: {target: any, record: true}")
    method, _, target = START.partition(" ")
    client = policy_of(reporting).clients["main"]
    decision = rehearse(client, method, target, b'{"Detach":true}', given={"exec": EXEC}).decision
    assert (decision.effect, decision.detail) == ("would_deny", "Detach")
    assert "cannot be detached" in decision.message
    assert decision.hint == ""


def test_taking_the_word_away_is_another_meaning() -> None:
    recorded = policy_of(allowing("system.ping", "containers.attach: {record: true}"))
    plain = policy_of(allowing("system.ping", "containers.attach"))
    (change,) = client_changes(recorded, plain)
    (right,) = change.rights
    assert right.operation == "containers.attach"
    assert (right.before[0].words, right.after[0].words) == (("record: true",), ())


def test_what_a_client_amounts_to_says_which_sessions_are_recorded() -> None:
    def amounts(*items: str) -> str:
        return amounts_to(risks_of(policy_of(allowing(*items)).clients["main"]))

    both = amounts("exec.create", "exec.start: {record: true}", "containers.attach: {record: true}")
    assert both.endswith("; exec and attach sessions are recorded")
    one = amounts("exec.create: {record: true}", "exec.start", "containers.attach")
    assert one.endswith("; exec sessions are recorded")
    assert "recorded" not in amounts("exec.create", "exec.start", "containers.attach")


def test_a_way_round_the_recording_is_warned_of() -> None:
    text = allowing("system.ping", "containers.attach: {record: true}", "containers.attach_ws")
    (warning,) = lint(policy_of(text))
    assert "lets them attach unrecorded by containers.attach_ws" in warning.message
    assert warning.line == 5


def test_a_line_that_records_adds_something_beside_a_set_that_holds_it() -> None:
    text = allowing("engine/everything", "containers.attach: {record: true}")
    assert not [one for one in lint(policy_of(text)) if "adds nothing" in one.message]
