from __future__ import annotations

import pytest

from tests.support.policies import allowing, ask, policy_of

NOTHING = policy_of("allow: []")


@pytest.mark.parametrize(
    ("do", "item"),
    [
        ("GET /containers/json?all=1", "- containers.list"),
        ("GET /containers/web/json", "- containers.inspect"),
        ("POST /containers/create", "- containers.create"),
        ("POST /containers/web/exec", "- exec.create"),
        (
            "POST /containers/web/attach?stdin=1&logs=0",
            "- containers.attach: {query: {stdin: true}}",
        ),
        ("GET /containers/web/top?ps_args=secret", "- containers.top: {query: {ps_args: any}}"),
        ("DELETE /containers/web?newer=1", "- containers.remove: {query: any}"),
        ("POST /v1.47/grpc", "- build.grpc"),
    ],
)
def test_the_hint_is_the_smallest_item_that_would_allow_the_request(do: str, item: str) -> None:
    hint = ask(NOTHING, do).hint
    assert hint.partition("  # ")[0] == item
    assert ask(policy_of(allowing(hint.removeprefix("- "))), do).allowed


def test_the_hint_says_what_it_hands_over() -> None:
    hint = ask(NOTHING, "POST /containers/web/attach?stdin=1").hint
    assert "Shows the live output of a container" in hint
    assert hint.endswith(
        "Lets the client type into whatever runs in the container, root shells included."
    )


def test_the_hint_never_repeats_a_text_that_was_sent() -> None:
    hint = ask(NOTHING, "GET /containers/web/top?ps_args=hunter2").hint
    assert "hunter2" not in hint


def test_the_hint_widens_what_failed_of_an_item_that_is_there() -> None:
    policy = policy_of(allowing("containers.stop: {query: {t: 5}}"))
    hint = ask(policy, "POST /containers/web/stop?t=7").hint
    assert hint.startswith("- containers.stop: {query: {t: any}}")


def test_what_is_malformed_has_no_hint() -> None:
    assert ask(NOTHING, "GET /containers/json?all=1&all=0").hint == ""
    assert ask(NOTHING, "GET /nothing").hint == ""
