from __future__ import annotations

import asyncio

from demo.streams import STDERR, STDOUT, LineSplitter, Output, Piece, Pipe, frame
from demo.terminal import Terminal


def test_a_frame_is_stream_number_length_and_data() -> None:
    assert frame(Piece(0, STDERR, b"abc")) == b"\x02\x00\x00\x00\x00\x00\x00\x03abc"


def test_lines_are_joined_per_stream() -> None:
    splitter = LineSplitter()
    assert splitter.feed(Piece(1, STDOUT, b"a")) == []
    assert splitter.feed(Piece(2, STDERR, b"x\n")) == [Piece(2, STDERR, b"x\n")]
    assert splitter.feed(Piece(3, STDOUT, b"b\nc")) == [Piece(3, STDOUT, b"ab\n")]
    assert splitter.rest(4) == [Piece(4, STDOUT, b"c")]


def test_a_reader_that_stops_holds_the_writer_only_until_it_leaves() -> None:
    async def scenario() -> int:
        output = Output()
        with output.subscribe():
            writer = asyncio.create_task(write(output))
            await asyncio.sleep(0.01)
            assert not writer.done()
        await asyncio.wait_for(writer, 1)
        return len(output.history)

    async def write(output: Output) -> None:
        for _ in range(100):
            await output.emit(STDOUT, b"x")

    assert asyncio.run(scenario()) == 100


def test_a_pipe_gives_lines_and_then_the_rest() -> None:
    async def scenario() -> list[bytes]:
        pipe = Pipe()
        for data in (b"on", b"e\ntwo\nthr", b"ee"):
            await pipe.put(data)
        await pipe.close()
        return [await pipe.line() for _ in range(4)]

    assert asyncio.run(scenario()) == [b"one\n", b"two\n", b"three", b""]


def test_a_pipe_without_reader_blocks_nobody() -> None:
    async def scenario() -> None:
        pipe = Pipe()
        pipe.abandon()
        for _ in range(100):
            await pipe.put(b"x")

    asyncio.run(asyncio.wait_for(scenario(), 1))


def test_a_terminal_echoes_edits_and_ends() -> None:
    shown: list[bytes] = []

    async def echo(_: int, data: bytes) -> None:
        shown.append(data)

    async def scenario() -> list[bytes]:
        return await Terminal(echo).type(b"ax\x7fb\r\x03\x04")

    assert asyncio.run(scenario()) == [b"ab\n", Terminal.INTERRUPT, b""]
    assert shown == [b"ax\b \bb\r\n^C"]
