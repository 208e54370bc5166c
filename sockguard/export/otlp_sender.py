"""Events as log records of OpenTelemetry, over OTLP/HTTP, by the official packages.

Must never be imported without them, nor let them try again or lose a batch on their own account.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import requests
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from requests.adapters import HTTPAdapter

from sockguard import __version__
from sockguard.export.dialling import tls_context
from sockguard.export.otlp_record import NUMBER_OF, record_of
from sockguard.export.sending import Batch, ExportError, Sent, Undelivered, Unwanted
from sockguard.export.target import Scheme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from requests.adapters import BaseAdapter

    from sockguard.export.target import Target

BATCH = Batch(events=256, size=512 * 1024, gather=0.5)
_SECONDS = 10.0
_UNWANTED = (400, 413, 422)
"""Answers after which the same must not be sent again (OTLP, "Failures"), or is too much at once.

All others have a cause that can pass: a wrong path or token, or a collector that has no room."""

_SUCCESS = range(200, 300)
_PATH = "/v1/logs"  # OTLP, "OTLP/HTTP Request"


class OtlpSender:
    """Sends to one collector."""

    batch = BATCH

    def __init__(self, target: Target, host: str) -> None:
        """`host` is this host's name. Raises ExportError naming the file that cannot be used."""
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # what it says we say once
        if target.scheme is Scheme.OTLP_HTTPS:
            tls_context(target)
        headers = headers_in(target.headers) if target.headers else None
        self._once = _Once(target.ca)
        session = requests.Session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, cast("BaseAdapter", self._once))
        self._exporter = OTLPLogExporter(
            endpoint=f"{target.scheme.removeprefix('otlp+')}://{target.address}{target.path}{_PATH}",
            certificate_file=target.ca or None,
            client_certificate_file=target.cert or None,
            client_key_file=target.key or None,
            headers=headers,
            timeout=_SECONDS,
            session=session,
        )
        self._scope = InstrumentationScope("sockguard.audit", __version__)
        self._resource = Resource.create(
            {"service.name": "sockguard", "service.version": __version__, "host.name": host}
        )

    def send(self, lines: Sequence[bytes], stuck: Callable[[float], None]) -> Sent:
        """Send these lines, as in `Sender`."""
        stuck(0.0)
        self._once.rejected = 0
        result = self._exporter.export([self._readable(line) for line in lines])
        if self._once.failure is not None:
            failure, self._once.failure = self._once.failure, None
            raise failure
        if result is not LogRecordExportResult.SUCCESS:
            raise Unwanted("it cannot be encoded")
        return Sent(len(lines), refused=min(self._once.rejected, len(lines)))

    def close(self) -> None:
        """Let the connection go, as in `Sender`."""
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # of the SDK

    def _readable(self, line: bytes) -> ReadableLogRecord:
        told = record_of(line)
        now = time.time_ns()
        record = LogRecord(
            timestamp=told.time or now,
            observed_timestamp=now,
            severity_text=told.severity.name,
            severity_number=SeverityNumber(NUMBER_OF[told.severity]),
            body=told.body,
            attributes=told.attributes,
            event_name=told.name,
        )
        return ReadableLogRecord(record, self._resource, self._scope)


class _Once:
    """Sends each request once and keeps what came of it, which the exporter does not tell.

    It would try again while a batch waits here, take a redirect for success, and not look for
    records that were rejected.
    """

    def __init__(self, ca: str) -> None:
        # The variable REQUESTS_CA_BUNDLE would win over what was said to the session.
        self._trusted = {"verify": ca} if ca else {}
        self._adapter = HTTPAdapter()
        self.failure: Undelivered | Unwanted | None = None
        self.rejected = 0

    def send(self, request: requests.PreparedRequest, **how: object) -> requests.Response:
        """Send, as adapters of requests do; what is no success is raised and kept."""
        try:
            answer = self._adapter.send(request, **{**how, **self._trusted})  # type: ignore[arg-type]
        except requests.RequestException as error:
            self.failure = Undelivered(_told(error))
            raise self.failure from error
        if answer.status_code in _UNWANTED:
            self.failure = Unwanted(_status(answer))
        elif answer.status_code not in _SUCCESS:
            self.failure = Undelivered(_status(answer))
        if self.failure is not None:
            answer.close()
            raise self.failure
        self.rejected = _rejected(answer.content)
        return answer

    def close(self) -> None:
        """Let connections go."""
        self._adapter.close()


def headers_in(path: str) -> Mapping[str, str]:
    """Read headers from a file: one `name=value` in each line, as the variable has them.

    Raises ExportError, which tells no value.
    """
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise ExportError(f"headers={path} cannot be read: {error}") from error
    pairs = [line.partition("=") for line in map(str.strip, lines) if line and line[0] != "#"]
    if not pairs or not all(name.strip() and sign for name, sign, _ in pairs):
        raise ExportError(f"headers={path}: each line must be name=value, as in api-key=…")
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _status(answer: requests.Response) -> str:
    return f"it answered {answer.status_code} {answer.reason}".rstrip()


def _told(error: requests.RequestException) -> str:
    """Return the innermost cause, which is the sentence without names of classes and pools."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return str(getattr(cause, "strerror", None) or cause or type(error).__name__)


def _rejected(content: bytes) -> int:
    try:
        answer = ExportLogsServiceResponse.FromString(content)
    except Exception:  # noqa: BLE001  # a collector may answer anything to what it took
        return 0
    return max(0, int(answer.partial_success.rejected_log_records))
