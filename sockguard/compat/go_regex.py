"""Regular expressions as Go reads them (regexp/syntax), in the part that both languages share.

Must never compile what Go would read otherwise: that is refused, with what stands in the way.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"(?P<escape>\\.)"
    r"|(?P<group>\((?:\?(?:P<\w+>|[ims]*(?:-[ims]+)?:|:)|(?!\?)))"
    r"|(?P<set>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
    r"|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)"
    r"|(?P<plain>[^\\\[({*+?])",
    re.DOTALL,
)
_SHARED_ESCAPES = re.compile(r"\\(?:[dDwWsSbBAafnrtvz]|[^A-Za-z0-9])", re.DOTALL)
_LONGEST = 2000
_ESCAPES_IN_SETS = re.compile(r"\\(?:[dDwWsSafnrtv]|[^A-Za-z0-9])", re.DOTALL)
_ONLY_ONE_READS = ("[", "--", "&&", "||", "~~")
"""Within a set: classes by name in Go, and sets of sets in what Python may become."""


def compile_go(text: str) -> re.Pattern[str]:
    """Return the expression, to be searched for; raises ValueError with a sentence."""
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    for token in _tokens(text):
        _refuse_strange(token)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(text.replace(r"\z", r"\Z"), re.ASCII)
    except (re.error, Warning, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression that can be read here: {error}") from error


def has_open_alternatives(text: str) -> bool:
    """Tell whether alternatives stand outside of any group, so that ^ and $ hold one each."""
    depth = 0
    for token in _tokens(text):
        depth += token.lastgroup == "group"
        depth -= token[0] == ")"
        if token[0] == "|" and depth == 0:
            return True
    return False


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    repeated = False
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"{text[at : at + 4]!r} has no meaning here; write it otherwise")
        if repeated and token.lastgroup == "repeat":
            raise ValueError(f"{token[0]!r} repeats what is repeated already")
        repeated = token.lastgroup == "repeat"
        yield token
        at = token.end()


def _refuse_strange(token: re.Match[str]) -> None:
    if token["escape"] and not _SHARED_ESCAPES.fullmatch(token["escape"]):
        raise ValueError(f"{token['escape']!r} has no meaning here; write it otherwise")
    if token["set"]:
        inside = token["set"][1:-1]
        escapes = re.findall(r"\\.", inside, re.DOTALL)
        strange = any(not _ESCAPES_IN_SETS.fullmatch(one) for one in escapes)
        if strange or any(one in inside for one in _ONLY_ONE_READS):
            raise ValueError(
                f"{token['set']!r} is a set that cannot be read here: list its letters"
            )
