from __future__ import annotations

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.check import lint
from sockguard.policy.load import PolicyError, load_policy, load_texts, shipped_folder
from sockguard.policy.question import Effect

FILES = sorted(shipped_folder().glob("*.yaml"))
ROLES = ["everything", "nginx-proxy", "read-only", "traefik"]


def test_the_roles_that_others_rely_on_are_there() -> None:
    assert {path.stem for path in FILES} >= set(ROLES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_policy_says_first_what_it_amounts_to(path: object) -> None:
    first, *_ = path.read_text(encoding="utf-8").splitlines()  # type: ignore[attr-defined]
    assert first.startswith("# Amounts to ")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_shipped_policy_has_roles_and_cases_for_both_verdicts(path: object) -> None:
    policy = load_policy(str(path), shipped=shipped_folder(), serving=False)
    cases = [case for case in policy.expectations if not case.source.file.startswith("shipped/")]
    assert not policy.clients
    for name in (name for name in policy.roles if "/" not in name):
        verdicts = {case.then for case in cases if case.client.role.name == name}
        assert verdicts == {Effect.ALLOW, Effect.DENY}, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_to_be_warned_of_in_a_shipped_policy(path: object) -> None:
    assert lint(load_policy(str(path), shipped=shipped_folder(), serving=False)) == []


@pytest.mark.parametrize("role", ROLES)
def test_a_shipped_role_can_be_served_by_name_and_used_by_clients(role: str) -> None:
    served = load_policy(role, shipped=shipped_folder())
    texts = {f"shipped/{path.name}": path.read_bytes() for path in FILES}
    text = f"version: 1\nclients: {{web: {{role: shipped/{role}}}}}\n"
    used = load_texts({"policy.yaml": text.encode()}, shipped=texts)
    assert used.clients["web"].role.name == f"shipped/{role}"
    assert used.clients["web"].role.grants.keys() == served.clients["main"].role.grants.keys()


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"everything"}))
def test_the_reading_roles_grant_no_write(role: str) -> None:
    grants = load_policy(role, shipped=shipped_folder()).clients["main"].role.grants
    assert not [name for name in grants if OPERATIONS[name].writes]


def test_shipped_policies_define_no_clients() -> None:
    texts = {"shipped/bad.yaml": b"version: 1\nclients: {web: {allow: []}}\n"}
    with pytest.raises(PolicyError, match="a policy has no key 'clients'"):
        load_texts({"policy.yaml": b"version: 1\nallow: []\n"}, shipped=texts)
