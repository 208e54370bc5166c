from __future__ import annotations

import pytest

from sockguard.history.verdicts import Change, compare
from tests.support.past_requests import counted, past_of
from tests.support.policies import policy_of

STOP = past_of("POST /containers/web/stop", facts="container web=4bb9a7d1c0de")
LIST = past_of("GET /containers/json")
INSPECT = past_of("GET /containers/web/json")
CREATE = past_of("POST /containers/create", {"Image": "a"})
LONG = past_of("POST /containers/create", body_sha256="0" * 64)


def client(*items: str, mode: str = "enforce") -> str:
    allow = "".join(f"\n      - {item}" for item in items) if items else " []"
    return f"clients:\n  ci:\n    mode: {mode}\n    allow:{allow}\n"


@pytest.mark.parametrize(
    ("old", "new", "past", "change"),
    [
        (client("containers.stop"), client("containers.stop"), STOP, None),
        (client("containers.stop"), client(), STOP, Change.REFUSED),
        (client(), client("containers.stop"), STOP, Change.ALLOWED),
        (client(), client("containers.list"), STOP, None),
        (client("containers.stop"), client("containers.stop: {target: {name: web}}"), STOP, None),
        (
            client("containers.stop"),
            client("containers.stop: {target: {name: db}}"),
            STOP,
            Change.REFUSED,
        ),
        (
            client("containers.stop"),
            client("containers.stop: {target: {label: {a: b}}}"),
            STOP,
            Change.UNTOLD,
        ),
        (client(mode="report"), client(), STOP, Change.REFUSED),
        (client(mode="report"), client("containers.stop"), STOP, None),
        (client(), "clients:\n  other: {allow: []}\n", STOP, None),
        (client("containers.stop"), "clients:\n  other: {allow: []}\n", STOP, Change.REFUSED),
        (
            client("containers.inspect"),
            client("containers.inspect: {response: any}"),
            INSPECT,
            Change.MASKED,
        ),
        (client("containers.list"), client("containers/read"), LIST, None),
        (
            client("containers.list"),
            client("containers.list: {target: {name: web}}"),
            LIST,
            Change.MASKED,
        ),
        (
            client("containers.create"),
            client("containers.create: {image: x}"),
            CREATE,
            Change.REFUSED,
        ),
        (client("containers.create"), client("containers.create: {image: x}"), LONG, Change.UNTOLD),
        (client("containers.create"), client("containers.create"), LONG, None),
        (client(), client("containers.create"), LONG, Change.UNTOLD),
        (client(), client("system.ping"), LONG, None),
    ],
)
def test_a_past_request_is_judged_under_both_policies(
    old: str, new: str, past: object, change: Change | None
) -> None:
    found = compare(policy_of(old), policy_of(new), counted([past, past]))  # type: ignore[list-item]
    told = [(group.change, group.requests) for group in found.groups]
    assert told == ([(change, 2)] if change else [])
    assert found.unchanged == (0 if change else 2)


def test_requests_that_change_alike_are_one_group_with_an_example() -> None:
    pasts = [past_of(f"POST /containers/{name}/stop") for name in ("web", "db", "web")]
    found = compare(policy_of(client("containers.stop")), policy_of(client()), counted(pasts))
    (group,) = found.groups
    assert (group.operation, group.requests, group.example) == ("containers.stop", 3, pasts[0])
    assert "containers.stop is not allowed" in group.why
    assert found.counted(Change.REFUSED) == 3


def test_what_no_policy_could_change_is_not_judged() -> None:
    limited = past_of("GET /_ping", decision="deny", reason="rate_limited")
    stranger = past_of("GET /_ping", client="stranger")
    policy = policy_of(client("system.ping"))
    found = compare(policy, policy, counted([limited, stranger]))
    assert (found.apart, found.unchanged) == (2, 0)


def test_what_was_refused_then_is_not_newly_refused() -> None:
    then = past_of("POST /containers/web/stop", decision="deny", reason="not_granted")
    old, new = policy_of(client("containers.stop")), policy_of(client())
    found = compare(old, new, counted([then, STOP, then]))
    assert (found.counted(Change.REFUSED), found.unchanged) == (1, 2)
    assert compare(new, old, counted([then])).counted(Change.ALLOWED) == 1


def test_lines_that_no_request_needed_are_named() -> None:
    new = client("containers.list", "system/hello", "containers.create: {image: x}", "images.list")
    pasts = [LIST, past_of("GET /_ping"), LONG]
    found = compare(policy_of(client()), policy_of(new + "  quiet: {allow: []}\n"), counted(pasts))
    assert found.unused == {"ci": ("policy.yaml:9: images.list",)}
    assert found.silent == ("quiet",)
