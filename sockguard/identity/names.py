"""The grammar of each kind of name that a certificate can hold.

Must never mend a name: what does not fit its grammar is no name, whatever it looks like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = re.compile(r"[A-Za-z0-9_+=~-]+(?:\.[A-Za-z0-9_+=~-]+)*")
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")
_COMMON_NAME = re.compile(r"[ -~]{1,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

SPIFFE = "spiffe://"
LONGEST_DNS = 253
LONGEST_LOCAL = 64
LONGEST_SPIFFE = 2048
"""The longest SPIFFE ID (SPIFFE-ID, section 2.3)."""

_UNCOMMON = frozenset('"%*\\')
"""What a common name does without: it would read as a pattern, or as the end of a quoted text."""


def dns_name(text: str) -> str:
    """Return a DNS name in lower case, "" for what is none: a wildcard, say, or a final dot.

    A name that ends in a number would be an IPv4 address to some (RFC 3696, section 2).
    """
    if not text.isascii():
        return ""  # before lower(), which makes ASCII of some other letters
    name = text.lower()
    labels = name.split(".")
    fits = len(name) <= LONGEST_DNS and all(map(_LABEL.fullmatch, labels))
    return name if fits and not labels[-1].isdigit() else ""


def email_address(text: str) -> str:
    """Return an address with its domain in lower case, "" for what is none."""
    local, at, domain = text.partition("@")
    name = dns_name(domain)
    fits = at and name and len(local) <= LONGEST_LOCAL and _LOCAL.fullmatch(local)
    return f"{local}@{name}" if fits else ""


def spiffe_id(text: str) -> str:
    """Return the SPIFFE ID of a workload, "" for what is none, such as that of a trust domain.

    (SPIFFE-ID, section 2: neither port, query, fragment nor percent-encoding; no dot segments.)
    """
    domain, slash, path = text.removeprefix(SPIFFE).partition("/")
    fits = (
        text.startswith(SPIFFE)
        and len(text) <= LONGEST_SPIFFE
        and _TRUST_DOMAIN.fullmatch(domain)
        and slash
        and all(map(is_segment, path.split("/")))
    )
    return text if fits else ""


def is_segment(text: str) -> bool:
    """Tell whether this may stand between two slashes of a SPIFFE ID's path."""
    return bool(_SEGMENT.fullmatch(text)) and text not in (".", "..")


def common_name(text: str) -> str:
    """Return a common name of printable ASCII, "" for one that could be taken for another."""
    fits = _COMMON_NAME.fullmatch(text) and text == text.strip() and not _UNCOMMON & set(text)
    return text if fits else ""


def sha256_hex(text: str) -> str:
    """Return a fingerprint as 64 hex digits; it may come with colons and in upper case."""
    bare = text.replace(":", "") if text.count(":") in (0, 31) else text
    return bare.lower() if text.isascii() and _SHA256.fullmatch(bare.lower()) else ""


KINDS: dict[str, Callable[[str], str]] = {
    "spiffe": spiffe_id,
    "dns": dns_name,
    "email": email_address,
    "common_name": common_name,
    "sha256": sha256_hex,
}
"""What a certificate says of its holder, by the words of the policy language."""
