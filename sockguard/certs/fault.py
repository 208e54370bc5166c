"""The one error of everything that has to do with certificates.

Must never be raised without naming the file or the word at fault, and what mends it.
"""

from __future__ import annotations

from sockguard.errors import SockguardError


class CertificateError(SockguardError):
    """A certificate, key, list or name that cannot be used as it is."""
