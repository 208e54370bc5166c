"""Who is calling: what is known of the peer of one connection.

Must never ask anybody: the data plane fills it in once per connection.
"""

from __future__ import annotations

from dataclasses import dataclass

OVERFLOW_ID = 65534
"""The kernel shows ids of another user namespace as this one: it identifies nobody."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The peer of one connection.

    `listener` is `main` for the main Unix socket or the name of the client that owns the socket.
    `uid`, `gid` and `groups` (supplementary ids) come from socket credentials; None and () when
    the kernel gives none. `pid` is for the record only and never identifies anybody.
    """

    listener: str
    uid: int | None = None
    gid: int | None = None
    groups: tuple[int, ...] = ()
    pid: int | None = None

    def describe(self) -> str:
        """One word for the log: `uid=1000 gid=1000 pid=42`."""
        known = (("uid", self.uid), ("gid", self.gid), ("pid", self.pid))
        return " ".join(f"{name}={value}" for name, value in known if value is not None)
