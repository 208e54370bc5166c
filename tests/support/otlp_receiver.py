"""A collector of OpenTelemetry logs over HTTP, on the standard library and the official protobuf.

Must never use the product's code.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from tests.support.wait import wait_until

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord


@dataclass(slots=True)
class Collector:
    """What came. `answers` are taken for the next requests, (status, records rejected) each."""

    port: int = 0
    records: list[LogRecord] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    resource: dict[str, object] = field(default_factory=dict)
    answers: list[tuple[int, int]] = field(default_factory=list)
    unwanted: bytes = b""
    """A batch that holds this is refused with 400."""

    @property
    def lines(self) -> list[bytes]:
        return [record.body.string_value.encode() + b"\n" for record in self.records]

    def wait_for(self, count: int, seconds: float = 5.0) -> None:
        wait_until(lambda: len(self.records) >= count, f"{count} records", seconds)

    def take(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        if self.unwanted and self.unwanted in body:
            return 400, b""
        status, rejected = self.answers.pop(0) if self.answers else (200, 0)
        answer = ExportLogsServiceResponse()
        if status == 200:
            for each in ExportLogsServiceRequest.FromString(body).resource_logs:
                self.resource = attributes_of(each.resource.attributes)
                self.records += [one for scope in each.scope_logs for one in scope.log_records]
            answer.partial_success.rejected_log_records = rejected
        return status, answer.SerializeToString()


def attributes_of(pairs: object) -> dict[str, object]:
    """Attributes by name, each as what it is."""
    found: dict[str, object] = {}
    each: KeyValue
    for each in pairs:  # type: ignore[attr-defined]  # a container of protobuf
        kind = each.value.WhichOneof("value")
        found[each.key] = getattr(each.value, kind) if kind else None
    return found


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, answer = collector.take(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def collecting(port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[Collector]:
    """A collector on loopback until the block ends."""
    collector = Collector()
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(collector))
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    collector.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
