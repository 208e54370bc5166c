from __future__ import annotations

import time

from sockguard.engine.cover import ANY_KEY, NOTHING, WHOLE, Cover, joined, within


def test_naming_a_field_names_all_below_it() -> None:
    cover = within(("HostConfig", "Mounts"), WHOLE)
    assert cover.admits(("HostConfig", "Mounts"))
    assert cover.admits(("HostConfig", "Mounts", "[]", "Type"))
    assert not cover.admits(("HostConfig", "Binds"))


def test_what_stands_above_a_named_field_may_be_there_but_not_what_stands_beside_it() -> None:
    cover = within(("HostConfig", "LogConfig", "Type"), WHOLE)
    assert cover.admits(("HostConfig", "LogConfig"))
    assert not cover.admits(("HostConfig", "LogConfig", "Config"))


def test_any_key_stands_for_every_key_and_one_key_for_itself_only() -> None:
    assert within(("Sysctls", ANY_KEY), WHOLE).admits(("Sysctls", "{a}"))
    assert not within(("Sysctls", "{a}"), WHOLE).admits(("Sysctls", "{b}"))
    assert not within(("Sysctls", ANY_KEY), WHOLE).admits(("Sysctls", "a"))


def test_the_empty_key_is_one_key_and_stands_for_no_other() -> None:
    cover = within(("Sysctls", "{}"), WHOLE)
    assert cover.admits(("Sysctls", "{}"))
    assert not cover.admits(("Sysctls", "{a}"))


def test_covers_join_part_by_part() -> None:
    one, other = within(("A", "B"), WHOLE), within(("A", "C"), WHOLE)
    both = joined(one, other, NOTHING)
    assert both.admits(("A", "B"))
    assert both.admits(("A", "C"))
    assert not both.admits(("A", "D"))
    assert joined(both, WHOLE) == WHOLE


def test_nothing_admits_only_the_body_itself() -> None:
    assert NOTHING.admits(())
    assert not NOTHING.admits(("A",))
    assert Cover().parts == {}


def test_joining_very_many_parts_of_one_map_takes_no_time() -> None:
    many = [within(("Networks", f"{{{number}}}", "Aliases"), WHOLE) for number in range(20_000)]
    began = time.perf_counter()
    together = joined(*many)
    assert time.perf_counter() - began < 2  # with a copy for each of them it takes a minute
    assert together.admits(("Networks", "{19999}", "Aliases"))
    assert not together.admits(("Networks", "{20000}"))
