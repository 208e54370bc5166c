"""Which texts can name an object of the Engine, by kind of object.

Must never resolve a name: whether such an object exists is the Engine's to say.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Test = Callable[[str], object]

# Engine source, daemon/names: RestrictedNamePattern. Ids and their prefixes fit it too.
_RESTRICTED = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}"

# Engine source, libnetwork: any text with a visible character names a network; blanks inside are
# met in practice, everything else is not.
_NETWORK = r"[a-zA-Z0-9_](?:[a-zA-Z0-9_. -]{0,253}[a-zA-Z0-9_.-])?"

# The grammar of the distribution project (reference/regexp.go). Repetition is written so that each
# character can be matched in one way only.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_LABEL = r"[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,128}"
_REFERENCE = rf"(?:{_HOST}/)?{_COMPONENT}(?:/{_COMPONENT})*(?::{_TAG})?(?:@{_DIGEST})?"
_REFERENCE_BYTES = 512  # 255 for the name, 128 for the tag, the rest for the digest

# A container's name as the Engine itself writes it, with the slash in front.
_CONTAINER = rf"/?{_RESTRICTED}"


def _is_reference(name: str) -> object:
    return len(name) <= _REFERENCE_BYTES and re.fullmatch(_REFERENCE, name)


_restricted: Test = re.compile(_RESTRICTED).fullmatch

NAMED: Mapping[str, Test] = MappingProxyType(
    {
        "container": _restricted,
        "exec": _restricted,
        "checkpoint": _restricted,
        "volume": _restricted,
        "network": re.compile(_NETWORK).fullmatch,
        "service": _restricted,
        "node": _restricted,
        "task": _restricted,
        "secret": _restricted,
        "config": _restricted,
        "profile": re.compile(r"[a-z]{1,32}").fullmatch,
        "image": _is_reference,
        "plugin": _is_reference,
        "path": lambda _: True,
    }
)
"""Whether a text can name an object, by the variable that stands for it in a route's template."""

IN_QUERY: Mapping[str, Test] = MappingProxyType(
    {
        "container": re.compile(_CONTAINER).fullmatch,
        "checkpoint": _restricted,
        "image": _is_reference,
        "plugin": _is_reference,
        "tag": re.compile(rf"{_TAG}|{_DIGEST}").fullmatch,
        "network mode": re.compile(rf"container:{_CONTAINER}|{_NETWORK}").fullmatch,
    }
)
"""The same for the value of a query parameter, by the kind of what it names.

The Engine resolves `linker/alias` to the container behind a link: such a name is none here.
"""
