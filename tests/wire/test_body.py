from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.errors import Malformed, Reason, Refusal
from sockguard.wire.body import (
    LAST_CHUNK,
    MAX_EXTENSION,
    ChunkedDecoder,
    Decoder,
    LengthDecoder,
    UntilCloseDecoder,
    decoder_for,
    encode_chunk,
    whole_size,
)
from sockguard.wire.head import Framing, FramingKind

BODIES = st.binary(max_size=60)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def feed_all(decoder: Decoder, pieces: list[bytes]) -> list[bytes]:
    return [part for piece in pieces for part in decoder.feed(piece)]


def decoded(decoder: Decoder, pieces: list[bytes]) -> bytes:
    out = feed_all(decoder, pieces)
    assert all(out)
    decoder.finish()
    return b"".join(out)


@pytest.mark.parametrize(
    ("framing", "kind"),
    [
        (Framing(FramingKind.NONE), LengthDecoder),
        (Framing(FramingKind.LENGTH, 3), LengthDecoder),
        (Framing(FramingKind.CHUNKED), ChunkedDecoder),
        (Framing(FramingKind.UNTIL_CLOSE), UntilCloseDecoder),
    ],
)
def test_every_framing_has_its_decoder(framing: Framing, kind: type) -> None:
    assert type(decoder_for(framing)) is kind


@pytest.mark.parametrize("framing", [Framing(FramingKind.NONE), Framing(FramingKind.LENGTH, 0)])
def test_a_body_of_no_bytes_is_done_at_once(framing: Framing) -> None:
    decoder = decoder_for(framing)
    assert decoder.done
    assert decoder.feed(b"next") == []
    assert decoder.rest == b"next"
    decoder.finish()


def test_a_sized_body_ends_where_it_should() -> None:
    decoder = LengthDecoder(5)
    assert decoder.feed(b"abc") == [b"abc"]
    assert not decoder.done
    assert decoder.feed(b"deGET") == [b"de"]
    assert decoder.feed(b" /") == []
    assert (decoder.done, decoder.rest) == (True, b"GET /")


def test_a_whole_piece_is_passed_on_without_a_copy() -> None:
    data = b"x" * 1000
    assert LengthDecoder(2000).feed(data)[0] is data
    assert UntilCloseDecoder().feed(data)[0] is data


def test_a_sized_body_cut_short_is_malformed() -> None:
    decoder = LengthDecoder(5)
    decoder.feed(b"abc")
    with pytest.raises(Malformed, match="2 bytes early"):
        decoder.finish()


def test_a_body_until_close_ends_with_the_connection() -> None:
    decoder = UntilCloseDecoder()
    assert decoder.feed(b"abc") == [b"abc"]
    assert decoder.feed(b"") == []
    assert not decoder.done
    decoder.finish()
    assert (decoder.done, decoder.rest) == (True, b"")


