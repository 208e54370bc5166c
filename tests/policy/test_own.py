from __future__ import annotations

from sockguard.policy.check import run_expectations
from tests.support.policies import complaints_about, policy_of

ROLE = """
    roles:
      builder:
        own_objects_only: true
        allow: [system/hello, containers.list, containers.stop]
"""
CASE = """
    expect:
      - role: builder
        do: POST /containers/db/stop
        given: {container: {name: db, labels: {sockguard.owner: other}}}
        then: deny
        because: not_owned
"""


def test_a_case_about_a_role_counts_whose_objects_are() -> None:
    clients = """
    clients: {web: {role: builder}}
"""
    assert run_expectations(policy_of(ROLE + clients + CASE)) == []


def test_a_role_that_no_client_has_is_held_to_what_can_be_owned() -> None:
    (complaint,) = complaints_about(ROLE.replace("containers.stop", "images.pull"))
    assert "images.pull cannot be kept to own objects" in complaint
