from __future__ import annotations

import pytest

from sockguard.policy.changes import describe_changes
from tests.support.policies import policy_of

BEFORE = """
clients:
  a: {allow: [containers.list, system/hello]}
  b: {allow: [containers.list: {query: {limit: {at_most: 5}}}]}
  gone: {allow: [system/hello]}
"""


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("", "", "no client changed"),
        ("  gone:", "  # a line more\n  gone:", "no client changed"),
        ("  gone: {allow: [system/hello]}", "", "client 'gone' removed"),
        ("  gone:", "  fresh:", "client 'fresh' added, client 'gone' removed"),
        ("a: {allow: [containers.list, ", "a: {allow: [", "no longer allowed: containers.list"),
        (
            "a: {allow: [",
            "a: {allow: [networks.list, ",
            "client 'a' changed (newly allowed: networks.list)",
        ),
        ("at_most: 5", "at_most: 6", "client 'b' changed (other conditions: containers.list)"),
        ("b: {", "b: {mode: report, ", "client 'b' changed (mode report)"),
        ("b: {", "b: {match: {uid: 5}, ", "client 'b' changed (other match)"),
        ("b: {", "b: {limits: {streams: 5}, ", "client 'b' changed (other limits)"),
        ("b: {", 'b: {socket: {mode: "0600"}, ', "client 'b' changed (other socket)"),
    ],
)
def test_what_changed_is_named(old: str, new: str, told: str) -> None:
    after = BEFORE.replace(old, new, 1) if old else BEFORE
    assert told in describe_changes(policy_of(BEFORE), policy_of(after))


def test_many_operations_are_counted_instead_of_listed() -> None:
    after = BEFORE.replace("allow: [containers.list, system/hello]", "allow: [engine/everything]")
    told = describe_changes(policy_of(BEFORE), policy_of(after))
    assert " and 1" in told
    assert len(told) < 400
