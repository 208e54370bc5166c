"""The names that a certificate is made for, held against the rules of each kind.

Must never mend a name: what is not exactly right is a complaint that says how it would be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING

from sockguard.certs.fault import CertificateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Address = IPv4Address | IPv6Address

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAME_BYTES = 253  # RFC 1035, section 2.3.4, without the length bytes of the wire
_WILDCARD = "*."
# The SPIFFE ID specification, sections 2.1 to 2.4.
_SPIFFE = "spiffe://"
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_SEGMENT = re.compile(r"[A-Za-z0-9._-]+")
_SPIFFE_BYTES = 2048
_AS_IN = "as in spiffe://home.lab/ci"


@dataclass(frozen=True, slots=True)
class Names:
    """What stands in a certificate beside its common name."""

    spiffe: str = ""
    dns: tuple[str, ...] = ()
    ips: tuple[Address, ...] = ()

    def shown(self) -> tuple[str, ...]:
        """All of them as text."""
        return (*filter(None, (self.spiffe,)), *self.dns, *map(str, self.ips))


def is_name(text: str) -> bool:
    """Whether this may be the NAME of a certificate: it is a folder's name, too."""
    return _NAME.fullmatch(text) is not None


def check_name(text: str) -> str:
    """Return a NAME; raises CertificateError."""
    if not is_name(text):
        raise CertificateError(
            f"'{text}' is no name for a certificate: small letters, digits, dots, dashes and "
            "underscores, a letter or digit first, 63 at most, as in ci or build-1.home.lab"
        )
    return text


def read_names(
    *, spiffe: Sequence[str], dns: Sequence[str], ips: Sequence[str], server: bool
) -> Names:
    """Return the names that were asked for, each once; raises CertificateError."""
    if len(spiffe) > 1:
        raise CertificateError(
            f"--spiffe {spiffe[1]}: a certificate has one SPIFFE ID; issue one for each"
        )
    return Names(
        spiffe=_spiffe(spiffe[0]) if spiffe else "",
        dns=tuple(dict.fromkeys(_dns(one, server=server) for one in dns)),
        ips=tuple(dict.fromkeys(map(_address, ips))),
    )


def is_dns_name(text: str) -> bool:
    """Whether this is a DNS name in small letters; one that ends in a number is an address."""
    labels = text.split(".")
    well_formed = all(_LABEL.fullmatch(label) for label in labels)
    return well_formed and len(text) <= _NAME_BYTES and not labels[-1].isdigit()


def _dns(text: str, *, server: bool) -> str:
    if text.startswith(_WILDCARD) and not server:
        raise CertificateError(
            f"--dns {text}: a wildcard would be many clients; name the one that this is for"
        )
    if not is_dns_name(text.removeprefix(_WILDCARD)):
        raise CertificateError(f"--dns {text}: {_fault_of_dns(text)}")
    return text


def _fault_of_dns(text: str) -> str:
    if _is_address(text):
        return f"this is an address: write --ip {text}"
    if not text.isascii():
        return "write it as the DNS has it, in its form with xn--"
    if is_dns_name(text.lower().rstrip(".").removeprefix(_WILDCARD)):
        return f"write {text.lower().rstrip('.')}"
    return (
        "is no DNS name: labels of small letters, digits and inner dashes with dots between them, "
        f"{_NAME_BYTES} characters at most, as in docker.home.lab"
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _address(text: str) -> Address:
    if not _is_address(text) or "%" in text:
        raise CertificateError(
            f"--ip {text}: must be one address without prefix, port or zone, as in 192.0.2.7 "
            "or 2001:db8::7"
        )
    return ip_address(text)


def _spiffe(text: str) -> str:
    fault = _fault_of_spiffe(text)
    if fault:
        raise CertificateError(f"--spiffe {text}: {fault}")
    return text


def _fault_of_spiffe(text: str) -> str:
    if not text.startswith(_SPIFFE):
        return f"must begin with spiffe://, {_AS_IN}"
    domain, slash, path = text.removeprefix(_SPIFFE).partition("/")
    if not _TRUST_DOMAIN.fullmatch(domain):
        return (
            "the trust domain, after spiffe://, is small letters, digits, dots, dashes and "
            f"underscores, without user or port, {_AS_IN}"
        )
    if not slash or not path:
        return f"say whose it is with a path after the trust domain, as in {_SPIFFE}{domain}/ci"
    return _fault_of_path(path) or _fault_of_length(text)


def _fault_of_path(path: str) -> str:
    for segment in path.split("/"):
        if segment in ("", ".", ".."):
            return f"the path must not hold '{segment}' between slashes, nor end in a slash"
        if not _SEGMENT.fullmatch(segment):
            return (
                f"'{segment}' in the path: letters, digits, dots, dashes and underscores only, "
                "without query or fragment"
            )
    return ""


def _fault_of_length(text: str) -> str:
    return f"must be {_SPIFFE_BYTES} characters at most" if len(text) > _SPIFFE_BYTES else ""
