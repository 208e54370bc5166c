from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sockguard.wire.records import Records


def record(size: int) -> bytes:
    return b"\x17\x03\x03" + size.to_bytes(2) + b"x" * size


def taken(records: Records, most: int) -> list[bytes]:
    found = []
    while records.waiting:
        found.append(records.take(most))
    return found


@given(st.lists(st.integers(0, 300), max_size=30), st.integers(1, 40), st.integers(1, 7))
def test_nothing_is_lost_however_it_comes(sizes: list[int], piece: int, most: int) -> None:
    data = b"".join(map(record, sizes))
    records, out = Records(), b""
    for start in range(0, len(data), piece):
        records.add(data[start : start + piece])
        out += b"".join(taken(records, most))
    assert out == data


def test_so_many_are_given_at_once() -> None:
    records = Records()
    records.add(record(1) * 70)
    assert [len(one) // 6 for one in taken(records, 32)] == [32, 32, 6]


def test_large_ones_go_through_in_one_piece() -> None:
    records, data = Records(), record(16 * 1024) * 16
    records.add(data)
    assert records.take(32) is data


def test_a_header_that_is_cut_waits_and_a_body_does_not() -> None:
    records = Records()
    records.add(record(10)[:4])
    assert not records.waiting
    records.add(record(10)[4:7])
    assert records.take(1) == record(10)[:7]
    assert not records.waiting
    records.add(record(10)[7:])
    assert records.take(1) == record(10)[7:]


def test_what_is_no_tls_is_given_out_as_well() -> None:
    records = Records()
    records.add(b"GET / HTTP/1.1\r\n\r\n")
    assert records.take(1) == b"GET / HTTP/1.1\r\n\r\n"
