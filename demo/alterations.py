"""What a fault makes of the JSON text of a true answer.

Must never parse more than it changes: what it leaves alone stays byte for byte.
"""

from __future__ import annotations

import base64
import hashlib
import json

IDENTITIES = ("Id", "ID", "Name")


def as_object(body: bytes) -> bytes:
    """A list as an object: each element under its id."""
    elements = json.loads(body)
    named = {_identity(element, index): element for index, element in enumerate(elements)}
    return json.dumps(named).encode() + b"\n"


def _identity(element: dict[str, object], index: int) -> str:
    return next((str(element[name]) for name in IDENTITIES if name in element), str(index))


def with_members(body: bytes, members: str) -> bytes:
    """An object with `members` at its end; without them its first name again, as null."""
    text = body.rstrip()
    if not text.endswith(b"}"):
        raise ValueError("only an object can have a name twice")
    added = members or f"{json.dumps(next(iter(json.loads(text))))}:null"
    return text[:-1] + b"," + added.encode() + b"}\n"


def digest_headers(body: bytes) -> dict[str, str]:
    """Headers that are true of these bytes alone."""
    md5 = hashlib.md5(body).digest()
    return {"ETag": f'"{md5.hex()}"', "Content-MD5": base64.b64encode(md5).decode()}
