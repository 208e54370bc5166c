"""What a client gets to read of the Engine's words, when it could not do what it was asked.

Must never hide that something failed, nor show what is masked or whose object stands in the way.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sockguard.policy.mask import MASK
from sockguard.policy.model import Mode

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from sockguard.policy.model import Client, Grant

# The local driver tells what it handed to mount(2), passwords of file servers included (Engine
# source, volume/local; moby/sys, mountError). What comes last is the kernel's word.
_MOUNTED = re.compile(r"(?<=\bmount ).+(?=: )|(?<=\bdata: ).+", re.DOTALL)
_FROM_A_MOUNT = "failed to mount local volume"
_ID = re.compile(r"\b[0-9a-f]{64}\b")


def hides_words(client: Client, grants: Iterable[Grant]) -> bool:
    """Tell whether there is anything that this client is not to read in an error of the Engine."""
    return client.mode is not Mode.REPORT and not any(grant.response.any for grant in grants)


def spoken(words: str, client: Client, known: Container[str]) -> str:
    """Return an error of the Engine as this client gets to read it; `known` are ids it may know."""
    before, told, after = words.partition(_FROM_A_MOUNT)
    shown = before + told + _MOUNTED.sub(MASK, after)
    if not client.own.only:
        return shown
    return _ID.sub(lambda found: found[0] if found[0] in known else MASK, shown)
