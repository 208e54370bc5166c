"""Pages in a browser can send requests to plain listeners that it reaches: how they show.

Must never be the only guard: it keeps out browsers, not programs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.errors import Reason, Refusal

if TYPE_CHECKING:
    from sockguard.identity.caller import Caller
    from sockguard.wire.head import RequestHead

_TELLING = ("origin", "referer", "cookie")
_FETCH = "sec-fetch-"  # W3C Fetch Metadata Request Headers, section 2
# An address, localhost, or what Docker's clients put in place of a name: a page that has its own
# name lead here (DNS rebinding) cannot send any of these.
_HOST_HERE = re.compile(
    r"(\d{1,3}(\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]|localhost|docker|api\.moby\.localhost)(:\d{1,5})?"
)
# Beyond this host also a name without a dot, as containers have: no page of a stranger does.
_HOST_BEYOND = re.compile(rf"{_HOST_HERE.pattern}|[A-Za-z0-9_-]+(:\d{{1,5}})?")


def browsers_reach(caller: Caller) -> bool:
    """Tell whether the caller could be a page in a browser: it is plain.

    One on this host does not always come from the loopback address: behind a published port it has
    that of the bridge.
    """
    return caller.address is not None and caller.certificate is None


def refuse_browser(head: RequestHead, caller: Caller) -> None:
    """Raise a refusal where the request shows that a page in a browser made it."""
    for name, _ in head.headers:
        if name in _TELLING or name.startswith(_FETCH):
            raise Refusal(
                Reason.UNKNOWN_CALLER,
                f"the header {name} shows that a page in a browser sent this; pages may not use a "
                "plain listener",
                detail=name,
            )
    host = head.first("host")
    here = caller.address is not None and caller.address.is_loopback
    if host and not (_HOST_HERE if here else _HOST_BEYOND).fullmatch(host):
        raise Refusal(
            Reason.UNKNOWN_CALLER,
            "Host names neither an address nor localhost, as where a page in a browser has its own "
            f"name lead here; use {'tcp://127.0.0.1' if here else 'the address'}",
            detail="host",
        )
