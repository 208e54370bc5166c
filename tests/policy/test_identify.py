from __future__ import annotations

import pytest

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import OVERFLOW_ID, Caller
from sockguard.policy.identify import identify
from tests.support.policies import policy_of

POLICY = policy_of(
    """
    clients:
      own: {allow: []}
      narrow: {allow: [], match: {uid: 1000}}
      alice: {allow: [], socket: main, match: {uid: 1000}}
      staff: {allow: [], socket: main, match: {gid: [50, 60]}}
      bob: {allow: [], socket: main, match: {uid: 1001, gid: 70}}
      nobody: {allow: [], socket: main, match: {uid: 65534}}
    """
)


@pytest.mark.parametrize(
    ("caller", "client"),
    [
        (Caller("own"), "own"),
        (Caller("own", uid=0, gid=0), "own"),
        (Caller("narrow", uid=1000), "narrow"),
        (Caller("main", uid=1000, gid=1000), "alice"),
        (Caller("main", uid=5, gid=50), "staff"),
        (Caller("main", uid=5, gid=5, groups=(9, 60)), "staff"),
        (Caller("main", uid=1001, gid=1, groups=(70,)), "bob"),
    ],
)
def test_a_caller_is_the_one_client_that_it_matches(caller: Caller, client: str) -> None:
    assert identify(POLICY, caller).name == client


@pytest.mark.parametrize(
    ("caller", "reason"),
    [
        (Caller("narrow"), Reason.UNKNOWN_CALLER),
        (Caller("narrow", uid=0), Reason.UNKNOWN_CALLER),
        (Caller("main"), Reason.UNKNOWN_CALLER),
        (Caller("main", uid=0, gid=0), Reason.UNKNOWN_CALLER),
        (Caller("main", uid=1001, gid=1), Reason.UNKNOWN_CALLER),
        (Caller("main", uid=OVERFLOW_ID), Reason.UNKNOWN_CALLER),
        (Caller("alice", uid=1000), Reason.UNKNOWN_CALLER),
        (Caller("elsewhere", uid=1000), Reason.UNKNOWN_CALLER),
        (Caller("main", uid=1000, gid=50), Reason.AMBIGUOUS_CALLER),
    ],
)
def test_whoever_matches_none_or_several_is_refused(caller: Caller, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        identify(POLICY, caller)
    assert caught.value.reason is reason


def test_the_refusal_names_who_it_was() -> None:
    with pytest.raises(Refusal, match="uid=7 gid=8"):
        identify(POLICY, Caller("main", uid=7, gid=8))
    with pytest.raises(Refusal, match="'alice', 'staff' at once"):
        identify(POLICY, Caller("main", uid=1000, gid=60))
