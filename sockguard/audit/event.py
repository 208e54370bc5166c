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
    *("operation", "method", "path", "query", "body", "body_sha256"),
    *("api_version", "target", "read_only"),
    *("mode", "decision", "reason", "detail", "grant", "facts", "policy"),
    *("status", "bytes_in", "bytes_out", "ms", "masked", "ended"),
    *("recording", "recording_sha256", "bytes"),
    *("user_agent", "text", "hint", "count"),
    *("by", "note", "up_to", "filter"),
    *("begins", "torn", "key", "sig", "prev"),
)
"""All field names in the order in which they are written; a field without a value is left out.

`begins` is the first number that is left after the oldest went, `torn` the hash of what is cut off
before a line, `key` the name of the key of a signature; `chain` says what `sig` and `prev` are.
"""

CALLER_FIELDS = ("host", "engine_id", "client", "role", "caller", "listener")
"""The fields of a connection, written once for many events."""

ASKED_FIELDS = (
    *("operation", "method", "path", "query", "body", "body_sha256"),
    *("api_version", "target", "read_only"),
    *("mode", "decision", "reason", "detail", "grant", "facts", "policy"),
    *("user_agent", "text", "hint"),
)
"""The fields of a decision beside those of its connection."""

DOCUMENTS = frozenset({"body"})
"""The fields whose text is a JSON document in ASCII already, which is written as it is."""

DOCUMENT_BYTES = 16 * 1024
"""The most that one document may take."""

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
    CHECKPOINT = "checkpoint"
    POLICY_LOADED = "policy_loaded"
    POLICY_REJECTED = "policy_rejected"
    REFUSALS_COUNTED = "refusals_counted"
    CONNECTION_REFUSED = "connection_refused"
    CERTIFICATES_LOADED = "certificates_loaded"
    CERTIFICATES_REJECTED = "certificates_rejected"
    ENGINE_DOWN = "engine_down"
    ENGINE_BACK = "engine_back"
    ACKNOWLEDGED = "acknowledged"
    RECORDING_CLOSED = "recording_closed"
    RECORDING_REMOVED = "recording_removed"
    RECORDING_OPENED = "recording_opened"


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
    return "%s%06dZ" % (_second(whole), micros)  # noqa: UP031  # a third quicker


def _value(name: str, value: object) -> str:
    match value:
        case str() if name in DOCUMENTS:
            return _document(name, value)
        case str():
            return quote(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return f"{value:.3f}"
        case _:
            raise ValueError(f"the audit field {name} cannot hold {type(value).__name__}")


def _document(name: str, text: str) -> str:
    if not (text.isascii() and text.isprintable() and len(text) <= DOCUMENT_BYTES):
        raise ValueError(f"the audit field {name} holds JSON in one short line of ASCII")
    return text


def _members(event: Mapping[str, object], names: tuple[str, ...]) -> str:
    """Write the named fields that have a value, each after a comma."""
    return "".join(
        [
            f',"{name}":{_value(name, value)}'
            for name in names
            if (value := event.get(name)) is not None and value != ""
        ]
    )


def encode(event: Mapping[str, object]) -> bytes:
    """One JSON line with the fields in order; `v` is added, None and "" are left out.

    Values are texts, whole numbers, truth values and numbers (written with three decimals); those
    of DOCUMENTS are JSON. ValueError: a name that is not in FIELDS, or any other value.
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
    """Write what is the same whenever this caller's request is decided so, for `form_line`."""
    return f'"kind":"decision"{who}{asked}'


def outcome_form(who: str, *, operation: str, policy: str) -> str:
    """Write what is the same of all outcomes of a request, for `form_line`.

    `operation` is a word of the catalogue, `policy` the hash of the one that judged the request.
    """
    asked = f',"operation":"{operation}"' if operation else ""
    if policy:
        asked += f',"policy":"{policy}"'
    return f'"kind":"outcome"{who}{asked}'


def ended_as(  # noqa: PLR0913, PLR0917 - one for each field of an outcome
    status: int, bytes_in: int, bytes_out: int, seconds: float, ended: str, masked: str = ""
) -> str:
    """Write how a request ended, for `form_line`.

    `status` is 0 when no answer was sent, `ended` a word of the data plane, `masked` the places of
    the catalogue that were masked.
    """
    told = f',"status":{status},"bytes_in":{bytes_in},"bytes_out":{bytes_out}'
    hidden = f',"masked":{quote(masked)}' if masked else ""
    return f'{told},"ms":{seconds * 1000:.3f}{hidden},"ended":"{ended}"'


def recorded_as(recording: str) -> str:
    """Write which recording a request has, behind how it ended; "" for none."""
    return f',"recording":{_escape(recording)}' if recording else ""


# Anything between the texts and the line costs more than it tells: two lines for each request.
def form_line(  # noqa: PLR0913, PLR0917
    seq: int, time: str, event_id: str, form: str, ended: str, prev: str
) -> bytes:
    """Write the line of a form; `ended` is as `ended_as` has it, "" for a decision."""
    begin = f'{{"v":1,"seq":{seq},"time":"{time}","id":"{event_id}",'
    return f'{begin}{form}{ended},"prev":"{prev}"}}\n'.encode("ascii")


def _known_members(
    fields: Mapping[str, object], names: tuple[str, ...], known: frozenset[str]
) -> str:
    if not fields.keys() <= known:
        unknown = fields.keys() - known
        raise ValueError(f"not a field of this part: {', '.join(sorted(unknown))}")
    return _members(fields, names)
