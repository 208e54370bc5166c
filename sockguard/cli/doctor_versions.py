"""Programs that ask in one API version whatever the Engine serves, as `sockguard doctor` sees them.

Must never guess: an image whose tag leaves open which release it is, is not named.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.finding import remark, warning
from sockguard.engine.reference import parts_of
from sockguard.engine.version import FLOOR, NEWEST, VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.cli.finding import Finding
    from sockguard.wire.document import Value

    Containers = Sequence[Mapping[str, Value]]

_RELEASE = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)(?:-.*)?")
_NEVER = (math.inf,)


@dataclass(frozen=True, slots=True)
class _Pinned:
    """An image that asks in API 1.`asks`, but for the releases from `mended` on.

    `mended` has the first good release of each major number, by that number.
    """

    repository: str
    asks: int
    mend: str
    mended: Mapping[int, tuple[float, ...]]


# Source: the release notes and threads of these programs, of late 2025 and early 2026.
_PINNED = (
    _Pinned(
        "docker.io/library/traefik",
        24,
        "traefik:v3.6.1 or later, or v2.11.31",
        {2: (2, 11, 31), 3: (3, 6, 1)},
    ),
    _Pinned(
        "docker.io/containrrr/watchtower",
        25,
        f"it is kept no more: nickfedor/watchtower, or {VARIABLE}",
        {0: _NEVER, 1: _NEVER},
    ),
    _Pinned("docker.io/lazyteam/lazydocker", 25, "lazydocker 0.24.2 or later", {0: (0, 24, 2)}),
)


def judge_versions(containers: Containers, oldest: int) -> Iterator[Finding]:
    """Say which programs this Engine is too new for; `oldest` is the oldest version it serves."""
    if not FLOOR < oldest <= NEWEST:
        return
    found = False
    for one in containers:
        image = one.get("Image")
        pinned = _pinned(image) if isinstance(image, str) else None
        if pinned is not None and pinned.asks < oldest:
            found = True
            yield warning(
                f"{image} asks in API 1.{pinned.asks}, which this Engine refuses: it serves"
                f" 1.{oldest} and newer, and no proxy can lift that",
                pinned.mend,
            )
    if not found:
        yield remark(
            f"this Engine refuses programs that ask in an API version below 1.{oldest}; the log"
            " says which do",
            f"for those: update them, or {VARIABLE}=1.{oldest} where they take it",
        )


def _pinned(image: str) -> _Pinned | None:
    repository, tag, _ = parts_of(image)
    release = _RELEASE.fullmatch(tag)
    known = next((one for one in _PINNED if one.repository == repository), None)
    if known is None or release is None:
        return known if known and set(known.mended.values()) == {_NEVER} else None
    numbers = tuple(int(one) for one in release[1].split("."))
    mended = known.mended.get(numbers[0])
    # A tag with fewer numbers is the newest of those that begin so.
    return known if mended and (*numbers, math.inf) < mended else None
