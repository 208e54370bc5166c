"""Audit events as JSON lines: which fields there are and how each is written.

Must never choose what is stored: callers pass only what may be kept for good, and no text that
they pass can end a line or reach a terminal as anything but ASCII.
"""

from __future__ import annotations

import math
import time
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1

FIELDS = (
    *("v", "seq", "time", "id", "kind", "host", "engine_id"),
    *("client", "role", "caller", "listener"),
    *("operation", "method", "path", "api_version", "target", "read_only"),
    *("mode", "decision", "reason", "detail", "grant", "facts", "policy"),
    *("status", "bytes_in", "bytes_out", "ms", "ended"),
    *("user_agent", "text", "hint", "count"),
    *("by", "note", "up_to", "filter"),
)
"""All field names in the order in which they are written; a field without a value is left out."""

CALLER_FIELDS = ("host", "engine_id", "client", "role", "caller", "listener")
"""The fields of a connection, written once for many events."""

ASKED_FIELDS = (
    *("operation", "method", "path", "api_version", "target", "read_only"),
    *("mode", "decision", "reason", "detail", "grant", "facts", "policy"),
    *("user_agent", "text", "hint"),
)
"""The fields of a decision beside those of its connection."""

TEXT_BYTES = 2048
"""The most that one text may take as UTF-8, the ellipsis included."""

_SURE = TEXT_BYTES // 4  # so many characters fit whatever they are
_ELLIPSIS = "…"
_CONTINUATION = 0x80  # RFC 3629, section 3: the bytes of a character after its first are 10xxxxxx
_KNOWN = frozenset(FIELDS)
_KNOWN_OF_CALLER = frozenset(CALLER_FIELDS)
_KNOWN_OF_ASKED = frozenset(ASKED_FIELDS)


class Kind(StrEnum):
    """What an event tells of."""

    DECISION = "decision"
    OUTCOME = "outcome"
    START = "start"
    STOP = "stop"
    GAP = "gap"
    POLICY_LOADED = "policy_loaded"
    POLICY_REJECTED = "policy_rejected"
    REFUSALS_COUNTED = "refusals_counted"
    CONNECTION_REFUSED = "connection_refused"
    CERTIFICATES_LOADED = "certificates_loaded"
    CERTIFICATES_REJECTED = "certificates_rejected"
    ENGINE_DOWN = "engine_down"
    ENGINE_BACK = "engine_back"
    ACKNOWLEDGED = "acknowledged"


def cut(text: str) -> str:
    """Return the text, or as many whole characters of it as leave room for an ellipsis."""
    if len(text) <= _SURE:
        return text
    data = text[: TEXT_BYTES + 1].encode("utf-8", "surrogatepass")
    if len(data) <= TEXT_BYTES:
        return text
    end = TEXT_BYTES - len(_ELLIPSIS.encode())
    while data[end] & 0xC0 == _CONTINUATION:
        end -= 1
    return data[:end].decode("utf-8", "surrogatepass") + _ELLIPSIS


def quote(text: str) -> str:
    """Write the text as a JSON string of printable ASCII, cut to size."""
    return _escape(text if len(text) <= _SURE else cut(text))


@lru_cache(maxsize=16)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds))


def format_time(seconds: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC with microseconds."""
    whole, micros = divmod(int(seconds * 1e6 + 0.5), 1_000_000)
    return f"{_second(whole)}{micros:06d}Z"


def _value(name: str, value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return f"{value:.3f}"
        case _:
            raise ValueError(f"the audit field {name} cannot hold {type(value).__name__}")


def _members(event: Mapping[str, object], names: tuple[str, ...]) -> str:
    """Write the named fields that have a value, each after a comma."""
    return "".join(
        [
            f',"{name}":{quote(value) if isinstance(value, str) else _value(name, value)}'
            for name in names
            if (value := event.get(name)) is not None and value != ""
        ]
    )


def encode(event: Mapping[str, object]) -> bytes:
    """One JSON line with the fields in order; `v` is added, None and "" are left out.

    Values are texts, whole numbers, truth values and numbers (written with three decimals).
    ValueError: a name that is not in FIELDS, or any other value.
    """
    unknown = event.keys() - _KNOWN
    if unknown:
        raise ValueError(f"no such audit field: {', '.join(sorted(unknown))}")
    return ("{" + _members({**event, "v": VERSION}, FIELDS)[1:] + "}\n").encode("ascii")


def who_of(fields: Mapping[str, object]) -> str:
    """Encode the fields of CALLER_FIELDS, which are the same for all requests of a connection."""
    return _known_members(fields, CALLER_FIELDS, _KNOWN_OF_CALLER)


def asked_of(fields: Mapping[str, object]) -> str:
    """Encode the fields of ASKED_FIELDS, which are the same whenever the same request is decided.

    ValueError: any other field.
    """
    return _known_members(fields, ASKED_FIELDS, _KNOWN_OF_ASKED)


def decision_form(who: str, asked: str) -> str:
    """Write the line of one decision with places (`%`) for number, time and id."""
    return _form(f'"kind":"decision"{who}{asked}')


def outcome_form(who: str, *, operation: str, policy: str) -> str:
    """Write the line of how a request ended with places for number, time, id and the rest.

    That is, in order: status (0 when no answer was sent), bytes in and out, milliseconds, and how
    it ended in a word of the data plane. `operation` is a word of the catalogue, `policy` the hash
    of the one that judged the request.
    """
    asked = f',"operation":"{operation}"' if operation else ""
    if policy:
        asked += f',"policy":"{policy}"'
    places = ',"status":%d,"bytes_in":%d,"bytes_out":%d,"ms":%.3f,"ended":"%s"'
    return _form(f'"kind":"outcome"{who}{asked}', places)


def _form(members: str, places: str = "") -> str:
    told = members.replace("%", "%%") + places
    return f'{{"v":{VERSION},"seq":%d,"time":"%s","id":"%s",{told}}}\n'


def _known_members(
    fields: Mapping[str, object], names: tuple[str, ...], known: frozenset[str]
) -> str:
    if not fields.keys() <= known:
        unknown = fields.keys() - known
        raise ValueError(f"not a field of this part: {', '.join(sorted(unknown))}")
    return _members(fields, names)
