"""The constraints of the view `ports`: addresses, ports and ranges of them.

Must never admit a range of which one port lies outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine import ports
from sockguard.policy.view_words import Texts, reader

if TYPE_CHECKING:
    from sockguard.policy.view_words import Test


def _ports(text: str) -> Test:
    admitted = ports.read_ports(text)
    if admitted is None:
        raise ValueError(
            f'write [ADDRESS:]PORT[-PORT][/PROTOCOL], as in "127.0.0.1:8000-8010/tcp", where * is'
            f" any, not {text!r}"
        )

    def holds(value: str) -> bool:
        asked = ports.read_ports(value)
        return asked is not None and admitted.holds(asked)

    return holds


read_ports = reader(Texts("ports", _ports, numbers=True))
