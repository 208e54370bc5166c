"""An archive that must not be compressed, told by the first bytes as the Engine tells it.

Must never pass a byte on before it is known that the Engine will not unpack anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sockguard.errors import Malformed

if TYPE_CHECKING:
    from sockguard.wire.body import Decoder

_LOOKED_AT: Final = 10  # Engine source, pkg/archive, DetectCompression: it peeks at ten bytes
_MARKS: Final = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")
_SKIPPABLE: Final = b"\x2a\x4d\x18"  # behind a byte 0x50 to 0x5f: a frame that zstd skips


class PlainTar:
    """A decoder that holds the beginning of an archive back until it is known to be plain."""

    __slots__ = ("_decoder", "_held")

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._held: bytes | None = b""

    @property
    def done(self) -> bool:
        """Whether the end of the body has been seen."""
        return self._decoder.done

    @property
    def rest(self) -> bytes:
        """The bytes received after the end of the body."""
        return self._decoder.rest

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes received; Malformed for a compressed archive."""
        pieces = self._decoder.feed(data)
        if self._held is None:
            return pieces
        self._held += b"".join(pieces)
        if len(self._held) < _LOOKED_AT and not self._decoder.done:
            return []
        beginning, self._held = self._held, None
        if beginning.startswith(_MARKS) or beginning[1:4] == _SKIPPABLE:
            raise Malformed("the archive is compressed: this policy takes plain tar archives only")
        return [beginning] if beginning else []

    def finish(self) -> None:
        """Note that the sender will send no more; Malformed if the body is not complete."""
        self._decoder.finish()
