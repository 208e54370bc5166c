"""Blocks are gzip to everybody, and each can be read alone."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.audit.blocks import (
    CONTENT_BYTES,
    HEAD_BYTES,
    TAIL_BYTES,
    block_bytes,
    content_bytes,
    pack_block,
    unpack_block,
)

if TYPE_CHECKING:
    from pathlib import Path

END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
"""The block that ends a file, as the SAM specification prints it."""


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_blocks_in_a_row_are_one_gzip_file(contents: list[bytes]) -> None:
    packed = [pack_block(content) for content in (*contents, b"")]
    assert gzip.decompress(b"".join(packed)) == b"".join(contents)
    for block, content in zip(packed, contents, strict=False):
        assert block_bytes(block[:HEAD_BYTES]) == len(block)
        assert content_bytes(block[-TAIL_BYTES:]) == len(content)
        assert unpack_block(block) == content


def test_the_block_that_ends_a_file_is_the_one_of_the_specification() -> None:
    assert pack_block(b"") == END


def test_noise_fits_as_well() -> None:
    block = pack_block(os.urandom(CONTENT_BYTES))
    assert len(block) == block_bytes(block) <= 0x10000


def test_gzip_itself_reads_it(tmp_path: Path) -> None:
    if shutil.which("gzip") is None:
        pytest.skip("there is no gzip command here")
    path = tmp_path / "x.gz"
    path.write_bytes(pack_block(b"one\n") + pack_block(b"two\n") + END)
    told = subprocess.run(["gzip", "-dc", path], capture_output=True, check=True)
    assert (told.stdout, told.stderr) == (b"one\ntwo\n", b"")


def test_another_gzip_file_is_no_block() -> None:
    assert block_bytes(gzip.compress(b"x" * 100)) == 0
    assert block_bytes(END[:-11]) == 0
    assert block_bytes(b"") == 0


def test_a_changed_bit_is_noticed() -> None:
    block = pack_block(b"some lines\n" * 20)
    for at in range(HEAD_BYTES, len(block)):
        changed = bytearray(block)
        changed[at] ^= 4
        with pytest.raises((zlib.error, EOFError)):
            unpack_block(bytes(changed))
