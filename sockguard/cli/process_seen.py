"""The process that looks, which is as `serve` would be: its ids, its container, what it may do.

Must never ask the Engine: all is read from the kernel.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.cli.finding import ok, problem, remark
from sockguard.errors import SockguardError
from sockguard.proxy.own_objects import own_container_id
from sockguard.proxy.server import connection_limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sockguard.cli.finding import Finding

_CAP_CHOWN = 1 << 0  # capabilities(7), linux/capability.h
_OCTAL = re.compile(r"\\([0-7]{3})")
_MOUNT_POINT = 4  # proc(5): the fifth field of a line of mountinfo


@dataclass(frozen=True, slots=True)
class ProcessSeen:
    """`container` is the id of the one that it runs in, "" outside; `mounted` are mount points.

    `cramped` says why it may hold too few connections to serve, "" where it may hold enough.
    """

    uid: int
    groups: frozenset[int]
    container: str = ""
    capabilities: int = 0
    no_new_privileges: bool = False
    root_is_read_only: bool = False
    mounted: frozenset[str] = frozenset()
    cramped: str = ""

    @property
    def may_give_away(self) -> bool:
        """Whether it may give files to any user and group."""
        return bool(self.capabilities & _CAP_CHOWN)

    def describe(self) -> str:
        """Name its ids: `uid 0, groups 0 and 999`."""
        groups = sorted(self.groups)
        word = "group" if len(groups) == 1 else "groups"
        return f"uid {self.uid}, {word} {', '.join(map(str, groups))}"


def look_at_process(proc: Path) -> ProcessSeen:
    """`proc` is /proc/self."""
    status = _status(proc)
    return ProcessSeen(
        os.geteuid(),
        frozenset({os.getegid(), *os.getgroups()}),
        own_container_id(proc),
        int(status.get("CapEff", "0"), 16),
        status.get("NoNewPrivs") == "1",
        bool(os.statvfs("/").f_flag & os.ST_RDONLY),
        mount_points(_read(proc / "mountinfo")),
        _cramped(),
    )


def _cramped() -> str:
    try:
        connection_limit()
    except SockguardError as error:
        return str(error).partition("; ")[0]
    return ""


def _status(proc: Path) -> dict[str, str]:
    pairs = (line.partition(":") for line in _read(proc / "status").splitlines())
    return {name: value.strip() for name, _, value in pairs}


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8", "replace")
    return ""


def mount_points(mountinfo: str) -> frozenset[str]:
    """Return where something is mounted, blanks and the like in names written out."""
    fields = (line.split() for line in mountinfo.splitlines())
    return frozenset(
        _OCTAL.sub(lambda found: chr(int(found[1], 8)), one[_MOUNT_POINT])
        for one in fields
        if len(one) > _MOUNT_POINT
    )


def judge_process(seen: ProcessSeen) -> Iterator[Finding]:
    """Yield what can be said of it; only of a container it is told how to be less."""
    if seen.cramped:
        yield problem(seen.cramped, "ulimit -n 4096, or in compose: ulimits: {nofile: 4096}")
    if not seen.container:
        yield ok(f"not in a container; {seen.describe()}")
        return
    yield ok(f"in container {seen.container[:12]}; {seen.describe()}")
    if seen.uid == 0:
        yield remark("it runs as root in its container", 'user: "65532:65532"')
    if seen.capabilities:
        yield remark("it has capabilities that it does not need", "cap_drop: [ALL]")
    if not seen.root_is_read_only:
        yield remark("its root file system can be written", "read_only: true")
    if not seen.no_new_privileges:
        yield remark(
            "programs in it could gain privileges", 'security_opt: ["no-new-privileges:true"]'
        )
