from __future__ import annotations

import pytest

from sockguard.engine.operation import Risk
from sockguard.policy.amounts import WORDS, amounts_to
from tests.support.policies import allowing, policy_of


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("allow: []", "nothing: no operation is granted"),
        (allowing("system/hello"), "seeing what is there, by system.ping, system.version"),
        (
            allowing("system/hello", "containers.restart"),
            "changing what runs or is stored, by containers.restart",
        ),
        (allowing("containers.logs", "containers.list"), "reading secrets, by containers.logs"),
        (
            allowing("containers.logs", "containers.stop", "containers.kill"),
            (
                "reading secrets, by containers.logs; and changing what runs or is stored, by"
                " containers.stop, containers.kill"
            ),
        ),
        (
            allowing("containers.export", "containers.logs", "containers.stop"),
            (
                "carrying files or images away, by containers.export; and changing what runs or is"
                " stored, by containers.stop"
            ),
        ),
        (
            allowing("containers.create: {body: any}", "exec.create: {body: any}", "images.get"),
            "root on the host, by containers.create, exec.create",
        ),
        (
            "mode: report\n" + allowing("system/hello"),
            "root on the host, as report mode lets everything through",
        ),
    ],
)
def test_a_client_amounts_to_the_strongest_of_its_operations(text: str, says: str) -> None:
    assert amounts_to(policy_of(text).clients["main"]) == says


def test_of_many_operations_some_are_named_and_the_rest_is_counted() -> None:
    says = amounts_to(policy_of(allowing("engine/everything")).clients["main"])
    assert says.startswith("root on the host, by containers.create, ")
    assert says.endswith(" and 14 more")


def test_every_rating_has_its_words() -> None:
    assert WORDS.keys() == set(Risk)
