"""A past request, as an event of the log tells it, in the form in which it can be judged again.

Must never fill in what the log does not tell: what is missing is named in `lacks`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import ID, UNKNOWN, Need, Thing, Unknown
from sockguard.engine.operation import BodyKind
from sockguard.engine.reference import normalise_image
from sockguard.engine.told import read_told_facts, short_id
from sockguard.errors import Reason
from sockguard.policy.mask import MASK, MASK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HIDDEN = "hiddenInTheLog00"
"""Stands for a text that the log does not tell: a policy reads it as it would any other text."""

_CUT = "…"
_PAIR = re.compile(r"[A-Za-z][A-Za-z0-9_-]*=")
_HEX = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}")


class Lack(StrEnum):
    """What an event does not tell of its request."""

    BODY = "its body is too long for the log"
    UNREAD = "its body was refused unread"
    TEXT = "its path or query is too long for the log"
    VALUES = "values in it are secrets, which the log does not tell"


@dataclass(frozen=True, slots=True)
class Past:
    """One past request; two that are equal are alike in all that a verdict rests on.

    `line` is the request target, `body` the JSON as far as the log has it. `facts` is as the log
    tells it: what the names in it turned out to be.
    """

    client: str
    operation: str
    method: str
    line: str
    body: str = ""
    facts: str = ""
    decision: str = ""
    reason: str = ""
    lacks: frozenset[Lack] = frozenset()

    @property
    def is_whole(self) -> bool:
        """Whether it can be judged again: of all that was asked, only single values may lack."""
        return self.lacks <= {Lack.VALUES}


def read_past(event: Mapping[str, object]) -> Past | None:
    """Read a decision; None for an event of another kind, and for a request that had no client."""
    client, name, method, path, query = (
        _text(event, key) for key in ("client", "operation", "method", "path", "query")
    )
    operation = OPERATIONS.get(name)
    if event.get("kind") != "decision" or operation is None or not (client and method and path):
        return None
    document = event.get("body")
    body = "" if document is None else json.dumps(document, separators=(",", ":"))
    prefix = f"/v{version}" if (version := _text(event, "api_version")) else ""
    asked = "&".join(f"{key}={quote(value, safe='')}" for key, value in read_query(_shown(query)))
    return Past(
        client,
        name,
        method,
        prefix + _shown(path) + (f"?{asked}" if asked else ""),
        _shown(body),
        _text(event, "facts"),
        _text(event, "decision"),
        _text(event, "reason"),
        frozenset(_lacks(event, operation.body, body)),
    )


def known_to(past: Past, *, by_name: bool, need: Need) -> Thing | Unknown | None:
    """Tell of an object what the log tells; `by_name` says that its id, name or maker is enough."""
    kind = need.kind.removesuffix(ID)
    known = read_told_facts(past.facts)
    key = Need(kind, short_id(need.reference))
    if key in known:
        thing = known[key]
        return thing if thing is None else _told(kind, need.reference, thing, by_name=by_name)
    if not by_name or kind == "exec" or could_be_id(need.reference):
        return UNKNOWN
    return _told(kind, need.reference, Thing(kind, need.reference), by_name=True)


def could_be_id(reference: str) -> bool:
    """Tell whether the Engine could take a text for an id, or the beginning of one."""
    return _HEX.fullmatch(reference) is not None


def read_query(text: str) -> Iterator[tuple[str, str]]:
    """Take a query apart that was written to be read: nothing in it is percent-encoded."""
    pair = ""
    for piece in text.split("&") if text else ():
        if pair and (not _PAIR.match(piece) or _is_open(pair)):
            pair += f"&{piece}"
            continue
        if pair:
            yield _pair(pair)
        pair = piece
    if pair:
        yield _pair(pair)


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _is_open(pair: str) -> bool:
    """Tell whether a JSON value goes on behind an ampersand that stands within it."""
    value = _pair(pair)[1]
    if value[:1] not in {"{", "["}:
        return False
    try:
        json.loads(value)
    except ValueError:
        return True
    return False


def _told(kind: str, reference: str, thing: Thing, *, by_name: bool) -> Thing | Unknown:
    if not by_name:
        return UNKNOWN
    by_id = could_be_id(reference)
    if by_id or kind == "exec" or (thing.names and kind != "image"):
        return thing
    # An image has several names, and is judged by the one that it was asked for by.
    name = normalise_image(reference) if kind == "image" else reference.removeprefix("/")
    return Thing(kind, thing.id, (name,), {}, container=thing.container, creator=thing.creator)


def _lacks(event: Mapping[str, object], kind: BodyKind, body: str) -> Iterator[Lack]:
    told = [_text(event, "path"), _text(event, "query"), body]
    if any(text.endswith(_CUT) for text in told[:2]):
        yield Lack.TEXT
    if any(MASK in text or MASK_BYTES in text for text in told):
        yield Lack.VALUES
    if kind is BodyKind.JSON and not body:
        if event.get("body_sha256"):
            yield Lack.BODY
        elif event.get("mode") != "report" and event.get("reason") == Reason.NOT_GRANTED:
            yield Lack.UNREAD


def _shown(text: str) -> str:
    return text.replace(MASK, HIDDEN).replace(MASK_BYTES, HIDDEN)


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    return value if isinstance(value, str) else ""
