from __future__ import annotations

import os
import re
import time

import pytest

from sockguard.cli.stoppable import within
from sockguard.compat.follow import follow
from sockguard.errors import SockguardError


def test_work_is_done_in_another_process_and_its_result_comes_back() -> None:
    assert within(20, os.getpid) not in (0, os.getpid())


def test_a_match_that_never_ends_is_stopped() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.1, re.search, "(((a?){1000}){1000}){1000}x", "a" * 64)
    assert time.monotonic() - began < 15


def test_what_work_says_against_itself_is_said_here() -> None:
    with pytest.raises(SockguardError, match="SOCKET_PATH=x: must be an absolute path"):
        within(20, follow, "tecnativa", {"SOCKET_PATH": "x"})


def test_work_that_takes_all_memory_is_stopped() -> None:
    with pytest.raises(TimeoutError):
        within(20, bytes, 2 * 1024**3)
