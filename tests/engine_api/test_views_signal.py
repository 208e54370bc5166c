from __future__ import annotations

import pytest

from tests.support.gathering import STRANGE, gather, unjudged, values, within_service


@pytest.mark.parametrize(
    ("spellings", "name"),
    [
        (["1", "01", "+1", "HUP", "hup", "SIGHUP", "sighup", "SigHup"], "HUP"),
        (["9", "KILL", "SIGKILL", "kill"], "KILL"),
        (["15", "TERM", "SIGTERM"], "TERM"),
        (["6", "ABRT", "IOT", "SIGIOT"], "ABRT"),
        (["17", "CHLD", "CLD"], "CHLD"),
        (["29", "IO", "POLL"], "IO"),
        (["10", "USR1"], "USR1"),
        (["31", "SYS"], "SYS"),
        (["34", "RTMIN", "SIGRTMIN"], "RTMIN"),
        (["37", "RTMIN+3", "sigrtmin+3"], "RTMIN+3"),
        (["64", "RTMAX", "RTMIN+30"], "RTMIN+30"),
        (["50", "RTMAX-14", "RTMIN+16"], "RTMIN+16"),
    ],
)
def test_all_spellings_of_a_signal_are_one(spellings: list[str], name: str) -> None:
    for text in spellings:
        found = gather("signal", "containers.kill", query={"signal": text})
        assert values(found) == [name], text
        assert found.parameters == {"signal"}


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-9", "32", "33", "65", "999", "9" * 30, "HANGUP", "SIGSIGHUP", "SIG", " HUP"),
        *("HUP ", "RTMIN 3", "RTMIN+31", "RTMAX-15", "\u017figkill", "\u0661", "9\n"),
    ],
)
def test_what_is_no_signal_to_the_engine_has_no_form(text: str) -> None:
    for operation in ("containers.kill", "containers.stop", "containers.restart"):
        found = gather("signal", operation, query={"signal": text})
        assert values(found) == [STRANGE + text]


def test_a_kill_without_a_signal_kills() -> None:
    assert values(gather("signal", "containers.kill")) == ["KILL"]
    assert values(gather("signal", "containers.kill", query={"signal": ""})) == ["KILL"]


@pytest.mark.parametrize("operation", ["containers.stop", "containers.restart"])
def test_a_stop_without_a_signal_asks_for_none(operation: str) -> None:
    assert values(gather("signal", operation)) == []


def test_the_stop_signal_of_a_container_and_of_a_service_counts() -> None:
    container, service = {"StopSignal": "SIGUSR1"}, within_service(StopSignal="10")
    assert values(gather("signal", "containers.create", container)) == ["USR1"]
    assert values(gather("signal", "containers.create", {"StopSignal": ""})) == []
    for operation in ("services.create", "services.update"):
        assert values(gather("signal", operation, service)) == ["USR1"]
    found = gather("signal", "containers.create", container)
    assert unjudged("containers.create", container, found) == set()
