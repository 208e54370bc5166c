"""What each field and each kind of event means, for people and for the schema.

Must never lack a field or a kind that a writer writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import Kind
from sockguard.errors import Reason
from sockguard.policy.model import Mode
from sockguard.policy.question import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


ANY = "JSON"
"""Stands for a type where a field may be any JSON."""


@dataclass(frozen=True, slots=True)
class Told:
    """The JSON type of a field, what it tells, and the words that it may be."""

    type: str
    says: str
    words: tuple[str, ...] = ()


def _words(of: type[StrEnum]) -> tuple[str, ...]:
    return tuple(each.value for each in of)


EVENT_FIELDS: Mapping[str, Told] = {
    "v": Told("integer", "version of this form: 1"),
    "seq": Told("integer", "number in the log, without holes: what is missing, a `gap` tells"),
    "time": Told("string", "RFC 3339 in UTC with microseconds"),
    "id": Told("string", "ULID; decision and outcome of a request share it"),
    "kind": Told("string", "what the event tells of", _words(Kind)),
    "host": Told("string", "host name of sockguard"),
    "engine_id": Told("string", "the Engine's own id, once it is known"),
    "client": Told("string", "the client; absent while nobody knows who it is"),
    "role": Told("string", "its role"),
    "caller": Told("string", "who connected: `uid=1000 gid=1000 pid=42`, or names and address"),
    "listener": Told("string", "the socket or address that was connected to"),
    "operation": Told("string", "operation of the Engine API, as in policies"),
    "method": Told("string", "method of the request"),
    "path": Told("string", "its path without version and query"),
    "query": Told("string", "its query, readable, with secrets hidden"),
    "body": Told(ANY, "its JSON body, with variables and secrets hidden; not one too long"),
    "body_sha256": Told("string", "SHA-256 of the whole body as it came"),
    "api_version": Told("string", "API version that it asked for"),
    "target": Told("string", "objects that it names"),
    "read_only": Told("boolean", "whether the operation changes nothing"),
    "mode": Told("string", "whether the policy is enforced for this client", _words(Mode)),
    "decision": Told("string", "what was decided", _words(Effect)),
    "reason": Told("string", "why it was, or would be, refused", _words(Reason)),
    "detail": Told("string", "parameter or field at fault"),
    "grant": Told("string", "line of the policy that allowed it, or came nearest"),
    "facts": Told("string", "what the Engine told of the object, as far as it counted"),
    "policy": Told("string", "SHA-256 of the policy"),
    "status": Told("integer", "status of the answer, 0 when none was sent"),
    "bytes_in": Told("integer", "bytes of bodies and tunnels to the Engine"),
    "bytes_out": Told("integer", "bytes of bodies and tunnels from it"),
    "ms": Told("number", "milliseconds from the head of the request to the end of the answer"),
    "masked": Told("string", "where something of the answer was masked, with blanks between"),
    "ended": Told("string", "how it ended: `complete`, or what cut it short"),
    "recording": Told("string", "file of what was typed and shown, in `recordings/`"),
    "recording_sha256": Told("string", "its SHA-256"),
    "bytes": Told("integer", "its size"),
    "user_agent": Told("string", "what the client calls itself"),
    "text": Told("string", "one sentence for people"),
    "hint": Told("string", "the smallest policy line that would allow it, and what it hands over"),
    "count": Told("integer", "how many refusals or missing events this one stands for"),
    "by": Told("string", "who has reviewed, or opened a recording, in their own words"),
    "note": Told("string", "what came of it"),
    "up_to": Told("integer", "number of the last event that was reviewed"),
    "filter": Told("string", "what was reviewed, if not all"),
    "begins": Told("integer", "first number that is left, where the oldest events made room"),
    "torn": Told("string", "SHA-256 of what is cut off before this line"),
    "key": Told("string", "name of the key that signed"),
    "sig": Told("string", "Ed25519 signature, hexadecimal, over the rest of the line"),
    "prev": Told("string", "SHA-256 of the line before, zeros in the first"),
}

EVENT_KINDS: Mapping[Kind, str] = {
    Kind.DECISION: "a request was judged; written before it is forwarded",
    Kind.OUTCOME: "it ended; with the same `id`",
    Kind.START: "sockguard serves",
    Kind.STOP: "sockguard ends",
    Kind.GAP: "`count` events are not in the log, and why",
    Kind.CHECKPOINT: "all up to here is signed; the text has the head of the log",
    Kind.POLICY_LOADED: "another policy is served; the text says what changed",
    Kind.POLICY_REJECTED: "a changed policy does not load, or cannot be served",
    Kind.REFUSALS_COUNTED: "`count` more refusals of the same thing to the same client",
    Kind.CONNECTION_REFUSED: "a caller of the network came to no request",
    Kind.CERTIFICATES_LOADED: "other certificates are in use",
    Kind.CERTIFICATES_REJECTED: "changed certificates cannot be used",
    Kind.ENGINE_DOWN: "the Engine does not answer",
    Kind.ENGINE_BACK: "it answers again",
    Kind.ACKNOWLEDGED: "somebody has reviewed the log",
    Kind.RECORDING_CLOSED: "a recorded session ended; with the `id` of its request",
    Kind.RECORDING_REMOVED: "a recording went for age or room",
    Kind.RECORDING_OPENED: "somebody was about to be shown a recording",
}

NEEDED: Mapping[Kind, tuple[str, ...]] = {
    Kind.DECISION: ("decision", "text"),
    Kind.OUTCOME: ("status", "bytes_in", "bytes_out", "ms", "ended"),
    Kind.GAP: ("count", "text"),
    Kind.CHECKPOINT: ("key", "sig", "text"),
    Kind.REFUSALS_COUNTED: ("reason", "count", "text"),
    Kind.CONNECTION_REFUSED: ("caller", "reason", "text"),
    Kind.ACKNOWLEDGED: ("by", "up_to", "text"),
    Kind.RECORDING_CLOSED: ("ended", "recording", "text"),
    Kind.RECORDING_REMOVED: ("recording", "text"),
    Kind.RECORDING_OPENED: ("by", "recording", "text"),
}
"""The fields that an event of a kind always has, beside those that all have."""

ALWAYS = ("v", "seq", "time", "id", "kind")
