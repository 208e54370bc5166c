from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.explain import Answer, Conditions, rights_of, sets_in
from tests.support.policies import allowing, policy_of

CLIENT = policy_of(
    allowing(
        "system/hello",
        "containers.attach",
        "containers.stop: {any_of: [{query: {t: 5}}, {query: {signal: TERM}}]}",
        "containers.top: {query: any}",
    )
).clients["main"]


def test_every_operation_that_can_be_granted_has_its_answer() -> None:
    rights = list(rights_of(CLIENT))
    assert {right.operation for right in rights} == {
        name for name, operation in OPERATIONS.items() if not operation.refused
    }
    answers = {right.operation: right.answer for right in rights}
    assert answers["system.ping"] is Answer.YES
    assert answers["containers.attach"] is Answer.YES
    assert answers["containers.stop"] is Answer.CONDITIONS
    assert answers["containers.create"] is Answer.NO


def test_a_right_names_its_line_its_conditions_and_what_it_withholds() -> None:
    rights = [right for right in rights_of(CLIENT) if right.source is not None]
    told = [
        (right.operation, right.conditions, right.withheld, str(right.source)) for right in rights
    ]
    free = Conditions()
    assert ("containers.attach", free, ("logs", "stdin"), "policy.yaml:4") in told
    assert ("containers.stop", Conditions({"t": "5"}), (), "policy.yaml:5") in told
    assert ("containers.stop", Conditions({"signal": "TERM"}), (), "policy.yaml:5") in told
    assert ("containers.top", free, (), "policy.yaml:6") in told


@pytest.mark.parametrize(
    ("item", "words", "hands_over"),
    [
        (
            "containers.create: {body: any}",
            ("body: any",),
            "Opens any device of the host, its disks included.",
        ),
        (
            "containers.create: {body: {HostConfig.Privileged: any}}",
            (),
            "Gives all capabilities and all devices of the host.",
        ),
        (
            "containers.create: {body: {HostConfig.Privileged: false}}",
            (),
            "confined as the Engine confines by default.",
        ),
        (
            "containers.inspect: {response: {reveal: {Config.Env: any}}}",
            (),
            "are masked. Shows the values of environment variables, passwords among them.",
        ),
        ("containers.attach: {query: {stdin: true}}", (), "root shells included."),
        ("containers.attach: {query: any}", ("query: any",), "root shells included."),
        ("containers.attach", (), "with stdin it types into the container."),
        (
            "containers.stop: {including_sockguard: true}",
            ("including_sockguard: true",),
            "Stops containers.",
        ),
    ],
)
def test_a_right_says_what_passes_whole_and_what_that_hands_over(
    item: str, words: tuple[str, ...], hands_over: str
) -> None:
    (right,) = (one for one in rights_of(policy_of(allowing(item)).clients["main"]) if one.source)
    assert right.words == words
    assert right.hands_over.endswith(hands_over)


def test_a_set_that_lets_everything_through_says_so_only_where_it_means_something() -> None:
    rights = list(rights_of(policy_of(allowing("engine/everything")).clients["main"]))
    words = {right.operation: right.words for right in rights}
    answers = {right.operation: right.conditions.response for right in rights}
    assert words["containers.create"] == ("query: any", "body: any")
    assert words["containers.inspect"] == ("query: any",)
    assert answers["containers.inspect"] == "any"
    assert answers["containers.stop"] == ""
    assert words["system.ping"] == ()


def test_sets_are_spelled_out() -> None:
    assert sets_in(CLIENT) == {"system/hello": ("system.ping", "system.version")}
