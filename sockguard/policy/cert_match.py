"""Names in certificates as a policy asks for them: their patterns, and whether a name fits.

Must never let `*` stand for a part of a segment or label: a name would end where it seems to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.identity.names import KINDS, dns_name, email_address, spiffe_id
from sockguard.policy.model import CertMatch
from sockguard.policy.tree import refuse_unknown_keys, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sockguard.identity.certificate import Certificate
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Entry, Node

_ONE, _ALL_BELOW = "*", "**"
_IN_ITS_PLACE = "x"
_FIRST_SEGMENT = 3
"""Where the path begins in `spiffe://domain/path`, split at slashes."""
_ANYBODY = "*@"

_WHAT_FITS: Mapping[str, str] = {
    "spiffe": "is no SPIFFE ID of a workload, as in spiffe://home.lab/ops: `*` may stand for a"
    " whole segment of its path, `**` as the last one for all below",
    "dns": "is no DNS name, as in web.home.lab: `*` may stand for one whole label, as in"
    " *.home.lab, but not for all of them",
    "email": "is no address, as in ops@home.lab: `*` may stand for all before the @, as in"
    " *@home.lab",
    "common_name": "is no common name that counts: 1 to 64 printable ASCII characters without"
    " double quotes, backslash, % and `*`, which has no meaning here",
    "sha256": "is no SHA-256 fingerprint: 64 hex digits, with or without colons",
}

# --- reading ---------------------------------------------------------------------------------


def read_cert(entry: Entry, complaints: Complaints) -> CertMatch:
    """Read `cert: {kind: name or names}`, several kinds if all of them must hold."""
    entries = entry.value.value
    if not isinstance(entries, dict) or not entries:
        complaints.add(
            entry.source,
            f"cert says which kind of name it asks for ({', '.join(KINDS)}), as in"
            " cert: {dns: web.home.lab}",
        )
        return CertMatch()
    refuse_unknown_keys(entries, KINDS, "cert", complaints)
    known = {kind: one for kind, one in entries.items() if kind in KINDS}
    return CertMatch({kind: _read_names(kind, one, complaints) for kind, one in known.items()})


def _read_names(kind: str, entry: Entry, complaints: Complaints) -> tuple[str, ...]:
    nodes = entry.value.value if isinstance(entry.value.value, tuple) else (entry.value,)
    if not nodes:
        complaints.add(entry.source, f"{kind} is a name or a list of at least one")
    return tuple(_read_name(kind, node, complaints) for node in nodes)


def _read_name(kind: str, node: Node, complaints: Complaints) -> str:
    text = text_of(node, kind, complaints)
    pattern = pattern_of(kind, text)
    if not pattern and isinstance(node.value, str):
        complaints.add(node.source, f"{kind} {text!r} {_WHAT_FITS[kind]}")
    return pattern


def pattern_of(kind: str, text: str) -> str:
    """Return a pattern as it is compared, "" for what is none."""
    if kind == "spiffe":
        return text if spiffe_id(_filled_in(text)) else ""
    if kind == "dns":
        labels = text.split(".")
        filled = ".".join(_IN_ITS_PLACE if label == _ONE else label for label in labels)
        return text.lower() if set(labels) != {_ONE} and dns_name(filled) else ""
    if kind == "email" and text.startswith(_ANYBODY):
        return email_address(_IN_ITS_PLACE + text[1:]).replace(_IN_ITS_PLACE, _ONE, 1)
    return KINDS[kind](text)


def _filled_in(text: str) -> str:
    """Put a plain segment in the place of each star that may stand there."""
    *segments, last = text.split("/")
    filled = [
        _IN_ITS_PLACE if segment == _ONE and place >= _FIRST_SEGMENT else segment
        for place, segment in enumerate(segments)
    ]
    stands = last in (_ONE, _ALL_BELOW) and len(segments) >= _FIRST_SEGMENT
    return "/".join([*filled, _IN_ITS_PLACE if stands else last])


# --- comparing -------------------------------------------------------------------------------


def cert_fits(match: CertMatch, certificate: Certificate) -> bool:
    """Tell whether a certificate has a name of each kind that is asked for."""
    held = {
        "spiffe": (certificate.spiffe,),
        "dns": certificate.dns,
        "email": certificate.email,
        "common_name": (certificate.common_name,),
        "sha256": (certificate.sha256,),
    }
    return bool(match.names) and all(
        any(name_fits(kind, pattern, name) for pattern in patterns for name in held[kind])
        for kind, patterns in match.names.items()
    )


def name_fits(kind: str, pattern: str, name: str) -> bool:
    """Tell whether a name is one that the pattern stands for; no name fits none."""
    if not name or not pattern:
        return False
    if kind == "spiffe":
        return _parts_fit(pattern.split("/"), name.split("/"))
    if kind == "dns":
        return _parts_fit(pattern.split("."), name.split("."))
    if kind == "email" and pattern.startswith(_ANYBODY):
        return name.partition("@")[2] == pattern.removeprefix(_ANYBODY)
    return pattern == name


def _parts_fit(pattern: list[str], name: list[str]) -> bool:
    if pattern[-1] == _ALL_BELOW:
        long_enough = len(name) >= len(pattern)
        pattern = pattern[:-1]
    else:
        long_enough = len(name) == len(pattern)
    return long_enough and all(
        wanted in (_ONE, part) for wanted, part in zip(pattern, name, strict=False)
    )
