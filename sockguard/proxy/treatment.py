"""Turns the Engine's answer into what the client is to see, asking for facts where it has to.

Must never pass a byte on that was not read, judged and written anew.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sockguard.engine.answer import Form
from sockguard.engine.facts import Facts
from sockguard.errors import Malformed, Reason, Refusal
from sockguard.proxy.facts import Unreadable
from sockguard.proxy.read_body import in_slices
from sockguard.wire.elements import document_steps, list_steps, wrapped_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

    from sockguard.engine.facts import Need, Thing
    from sockguard.policy.answering import Answering
    from sockguard.proxy.facts import Enquiry

MOST_ROUNDS = 4
"""So often facts lead to further ones at most: a container to its image."""


class Treatment:
    """Treats the answer to one request; `enquire` gives what looks facts up, apart or not."""

    __slots__ = ("_answering", "_enquiry", "_known", "masked")

    def __init__(self, answering: Answering, enquire: Callable[[bool], Enquiry]) -> None:
        self._answering = answering
        self._enquiry = enquire(self.streams)
        self._known: dict[Need, Thing | None] = {}
        self.masked: set[str] = set()
        """Places of the catalogue at which something of what was shown is masked."""

    @property
    def streams(self) -> bool:
        """Whether the answer comes line by line, each of which is treated as it comes."""
        return self._answering.answer.form is Form.LINES

    async def prepare(self) -> None:
        """Learn, before a stream of events begins, what cannot be asked for once it is gone."""
        if self._answering.filtered:
            await self._enquiry.remember_containers()

    def close(self) -> None:
        """Let go of what was needed to look facts up."""
        self._enquiry.close()

    async def whole(self, data: bytes) -> bytes:
        """Return what is shown of a whole answer; raises a refusal where it cannot be read.

        None at all is what Engines answer some requests with.
        """
        if not data:
            return data
        try:
            return await self._settled(partial(self._steps, data))
        except Malformed as error:
            raise Refusal(
                Reason.UPSTREAM, f"the Engine's answer cannot be shown: {error.message}"
            ) from error

    async def line(self, line: bytes) -> bytes:
        """Return what is shown of one line, b"" for nothing; raises a refusal as above.

        One about an object of which nobody can tell whose it is must not end all that follow.
        """
        self._known.clear()  # names and owners may have changed since the last one
        self._enquiry.begin()
        try:
            return await self.whole(line)
        except Unreadable:
            return b""

    def _steps(self, data: bytes, facts: Facts, masked: set[str]) -> Generator[None, None, bytes]:
        answer = self._answering.answer

        def treat(element: dict[str, object]) -> object | None:
            return self._answering.treat(element, facts, masked)

        if answer.form is Form.LIST:
            return list_steps(data, treat)
        if answer.form is Form.WRAPPED:
            return wrapped_steps(data, answer.wrapper, treat)
        return document_steps(data, treat)

    async def _settled(
        self, make: Callable[[Facts, set[str]], Generator[None, None, bytes]]
    ) -> bytes:
        for _ in range(MOST_ROUNDS):
            facts, masked = Facts(self._known), set[str]()
            shown = await in_slices(make(facts, masked))
            if not facts.missing:
                self.masked |= masked
                return shown
            self._known |= await self._found(facts.missing)
        raise Refusal(Reason.FACT_FAILED, "what may be shown rests on too many objects")

    async def _found(self, needs: Iterable[Need]) -> Mapping[Need, Thing | None]:
        return await self._enquiry.find(needs)
