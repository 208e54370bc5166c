"""The mask that stands for what is not shown, and how to find one that comes back.

Must never leave a piece of a masked text but what its kind keeps: the name of an assignment, the
word of an action.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from sockguard.engine.answer import Mask
from sockguard.errors import Reason, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

MASK: Final = "sockguard:masked"
MASK_BYTES: Final = b64encode(MASK.encode()).decode()

_WORD: Final = re.compile(r"[a-z_-]*+")
# The Engine's own word on a container, not a stranger's: what it says is one of four states.
_HEALTH: Final = re.compile(r"health_status: (?:starting|healthy|unhealthy|none|running)")


def conceal(value: object, hide: Callable[[str], str]) -> object:
    """Hide every text in a value, and what numbers and booleans tell; types and keys stay."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [conceal(item, hide) for item in value]
    if isinstance(value, dict):
        return {key: conceal(item, hide) for key, item in value.items()}
    if value is None or isinstance(value, bool):
        return None if value is None else False
    return 0


def hide_text(text: str) -> str:
    """Give the mask; an empty text stays empty."""
    return MASK if text else ""


def _hide_bytes(text: str) -> str:
    return MASK_BYTES if text else ""


def _hide_assignment(text: str) -> str:
    name, equals, _ = text.partition("=")
    return f"{name}={MASK}" if equals else hide_text(text)


def _hide_action(text: str) -> str:
    word = _WORD.match(text)
    if word is None or word[0] == text or _HEALTH.fullmatch(text):
        return text
    return f"{word[0]}: {MASK}"


def _itself(text: str) -> str:
    return text


def _name(text: str) -> str:
    return text.partition("=")[0]


HIDE: Final[Mapping[Mask, Callable[[str], str]]] = {
    Mask.TEXT: hide_text,
    Mask.ASSIGNMENT: _hide_assignment,
    Mask.BYTES: _hide_bytes,
    Mask.ACTION: _hide_action,
}
"""What becomes of a text, by its kind of mask."""

SUBJECT: Final[Mapping[Mask, Callable[[str], str]]] = {
    **dict.fromkeys(Mask, _itself),
    Mask.ASSIGNMENT: _name,
}
"""What the globs of a policy are held against, by the kind of mask."""


def _core(before: int) -> str:
    """Give what base64 makes of the mask alone, with so many bytes before it in a group of three.

    Sextets that hold bits of its neighbours are left out. None of the others is one in which the
    alphabets of RFC 4648 differ.
    """
    encoded = b64encode(bytes(before) + MASK.encode()).decode().rstrip("=")
    whole = (before + len(MASK)) * 8 // 6
    return encoded[-(-before * 8 // 6) : whole]


_CORES: Final = tuple(_core(before) for before in range(3))
_SHORTEST: Final = min(len(MASK), *map(len, _CORES))
# Go's decoder skips line ends within base64, others all blanks (RFC 2045, section 6.8).
_BLANK: Final = re.compile(r"[ \t\r\n]")
_NO_BLANKS: Final = dict.fromkeys(map(ord, " \t\r\n"))
_BATCH: Final = 5000


def masked_again(where: str) -> Refusal:
    """Refuse a write that would put a mask where the value was that it hides."""
    return Refusal(
        Reason.BODY,
        f"the {where} holds {MASK}, which stands for a value that this client was not shown:"
        " written back, it would replace that value",
        detail=where,
    )


def holds_mask(value: object) -> bool:
    """Tell whether a text, or any text or key in decoded JSON, has the mask in it or in base64."""
    steps = holds_mask_steps(value)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bool(end.value)


def holds_mask_steps(value: object) -> Generator[None, None, bool]:
    """Do the same as a generator that pauses about every millisecond."""
    waiting = [value]
    spent = 0
    while waiting:
        one = waiting.pop()
        spent += 1
        if isinstance(one, str):
            if len(one) >= _SHORTEST and _is_marked(one):
                return True
            spent += len(one) >> 6
        elif isinstance(one, list | tuple):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one)
            waiting.extend(one.values())
        if spent >= _BATCH:
            spent = 0
            yield
    return False


def _is_marked(text: str) -> bool:
    if MASK in text or _has_core(text):
        return True
    return _BLANK.search(text) is not None and _has_core(text.translate(_NO_BLANKS))


def _has_core(text: str) -> bool:
    first, second, third = _CORES
    return first in text or second in text or third in text
