from __future__ import annotations

import pytest

from sockguard.policy.rehearse import rehearse
from tests.support.policies import allowing, policy_of

CLIENT = policy_of(
    allowing("containers.list", "images.load", "containers.create: {body: any}")
).clients["main"]


@pytest.mark.parametrize(
    ("method", "target", "body", "operation", "reason"),
    [
        ("GET", "/containers/json", None, "containers.list", None),
        ("GET", "/v1.47/containers/json?", None, "containers.list", None),
        ("POST", "/images/load?quiet=1", None, "images.load", None),
        ("POST", "/containers/create", b'{"Image":"a"}', "containers.create", None),
        ("POST", "/containers/create", b"", "containers.create", None),
        ("GET", "/containers/json", b"{}", "containers.list", "malformed"),
        ("POST", "/images/load", b"{}", "images.load", "malformed"),
        ("POST", "/containers/create", b"{", "containers.create", "malformed"),
        ("get", "/containers/json", None, "", "unknown_operation"),
        ("GET", "containers/json", None, "", "malformed"),
        ("GET", "/containers/json?a;b", None, "", "malformed"),
        ("GET", "/containers/-/json", None, "", "malformed"),
        ("GET", "/v1.23/containers/json", None, "", "version"),
        ("GET", "/v1.999/containers/json", None, "", "version"),
        ("GET", "/info", b"{", "system.info", "not_granted"),
    ],
)
def test_an_imagined_request_takes_the_path_of_a_live_one(
    method: str, target: str, body: bytes | None, operation: str, reason: str | None
) -> None:
    rehearsal = rehearse(CLIENT, method, target, body)
    assert (rehearsal.operation, rehearsal.decision.reason) == (operation, reason)
    assert rehearsal.decision.allowed is (reason is None)
