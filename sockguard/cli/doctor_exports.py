"""The destinations of `--export`, as `sockguard doctor` sees them.

Must never send an event, nor anything else but what it takes to be let in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sockguard.cli.finding import ok, problem, remark, warning
from sockguard.export.target import Scheme
from sockguard.proxy.health import export_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.cli.doctor_sockets import ServerSeen
    from sockguard.cli.finding import Finding
    from sockguard.export.target import Target
    from sockguard.settings import Settings

_AS_SEEN = {Scheme.OTLP_HTTP: Scheme.TCP, Scheme.OTLP_HTTPS: Scheme.TLS}
"""Below HTTP it is this."""


@dataclass(frozen=True, slots=True)
class ExportSeen:
    """One destination: why `serve` cannot export to it, and why it cannot be reached, or ""."""

    target: Target
    unusable: str = ""
    away: str = ""


def look_at_exports(settings: Settings) -> tuple[ExportSeen, ...]:
    """Connect to each destination, five seconds at most, and let it go again."""
    return tuple(_look_at(target) for target in settings.export)


def _look_at(target: Target) -> ExportSeen:
    # Only who exports pays for it.
    from sockguard.cli.export import sender_to  # noqa: PLC0415
    from sockguard.export.dialling import dial, why_of  # noqa: PLC0415
    from sockguard.export.sending import ExportError  # noqa: PLC0415

    try:
        sender_to(target, "").close()
    except ExportError as error:
        return ExportSeen(target, unusable=str(error))
    below = replace(target, scheme=_AS_SEEN.get(target.scheme, target.scheme))
    try:
        dial(below).close()
    except OSError as error:
        return ExportSeen(target, away=why_of(error))
    return ExportSeen(target)


def judge_exports(exports: tuple[ExportSeen, ...], server: ServerSeen) -> Iterator[Finding]:
    """Say which destinations events can get to, and what the running server says of them."""
    for number, one in enumerate(exports, 1):
        told = server.fault(export_part(number)).removeprefix("warning: ")
        if one.unusable:
            yield problem(f"serve does not start: {one.unusable}", "mend it, or leave --export out")
        elif one.away:
            yield warning(
                f"{one.target} cannot be reached: {one.away}",
                "start the receiver, or name another; until then events wait, and some are dropped",
            )
        elif told:
            yield warning(f"the sockguard that runs says: {told}", "look at the receiver")
        elif one.target.scheme is Scheme.UDP:
            yield remark(f"nobody can tell whether {one.target} takes events: UDP has no answer")
        else:
            yield ok(f"{one.target} can be reached")
