from __future__ import annotations

import pytest

from sockguard.policy.mask import MASK
from sockguard.policy.spoken import hides_words, spoken
from tests.support.policies import policy_of

OWN, PLAIN = (
    policy_of(f"clients: {{one: {{own_objects_only: {only}, allow: [containers.start]}}}}").clients[
        "one"
    ]
    for only in ("true", "false")
)
THEIRS, MINE = "a" * 64, "b" * 64
WHERE = (
    "error while mounting volume '/var/lib/docker/volumes/v/_data': failed to mount local volume"
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            f"{WHERE}: mount //server/share:/v, data: username=me,password=a: b: no such device",
            f"{WHERE}: mount {MASK}: no such device",
        ),
        (
            f"{WHERE}: mount :/v, flags: 0x1000, data: addr=1.2.3.4: permission denied",
            f"{WHERE}: mount {MASK}: permission denied",
        ),
        (
            f"{WHERE}: mount a:b, data: x\ny=z: invalid argument",
            f"{WHERE}: mount {MASK}: invalid argument",
        ),
        (f"{WHERE}, data: password=x", f"{WHERE}, data: {MASK}"),
        ("No such container: data: x", "No such container: data: x"),
        ("", ""),
    ],
)
def test_what_was_handed_to_a_mount_is_hidden_and_the_kernels_word_is_not(
    words: str, shown: str
) -> None:
    assert spoken(words, PLAIN, ()) == shown
    assert spoken(words, OWN, ()) == shown


def test_a_client_of_its_own_objects_learns_the_id_of_no_other() -> None:
    words = f'The container name "/x" is already in use by container "{THEIRS}", not by {MINE}.'
    hidden = words.replace(THEIRS, MASK)
    assert spoken(words, OWN, {MINE}) == hidden
    assert spoken(words, PLAIN, ()) == words


def test_nothing_is_hidden_from_who_is_shown_everything() -> None:
    for text, hides in (
        ("allow: [containers.start]", True),
        ("allow: [engine/everything]", False),
        ("mode: report\nallow: [containers.start]", False),
    ):
        client = policy_of(text).clients["main"]
        assert hides_words(client, client.role.grants["containers.start"]) is hides
