"""Keys of checkpoints: Ed25519 (RFC 8032), made, read, used for signing and for looking at it.

Must never be imported before somebody needs a key: the cryptography package is slow to load.
"""

from __future__ import annotations

import re
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from sockguard.audit.sink import AuditError

_NAME_DIGITS = 16
_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


PublicKeys = dict[str, Ed25519PublicKey]
"""Public keys by name."""


class Key:
    """A private key; `chain.Signer` says what it offers."""

    __slots__ = ("_private", "name", "public")

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.name = _name_of(private.public_key())
        self.public = private.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, message: bytes) -> str:
        """Return the signature as 128 hexadecimal digits."""
        return self._private.sign(message).hex()


def new_key() -> bytes:
    """Make a private key, as the text of a PEM file."""
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def read_key(pem: bytes) -> Key:
    """Return the private key of a PEM file. AuditError: it has none of this kind."""
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise AuditError(
            "is no Ed25519 key without a passphrase; `openssl genpkey -algorithm ED25519` makes one"
        )
    return Key(private)


def read_public_keys(pem: bytes) -> PublicKeys:
    """Return the public keys of a PEM file by name. AuditError: there is none, or another kind."""
    found = {}
    for block in _BLOCK.findall(pem):
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise AuditError("holds a public key that is not of the kind Ed25519")
        found[_name_of(key)] = key
    if not found:
        raise AuditError("holds no public key")
    return found


def holds(keys: PublicKeys, name: str, signature: bytes, signed: bytes) -> bool:
    """Say whether this is the signature of the key of this name."""
    key = keys.get(name)
    if key is None:
        return False
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _name_of(key: Ed25519PublicKey) -> str:
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return sha256(raw).hexdigest()[:_NAME_DIGITS]
