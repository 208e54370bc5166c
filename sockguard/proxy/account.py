"""What is known of one request while it is served.

Must never decide anything: it is filled in step by step and read by the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sockguard.identity.caller import Caller
    from sockguard.policy.model import Client
    from sockguard.policy.question import Decision
    from sockguard.proxy.exchange import Exchange
    from sockguard.proxy.intake import Request
    from sockguard.proxy.memo import Judged
    from sockguard.proxy.recording import Recording
    from sockguard.proxy.tally import Cell
    from sockguard.wire.head import RequestHead


class Account:
    """The account of one request."""

    __slots__ = (
        "began",
        "body",
        "body_sha256",
        "caller",
        "cell",
        "client",
        "counted",
        "decision",
        "event_id",
        "exchange",
        "head",
        "policy",
        "recorded",
        "recording",
        "request",
        "who",
    )

    def __init__(self, event_id: str, caller: Caller, began: float) -> None:
        self.event_id = event_id
        self.caller = caller
        self.began = began
        """Monotonic seconds at which the head was complete."""
        self.head: RequestHead | None = None
        self.client: Client | None = None
        self.request: Request | None = None
        self.decision: Decision | None = None
        self.body: object = None
        """The decoded body, None where there is none or none that is short enough to be kept."""
        self.body_sha256 = ""
        """The hash of a JSON body as it came."""
        self.exchange: Exchange | None = None
        self.policy = ""
        """SHA-256 of the policy that judges it, "" while none does."""
        self.recorded = False
        """Whether the decision event is written."""
        self.recording: Recording | None = None
        """Where what is typed and shown is kept, None where it is not."""
        self.cell: Cell | None = None
        """Where a request that is forwarded is counted."""
        self.counted = False
        """Whether this refusal went into a count instead of an event of its own."""
        self.who = ""
        """The half of an event line that tells of the connection, once it was needed."""

    def know(self, judged: Judged, policy: str) -> None:
        """Take over what is known of a request that was judged before, by this policy."""
        self.client, self.policy = judged.client, policy
        self.request, self.decision = judged.request, judged.decision
        self.head = judged.request.head

    @property
    def client_name(self) -> str:
        """The client's name, "" while it is not known."""
        return self.client.name if self.client else ""
