"""How much power a right gives, from nothing to root on the host.

Must never know a policy: these are the words in which risks are told.
"""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """The strongest that somebody can make of a right, the weakest first."""

    NOTHING = 0
    METADATA = 1
    SECRETS = 2
    DISTURB = 3
    CODE = 4
    ROOT = 5

    @property
    def words(self) -> str:
        """Name it for people."""
        return _WORDS[self]

    @property
    def word(self) -> str:
        """Name it in one word, as `--fail-at` takes it."""
        return self.name.lower()


_WORDS = {
    Level.NOTHING: "nothing",
    Level.METADATA: "metadata",
    Level.SECRETS: "secrets",
    Level.DISTURB: "disturb containers",
    Level.CODE: "run code in containers",
    Level.ROOT: "root on the host",
}
