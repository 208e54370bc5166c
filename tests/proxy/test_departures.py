from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from sockguard.audit.quota import Quota
from sockguard.errors import Reason, Refusal
from sockguard.proxy.departures import Departures
from sockguard.proxy.record import Recorder
from tests.support.failing_sink import FailingSink

if TYPE_CHECKING:
    from collections.abc import Callable

FORM = '"kind":"decision"'


@dataclass
class Traveller:
    """Notes what became of it."""

    told: list[object] = field(default_factory=list)

    def depart(self) -> None:
        self.told.append("gone")

    def stay(self, failure: Refusal) -> None:
        self.told.append(failure.reason)


@pytest.fixture
def sink() -> FailingSink:
    return FailingSink()


def one_turn(sink: FailingSink, meanwhile: Callable[[Recorder, Departures], None]) -> list[object]:
    """What became of three that came in one turn of the loop, in which `meanwhile` happens too."""

    async def turn() -> list[Traveller]:
        recorder = Recorder(
            sink, Quota(), lambda _line, _noteworthy: None, host="h", origin=lambda: ("", "")
        )
        departures = Departures(recorder)
        travellers = [Traveller() for _ in range(3)]
        for each in travellers:
            sink.append_form(FORM, "now", "ID")
            departures.add(each)
        assert not any(each.told for each in travellers)
        meanwhile(recorder, departures)
        await asyncio.sleep(0)
        return travellers

    return [told for each in asyncio.run(turn()) for told in each.told]


def test_all_of_one_turn_go_behind_one_write_of_the_log(sink: FailingSink) -> None:
    assert one_turn(sink, lambda _recorder, _departures: None) == ["gone"] * 3
    assert len(sink.lines) == 3


def test_nobody_goes_whose_event_could_not_be_written(sink: FailingSink) -> None:
    sink.full = True
    assert one_turn(sink, lambda *_: None) == [Reason.AUDIT_FAILED] * 3
    assert sink.lines == []


def test_nobody_goes_whose_event_was_lost_when_another_wrote_the_log(sink: FailingSink) -> None:
    def another(recorder: Recorder, _departures: Departures) -> None:
        sink.full = True
        with suppress(Refusal):
            recorder.flush()
        sink.full = False

    assert one_turn(sink, another) == [Reason.AUDIT_FAILED] * 3


def test_who_goes_at_once_does_not_go_again(sink: FailingSink) -> None:
    assert one_turn(sink, lambda _recorder, departures: departures.go()) == ["gone"] * 3


def test_who_came_after_the_loss_goes_by_its_own_event(sink: FailingSink) -> None:
    late = Traveller()

    def another(recorder: Recorder, departures: Departures) -> None:
        sink.full = True
        with suppress(Refusal):
            recorder.flush()
        sink.full = False
        sink.append_form(FORM, "now", "ID")
        departures.add(late)

    assert one_turn(sink, another) == [Reason.AUDIT_FAILED] * 3
    assert late.told == ["gone"]
    assert len(sink.lines) == 1
