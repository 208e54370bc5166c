"""The headers that the Engine acts on: read strictly, written anew, passed where they belong.

Must never let a value into a message, nor pass one that Engine and sockguard could read apart.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, cast

from sockguard.engine.bodies.objects import REGISTRY_AUTH
from sockguard.engine.inspection import inspect_body
from sockguard.engine.shape import Map
from sockguard.errors import Malformed
from sockguard.wire.document import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sockguard.engine.operation import Operation
    from sockguard.engine.shape import Shape
    from sockguard.wire.document import Value

Headers = tuple[tuple[str, str], ...]

DOCUMENTS: Mapping[str, Shape] = {
    "x-registry-auth": REGISTRY_AUTH,
    "x-registry-config": Map(REGISTRY_AUTH),
}
"""Headers that hold JSON in base64 (Engine source, api/types/registry, EncodeAuthConfig)."""

PLAIN_TEXT = "x-meta-"
"""Headers that the Engine hands on to the registry as they are."""

_TO_STANDARD = str.maketrans("-_", "+/")
_PRINTABLE = re.compile(r"[ -~]*")


def read_headers(operation: Operation, headers: Iterable[tuple[str, str]]) -> Headers:
    """Return what passes of the headers that the operation has, in canonical form.

    Header names are lower-case. An empty document is left out, as if it had not been sent. Raises
    Malformed for a value that cannot be read, or could be read in two ways.
    """
    passing = ((name, value) for name, value in headers if _is_listed(operation, name))
    read = ((name, _canonical(name, value)) for name, value in passing)
    return tuple((name, value) for name, value in read if value or name not in DOCUMENTS)


def registries_in(headers: Headers) -> tuple[str, ...]:
    """Name the servers that the credentials in these headers, as they were read, are for."""
    found: list[str] = []
    for name, value in headers:
        if name in DOCUMENTS:
            document = decode(base64.urlsafe_b64decode(value))
            found += _servers(document) if isinstance(document, dict) else []
    return tuple(found)


def _servers(document: dict[str, Value]) -> list[str]:
    """Read one account, or accounts by server (X-Registry-Config)."""
    several = [server for server, account in document.items() if isinstance(account, dict)]
    one = document.get("serveraddress")
    return [*several, *([one] if isinstance(one, str) and one else [])]


def loose_headers(headers: Headers) -> tuple[str, ...]:
    """Name those headers that the Engine hands on to a registry without a look."""
    return tuple(name for name, _ in headers if name.startswith(PLAIN_TEXT))


def _is_listed(operation: Operation, name: str) -> bool:
    return any(
        name.startswith(listed[:-1]) if listed.endswith("*") else name == listed
        for listed in operation.headers
    )


def _canonical(name: str, value: str) -> str:
    if name in DOCUMENTS:
        return _document(name, value) if value else ""
    if name.startswith(PLAIN_TEXT) and not _PRINTABLE.fullmatch(value):
        raise Malformed(f"the header {name} is not plain text", detail=name)
    return value


def _document(name: str, value: str) -> str:
    """Read JSON in either alphabet of base64; write it in the one that the Engine reads."""
    try:
        document = decode(base64.b64decode(value.translate(_TO_STANDARD), validate=True))
        if document is None:  # no accounts, as the docker command 20.10 says it on a build
            return ""
        report = inspect_body(DOCUMENTS[name], document)
    except (Malformed, ValueError):  # binascii.Error is a ValueError
        report = None
    if report is None or report.document is None or report.unknown:
        # No word of what is wrong: it could repeat a part of the value.
        raise Malformed(f"the header {name} is not base64 of accounts in JSON", detail=name)
    return base64.urlsafe_b64encode(encode(cast("Value", report.document))).decode("ascii")
