"""Events as syslog messages, over datagrams or a stream.

Must never count as taken what the receiver's kernel has not acknowledged, where that can be known.
"""

from __future__ import annotations

import errno
import fcntl
import socket
import ssl
import struct
import termios
import time
from typing import TYPE_CHECKING

from sockguard.export.dialling import PATIENCE, dial, why_of
from sockguard.export.sending import Batch, ExportError, Sent, Undelivered
from sockguard.export.syslog import frame_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sockguard.export.syslog import Origin
    from sockguard.export.target import Target

BATCH = Batch(events=256, size=256 * 1024, gather=0.05)
DATAGRAM_BYTES = 65_507
"""What fits into one datagram of UDP over IPv4 (RFC 768: 65,535 less both headers)."""

_LEAST_BYTES = 480  # RFC 5426, section 3.2: what each receiver must take
_PIECE = 16 * 1024  # RFC 8446, section 5.1: one record
_LONGEST_NAP = 0.05


class SyslogSender:
    """Sends to one receiver, on a connection that is made when there is something to send."""

    batch = BATCH

    def __init__(self, target: Target, origin: Origin) -> None:
        self._target = target
        self._origin = origin
        self._peer: socket.socket | None = None
        self._most = DATAGRAM_BYTES

    def send(self, lines: Sequence[bytes], stuck: Callable[[float], None]) -> Sent:
        """Send these lines, as in `Sender`."""
        try:
            peer = self._connected()
            if peer.type == socket.SOCK_DGRAM:
                return self._send_datagrams(peer, lines, stuck)
            return self._send_stream(peer, lines, stuck)
        except (OSError, ExportError) as error:
            self.close()
            raise Undelivered(why_of(error)) from error
        except Undelivered:
            self.close()
            raise

    def close(self) -> None:
        """Let the connection go, as in `Sender`."""
        peer, self._peer = self._peer, None
        if peer is not None:
            peer.close()

    def _connected(self) -> socket.socket:
        """Return the connection; one that the receiver has closed meanwhile is made anew."""
        if self._peer is not None and self._peer.type == socket.SOCK_STREAM:
            try:
                _read_away(self._peer)
            except OSError:
                self.close()
        if self._peer is None:
            self._peer = dial(self._target)
        return self._peer

    def _send_stream(
        self, peer: socket.socket, lines: Sequence[bytes], stuck: Callable[[float], None]
    ) -> Sent:
        framing = self._target.framing
        frames = [frame_of(message_of(line, self._origin)[0], framing) for line in lines]
        data = memoryview(b"".join(frames))
        began = time.monotonic()
        while data:
            try:
                sent = peer.send(data[:_PIECE])
            except (TimeoutError, ssl.SSLWantWriteError):
                stuck(time.monotonic() - began)
                _read_away(peer)
            else:
                data = data[sent:]
                began = time.monotonic()
        _wait_for_acknowledgment(peer, stuck)
        _read_away(peer)
        return Sent(len(lines))

    def _send_datagrams(
        self, peer: socket.socket, lines: Sequence[bytes], stuck: Callable[[float], None]
    ) -> Sent:
        taken = cut = 0
        began = time.monotonic()
        while taken < len(lines):
            message, shortened = message_of(lines[taken], self._origin, self._most)
            try:
                peer.send(message)
            except TimeoutError:
                stuck(time.monotonic() - began)
            except OSError as error:
                if error.errno != errno.EMSGSIZE or self._most <= _LEAST_BYTES:
                    raise Undelivered(why_of(error), Sent(taken, cut)) from error
                self._most = max(len(message) // 2, _LEAST_BYTES)
            else:
                taken, cut = taken + 1, cut + shortened
                began = time.monotonic()
        return Sent(taken, cut)


def _wait_for_acknowledgment(peer: socket.socket, stuck: Callable[[float], None]) -> None:
    """Wait until all that was sent is with the receiver: its kernel, for TCP."""
    began, nap, before = time.monotonic(), 0.001, -1
    while left := _unacknowledged(peer):
        if left != before:
            before, began = left, time.monotonic()
        elif time.monotonic() - began > PATIENCE:
            stuck(time.monotonic() - began)
            _read_away(peer)
        time.sleep(nap)
        nap = min(2 * nap, _LONGEST_NAP)


def _unacknowledged(peer: socket.socket) -> int:
    """Return how many bytes are not (tcp(7), unix(7): SIOCOUTQ, which is TIOCOUTQ)."""
    try:
        answer = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError as error:
        if error.errno in (errno.ENOTTY, errno.EINVAL):
            return 0  # a kernel that cannot tell
        raise
    (left,) = struct.unpack("i", answer)
    return int(left)


def _read_away(peer: socket.socket) -> None:
    """Read what the receiver says, which is nothing that counts; raises OSError where it ended."""
    peer.settimeout(0)
    try:
        while peer.recv(4096):
            pass
    except (BlockingIOError, ssl.SSLWantReadError):
        return
    finally:
        peer.settimeout(PATIENCE)
    raise ConnectionResetError("it closed the connection")
