"""One TLS connection over memory, the server's end: sealed bytes in and out, plain ones likewise.

Must never hand out a byte before the client's certificate is verified, nor take a connection that
was cut off for one that has ended.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORD = 16 * 1024
"""The most plain bytes of one record (RFC 8446, section 5.1), and so of one read.

To ask for 256 KiB made OpenSSL's caller get such room and give nearly all of it back each time: a
small request and its answer took 26 microseconds in here, and take 6.
"""
CAUSES = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the caller showed no certificate",
    "HTTP_REQUEST": "plain HTTP was sent to a TLS port",
    "HTTPS_PROXY_REQUEST": "plain HTTP was sent to a TLS port",
    "UNSUPPORTED_PROTOCOL": "the caller offers no version of TLS that is allowed here",
    "NO_SHARED_CIPHER": "the caller offers no cipher that is allowed here",
    "WRONG_VERSION_NUMBER": "what was sent is not TLS",
    "RECORD_LAYER_FAILURE": "what was sent is not TLS",
    "INVALID_ALERT": "what was sent is not TLS",
    "PACKET_LENGTH_TOO_LONG": "what was sent is not TLS",
    "TLSV1_ALERT_UNKNOWN_CA": "the caller does not trust the CA of this server's certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the caller does not accept this server's certificate",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the caller wants another version of TLS",
}
"""What OpenSSL's reasons mean for the one who has to mend it, by the name of the reason."""


class TlsError(Exception):
    """The peer broke the protocol or shows no certificate that counts; the text says which."""


class TlsEnd:
    """The server's end of one connection. After `feed` come `shake` or `read`, then `take`.

    Half-close is each way by itself, which asyncio's own TLS cannot do: it closes the connection
    when the peer has sent its end.
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "ended", "ready")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.ready = False
        """Whether the handshake is done and the peer's certificate is verified."""
        self.ended = False
        """Whether the peer has said that it sends no more."""

    def feed(self, data: bytes) -> None:
        """Take what came from the network."""
        self._incoming.write(data)

    def shake(self) -> bool:
        """Go on with the handshake; return whether it is done. Raises TlsError."""
        if not self.ready:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                return False
            except ssl.SSLError as error:
                raise TlsError(cause_of(error)) from error
            self.ready = True
        return True

    def certificate(self) -> tuple[dict[str, object], bytes]:
        """Return the peer's verified certificate: its names as `ssl` tells them, and its DER form.

        Raises TlsError where there is none, or none that can be read.
        """
        if self.ready:
            try:
                names, der = self._tls.getpeercert(), self._tls.getpeercert(binary_form=True)
            except ValueError as error:  # a name that is not UTF-8
                raise TlsError(f"the caller's certificate cannot be read: {error}") from error
            if names and der:
                return dict(names), der
        raise TlsError(CAUSES["PEER_DID_NOT_RETURN_A_CERTIFICATE"])

    @property
    def resumed(self) -> bool:
        """Whether the handshake took up an earlier session."""
        return bool(self._tls.session_reused)

    def read(self) -> bytes:
        """Return all that can be read now, b"" for nothing. Raises TlsError."""
        pieces: list[bytes] = []
        tls, incoming = self._tls, self._incoming
        try:
            # What is left of a record that came in part would cost an exception to find out.
            while incoming.pending or tls.pending():
                piece = tls.read(_RECORD)
                if not piece:
                    self.ended = True
                    break
                pieces.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:  # the same, where we have told our own end
            self.ended = True
        except ssl.SSLError as error:
            raise TlsError(cause_of(error)) from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal these bytes for the peer. Raises TlsError."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            raise TlsError(cause_of(error)) from error

    def write_pieces(self, pieces: Iterable[bytes | bytearray | memoryview]) -> None:
        """Seal the pieces as one text. Raises TlsError.

        Large ones are sealed where they lie. To join them, a copy of up to 256 KiB each time, let
        the heap grow and shrink all the while: a download took 2 to 4.5 seconds of CPU per GiB, by
        chance, and takes 1.8.
        """
        small: list[bytes | bytearray | memoryview] = []
        for piece in pieces:
            if len(piece) < _RECORD:
                small.append(piece)
                continue
            self.write(b"".join(small))
            small.clear()
            self.write(piece)
        self.write(b"".join(small))

    def write_end(self) -> None:
        """Tell the peer that no more is sent; what it sends can still be read."""
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # the peer has not ended yet, and need not
        except ssl.SSLError as error:
            raise TlsError(cause_of(error)) from error

    def take(self) -> bytes:
        """Return what is to be sent over the network, b"" for nothing."""
        return self._outgoing.read()


def cause_of(error: ssl.SSLError) -> str:
    """Say what was wrong in words that help, with OpenSSL's own where there are no better."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the caller's certificate is not accepted: {error.verify_message}"
    reason = error.reason or type(error).__name__
    return CAUSES.get(reason) or f"TLS failed: {reason.lower().replace('_', ' ')}"
