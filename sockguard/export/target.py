"""The places that events are exported to, as people write them: `syslog+tcp://logs.lan:601`.

Must never take a secret: a flag can be read by whoever can list processes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

_MOST = 65535
_ADDRESS = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([1-9][0-9]{0,4}))?")
_SOCKET_BYTES = 107  # unix(7): sun_path has 108, the last of them a zero


class Scheme(StrEnum):
    """How events travel."""

    UNIX = "syslog+unix"
    UDP = "syslog+udp"
    TCP = "syslog+tcp"
    TLS = "syslog+tls"
    OTLP_HTTP = "otlp+http"
    OTLP_HTTPS = "otlp+https"

    @property
    def is_otlp(self) -> bool:
        """Whether it needs the packages of OpenTelemetry."""
        return self in (Scheme.OTLP_HTTP, Scheme.OTLP_HTTPS)


FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "authpriv": 10}
FACILITIES |= {f"local{number}": 16 + number for number in range(8)}
"""Facilities that may be asked for (RFC 5424, section 6.2.1)."""

FRAMINGS = ("counted", "lines")
"""How messages are told apart in a stream (RFC 6587, sections 3.4.1 and 3.4.2)."""

_EXAMPLES = {
    Scheme.UNIX: "syslog+unix:///dev/log",
    Scheme.UDP: "syslog+udp://logs.example.com:514",
    Scheme.TCP: "syslog+tcp://logs.example.com:601",
    Scheme.TLS: "syslog+tls://logs.example.com:6514",
    Scheme.OTLP_HTTP: "otlp+http://collector:4318",
    Scheme.OTLP_HTTPS: "otlp+https://collector.example.com:4318",
}
_TAKES = {
    Scheme.UNIX: ("facility", "framing"),
    Scheme.UDP: ("facility",),
    Scheme.TCP: ("facility", "framing"),
    Scheme.TLS: ("facility", "ca", "cert", "key"),
    Scheme.OTLP_HTTP: ("headers",),
    Scheme.OTLP_HTTPS: ("headers", "ca", "cert", "key"),
}
_WORDS = {"facility": tuple(FACILITIES), "framing": FRAMINGS}
"""What the words may be; all else is the path of a file."""


@dataclass(frozen=True, slots=True)
class Target:
    """One place; `str()` names it without what stands behind the question mark.

    `path` is that of a Unix socket, or what stands before `/v1/logs`. `headers` is a file.
    """

    scheme: Scheme
    host: str = ""
    port: int = 0
    path: str = ""
    facility: str = "local0"
    framing: str = "counted"
    ca: str = ""
    cert: str = ""
    key: str = ""
    headers: str = ""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}{self.path}"

    @property
    def address(self) -> str:
        """Host and port as they stand in a URL, "" for a Unix socket."""
        if not self.host:
            return ""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it names."""
        return tuple(filter(None, (self.ca, self.cert, self.key, self.headers)))


def targets_of(text: str) -> tuple[Target, ...]:
    """Read what `--export` says, with commas between; raises ValueError with a sentence."""
    found = tuple(target_of(one) for one in text.replace(",", " ").split())
    if len({str(one) for one in found}) < len(found):
        raise ValueError("names one destination twice")
    return found


def target_of(text: str) -> Target:
    """Read one URL; raises ValueError with a sentence that says what would mend it."""
    word, separator, rest = text.partition("://")
    if not separator or word not in tuple(Scheme):
        raise ValueError(f"must begin with {', '.join(f'{one}://' for one in Scheme)}")
    scheme = Scheme(word)
    place, _, query = rest.partition("?")
    where = _socket_at(place) if scheme is Scheme.UNIX else _host_at(scheme, place)
    said = _said(scheme, query)
    if "key" in said and "cert" not in said:
        raise ValueError("key= needs cert=, the certificate that it belongs to")
    return Target(scheme, *where, **said)  # type: ignore[arg-type]  # these are all texts


def _socket_at(place: str) -> tuple[str, int, str]:
    path = unquote(place)
    if not path.startswith("/") or "\0" in path:
        raise ValueError(f"must name a socket by its absolute path, as in {_EXAMPLES[Scheme.UNIX]}")
    if len(path.encode("utf-8", "surrogateescape")) > _SOCKET_BYTES:
        raise ValueError(f"the path of a socket has {_SOCKET_BYTES} bytes at most")
    return "", 0, path


def _host_at(scheme: Scheme, place: str) -> tuple[str, int, str]:
    if "@" in place:
        raise ValueError(
            "a URL cannot have a password, which whoever lists processes would read; for OTLP name "
            "a file with headers=, or set OTEL_EXPORTER_OTLP_HEADERS"
        )
    address, slash, path = place.partition("/")
    match = _ADDRESS.fullmatch(address)
    if match is None or int(match[3] or 0) > _MOST:
        raise ValueError(f"must name a host and a port, as in {_EXAMPLES[scheme]}")
    if match[3] is None:
        raise ValueError(f"must name a port, as in {_EXAMPLES[scheme]}")
    if path and not scheme.is_otlp:
        raise ValueError(f"takes no path, as in {_EXAMPLES[scheme]}")
    return match[1] or match[2], int(match[3]), (slash + path).rstrip("/")


def _said(scheme: Scheme, query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        if name not in _TAKES[scheme]:
            raise ValueError(
                f"{scheme}:// takes {', '.join(_TAKES[scheme])} behind its ?, no {name}"
            )
        if name in found:
            raise ValueError(f"says {name}= twice")
        found[name] = _value(name, unquote(value))
    return found


def _value(name: str, value: str) -> str:
    words = _WORDS.get(name)
    if words is None and not value.startswith("/"):
        raise ValueError(f"{name}= must be the absolute path of a file")
    if words is not None and value not in words:
        raise ValueError(f"{name}= must be one of {', '.join(words)}")
    return value
