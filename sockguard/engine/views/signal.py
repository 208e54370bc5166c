"""The view `signal`: which signal a container is sent, now or whenever it is to stop.

Must never take two spellings of one signal for two, nor a number for a name that it has not.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from sockguard.engine.view import Gathered, Item, View
from sockguard.engine.views.places import SERVICES, SPEC, as_text, text_at, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.engine.facts import Facts
    from sockguard.engine.view import Asking

_NAMES = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2"),
    *("PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG"),
    *("XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS"),
)
_FIRST, _LAST = 34, 64  # the realtime signals that the C library leaves to programs
_SECOND_NAMES = {"CLD": "CHLD", "POLL": "IO", "IOT": "ABRT"}


def _realtime(number: int) -> str:
    return "RTMIN" if number == _FIRST else f"RTMIN+{number - _FIRST}"


NAME_OF: Mapping[int, str] = MappingProxyType(
    {
        **dict(enumerate(_NAMES, start=1)),
        **{number: _realtime(number) for number in range(_FIRST, _LAST + 1)},
    }
)
"""The signals that the Engine knows on Linux (moby/sys/signal, signal_linux.go)."""

_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in NAME_OF.values()},
        **_SECOND_NAMES,
        "RTMAX": _realtime(_LAST),
        **{f"RTMAX-{below}": _realtime(_LAST - below) for below in range(1, 15)},
    }
)
_NUMBER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)

DEFAULT = "KILL"
"""What a kill sends that names no signal."""


def normal_signal(text: str) -> str | None:
    """Return the name without SIG, None for what is no signal to the Engine (ParseSignal)."""
    if _NUMBER.fullmatch(text):
        return NAME_OF.get(int(text))
    if not text.isascii():
        return None
    return _KNOWN.get(text.upper().removeprefix("SIG"))


def gather(asking: Asking, _: Facts) -> Gathered:
    """Gather the signal of a call, or the one that a new container is stopped with."""
    if asking.operation in SERVICES:
        return _of_body(asking.document, (*SPEC, "StopSignal"))
    if asking.operation == "containers.create":
        return _of_body(asking.document, ("StopSignal",))
    sent = as_text(asking.query.get("signal"))
    if not sent:
        kills = asking.operation == "containers.kill"
        return Gathered((Item(DEFAULT, "signal"),) if kills else ())
    return Gathered((_item(sent, "signal"),), parameters=frozenset({"signal"}))


def _of_body(document: object, steps: tuple[str, ...]) -> Gathered:
    sent = text_at(document, *steps)
    return Gathered((_item(sent, ".".join(steps)),) if sent else (), whole(*steps))


def _item(text: str, where: str) -> Item:
    normal = normal_signal(text)
    return Item(text, where, strange=True) if normal is None else Item(normal, where)


VIEW = View(
    "signal",
    frozenset(
        {
            *("containers.kill", "containers.stop", "containers.restart", "containers.create"),
            *SERVICES,
        }
    ),
    gather,
)
