"""The language of filters: `client:ci decision:deny since:2d -reason:rate_limited "some words"`.

Must never take a field or a value that cannot be: a typing error would look like a quiet night.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.policy.complaints import did_you_mean
from sockguard.review.fields import FIELDS, text_of, value_of
from sockguard.review.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

REVIEW = "review"
TIMES = ("since", "until")
_PART = re.compile(r'\s*((?:"[^"]*"|[^\s"])+)(?=\s|$)')
_VALUE = re.compile(r'"([^"]*)"|([^",]+)')
_MOST_SHOWN = 40


class FilterError(SockguardError):
    """A filter that cannot be meant as it is written; the text says what can be."""


@dataclass(frozen=True, slots=True)
class Value:
    """A text to compare with; `*` stands for any letters unless it was quoted."""

    text: str
    quoted: bool = False

    def __str__(self) -> str:
        return f'"{self.text}"' if self.quoted else self.text


@dataclass(frozen=True, slots=True)
class Condition:
    """One field and the values of which it has one, or has none where `negated`."""

    name: str
    values: tuple[Value, ...]
    negated: bool = False

    def holds(self, text: str) -> bool:
        """Hold the condition against what the field is; "" is what an event does not have."""
        return (text != "" and _matcher(self.values).fullmatch(text) is not None) != self.negated

    def __str__(self) -> str:
        return f"{'-' * self.negated}{self.name}:{','.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Word:
    """A text that sentence or target contain, whatever its case; neither where `negated`."""

    text: str
    negated: bool = False

    def found(self, text: str) -> bool:
        """Tell whether a text contains it, `negated` or not."""
        return self.text.casefold() in text.casefold()

    def __str__(self) -> str:
        return f'{"-" * self.negated}"{self.text}"'


@dataclass(frozen=True, slots=True)
class Filter:
    """What an event has to be: all of it holds. Times are texts as events have them, "" for none.

    `unreviewed` asks for what nobody has acknowledged yet, which is known only elsewhere.
    """

    conditions: tuple[Condition, ...] = ()
    words: tuple[Word, ...] = ()
    since: str = ""
    until: str = ""
    unreviewed: bool = False

    def __str__(self) -> str:
        """Write it so that it reads as the same filter at any later time."""
        times = [f"{name}:{at}" for name in TIMES if (at := getattr(self, name))]
        review = [f"since:{REVIEW}"] if self.unreviewed else []
        return " ".join([*map(str, (*self.conditions, *self.words)), *times, *review])

    def having(self, name: str, value: str) -> Filter:
        """Add that a field is exactly this."""
        one = Condition(name, (Value(value, quoted=True),))
        return replace(self, conditions=(*self.conditions, one))

    def matches(self, event: Mapping[str, object]) -> bool:
        """Hold an event against all of it, but for `unreviewed`.

        An event without a time is of all times: what cannot be read is never passed over.
        """
        when = text_of(event.get("time"))
        if when and (when < self.since or (self.until and when >= self.until)):
            return False
        if not all(one.holds(value_of(event, one.name)) for one in self.conditions):
            return False
        texts = [text_of(event.get(name)) for name in ("text", "target")]
        return all(any(map(word.found, texts)) != word.negated for word in self.words)


@dataclass(slots=True)
class _Reading:
    now: float
    conditions: list[Condition] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    times: dict[str, str] = field(default_factory=dict)
    unreviewed: bool = False


def parse_filter(text: str, now: float) -> Filter:
    """Read a filter; `now` (seconds since 1970) is what `2d` is counted from.

    FilterError: it cannot be meant so.
    """
    reading = _Reading(now)
    for part in _parts(text):
        _take(part, reading)
    return Filter(
        tuple(reading.conditions),
        tuple(reading.words),
        reading.times.get("since", ""),
        reading.times.get("until", ""),
        reading.unreviewed,
    )


def _parts(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _PART.match(text, at)
        if found is None:
            raise FilterError(f"a quotation mark is left open: {text[at:].strip()}")
        at = found.end()
        yield found[1]


def _take(part: str, reading: _Reading) -> None:
    negated = part.startswith("-") and part != "-"
    word = part[1:] if negated else part
    name, colon, rest = word.partition(":")
    if '"' in name or not colon:
        if not word.strip('"'):
            raise FilterError("there is nothing between the quotation marks")
        reading.words.append(Word(word.replace('"', ""), negated))
    elif name in TIMES:
        _take_time(name, rest.strip('"'), negated, reading)
    else:
        _take_condition(name, rest, negated, reading)


def _take_time(name: str, text: str, negated: bool, reading: _Reading) -> None:
    if negated:
        other = TIMES[1 - TIMES.index(name)]
        raise FilterError(f"-{name}: what is not {name} a time is {other} it")
    if name == "since" and text == REVIEW:
        reading.unreviewed = True
        return
    if name in reading.times:
        raise FilterError(f"{name} is given twice")
    try:
        reading.times[name] = moment(text, reading.now)
    except ValueError as error:
        raise FilterError(f"{name}: {error}; since:{REVIEW} is what is new") from None


def _take_condition(name: str, rest: str, negated: bool, reading: _Reading) -> None:
    if name not in FIELDS:
        names = (*FIELDS, *TIMES)
        raise FilterError(
            f"no such field: {name}{did_you_mean(name, names)}; there are {', '.join(names)}, "
            f'and words in quotes, as in "{name}:{rest}", are looked for in sentence and target'
        )
    values = _values(name, rest)
    if not negated and any(one.name == name and not one.negated for one in reading.conditions):
        raise FilterError(f"{name} is given twice: several values are written {name}:a,b")
    reading.conditions.append(Condition(name, values, negated))


def _values(name: str, rest: str) -> tuple[Value, ...]:
    parts = _VALUE.findall(rest)
    values = tuple(Value(quoted or plain, quoted=not plain) for quoted, plain in parts)
    if not values or ",".join(map(str, values)) != rest:
        raise FilterError(f"{name}:{rest} has an empty value: write {name}:a or {name}:a,b")
    for value in values:
        _check_known(name, value)
    return values


def _check_known(name: str, value: Value) -> None:
    known = FIELDS[name].known
    if known and not any(map(_matcher((value,)).fullmatch, known)):
        others = [*known[:_MOST_SHOWN], "…"] if len(known) > _MOST_SHOWN else known
        raise FilterError(
            f"no such {name}: {value.text}{did_you_mean(value.text, known)}; "
            f"there are {', '.join(others)}"
        )


@lru_cache(maxsize=256)
def _matcher(values: tuple[Value, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_expression(value)})" for value in values), re.DOTALL)


def _expression(value: Value) -> str:
    if value.quoted:
        return re.escape(value.text)
    return ".*".join(map(re.escape, re.split(r"\*+", value.text)))
