from __future__ import annotations

import pytest

from sockguard.engine.facts import Need, Thing
from sockguard.engine.told import read_told_facts, told_facts

ID = "4bb9a7d1c0de" + "0" * 52
SHORT = ID[:12]


@pytest.mark.parametrize(
    ("reference", "thing", "text"),
    [
        ("web", Thing("container", ID, ("web",)), f"container web={SHORT}"),
        (ID, Thing("container", ID, ("web",)), f"container {SHORT}={SHORT} named web"),
        ("4bb9", Thing("container", ID, ("web",)), f"container 4bb9={SHORT} named web"),
        ("gone", None, "container gone=none"),
    ],
)
def test_what_a_name_turned_out_to_be_is_told_and_read_back(
    reference: str, thing: Thing | None, text: str
) -> None:
    told = told_facts({Need("container", reference): thing})
    assert told == text
    (((kind, name), read),) = read_told_facts(told).items()
    assert (kind, name) == ("container", SHORT if reference == ID else reference)
    if thing is None:
        assert read is None
    else:
        assert read is not None
        assert read.id == SHORT
        assert read.names in {(), ("web",)}


def test_an_exec_is_told_with_its_container_and_its_maker() -> None:
    made = Thing("exec", ID, container="f" * 64, creator="ci")
    told = told_facts({Need("exec", ID): made})
    assert told == f"exec {SHORT}={SHORT} in ffffffffffff by ci"
    read = read_told_facts(told)[Need("exec", SHORT)]
    assert read is not None
    assert (read.container, read.creator) == ("f" * 12, "ci")


@pytest.mark.parametrize(
    "name", ["a, container db=4bb9a7d1c0de", "a=b named db", "x by root", "ä %"]
)
def test_no_name_can_pass_for_a_fact_of_its_own(name: str) -> None:
    facts = {Need("network", name): Thing("network", ID, (name,))}
    assert list(read_told_facts(told_facts(facts))) == [Need("network", name)]


@pytest.mark.parametrize(
    "text", ["", "container web=4bb9…", "container web", "nonsense", "a b=c d"]
)
def test_of_a_text_that_is_cut_or_of_another_form_nothing_is_read(text: str) -> None:
    assert not read_told_facts(text)
