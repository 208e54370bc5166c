"""What is wrong with a policy, said with file and line.

Must never stop at the first fault: whoever mends a policy wants the whole list.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sockguard.policy.model import Source


@dataclass(frozen=True, slots=True, order=True)
class Complaint:
    """One fault and where it stands; line 0 means the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class PolicyError(SockguardError):
    """A policy that does not load; its text is one `file:line: message` per line."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = tuple(sorted(set(complaints)))
        super().__init__("\n".join(str(complaint) for complaint in self.complaints))


class Complaints:
    """Faults as they are found, until somebody asks for all of them."""

    def __init__(self) -> None:
        self.found: list[Complaint] = []

    def add(self, source: Source, message: str) -> None:
        """Note one fault."""
        self.found.append(Complaint(source.file, source.line, message))

    def raise_any(self) -> None:
        """Raise PolicyError if there is any."""
        if self.found:
            raise PolicyError(self.found)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean x?)` for the nearest known word, nothing where none is near."""
    words = list(known)
    swapped = word.translate({ord("/"): ".", ord("."): "/"})
    if swapped in words:
        return f" (did you mean {swapped}?)"
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""
