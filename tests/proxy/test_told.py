from __future__ import annotations

from types import SimpleNamespace

import pytest

from sockguard.proxy.told import Told
from tests.support.failing_sink import FailingSink

GAP, FIRST, SECOND, THIRD = (
    b'{"v":1,"seq":%d,"kind":"%s"}' % (seq, kind)
    for seq, kind in ((1, b"gap"), (2, b"checkpoint"), (3, b"checkpoint"), (4, b"checkpoint"))
)


class Shown:
    """What is shown of a sink's own lines, at times that a test chooses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.lines: list[bytes] = []
        self.pending: list[bytes] = []
        clock = SimpleNamespace(monotonic=lambda: self.now)
        monkeypatch.setattr("sockguard.proxy.told.time", clock)
        sink = FailingSink()
        monkeypatch.setattr(sink, "take_told", self.take)
        self.told = Told(sink, self.show)

    def take(self) -> list[bytes]:
        pending, self.pending = self.pending, []
        return pending

    def show(self, line: bytes, noteworthy: bool) -> None:
        assert noteworthy
        self.lines.append(line)

    def comes(self, *lines: bytes, after: float = 0.0) -> list[bytes]:
        """What has been shown once these lines came."""
        self.now += after
        self.pending += lines
        self.told.show()
        return self.lines


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def test_gaps_are_shown_at_once_and_checkpoints_now_and_then(shown: Shown) -> None:
    assert shown.comes(FIRST) == [FIRST]
    assert shown.comes(SECOND, GAP, after=1) == [FIRST, GAP]
    assert shown.comes(THIRD, after=8) == [FIRST, GAP]
    assert shown.comes(after=1) == [FIRST, GAP, THIRD]
    assert shown.comes(after=100) == [FIRST, GAP, THIRD]


def test_the_last_checkpoint_is_shown_at_the_end(shown: Shown) -> None:
    shown.comes(FIRST)
    shown.comes(SECOND, after=1)
    shown.pending.append(THIRD)
    shown.told.show_all()
    shown.told.show_all()
    assert shown.lines == [FIRST, THIRD]
