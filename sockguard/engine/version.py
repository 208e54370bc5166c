"""The range of API versions that the catalogue describes.

Must never ask the Engine: its own range is a fact that the caller brings.
"""

from __future__ import annotations

from sockguard.errors import Reason, Refusal

FLOOR = 24
"""Lowest minor API version that is forwarded: older ones read request bodies differently."""
NEWEST = 56
"""Newest minor API version that the catalogue knows."""
VARIABLE = "DOCKER_API_VERSION"
"""By which clients of the Go library, and so most programs, can be told which version to speak."""


def check_version(asked: int, newest_served: int = NEWEST) -> None:
    """Refuse a minor version outside floor and catalogue, in the Engine's own kind of words.

    `newest_served` is what Engine and catalogue both know, for the words alone: a version within
    the catalogue that the Engine does not serve is the Engine's to refuse.
    """
    if asked < FLOOR:
        raise Refusal(
            Reason.VERSION,
            f"client version 1.{asked} is too old. Minimum supported API version is 1.{FLOOR}, "
            "please upgrade your client to a newer version",
        )
    if asked > NEWEST:
        raise Refusal(
            Reason.VERSION,
            f"client version 1.{asked} is too new. "
            f"Maximum supported API version is 1.{newest_served}",
        )


def cure(asked: int, oldest: int, newest: int) -> str:
    """Return what helps a client whose version this Engine will refuse, "" for one it serves.

    `oldest` and `newest` are the Engine's own, 0 where it did not tell.
    """
    served = f"the Engine serves API 1.{oldest} to 1.{newest}"
    if asked < oldest:
        return (
            f"{served} and refuses 1.{asked}: update the program; some take {VARIABLE}=1.{oldest}"
        )
    if newest and asked > newest:
        return (
            f"{served} and refuses 1.{asked}: the program guesses where it may not ask, so grant "
            f"it system/hello; some take {VARIABLE}=1.{newest}"
        )
    return ""
