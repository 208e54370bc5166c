from __future__ import annotations

import threading

from sockguard.export.backlog import Backlog, Bounds
from sockguard.export.sending import Batch

AT_ONCE = Batch(events=3, size=100, gather=0.0)


def test_what_is_added_is_taken_in_batches_and_in_order() -> None:
    backlog = Backlog()
    backlog.add([b"1", b"2"])
    backlog.add([b"3", b"4"])
    backlog.add([b"5" * 99, b"66"])

    assert [backlog.take(AT_ONCE) for _ in range(3)] == [
        [b"1", b"2", b"3"],
        [b"4", b"5" * 99],
        [b"66"],
    ]


def test_a_line_that_is_longer_than_a_batch_goes_alone() -> None:
    backlog = Backlog()
    backlog.add([b"1" * 200, b"2"])
    assert backlog.take(AT_ONCE) == [b"1" * 200]


def test_what_is_on_its_way_waits_until_it_is_done() -> None:
    backlog = Backlog(Bounds(2, 100))
    backlog.add([b"1", b"2"])
    taken = backlog.take(AT_ONCE)
    backlog.add([b"3"])
    assert (backlog.waiting, backlog.dropped) == (2, 1)
    backlog.done(taken)
    backlog.add([b"4"])
    assert (backlog.waiting, backlog.dropped, backlog.take(AT_ONCE)) == (1, 1, [b"4"])


def test_bytes_are_bounded_as_well() -> None:
    backlog = Backlog(Bounds(100, 10))
    backlog.add([b"1" * 6])
    backlog.add([b"2" * 6])
    backlog.add([b"3" * 4])
    assert (backlog.waiting, backlog.dropped) == (2, 1)
    assert backlog.take(AT_ONCE) == [b"1" * 6, b"3" * 4]


def test_the_end_comes_after_all_that_was_added() -> None:
    backlog = Backlog()
    backlog.add([b"1"])
    backlog.end()
    assert [backlog.take(AT_ONCE), backlog.take(AT_ONCE)] == [[b"1"], []]


def test_nothing_is_lost_or_counted_twice_between_two_threads() -> None:
    backlog, found = Backlog(Bounds(500, 10**6)), []

    def take() -> None:
        while lines := backlog.take(AT_ONCE):
            found.extend(lines)
            backlog.done(lines)

    thread = threading.Thread(target=take)
    thread.start()
    for number in range(20_000):
        backlog.add([b"%d" % number])
    backlog.end()
    thread.join(20)

    assert len(found) + backlog.dropped == 20_000
    assert backlog.waiting == 0
    assert [int(one) for one in found] == sorted({int(one) for one in found})
