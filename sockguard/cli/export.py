"""The exporters of a server: made before the first socket opens, and stopped after the last event.

Must never make whoever exports nothing pay for it.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.proxy.own_log import note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sockguard.export.exporter import Exporter
    from sockguard.export.sending import Sender
    from sockguard.export.target import Target
    from sockguard.settings import Settings

_TURN_SECONDS = 0.0005
# So long a thread that prepares events may keep the server's from going on (5 ms by default, which
# was to be seen in one request of a hundred).

LAST_SECONDS = 2.0
"""How long the end of the server waits for events that are on their way."""


@dataclass(frozen=True, slots=True)
class Exports:
    """All exporters of a server, none where nothing is exported."""

    exporters: tuple[Exporter, ...] = ()

    @property
    def copy(self) -> Callable[[list[bytes]], None] | None:
        """What the log hands its lines to, None where nobody wants them."""
        match self.exporters:
            case ():
                return None
            case (only,):
                return only.offer
            case several:
                return _to_all([one.offer for one in several])

    def stop(self) -> None:
        """Send what is left, within two seconds for all together."""
        until = time.monotonic() + LAST_SECONDS
        for one in self.exporters:
            one.finish()
        for one in self.exporters:
            one.stop(until - time.monotonic())


def _to_all(offers: Sequence[Callable[[list[bytes]], None]]) -> Callable[[list[bytes]], None]:
    def offer(lines: list[bytes]) -> None:
        for each in offers:
            each(lines)

    return offer


def open_exports(settings: Settings) -> Exports:
    """Begin to export to all that the settings name; raises SockguardError saying what is wrong."""
    if not settings.export:
        return Exports()
    from sockguard.export.exporter import Exporter  # noqa: PLC0415  # only who exports pays

    sys.setswitchinterval(_TURN_SECONDS)
    host = socket.gethostname()
    exporters = tuple(
        Exporter(target, sender_to(target, host), note, number=number, host=host)
        for number, target in enumerate(settings.export, 1)
    )
    for one in exporters:
        note(f"events are exported to {one.target}")
        one.start()
    return Exports(exporters)


def sender_to(target: Target, host: str) -> Sender:
    """Return a way to a destination; raises ExportError."""
    if target.scheme.is_otlp:
        return _otlp(target, host)
    from sockguard.export.dialling import tls_context  # noqa: PLC0415  # as above
    from sockguard.export.syslog import Origin  # noqa: PLC0415  # as above
    from sockguard.export.syslog_sender import SyslogSender  # noqa: PLC0415  # as above
    from sockguard.export.target import FACILITIES, Scheme  # noqa: PLC0415  # as above

    if target.scheme is Scheme.TLS:
        tls_context(target)
    return SyslogSender(target, Origin(FACILITIES[target.facility], host, os.getpid()))


def _otlp(target: Target, host: str) -> Sender:
    try:
        # The packages of OpenTelemetry take 0.2 s, and not everybody has them.
        from sockguard.export.otlp_sender import OtlpSender  # noqa: PLC0415
    except ImportError as error:
        from sockguard.export.sending import ExportError  # noqa: PLC0415

        raise ExportError(
            f"--export={target} needs the packages of OpenTelemetry ({error.name} is missing): "
            "pip install 'sockguard[otlp]'"
        ) from error
    return OtlpSender(target, host)
