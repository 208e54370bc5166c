"""The words that views share: a text, a list of texts, `equals`, `one_of` and `like`.

Must never compare a text of the policy's that was not brought to the normal form of its view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.policy.complaints import did_you_mean
from sockguard.policy.globs import compile_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sockguard.engine.view import Item
    from sockguard.policy.complaints import Complaints
    from sockguard.policy.tree import Node

    Test = Callable[[str], bool]
    Held = Callable[[Item], bool]
    Word = Callable[[Node, Complaints], Test]


@dataclass(frozen=True, slots=True)
class Texts:
    """How the texts of one view are read.

    `exact` makes a test of a text and `glob` of a pattern; both say by ValueError what is wrong.
    `numbers` tells that a whole number need not be quoted, `more` has the view's own words.
    """

    view: str
    exact: Callable[[str], Test]
    glob: Callable[[str], Test] | None = None
    numbers: bool = False
    more: Mapping[str, Word] | None = None


def reader(texts: Texts) -> Callable[[Node, Complaints], Held]:
    """Make the reader of a view that compares nothing but texts."""

    def read(node: Node, complaints: Complaints) -> Held:
        test = _read(node, texts, complaints)
        return lambda item: test(item.value)

    return read


def same_as(normal: str) -> Test:
    """Hold for this value alone."""
    return lambda value: value == normal


def glob_of(pattern: str) -> Test:
    """Hold for what the pattern matches."""
    return compile_glob(pattern)


def any_of(tests: Iterable[Test]) -> Test:
    """Hold where one of the tests does."""
    kept = tuple(tests)
    return lambda value: any(test(value) for test in kept)


def _read(node: Node, texts: Texts, complaints: Complaints) -> Test:
    if not isinstance(node.value, dict):
        return any_of(_each(node, texts, texts.exact, complaints))
    tests: list[Test] = []
    if not node.value:
        complaints.add(node.source, f"{texts.view} has an empty constraint; write any")
    for word, entry in node.value.items():
        more = texts.more or {}
        if word in more:
            tests.append(more[word](entry.value, complaints))
        elif word == "like" and texts.glob is not None:
            tests.append(any_of(_each(entry.value, texts, texts.glob, complaints)))
        elif word in ("equals", "one_of"):
            tests.append(any_of(_each(entry.value, texts, texts.exact, complaints)))
        else:
            known = [*(["like"] if texts.glob else []), "equals", "one_of", *more]
            hint = did_you_mean(word, known) or f"; it has {', '.join(known)}"
            complaints.add(entry.source, f"{texts.view} has no word {word!r}{hint}")
    return lambda value: all(test(value) for test in tests)


def _each(
    node: Node, texts: Texts, make: Callable[[str], Test], complaints: Complaints
) -> list[Test]:
    """Read one text or a list of them."""
    nodes = node.value if isinstance(node.value, tuple) else (node,)
    if not nodes:
        complaints.add(node.source, f"{texts.view} takes a list of at least one text; write any")
    tests: list[Test] = []
    for one in nodes:
        text = _text(one.value, texts)
        if text is None:
            quote = "" if isinstance(one.value, dict | tuple) or one.value is None else ": quote it"
            message = f"{texts.view} takes texts, not {one.describe()}{quote}"
            complaints.add(one.source, message)
            continue
        try:
            tests.append(make(text))
        except ValueError as error:
            complaints.add(one.source, f"{texts.view}: {error}")
    return tests


def _text(value: object, texts: Texts) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and texts.numbers:
        return str(value)
    return value if isinstance(value, str) else None
