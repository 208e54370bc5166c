"""Unquoted scalars as the core schema of YAML 1.2 reads them.

Must never guess: what the schema does not name stays text.
"""

from __future__ import annotations

import re
from decimal import Decimal

# YAML 1.2.2 section 10.3.2, the core schema's tag resolution.
_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_OCTAL = re.compile(r"0o[0-7]{1,40}")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def core_scalar(text: str) -> bool | int | str | Decimal | None:
    """Resolve an unquoted scalar by the core schema of YAML 1.2; infinities stay text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 0)
    if _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return Decimal(text)
    return text
