from __future__ import annotations

from sockguard.engine.facts import Need, Thing
from sockguard.proxy.facts import MOST_LETTERS, REMEMBERED, Memory


def container(number: int, label: str = "") -> tuple[Need, Thing]:
    identity = f"{number:064x}"
    labels = {"a": label} if label else {}
    return Need("container id", identity), Thing("container", identity, labels=labels)


def test_an_object_is_remembered_until_the_engine_may_be_another_one() -> None:
    memory = Memory()
    need, thing = container(1)
    memory.keep(need, thing)
    assert memory.find(need) is thing
    memory.forget()
    assert memory.find(need) is None


def test_very_many_objects_do_not_fill_the_memory() -> None:
    memory = Memory()
    things = [container(number) for number in range(REMEMBERED + 1)]
    for need, thing in things:
        memory.keep(need, thing)
    assert memory.find(things[0][0]) is None
    assert memory.find(things[-1][0]) is things[-1][1]


def test_very_long_labels_do_not_fill_the_memory() -> None:
    memory = Memory()
    long_label = "x" * (MOST_LETTERS // 4)
    things = [container(number, long_label) for number in range(4)]
    for need, thing in things:
        memory.keep(need, thing)
    assert [memory.find(need) is not None for need, _ in things] == [False, False, False, True]


def test_an_object_that_is_learnt_again_takes_no_more_room() -> None:
    memory = Memory()
    need, thing = container(1, "x" * (MOST_LETTERS // 2))
    other, beside = container(2)
    memory.keep(other, beside)
    for _ in range(5):
        memory.keep(need, thing)
    assert memory.find(other) is beside
