"""What all connections of one server share.

Must never hold anything of a single request.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sockguard.policy.question import OwnObjects
from sockguard.proxy.departures import Departures
from sockguard.proxy.execs import Execs
from sockguard.proxy.facts import Memory
from sockguard.proxy.limits import Limiter
from sockguard.proxy.memo import Memo
from sockguard.proxy.recordings import Recordings

if TYPE_CHECKING:
    import asyncio

    from sockguard.export.exporter import Exporter
    from sockguard.policy.model import Policy
    from sockguard.proxy.connection import Connection
    from sockguard.proxy.engine_facts import EngineRange
    from sockguard.proxy.record import Recorder
    from sockguard.settings import Settings


@dataclass(slots=True)
class Gate:
    """Policy, facts, limits and record; `policy` is swapped as one reference."""

    settings: Settings
    policy: Policy
    engine: EngineRange
    recorder: Recorder
    own: OwnObjects = field(default_factory=OwnObjects)
    limiter: Limiter = field(default_factory=Limiter)
    connections: dict[Connection, None] = field(default_factory=dict)
    """Open connections, the longest idle first."""
    draining: bool = False
    memo: Memo = field(default_factory=Memo)
    memory: Memory = field(default_factory=Memory)
    execs: Execs = field(default_factory=Execs)
    turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    """Whose turn it is to have a long body judged, by client name."""
    departures: Departures = field(init=False)
    recordings: Recordings = field(init=False)
    policy_since: float = field(default_factory=time.time)
    """When `policy` began to be served, in seconds since 1970."""
    policy_fault: str = ""
    """Why the policy that was loaded last is not the one that is served, "" when it is."""

    exporters: tuple[Exporter, ...] = ()
    """Those that send copies of the log elsewhere."""
    tls_fault: str = ""
    """Why the certificates that were read last are not those in use, "" when they are."""

    def __post_init__(self) -> None:
        """Let what leaves be recorded, and forget what was judged before the Engine was known."""
        self.departures = Departures(self.recorder)
        self.recordings = Recordings(self)
        self.engine.learned = self.memo.forget

    def serve_policy(self, policy: Policy) -> None:
        """Judge every request from now on by this policy."""
        self.policy = replace(policy, generation=self.policy.generation + 1)
        self.policy_since = time.time()
        self.policy_fault = ""
        self.memo.forget()

    def know_own(self, own: OwnObjects) -> None:
        """Learn which objects are our own; verdicts reached without that are forgotten."""
        self.own = own
        self.memo.forget()

    def kept(self) -> OwnObjects:
        """Return what is kept from every client: our own, and where the Engine has its data.

        Containers write to their volumes there, so that a link in one leads anywhere on the host.
        Kept is also what makes a container a client under the policy of now.
        """
        facts, callers = self.engine.facts, self.policy.callers
        data = {facts.data} if facts is not None and facts.data else set()
        if not data and not callers:
            return self.own
        return replace(self.own, engine_paths=self.own.engine_paths | data, callers=callers)

    def engine_was_gone(self) -> None:
        """Forget what was learned of an Engine that may come back as another."""
        self.engine.forget()
        self.memo.forget()
        self.memory.forget()
