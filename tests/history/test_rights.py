from __future__ import annotations

import pytest

from sockguard.history.rights import client_changes
from tests.support.policies import allowing, policy_of

OLD = allowing("system.ping", "containers.list", "containers.stop: {target: {name: web}}")


@pytest.mark.parametrize(
    ("new", "operations"),
    [
        (OLD, []),
        (allowing("containers.list", "system.ping", "containers.stop: {target: {name: web}}"), []),
        (allowing("system.ping", "containers.list"), ["containers.stop"]),
        (OLD + "  - containers.start\n", ["containers.start"]),
        (OLD.replace("name: web", "name: db"), ["containers.stop"]),
        (OLD.replace("containers.list", "containers.list: {response: any}"), ["containers.list"]),
        (OLD.replace("system.ping", "system/hello"), ["system.version"]),
    ],
)
def test_rights_are_told_apart_by_what_they_mean(new: str, operations: list[str]) -> None:
    changes = list(client_changes(policy_of(OLD), policy_of(new)))
    assert [right.operation for one in changes for right in one.rights] == operations


def test_clients_come_and_go_with_all_of_their_rights() -> None:
    old = policy_of("clients:\n  a: {allow: [system.ping]}\n  b: {allow: [system.ping]}\n")
    new = policy_of("clients:\n  b: {allow: [system.ping]}\n  c: {allow: [system.info]}\n")
    gone, come = client_changes(old, new)
    assert (gone.client, gone.after, gone.rights[0].after) == ("a", None, ())
    assert (come.client, come.before, come.rights[0].before) == ("c", None, ())


def test_what_else_changes_for_a_client_is_told() -> None:
    new = policy_of(OLD + "mode: report\nlimits: {streams: 3}\n")
    (change,) = client_changes(policy_of(OLD), new)
    assert change.aspects == ("other limits", "mode report")
    assert not change.rights


def test_objects_of_ones_own_change_every_right() -> None:
    allow = "{allow: [containers.list, containers.stop]}"
    own = "{own_objects_only: true, allow: [containers.list, containers.stop]}"
    old, new = (policy_of(f"clients:\n  a: {one}\n") for one in (allow, own))
    (change,) = client_changes(old, new)
    assert [right.operation for right in change.rights] == ["containers.list", "containers.stop"]


def test_roles_alone_are_compared_by_their_names() -> None:
    old, new = (
        policy_of(f"roles:\n  a: {{allow: [{one}]}}\n") for one in ("system.ping", "system.info")
    )
    (change,) = client_changes(old, new)
    assert (change.client, len(change.rights)) == ("a", 2)
