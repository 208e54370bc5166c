"""Operations on networks.

Must never decide: each entry says what the Engine does, from its documents and its source.
"""

from __future__ import annotations

from sockguard.engine.answers import networks as answers
from sockguard.engine.bodies import objects as bodies
from sockguard.engine.catalogue.columns import filters, parameters, strict_flag, text
from sockguard.engine.level import Level
from sockguard.engine.operation import BodyKind, Operation, Risk

OPERATIONS = (
    Operation(
        name="networks.list",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows all networks with their subnets, options and labels.",
        parameters=parameters(filters()),
        answer=answers.LIST,
        quick=True,
    ),
    Operation(
        name="networks.inspect",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows a network and the names and addresses of the containers in it.",
        parameters=parameters(strict_flag("verbose", since=28), text("scope", since=31)),
        answer=answers.INSPECT,
        quick=True,
    ),
    Operation(
        name="networks.create",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Creates bridge networks.",
        body=BodyKind.JSON,
        shape=bodies.NETWORK_CREATE,
        answer=answers.CREATE,
    ),
    Operation(
        name="networks.connect",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Puts any container into any network.",
        body=BodyKind.JSON,
        shape=bodies.NETWORK_CONNECT,
    ),
    Operation(
        name="networks.disconnect",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Takes any container out of a network.",
        body=BodyKind.JSON,
        shape=bodies.NETWORK_DISCONNECT,
    ),
    Operation(
        name="networks.remove",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes networks.",
    ),
    Operation(
        name="networks.prune",
        risk=Risk.WRITE,
        level=Level.DISTURB,
        writes=True,
        hands_over="Deletes all networks that no container uses.",
        parameters=parameters(filters()),
        answer=answers.PRUNE,
    ),
    Operation(
        name="networks.list_slash",
        risk=Risk.READ_META,
        level=Level.METADATA,
        writes=False,
        hands_over="Shows all networks, by a second spelling of the same path.",
        parameters=parameters(filters()),
        refused="The path ends in a slash; use /networks.",
    ),
)
