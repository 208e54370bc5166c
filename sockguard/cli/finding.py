"""What `sockguard doctor` says: findings with how bad each is and the line that mends it.

Must never say that something is wrong without a line that mends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FindingLevel(StrEnum):
    """How bad it is. A problem keeps something from working, or from being safe."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and for warnings and problems one line that mends it."""

    level: FindingLevel
    text: str
    mend: str = ""


def ok(text: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(FindingLevel.OK, text)


def remark(text: str, mend: str = "") -> Finding:
    """Say something that is worth knowing and may be meant."""
    return Finding(FindingLevel.NOTE, text, mend)


def warning(text: str, mend: str) -> Finding:
    """Say what works and is probably not meant, or not for long."""
    return Finding(FindingLevel.WARNING, text, mend)


def problem(text: str, mend: str) -> Finding:
    """Say what does not work, or is not safe."""
    return Finding(FindingLevel.PROBLEM, text, mend)
