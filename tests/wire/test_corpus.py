"""Every request of the corpus gets the verdict that reading alone can give."""

from __future__ import annotations

import pytest

from sockguard.errors import Malformed
from tests.corpus.requests import ENTRIES, FORWARDED, SMUGGLED, By, Entry, Message
from tests.support.reading import Read, read_pieces, read_request

ROWS = 130
ACCEPTED = [entry for entry in ENTRIES if isinstance(entry.wire, Message)]
REFUSED = [entry for entry in ENTRIES if not isinstance(entry.wire, Message)]


def name_of(entry: Entry) -> str:
    return entry.id


def as_message(read: Read) -> Message:
    return Message(
        method=read.head.method,
        path="/".join(read.target.segments),
        version=read.target.version,
        query=read.target.query,
        framing=read.head.framing.kind.value,
        body=read.body,
        rest=read.rest,
        keep_alive=read.head.keep_alive,
        upgrade=read.head.upgrade,
    )


@pytest.mark.parametrize("entry", REFUSED, ids=name_of)
def test_what_has_two_readings_is_refused(entry: Entry) -> None:
    with pytest.raises(Malformed) as refusal:
        read_request(entry.raw, json=entry.json)
    assert refusal.value.status == entry.wire


@pytest.mark.parametrize("entry", [e for e in REFUSED if len(e.raw) < 4096], ids=name_of)
def test_it_is_refused_however_slowly_it_arrives(entry: Entry) -> None:
    pieces = [entry.raw[index : index + 1] for index in range(len(entry.raw))]
    with pytest.raises(Malformed) as refusal:
        read_pieces(pieces, json=entry.json)
    assert refusal.value.status == entry.wire


@pytest.mark.parametrize("entry", ACCEPTED, ids=name_of)
def test_what_has_one_reading_is_read(entry: Entry) -> None:
    assert as_message(read_request(entry.raw, json=entry.json)) == entry.wire


@pytest.mark.parametrize("entry", ACCEPTED, ids=name_of)
def test_it_is_read_alike_however_slowly_it_arrives(entry: Entry) -> None:
    step = max(1, len(entry.raw) // 4096)
    pieces = [entry.raw[index : index + step] for index in range(0, len(entry.raw), step)]
    assert as_message(read_pieces(pieces, json=entry.json)) == entry.wire


@pytest.mark.parametrize("entry", ACCEPTED, ids=name_of)
def test_a_smuggled_request_stays_behind_the_first(entry: Entry) -> None:
    read = read_request(entry.raw)
    assert SMUGGLED not in read.head.target
    assert SMUGGLED.encode() not in read.body


def test_every_row_of_the_list_has_an_entry() -> None:
    assert {entry.number for entry in ENTRIES} >= set(range(1, ROWS + 1))


def test_every_entry_has_a_name_of_its_own() -> None:
    names = [entry.id for entry in ENTRIES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("entry", ENTRIES, ids=name_of)
def test_the_columns_of_an_entry_agree(entry: Entry) -> None:
    if isinstance(entry.wire, int):
        assert (entry.decided_by, entry.outcomes) == (By.WIRE, (entry.wire,))
    if entry.decided_by is By.WIRE and isinstance(entry.wire, Message):
        assert entry.outcomes == (FORWARDED,)