@pytest.mark.parametrize(
    ("data", "body", "rest"),
    [
        (b"0\r\n\r\n", b"", b""),
        (b"0\r\n\r\nGET /", b"", b"GET /"),
        (b"000\r\n\r\n", b"", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc", b""),
        (b"3\r\n\r\n\r\r\n0\r\n\r\n", b"\r\n\r", b""),
        (b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n\r\n", b"0123456789" * 2, b"\r\n"),
        (b"0000000000000001\r\na\r\n0\r\n\r\n", b"a", b""),
        (b'1;a\r\nx\r\n1;a=b;c="d e\t;"\r\ny\r\n0;z\r\n\r\n', b"xy", b""),
        (b"1;" + b"e" * (MAX_EXTENSION - 1) + b"\r\nx\r\n0\r\n\r\n", b"x", b""),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 3, 1000])
def test_a_chunked_body_is_read(data: bytes, body: bytes, rest: bytes, step: int) -> None:
    decoder = ChunkedDecoder()
    pieces = [data[index : index + step] for index in range(0, len(data), step)]
    assert decoded(decoder, pieces) == body
    assert (decoder.done, decoder.rest) == (True, rest)


@pytest.mark.parametrize(
    "data",
    [
        b"x", b"\r\n", b" 3", b"3 ", b"3\t\r\n", b"+3", b"-3", b"0x3", b"3_0", b"3,", b"\n", b"3\n",
        b"3\rx", b"3\r\r", b"3\r\nabcd", b"3\r\nabc\n", b"3\r\nabc\rx", b"3\r\nabc0",
        b"3\r\nabc\r\n\r", b"3\r\nabc\r\nz", b"0\r\nX: y\r\n\r\n", b"0\r\n\n",
        b"0\r\n\rx", b"0\r\n0", b"0\n",
        b"12345678901234567", b"ffffffffffffffff\r\n", b"10000000001\r\n",
        b"1; a\r\n", b"1;\r\n", b"1;a=\r\n", b'1;a="b\r\n', b'1;a="\\""\r\n', b"1;a\x00", b"1;a\nb",
        b"1;a\x80\r\n", b"1;" + b"e" * 256, b"\xd9\xa3\r\n", b"1 ;a\r\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("step", [1, 1000])
def test_a_loose_chunked_body_is_malformed_at_once(data: bytes, step: int) -> None:
    decoder = ChunkedDecoder()
    pieces = [data[index : index + step] for index in range(0, len(data), step)]
    with pytest.raises(Malformed):
        feed_all(decoder, pieces)


def test_extensions_have_a_limit_over_all_chunks() -> None:
    decoder = ChunkedDecoder()
    chunk = b"1;" + b"e" * 199 + b"\r\nx\r\n"
    with pytest.raises(Malformed, match="too many extensions"):
        decoder.feed(chunk * 100)
    assert ChunkedDecoder().feed(chunk * 80) == [b"x"] * 80


@pytest.mark.parametrize("data", [b"", b"3", b"3\r", b"3\r\n", b"3\r\nab", b"3\r\nabc", b"0\r\n"])
def test_a_chunked_body_cut_short_is_malformed(data: bytes) -> None:
    decoder = ChunkedDecoder()
    decoder.feed(data)
    assert not decoder.done
    with pytest.raises(Malformed, match="early"):
        decoder.finish()


def test_all_pieces_travel_in_one_chunk() -> None:
    assert b"".join(encode_chunk([b"ab", b"", b"c" * 14])) == b"10\r\nab" + b"c" * 14 + b"\r\n"


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b""]])
def test_no_bytes_make_no_chunk_since_that_would_end_the_body(pieces: list[bytes]) -> None:
    assert encode_chunk(pieces) == []


def test_a_sized_body_over_its_limit_is_refused_before_it_arrives() -> None:
    with pytest.raises(Refusal) as refusal:
        decoder_for(Framing(FramingKind.LENGTH, 11), limit=10)
    assert (refusal.value.reason, refusal.value.status) == (Reason.TOO_LARGE, 413)
    assert not decoder_for(Framing(FramingKind.LENGTH, 10), limit=10).done


@pytest.mark.parametrize(
    ("kind", "inside", "over"),
    [
        (FramingKind.CHUNKED, b"6\r\nabcdef\r\n4\r\nghij\r\n", b"1\r\n"),
        (FramingKind.CHUNKED, b"", b"b\r\n"),
        (FramingKind.UNTIL_CLOSE, b"abcdefghij", b"k"),
    ],
)
def test_a_growing_body_is_refused_where_it_passes_its_limit(
    kind: FramingKind, inside: bytes, over: bytes
) -> None:
    decoder = decoder_for(Framing(kind), limit=10)
    decoder.feed(inside)
    with pytest.raises(Refusal) as refusal:
        decoder.feed(over)
    assert refusal.value.reason is Reason.TOO_LARGE


@given(st.lists(BODIES, max_size=6), st.lists(st.integers(0, 1000), max_size=8), BODIES)
@settings(max_examples=200)
def test_chunks_are_read_back_however_they_are_cut(
    chunks: list[bytes], places: list[int], rest: bytes
) -> None:
    data = b"".join(b"".join(encode_chunk([chunk])) for chunk in chunks) + LAST_CHUNK + rest
    decoder = ChunkedDecoder()
    assert decoded(decoder, cut(data, places)) == b"".join(chunks)
    assert decoder.rest == rest


noise = st.lists(
    st.sampled_from([b"0", b"1", b"3", b"a", b"\r\n", b"\r", b"\n", b";", b"x=y", b" ", b"abc"]),
    max_size=14,
).map(b"".join)


@given(noise, st.lists(st.integers(0, 1000), max_size=6))
@settings(max_examples=300)
def test_the_verdict_does_not_depend_on_the_cuts(data: bytes, places: list[int]) -> None:
    def verdict(pieces: list[bytes]) -> tuple[bytes, bytes] | None:
        decoder = ChunkedDecoder()
        try:
            return decoded(decoder, pieces), decoder.rest
        except Malformed:
            return None

    assert verdict([data]) == verdict(cut(data, places))


CHUNKED = Framing(FramingKind.CHUNKED)


@given(BODIES.filter(bool))
def test_a_body_in_one_chunk_is_known_as_whole(body: bytes) -> None:
    assert whole_size(CHUNKED, b"".join([*encode_chunk([body]), LAST_CHUNK])) == len(body)


@given(st.lists(st.sampled_from([b"0", b"1", b"a", b"A", b"\r\n", b";x", b" ", LAST_CHUNK])))
def test_what_is_known_as_whole_is_decoded_to_the_same_size_and_leaves_no_rest(
    pieces: list[bytes],
) -> None:
    data = b"".join(pieces)
    size = whole_size(CHUNKED, data)
    if size >= 0:
        decoder = ChunkedDecoder()
        assert len(decoded(decoder, [data])) == size
        assert (decoder.done, decoder.rest) == (True, b"")


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"0\r\n\r\n", 0),
        (b"0\r\n\r\n0\r\n\r\n", -1),
        (b"1\r\nx\r\n1\r\nx\r\n0\r\n\r\n", -1),
        (b"01\r\nx\r\n0\r\n\r\n", -1),
        (b"1;a\r\nx\r\n0\r\n\r\n", -1),
        (b"2\r\nx\r\n0\r\n\r\n", -1),
        (b"1\r\nx\r\n", -1),
        (b"", -1),
    ],
)
def test_any_other_form_is_left_to_the_decoder(data: bytes, size: int) -> None:
    assert whole_size(CHUNKED, data) == size


def test_a_body_with_a_length_is_whole_when_all_of_it_is_there() -> None:
    framing = Framing(FramingKind.LENGTH, 2)
    assert [whole_size(framing, b"x" * n) for n in range(4)] == [-1, -1, 2, -1]
