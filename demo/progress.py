"""Progress streams: one JSON document a line.

Must never know what goes on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def line(document: dict[str, Any]) -> bytes:
    """One document as its line."""
    return json.dumps(document, separators=(",", ":")).encode() + b"\r\n"


async def lines(documents: list[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Documents as a stream."""
    for document in documents:
        yield line(document)
